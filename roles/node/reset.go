package node

import "github.com/relaypeer/relaypeer/protocol"

// Reset prepares the machine for another lease.
func (m *Membership) Reset(config Config) {
	m.core.Reset()
	renewal := m.beside.renewal
	renewal.reset("", protocol.PeerID{}, 0, nil)
	*m = Membership{core: m.core, config: config, beside: beside{renewal: renewal}}
}
