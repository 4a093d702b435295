package node

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Reset prepares the machine for another lease.
func (m *Membership) Reset(config Config) {
	m.core.Reset()
	renewal := m.beside.renewal
	renewal.reset("", protocol.PeerID{}, 0, nil)
	m.await.reset()
	*m = Membership{core: m.core, config: config, is: roles.Expected{ID: config.RelayID}, beside: beside{renewal: renewal}, await: m.await}
}
