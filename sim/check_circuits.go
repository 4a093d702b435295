package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// s30 follows a step of a session.
func (c *checks) s30(a *actor, in roles.Input, effects []roles.Effect) {
	x, now := a.proc.crossings, c.w.relay.local(c.w.now)
	if x == nil || a.kind != sessionKind {
		return
	}
	x.tidy(now)
	heard, _ := in.(roles.Heard)
	switch in := in.(type) {
	case roles.Moved:
		if l := x.ends[a]; l != nil && !l.of.over {
			l.of.passed, l.of.moved = l.of.passed+in.Bytes, now
			x.passed[l.of.from] += in.Bytes
		}
	case roles.PeerEnded:
		if l := x.ends[a]; l != nil {
			l.ended, l.of.moved = true, now
		}
	}
	if m, is := heard.Message.(*protocol.Join); is {
		c.joins(a, m)
	}
	c.awaits(a, in, effects)
	for _, effect := range effects {
		switch effect := effect.(type) {
		case roles.Send:
			c.saysOfCircuit(a, heard.Message, effect.Message)
		case roles.Splice:
			c.splices(a, effect)
		}
	}
	for _, t := range a.moves {
		c.cutForBytes(a, t)
		x.ending(a, t, now)
	}
}

// saysOfCircuit checks a message of a relay that is about circuits.
func (c *checks) saysOfCircuit(a *actor, asked, m protocol.Message) {
	ask, asks := asked.(*protocol.Circuit)
	switch m := m.(type) {
	case *protocol.Opened:
		if !asks {
			c.fail(S30, "%s says OPENED to %s", c.who(a), describe(asked))
			return
		}
		c.opens(a, ask, m)
	case *protocol.Joined:
		if l := a.proc.crossings.ends[a]; l == nil || !l.of.joined() {
			c.fail(S30, "%s says JOINED, and the other end has not come", c.who(a))
		} else {
			l.told = true
		}
	case *protocol.Error:
		if asks && m.Code == protocol.Quota {
			c.refusesQuota(a, m)
		}
	}
}

// origin returns what the limits of the peer of a session are of: its id in a closed relay, and else its address.
func (c *checks) origin(a *actor) (of roles.Origin) {
	switch e := a.end(0); {
	case e == nil:
	case a.proc.crossings.closed:
		of.ID = c.w.proven(e)
	default:
		of.Host = roles.HostOf(e.peer().at().Addr())
	}
	return of
}

// opens checks OPENED: it is within the bounds, to a node that waits, and says why the circuit before has ended.
func (c *checks) opens(a *actor, ask *protocol.Circuit, m *protocol.Opened) {
	x, now, from := a.proc.crossings, c.w.relay.local(c.w.now), c.origin(a)
	all, own := x.counts(from)
	left := x.left(from)
	switch {
	case all >= x.limits.Circuits || from.Bounded() && own >= x.limits.CircuitsFrom || left == 0:
		c.fail(S30, "%s opens a circuit where there are %d, %d of them of %s, which may pass %d bytes", c.who(a), all, own, from, left)
	case x.links[ask.Node] == nil:
		c.fail(S30, "%s opens a circuit to %x, which does not wait", c.who(a), ask.Node[:8])
	case x.legs[m.Ticket] != nil || m.Ticket.IsZero():
		c.fail(S30, "%s gives a ticket again", c.who(a))
	case (m.Refill > 0) != (m.Bytes > 0):
		c.fail(S31, "%s says that %d bytes may pass, and more in %d ms", c.who(a), m.Bytes, m.Refill)
	case left != relay.NoLimit && m.Bytes != uint64(left) || left == relay.NoLimit && m.Bytes != 0:
		c.fail(S30, "%s says that %d bytes may pass for %s, and %d may", c.who(a), m.Bytes, from, left)
	}
	c.toldWhy(a, ask, m)
	one := &crossing{node: ask.Node, client: c.w.proven(a.end(0)), from: from, due: now + roles.JoinTimeout, moved: now}
	one.legs[0].of, one.legs[1].of = one, one
	x.legs[m.Ticket] = &one.legs[0]
	x.open, x.pending[one.node] = append(x.open, one), append(x.pending[one.node], one)
}

// toldWhy checks S31 for OPENED.
func (c *checks) toldWhy(a *actor, ask *protocol.Circuit, m *protocol.Opened) {
	x, now := a.proc.crossings, c.w.relay.local(c.w.now)
	before := x.legs[ask.Before]
	switch known := before != nil && before == &before.of.legs[0] && before.of.over; {
	case !known && (m.Last != 0 || m.LastBytes != 0):
		c.fail(S31, "%s says that a circuit has ended, %s, which it does not know", c.who(a), m.Last)
	case !known, now >= before.of.since+roles.CircuitKept && m.Last == 0:
	case !slices.Contains(before.of.why, m.Last) || int64(m.LastBytes) != before.of.passed:
		c.fail(S31, "%s says that a circuit has ended after %d bytes, %s; it was after %d, %s", c.who(a), m.LastBytes, m.Last, before.of.passed, before.of.why)
	}
}

