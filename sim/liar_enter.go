package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// enter is what a stranger tries at a closed relay: the ENTER of another link of a host, that host's
// token with a signature of his own, a token that there is not, or an invite that is used up. Then he asks.
func (s *stranger) enter(in roles.Opened) []roles.Effect {
	id, host := s.self.proc.host.key, s.w.byName[scenario.NodeName(0)]
	if s.w.gate == nil || host == nil || s.to.role != relayRole {
		return s.leave()
	}
	m := &protocol.Enter{Token: host.token}
	switch s.attack {
	case scenario.EnterReplayed:
		m = inviteBy(host.token).Enter([protocol.ExporterSize]byte{1}, host.key)
	case scenario.EnterUnknown:
		m = inviteBy(protocol.TokenID{9, 9, 9}).Enter(in.Exporter, id)
	case scenario.EnterSpent:
		m = inviteBy(spentToken).Enter(in.Exporter, id)
	}
	return []roles.Effect{roles.Send{Message: m}, roles.Send{Message: &protocol.Locate{}}, roles.Send{Message: &protocol.List{}}, roles.Hear{}}
}
