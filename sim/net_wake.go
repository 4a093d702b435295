package sim

import (
	"encoding/binary"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// want sets the input that a machine waits for on a link. It returns the machine's end, or nil.
func (w *World) want(a *actor, link roles.Link, op awaited) *end {
	e := a.end(link)
	if e == nil {
		return nil
	}
	e.awaits, e.first = op, false
	w.poke(e)
	return e
}

// poke schedules a wake of an end, after the current event.
func (w *World) poke(e *end) {
	if e.poked {
		return
	}
	e.poked = true
	w.agenda.add(w.now, evPoke).end = e
}

// wake gives an end's machine one input, if the one that it waits for is there.
func (w *World) wake(e *end) {
	e.poked = false
	if e.actor == nil || e.actor.over() || e.state != open && e.state != dialing {
		return
	}
	if e.awaits == awaitsHear || e.awaits == awaitsReceiveBody || e.awaits == awaitsDiscard || e.awaits == awaitsSplice || e.awaits == awaitsSecure {
		if t := w.troubled(scenario.StallReader, e.host); t != nil {
			w.fired(t)
			return
		}
	}
	switch e.awaits {
	case awaitsDial:
		w.wakeDial(e)
	case awaitsHear:
		w.wakeHear(e)
	case awaitsReceiveBody:
		w.wakeReceive(e)
	case awaitsDiscard:
		w.wakeDiscard(e)
	case awaitsSendBody:
		w.wakeSend(e)
	case awaitsSent:
		w.wakeSent(e)
	case awaitsSplice:
		w.wakeSplice(e)
	case awaitsSecure:
		w.wakeSecure(e)
	case awaitsFailure:
		w.lose(e, e.broken, "nothing can be sent")
	}
}

// give passes the input that the machine waited for.
func (w *World) give(e *end, in roles.Input) {
	e.awaits = awaitsNothing
	w.step(e.actor, in)
}

func (w *World) lose(e *end, code protocol.Code, text string) {
	w.note(Line{What: Loses, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, Text: code.String()})
	w.give(e, roles.Lost{Link: e.link, Code: code, Text: text})
}

func (w *World) wakeDial(e *end) {
	switch {
	case e.broken != 0:
		w.lose(e, e.broken, "the connection was not made")
	case e.state == open && e.conn.plain && !e.conn.clear && !w.planted(func(p *Plant) bool { return p.Downgraded }):
		w.coverage.sometimes(Downgrade)
		w.lose(e, protocol.NoTLS, "the peer speaks without TLS")
	case e.state == open && !e.conn.plain && !e.conn.clear && !e.expects.IsZero() && e.expects != w.proven(e):
		w.coverage.sometimes(WrongPeer)
		w.lose(e, protocol.WrongPeer, "another peer answers")
	case e.state == open:
		w.note(Line{What: Opens, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id})
		w.check.opened(e)
		w.give(e, w.opened(e))
	}
}

func (w *World) wakeHear(e *end) {
	if e.broken != 0 {
		w.lose(e, e.broken, "the connection was reset")
		return
	}
	frame := w.peek(e, protocol.HeaderSize)
	claimed := uint32(0)
	if len(frame) == protocol.HeaderSize {
		if claimed = binary.BigEndian.Uint32(frame[4:]); claimed <= protocol.MaxList {
			frame = w.peek(e, protocol.HeaderSize+int(claimed))
		}
	}
	m, size, err := protocol.Decode(frame)
	if e.first && err == nil && claimed > protocol.MaxFirst {
		m, err = nil, &protocol.Error{Code: protocol.TooLarge, Text: "too much for a first message"}
	}
	switch {
	case err != nil:
		refusal := protocol.AsError(err)
		w.note(Line{What: Misreads, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, Text: refusal.Code.String()})
		w.give(e, roles.Malformed{Link: e.link, Err: refusal})
	case m != nil:
		w.taken(e, size)
		w.note(Line{What: Hears, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, Message: m})
		w.give(e, roles.Heard{Link: e.link, Message: m})
	case e.eof && e.in.size > 0:
		w.coverage.sometimes(EndInFrame)
		w.lose(e, protocol.Lost, "the stream ended in the middle of a message")
	case e.eof:
		w.ended(e)
	}
}

// wakeSent tells a machine that its message has been taken: all of it is within the window.
func (w *World) wakeSent(e *end) {
	switch {
	case e.broken != 0:
		w.lose(e, e.broken, "the connection was reset")
	case e.out.size == 0:
		w.give(e, roles.Sent{Link: e.link})
	}
}

func (w *World) ended(e *end) {
	if e.peer().torn {
		w.coverage.sometimes(Truncated)
		w.lose(e, protocol.Lost, "the stream ended without a word that nothing is missing")
		return
	}
	w.note(Line{What: SeesEnd, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id})
	w.give(e, roles.PeerEnded{Link: e.link})
}

func (w *World) peek(e *end, n int) (frame []byte) {
	frame, w.scratch = e.in.peek(n, w.scratch)
	return frame
}

// taken removes used bytes from the input and returns their room to the sender.
func (w *World) taken(e *end, n int) {
	e.in.drop(n)
	w.credit(e, n)
}

func (w *World) credit(e *end, n int) {
	sender := e.peer()
	sender.flying -= n
	w.flush(sender)
	if sender.awaits == awaitsSendBody || sender.awaits == awaitsSent {
		w.poke(sender)
	}
	w.pokeBehind(sender)
}

func (w *World) wakeDiscard(e *end) {
	if e.broken != 0 {
		w.lose(e, e.broken, "the connection was reset")
		return
	}
	if e.in.size > 0 {
		w.taken(e, e.in.size)
	}
	if e.eof {
		w.ended(e)
	}
}