// refusesQuota checks that a limit which is said to be used up is, and that the refusal says whose and until when.
func (c *checks) refusesQuota(a *actor, m *protocol.Error) {
	x, from := a.proc.crossings, c.origin(a)
	all, own := x.counts(from)
	ofClient := from.Bounded() && own >= x.limits.CircuitsFrom || x.left(from) == 0
	switch {
	case all < x.limits.Circuits && !ofClient:
		c.fail(S30, "%s refuses a circuit for a limit, where there are %d, %d of them of %s, which may pass %d bytes", c.who(a), all, own, from, x.left(from))
	case m.Retry == 0 || all < x.limits.Circuits && !strings.Contains(m.Text, from.String()):
		c.fail(S31, "%s refuses a circuit, and does not say whose limit is used up, and until when: %s", c.who(a), describe(m))
	}
}

// joins checks what a session makes of a JOIN: a ticket is good once, in plain, and as long as the ends may come.
func (c *checks) joins(a *actor, m *protocol.Join) {
	x, now, e := a.proc.crossings, c.w.relay.local(c.w.now), a.end(0)
	l := x.legs[m.Ticket]
	good := l != nil && l.actor == nil && !l.of.over && e != nil && e.conn.clear
	takes := slices.ContainsFunc(a.moves, func(t roles.Transition) bool {
		return t.From == string(relay.SessionListening) && (t.To == string(relay.SessionJoining) || t.To == string(relay.SessionCarrying))
	})
	switch {
	case takes && !good:
		c.fail(S30, "%s takes a ticket that is not good", c.who(a))
	case good && !takes && a.state != string(relay.SessionClosed):
		c.fail(S30, "%s does not take a ticket that is good: it is %s", c.who(a), a.state)
	case good:
		l.actor, l.of.moved = a, now
		x.ends[a] = l
	}
}

// splices checks that a session passes on no more than it may, to the other end of its circuit.
func (c *checks) splices(a *actor, s roles.Splice) {
	x := a.proc.crossings
	l := x.ends[a]
	if l == nil || !l.of.joined() {
		c.fail(S30, "%s splices a link that is no end of a circuit", c.who(a))
		return
	}
	if l.of.number == 0 && x.numbers[s.Circuit] == nil {
		l.of.number, x.numbers[s.Circuit] = s.Circuit, l.of
	}
	if l.of.number != s.Circuit {
		c.fail(S30, "%s splices its link to that of another circuit", c.who(a))
	}
	if s.From != (roles.Origin{ID: l.of.client}) {
		c.fail(S30, "%s passes on bytes of %+v, and the client is %x", c.who(a), s.From, l.of.client[:8])
	}
	if left := x.left(l.of.from); s.Bytes > uint64(min(roles.CircuitPiece, left)) {
		c.fail(S30, "%s passes on %d bytes at once, of %d that %s may", c.who(a), s.Bytes, left, l.of.from)
	}
}

// moment checks, before time goes on, that each session knows what has become of its circuit, and each node that waits of who comes.
func (c *checks) moment() {
	p := c.w.relay.proc
	if p == nil || p.crossings == nil || p.hung || p.doomed {
		return
	}
	x, now := p.crossings, c.w.relay.local(c.w.now)
	x.tidy(now)
	x.open = slices.DeleteFunc(x.open, func(one *crossing) bool { return c.wentOver(one, now) })
	for a, w := range x.waits {
		switch {
		case a.over():
			delete(x.waits, a)
		case now > w.due+tick:
			c.fail(S30, "%s has not answered an AWAIT in its time", c.who(a))
		case x.links[w.node] == a && slices.ContainsFunc(x.pending[w.node], func(one *crossing) bool { return !one.over && one.due > now }):
			c.fail(S30, "%s does not say who comes, while its node waits", c.who(a))
		}
	}
}

// wentOver checks a circuit, and reports whether nothing is to become of it any more.
func (c *checks) wentOver(one *crossing, now time.Duration) bool {
	done := one.over
	for i := range one.legs {
		l := &one.legs[i]
		if l.actor == nil || l.actor.over() {
			continue
		}
		state := relay.SessionState(l.actor.state)
		in := state == relay.SessionJoining || state == relay.SessionCarrying || state == relay.SessionDraining
		done = done && !in
		switch {
		case one.over && in && (!one.late || now > one.due+tick):
			c.fail(S30, "%s is %s in a circuit that is over", c.who(l.actor), state)
		case !one.over && one.joined() && !l.told:
			c.fail(S30, "%s has not said JOINED, and both ends have come", c.who(l.actor))
		case !one.over && one.legs[0].ended && one.legs[1].ended:
			c.fail(S30, "%s is %s in a circuit whose ends are both over", c.who(l.actor), state)
		case !one.over && one.joined() && now > one.moved+roles.CircuitIdle+time.Second: // a piece may wait for its time
			c.fail(S30, "%s is %s in a circuit over which nothing has passed for long", c.who(l.actor), state)
		}
	}
	return done
}

// noCircuits checks C3: once its peers have stopped nobody waits at a relay, and it has no circuits.
func (c *checks) noCircuits(clients bool) {
	p := c.w.relay.proc
	if p == nil || p.circuits == nil || p.host.lie != scenario.Honest || c.failed() {
		return
	}
	p.circuits.Come(roles.Moment{Now: c.w.relay.local(c.w.now)}, protocol.PeerID{}, 0, true)
	if awaits, circuits := p.circuits.Counts(); awaits > 0 || clients && circuits > 0 {
		c.fail(C3, "%d nodes wait for clients, and %d circuits are there, after all have been stopped", awaits, circuits)
	}
}
