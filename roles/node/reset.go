package node

// Reset prepares the machine for another lease.
func (m *Membership) Reset(config Config) {
	m.core.Reset()
	*m = Membership{core: m.core, config: config}
}
