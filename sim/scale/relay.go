package scale

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// counted is the registry of one incarnation of the relay; it counts announces.
type counted struct {
	*relay.Registry
	world *world
}

// Register counts an announce.
func (c counted) Register(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
	c.world.announced()
	return c.Registry.Register(at, from, m)
}

// Renew counts an announce.
func (c counted) Renew(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
	c.world.announced()
	return c.Registry.Renew(at, from, m)
}

// begin starts an incarnation of the relay, with an empty registry. It knows how many nodes the one
// before had.
func (w *world) begin() {
	w.relay = &process{}
	policy := relay.Policy{AnnounceRate: w.params.Announces, Start: w.now}
	if w.registry != nil {
		policy.Earlier = w.registry.Expected(w.now)
	}
	w.registry = relay.NewRegistry(policy)
	directory := counted{w.registry, w}
	w.sessions = roles.NewPool(func() *relay.Session { return relay.NewSession(directory, &relay.Answers{}) })
}

// restart ends the relay's process and starts another one after a while. Meanwhile its host refuses
// connections, and answers data on links of the old process with a reset.
func (w *world) restart(down time.Duration) {
	w.relay.dead = true
	w.after(down, func() {
		w.begin()
		w.figures.restarted(w)
	})
}

// accept makes the relay's side of a link, or returns nil if no relay runs.
func (w *world) accept(from *side) *side {
	if w.relay.dead {
		return nil
	}
	sessions, machine := w.sessions, w.sessions.Take()
	a := &actor{world: w, process: w.relay, machine: machine, address: w.address}
	a.ended = func() { sessions.Return(machine) }
	a.side = &side{owner: a, other: from, latency: from.latency}
	theirs := a.side
	a.step(roles.Opened{Peer: from.owner.address})
	return theirs
}
