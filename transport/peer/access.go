package peer

import (
	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// accessLog logs what a node is asked for and sends: each file, but of many in a second only so
// many.
type accessLog struct{ sampler }

// served takes the reports of Uploads.
func (a *accessLog) served(outcome roles.Outcome) {
	s, is := outcome.(node.Served)
	if !is {
		return
	}
	what := protocol.Printable(s.Name, mostText)
	if what == "" {
		what = s.Hash.String()
	}
	switch aside := s.Code == 0 && (s.Tree || s.Offset > 0); {
	case aside && s.Tree:
		a.log.Debug("describing", "name", what, "to", s.Peer)
	case aside:
		a.log.Debug("sending on", "name", what, "to", s.Peer, "offset", s.Offset, "bytes", s.Length)
	case s.Code != 0:
		a.say(hclog.Info, "refused", "name", what, "to", s.Peer, "code", s.Code)
	default:
		a.say(hclog.Info, "sending", "name", what, "to", s.Peer, "bytes", s.Length)
	}
}
