package sim

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// dial opens a connection for a machine.
func (w *World) dial(a *actor, d roles.Dial) {
	tried := w.try(a.proc.host, d)
	c := w.newConn()
	c.clear = d.Plain && !w.scenario.Relay.Plain
	to := w.byAddress[tried.to]
	if to == nil || !a.proc.host.reaches(to) {
		to = w.nowhere
	}
	e := w.newEnd(c, 0, a.proc.host, tried.from)
	e.actor, e.link, e.state, e.awaits, e.expects = a, d.Link, dialing, awaitsDial, d.ID
	w.newEnd(c, 1, to, tried.to.Addr())
	a.setEnd(d.Link, e)
	w.note(Line{What: Dials, Host: e.host.index, Actor: a.id, Peer: to.index, Conn: c.id})
	w.check.dialled(a, d)
	if !tried.to.IsValid() {
		w.breakEnd(e, protocol.Unreachable)
		return
	}
	if t := w.troubled(scenario.NoRoute, to); t != nil {
		w.fired(t)
		w.breakEnd(e, protocol.Unreachable)
		return
	}
	for _, t := range w.troubles {
		if (t.Class == scenario.Reset || t.Class == scenario.BlackHole) && t.conn == nil && t.across(e.host, to, false) {
			t.conn = c
		}
	}
	if tried.after > 0 {
		w.coverage.sometimes(OtherAddress)
		w.after(tried.after, func() { w.knock(e) })
		return
	}
	w.knock(e)
}

// knock asks the other host for a connection.
func (w *World) knock(e *end) {
	if e.state == dialing && e.broken == 0 {
		w.send(e, evSyn, segment{})
	}
}

func (w *World) newConn() *conn {
	c := &conn{id: len(w.conns)}
	w.conns = append(w.conns, c)
	return c
}

func (w *World) newEnd(c *conn, side int, h *host, here netip.Addr) *end {
	e := &end{conn: c, side: side, host: h, here: here, key: h.key}
	c.ends[side] = e
	return e
}

// syn delivers a connection request to the accepting host.
func (w *World) syn(e *end) {
	h := e.host
	if h.off || h == w.nowhere || h.walled() && e.peer().host != h {
		return
	}
	if t := w.deadAt(h, roles.FamilyOf(e.here)); t != nil {
		w.fired(t)
		return
	}
	t := w.troubled(scenario.Refuse, h)
	if t == nil {
		t = w.troubled(scenario.Firewall, h)
	}
	if t != nil {
		w.fired(t)
		if t.Class == scenario.Firewall && t.N == 0 {
			return
		}
	}
	if h.proc == nil || !h.proc.listening || t != nil {
		e.broken = protocol.Refused
		w.send(e, evReset, segment{})
		return
	}
	if e.conn.clear && (h.role != relayRole || !w.circuits() && !w.planted(func(p *Plant) bool { return p.Serves != nil })) { // its TLS takes nothing that comes in plain
		e.state, e.ending = released, true
		w.send(e, evSynAck, segment{})
		w.flush(e)
		return
	}
	e.state, e.key = open, h.key
	e.actor = w.accept(h.proc, e.peer().at())
	e.actor.setEnd(0, e)
	w.note(Line{What: Accepts, Host: h.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id})
	w.send(e, evSynAck, segment{})
	if t := w.troubled(scenario.Middle, h); t != nil {
		w.fired(t)
		e.conn.middle, e.conn.plain = true, t.N == 1 && !w.scenario.Relay.Plain
	}
	opened := w.opened(e)
	opened.Busy, opened.Number = e.actor.full, e.actor.number()
	if h.proc.hung {
		w.tell(e.actor, opened)
	} else {
		w.step(e.actor, opened)
	}
	w.resetAt(e.conn, 0)
}

// synAck completes the connection at the dialling host.
func (w *World) synAck(e *end) {
	switch e.state {
	case dialing:
		e.state = open
		w.poke(e)
	case released, vanished:
		if !e.host.off {
			w.send(e, evReset, segment{})
		}
	}
}

// refuse answers data that nobody reads with a reset.
func (w *World) refuse(e *end) {
	e.out.clear()
	if e.host.off {
		return
	}
	e.broken = protocol.Lost
	w.send(e, evReset, segment{})
}

// breakEnd breaks an end, as an arriving reset does.
func (w *World) breakEnd(e *end, code protocol.Code) {
	if e.broken != 0 {
		return
	}
	e.broken = code
	e.in.clear()
	e.out.clear()
	if e.state == dialing || e.state == open {
		w.note(Line{What: Breaks, Host: e.host.index, Peer: e.peer().host.index, Conn: e.conn.id, Text: code.String()})
		w.poke(e)
		w.pokeBehind(e)
	}
}

// hangUp closes an end for its machine. With unread input the system sends a reset, and unsent
// output is lost.
func (w *World) hangUp(e *end) {
	w.note(Line{What: HangsUp, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id})
	e.actor.setEnd(e.link, nil)
	w.letGo(e, released)
}

func (w *World) letGo(e *end, state endState) {
	was := e.state
	e.state, e.awaits, e.left = state, awaitsNothing, 0
	e.part()
	if was != open || e.broken != 0 {
		return
	}
	if e.in.size > 0 {
		w.coverage.sometimes(UnreadClose)
		e.in.clear()
		e.broken = protocol.Lost
		e.out.clear()
		w.send(e, evReset, segment{})
		return
	}
	e.torn = e.torn || e.spliced != nil && !e.ending // within it there is TLS, which has not been ended
	e.ending = true
	w.flush(e)
}

// abandon ends an end whose process is dead.
func (w *World) abandon(e *end, how int) {
	switch {
	case e.state == released || e.state == vanished:
	case how == crashEnds:
		e.torn = e.torn || !e.ending && w.hasTLS(e)
		w.letGo(e, vanished)
	default:
		was := e.state
		e.state, e.awaits, e.left = vanished, awaitsNothing, 0
		e.in.clear()
		e.out.clear()
		if how == crashResets && e.broken == 0 && was == open {
			e.broken = protocol.Lost
			w.send(e, evReset, segment{})
		}
	}
}
