package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// convergence bounds the time from the end of all faults until the relay lists exactly the living
// nodes: the exchange under way fails at its deadlines, the longest backoff passes, the next
// exchange succeeds. Meanwhile stale leases lapse. The margin is for clocks that run fast or slow.
const convergence = (roles.DialTimeout + 2*roles.ReplyTimeout + roles.CloseTimeout + roles.RetryMost*3/2 +
	roles.DialTimeout + roles.ReplyTimeout) * 106 / 100

// converge is the second phase: all faults end, and after a while the expectations are exact.
func (w *World) converge() {
	if w.check.failed() {
		return
	}
	w.heal()
	w.check.healed = true
	w.wait(w.converges())
	w.finish(w.operations, "running when everything healed")
	if w.check.failed() || w.scenario.Relay.Lie != scenario.Honest {
		return
	}
	w.check.l2()
	w.check.l4()
	w.probe()
}

// probe asks for all files of the scenario, and for one that does not exist.
func (w *World) probe() {
	h := w.byName["probe"]
	var probes []*operation
	for _, name := range append(w.scenario.Names(), scenario.MissingName) {
		op := scenario.Op{At: w.now, Do: scenario.DoFetch, Who: h.name, Name: name, Sources: int(w.scenario.Seed+uint64(len(probes))) % 4}
		probes = append(probes, w.beginOperation(h, op, 0))
		if op.Do = scenario.DoLocate; protocol.CheckName(name) == nil && !w.hasty {
			probes = append(probes, w.beginOperation(h, op, 0))
		}
	}
	if w.scenario.Gathers() {
		probes = append(probes, w.beginOperation(h, scenario.Op{At: w.now, Do: scenario.DoGather, Who: h.name}, 0))
	}
	if !w.hasty {
		probes = append(probes, w.beginOperation(h, scenario.Op{At: w.now, Do: scenario.DoList, Who: h.name}, 0))
	}
	expected := w.check.expected()
	w.finish(probes, "begun after everything had healed")
	for _, o := range probes {
		w.check.l3(o, expected)
	}
	w.check.l6()
}

// wait waits until the world has converged: for the whole bound, or in haste only until it looks
// converged.
func (w *World) wait(most time.Duration) {
	const look = 3 * time.Second
	end := w.now + most
	for w.hasty && !w.malformed && w.now < end && !w.check.failed() {
		w.until(w.now + look)
		if w.check.mislisted() == "" && w.check.unpublished() == "" && running(w.operations) == nil && !w.serving() && !w.isYoung() {
			return
		}
	}
	w.until(end)
}

// isYoung reports whether the relay may lack nodes since its start.
func (w *World) isYoung() bool {
	p := w.relay.proc
	return p != nil && p.oracle.earlier > 0 && w.relay.local(w.now) < p.oracle.start+p.oracle.ttlOf(p.oracle.earlier)
}

// serving reports whether a server still has a connection or is being stopped, or a node is about
// to talk to the relay.
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

// finish waits for the end of operations, and checks L1.
func (w *World) finish(operations []*operation, which string) {
	const slice = time.Second
	most := w.now + time.Duration(len(w.scenario.Nodes)+30)*(roles.DialTimeout+2*roles.ReplyTimeout+roles.ProgressTimeout+2*roles.CloseTimeout)
	for !w.check.failed() {
		o := running(operations)
		if o == nil {
			return
		}
		if w.now > most {
			w.check.fail(L1, "%s %q by %s, %s, does not end: it is %s", o.op.Do, o.op.Name, o.op.Who, which, o.actor.state)
			return
		}
		w.until(w.now + slice)
	}
}

func running(operations []*operation) *operation {
	for _, o := range operations {
		if !o.ended && !o.actor.gone {
			return o
		}
	}
	return nil
}

// lives reports whether a node keeps itself listed.
func (h *host) lives() bool {
	return h.proc != nil && !h.proc.stopping && !h.proc.member.final
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
		c.noCircuits(false)
	}
	w.stopAll(clientRole)
	w.stopAll(strangerRole)
	c.noCircuits(true)
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
