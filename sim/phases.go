package sim

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// settling is how long it takes at most, once everything has healed, until the relay lists exactly those who live:
// the exchange under way fails at last, the longest backoff passes, the next exchange succeeds; meanwhile what is
// stale has lapsed. A clock may be off by a few per cent.
const settling = (roles.DialTimeout + 2*roles.ReplyTimeout + roles.CloseTimeout + roles.RetryMost*3/2 +
	roles.DialTimeout + roles.ReplyTimeout) * 106 / 100

// settle is the second phase: everything heals, and then what is expected is exact.
func (w *World) settle() {
	if w.check.failed() {
		return
	}
	w.heal()
	w.check.healed = true
	w.wait(settling)
	w.finish(w.errands, "running when everything healed")
	if w.check.failed() || w.scenario.Relay.Lie != scenario.Honest {
		return
	}
	w.check.l2()
	w.check.l4()
	w.probe()
}

// probe asks for everything that there is, and for what there is not.
func (w *World) probe() {
	h := w.byName["probe"]
	var probes []*errand
	for _, name := range append(w.scenario.Names(), scenario.MissingName) {
		op := scenario.Op{At: w.now, Do: scenario.DoFetch, Who: h.name, Name: name, Sources: int(w.scenario.Seed+uint64(len(probes))) % 4}
		probes = append(probes, w.errandOf(h, op, 0))
		if op.Do = scenario.DoLocate; protocol.CheckName(name) == nil && !w.hasty {
			probes = append(probes, w.errandOf(h, op, 0))
		}
	}
	if !w.hasty {
		probes = append(probes, w.errandOf(h, scenario.Op{At: w.now, Do: scenario.DoList, Who: h.name}, 0))
	}
	expected := w.check.expected()
	w.finish(probes, "begun after everything had healed")
	for _, r := range probes {
		w.check.l3(r, expected)
	}
}

// wait lets the world settle: for the whole time, or in haste until it looks settled.
func (w *World) wait(most time.Duration) {
	const look = 3 * time.Second
	end := w.now + most
	for w.hasty && !w.malformed && w.now < end && !w.check.failed() {
		w.until(w.now + look)
		if w.check.unsettled() == "" && w.check.unpublished() == "" && running(w.errands) == nil && !w.serving() {
			return
		}
	}
	w.until(end)
}

// serving reports whether a server still talks with somebody, or thinks so, or is being stopped, or a node is about to
// talk with the relay.
func (w *World) serving() bool {
	for _, h := range w.hosts {
		p := h.proc
		if h.due || p != nil && (p.stopping || p.member != nil && !p.member.over() && p.member.state != string(node.MembershipLeased) && w.relay.lie == scenario.Honest) {
			return true
		}
	}
	return slices.ContainsFunc(w.actors, func(a *actor) bool {
		return (a.kind == sessionKind || a.kind == uploadKind) && !a.over()
	})
}

// finish lets errands come to their end, and holds L1 against those that do not.
func (w *World) finish(errands []*errand, which string) {
	const slice = time.Second
	most := w.now + time.Duration(len(w.scenario.Nodes)+30)*(roles.DialTimeout+2*roles.ReplyTimeout+roles.ProgressTimeout+2*roles.CloseTimeout)
	for !w.check.failed() {
		r := running(errands)
		if r == nil {
			return
		}
		if w.now > most {
			w.check.fail(L1, "%s %q by %s, %s, does not end: it is %s", r.op.Do, r.op.Name, r.op.Who, which, r.actor.state)
			return
		}
		w.until(w.now + slice)
	}
}

func running(errands []*errand) *errand {
	for _, r := range errands {
		if !r.ended && !r.actor.gone {
			return r
		}
	}
	return nil
}

// lives reports whether a node's process keeps itself listed.
func (h *host) lives() bool {
	return h.proc != nil && !h.proc.stopping && !h.proc.member.final
}

// l2 compares the registry with the nodes that live.
func (c *checks) l2() {
	if why := c.unsettled(); why != "" {
		c.fail(L2, "%s", why)
	}
}

// unsettled says what the relay lists too much or too little, or "".
func (c *checks) unsettled() string {
	r := c.w.relay
	if r.lie != scenario.Honest {
		return "" // nobody knows
	}
	if r.proc == nil {
		return "the relay is down"
	}
	listed := map[netip.AddrPort]bool{}
	for _, l := range r.proc.registry.Leases(r.local(c.w.now)) {
		listed[l.At] = true
		if h := c.w.byAddress[l.At]; h == nil || !h.lives() || nodeID(h.plan.ID) != l.ID {
			return fmt.Sprintf("%v is listed, and no node lives there under that id", l.At)
		}
	}
	for i := range c.w.scenario.Nodes {
		if id := c.w.scenario.Nodes[i].ID; !c.identityListed(id, listed) {
			return fmt.Sprintf("no node with id %d is listed, although one lives", id)
		}
	}
	return ""
}

// identityListed reports whether one of the living nodes with an id is listed, or none lives.
func (c *checks) identityListed(id int, listed map[netip.AddrPort]bool) bool {
	lives := false
	for _, h := range c.w.hosts {
		if h.role == nodeRole && h.plan.ID == id && h.lives() {
			if listed[h.address] {
				return true
			}
			lives = true
		}
	}
	return !lives
}

// shutDown is the third phase and the fourth: nodes stop, then the relay; nothing is left.
func (w *World) shutDown() {
	if w.check.failed() {
		return
	}
	c := w.check
	c.stopping = true
	w.stopAll(nodeRole)
	if w.scenario.Relay.Lie == scenario.Honest {
		r := w.relay
		if n := r.proc.registry.Active(r.local(w.now)); n > 0 && !c.failed() {
			c.fail(C3, "%d nodes are listed after all have been stopped", n)
		}
	}
	w.stopAll(clientRole)
	w.stopAll(strangerRole)
	w.stopAll(relayRole)
	steps := w.steps
	w.until(w.now + roles.MaxWait)
	if w.steps != steps && !c.failed() {
		c.fail(S6, "%d steps were taken after everything had been stopped", w.steps-steps)
	}
	for _, a := range w.actors {
		if !a.gone && !a.final {
			c.fail(C2, "%s is not at its end", c.who(a))
		}
	}
	for _, conn := range w.conns {
		for _, e := range conn.ends {
			if e.state == open || e.state == dialing {
				c.fail(C1, "connection %d is still open at %s", conn.id, e.host.name)
			}
		}
	}
}

func (w *World) stopAll(r role) {
	for _, h := range w.hosts {
		if h.role == r {
			w.stop(h)
		}
	}
	w.until(w.now + w.scenario.Patience()*107/100)
}

// cutShort notes a machine that was told to stop and had to be cut.
func (c *checks) cutShort(a *actor) {
	c.w.coverage.sometimes(Cut)
	switch {
	case a.kind == strangerKind:
	case c.stopping && c.w.scenario.Relay.Lie == scenario.Honest:
		c.fail(C2, "%s was told to stop and is still %s", c.who(a), a.state)
	case c.sound:
		c.fail(C5, "%s was told to stop and is still %s after %v", c.who(a), a.state, c.w.scenario.Patience())
	}
}
