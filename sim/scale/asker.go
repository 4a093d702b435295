package scale

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// asker asks a relay for one page of active nodes and leaves. A real client would go on to the
// nodes; the page is all that the figures need.
type asker struct {
	answered func([]protocol.Peer)
	final    bool
}

// Step implements [roles.Machine].
func (k *asker) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Started:
		return []roles.Effect{roles.Dial{}}
	case roles.Opened:
		return []roles.Effect{roles.Send{Message: &protocol.Locate{}}, roles.Hear{}}
	case roles.Heard:
		if located, is := in.Message.(*protocol.Located); is {
			k.answered(located.Peers)
		}
		return []roles.Effect{roles.HalfClose{}, roles.Discard{}}
	default:
		k.final = true
		return []roles.Effect{roles.HangUp{}}
	}
}

// Final implements [roles.Machine].
func (k *asker) Final() bool { return k.final }

// ask sends one client to the relay, and schedules the next.
func (w *world) ask() {
	a := &actor{
		world: w, process: &process{}, address: netip.MustParseAddrPort("10.255.255.2:40000"),
		machine: &asker{answered: func(peers []protocol.Peer) { w.figures.located(w, peers) }},
	}
	a.step(roles.Started{})
	w.after(w.params.Locate, w.ask)
}
