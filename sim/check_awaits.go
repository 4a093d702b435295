package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// comeback is what becomes of the links on which a node waits for clients.
type comeback struct {
	good bool          // an AWAITED has come over it
	lost bool          // it was good, and is to be made anew
	due  time.Duration // until then
	rest time.Duration // until then no other one need be made anew so soon
}

// comesBack checks that a node which has lost a good link to its relay makes another one soon.
func (c *checks) comesBack(a *actor, in roles.Input, effects []roles.Effect) {
	if a.kind != memberKind {
		return
	}
	k, now := &a.comeback, a.proc.host.local(c.w.now)
	if a.awaitComesTo(node.AwaitEnded) { // the lease is over: the next one has a link of its own
		k.lost, k.good = false, false
	}
	heard, _ := in.(roles.Heard)
	if _, answered := heard.Message.(*protocol.Awaited); answered && heard.Link == awaitLink {
		k.good = true
	}
	for _, effect := range effects {
		link, _ := linkOf(effect)
		if link != awaitLink {
			continue
		}
		switch effect.(type) {
		case roles.Dial:
			if k.lost && now > k.due && !c.hangs(a.proc.host) {
				c.fail(S30, "%s makes a lost link on which it waits for clients anew %v too late", c.who(a), now-k.due)
			}
			k.lost = false
		case roles.HalfClose:
			k.good = false
		}
	}
	if a.awaitComesTo(node.AwaitPausing) {
		if k.lost = k.good && now >= k.rest; k.lost {
			k.due, k.rest = now+roles.AwaitSoon+tick, now+roles.AwaitRetry
			c.w.coverage.sometimes(LostAwait)
		}
		k.good = false
	}
}

// awaitComesTo reports whether the machine that waits for clients, once started, has come to a state in this step.
func (a *actor) awaitComesTo(state node.AwaitState) bool {
	return slices.ContainsFunc(a.moves, func(t roles.Transition) bool {
		return t.Machine == tables[awaitKind].name && t.From != string(node.AwaitNew) && t.To == string(state)
	})
}

// hangs reports whether a host stands still for a while.
func (c *checks) hangs(h *host) bool {
	return slices.ContainsFunc(c.w.scenario.Faults, func(f scenario.Fault) bool { return f.Who == h.name && f.Class == scenario.Hang })
}
