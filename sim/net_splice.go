package sim

import "github.com/relaypeer/relaypeer/roles"

// splice is a pair of ends of one process: what arrives at one of them goes out at the other.
type splice struct {
	circuit uint64
	ends    [2]*end // the second is nil until it is there
}

// splice passes on bytes of a link. What an end has not passed on stays in its input: so a slow reader
// behind the other end slows down the sender.
func (w *World) splice(a *actor, s roles.Splice) {
	e := w.want(a, s.Link, awaitsSplice)
	if e == nil {
		return
	}
	e.left = s.Bytes
	if e.spliced == nil {
		w.pair(e, s.Circuit)
	}
}

// pair makes an end one of the two of a circuit.
func (w *World) pair(e *end, circuit uint64) {
	p := e.actor.proc
	s := p.splices[circuit]
	switch {
	case s == nil && p.splices == nil:
		p.splices = map[uint64]*splice{}
		fallthrough
	case s == nil:
		s = &splice{circuit: circuit, ends: [2]*end{e}}
		p.splices[circuit] = s
	case s.ends[1] != nil:
		w.check.fail(S6, "%s splices a third link under circuit %d", w.check.who(e.actor), circuit)
		return
	default:
		s.ends[1] = e
		w.poke(s.ends[0])
	}
	e.spliced = s
}

// part takes an end that is closed out of its pair. The other one waits, and goes nowhere.
func (e *end) part() {
	if s := e.spliced; s != nil && e.beyond() == nil {
		delete(e.actor.proc.splices, s.circuit)
	}
}

// beyond returns the end at which what arrives at e goes out; nil: it is not there yet, or no more.
func (e *end) beyond() *end {
	if e.spliced == nil {
		return nil
	}
	other := e.spliced.ends[0]
	if other == e {
		other = e.spliced.ends[1]
	}
	if other == nil || other.state != open {
		return nil
	}
	return other
}

// pokeBehind wakes the end from which bytes go out at e: e takes more of them now, or none any more.
func (w *World) pokeBehind(e *end) {
	if from := e.beyond(); from != nil && from.awaits == awaitsSplice {
		w.poke(from)
	}
}

func (w *World) wakeSplice(e *end) {
	to := e.beyond()
	switch {
	case e.broken != 0:
		w.lose(e, e.broken, "the connection was reset")
	case e.left == 0:
		w.give(e, roles.BodyDone{Link: e.link})
	case to == nil || to.ending:
	case to.broken != 0:
		if e.in.size > 0 || e.eof {
			w.unsent(to)
		}
	case e.in.size > 0:
		w.passOn(e, to)
	case e.eof:
		w.passEnd(e, to)
	}
}

// passOn passes on as many bytes as the window of the other end allows.
func (w *World) passOn(e, to *end) {
	most := min(e.left, uint64(e.in.size), uint64(w.pieceFrom(to)))
	if to.out.size > 0 || !to.room(most) {
		return
	}
	passed := 0
	for size := min(int(most), to.window()); passed < size && to.broken == 0; {
		seg := e.in.take(size - passed)
		passed += seg.size
		w.transmit(to, seg)
	}
	e.left -= uint64(passed)
	w.note(Line{What: Passes, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, N: uint64(passed)})
	w.credit(e, passed)
	w.poke(e)
	w.step(e.actor, roles.Moved{Link: e.link, Bytes: int64(passed)})
}

// passEnd passes on the end of a stream, and whether it comes with TLS's word that nothing is missing: that is
// between the two far ends.
func (w *World) passEnd(e, to *end) {
	to.torn, to.ending = e.peer().torn, true
	w.flush(to)
	w.note(Line{What: SeesEnd, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id})
	w.give(e, roles.PeerEnded{Link: e.link})
}
