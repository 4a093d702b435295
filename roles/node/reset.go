package node

// Reset prepares the machine for another lease.
func (m *Membership) Reset(config Config) {
	m.Core.Reset()
	*m = Membership{Core: m.Core, config: config}
}
