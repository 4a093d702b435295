package scale

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// asker asks a relay for one page of active nodes, and says good-bye. It is no client, which would go on to ask the
// nodes; it stands for what a client is handed out.
type asker struct {
	answered func([]protocol.Peer)
	final    bool
}

// Step is roles.Machine's.
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

// Final is roles.Machine's.
func (k *asker) Final() bool { return k.final }

// ask sends a client to the relay, and the next one after it.
func (w *world) ask() {
	a := &actor{
		world: w, process: &process{}, address: netip.MustParseAddrPort("192.0.2.2:40000"),
		machine: &asker{answered: func(peers []protocol.Peer) { w.figures.located(w, peers) }},
	}
	a.step(roles.Started{})
	w.after(w.params.Locate, w.ask)
}
