package sim

import (
	"encoding/binary"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// want notes what a machine waits for on a link, and returns its end, or nil if it has none.
func (w *World) want(a *actor, link roles.Link, op opKind) *end {
	e := a.end(link)
	if e == nil {
		return nil
	}
	e.op, e.first = op, false
	w.poke(e)
	return e
}

// poke has an end looked at, after what is under way.
func (w *World) poke(e *end) {
	if e.poked {
		return
	}
	e.poked = true
	w.agenda.add(w.now, evPoke).end = e
}

// wake tells an end's machine one thing, if there is one that it waits for.
func (w *World) wake(e *end) {
	e.poked = false
	if e.actor == nil || e.actor.over() || e.state != open && e.state != dialing {
		return
	}
	if e.op == opHear || e.op == opReceiveBody || e.op == opDiscard {
		if t := w.troubled(scenario.StallReader, e.host); t != nil {
			w.fired(t)
			return
		}
	}
	switch e.op {
	case opDial:
		w.wakeDial(e)
	case opHear:
		w.wakeHear(e)
	case opReceiveBody:
		w.wakeReceive(e)
	case opDiscard:
		w.wakeDiscard(e)
	case opSendBody:
		w.wakeSend(e)
	case opFail:
		w.lose(e, e.broken, "nothing can be sent")
	}
}

// give tells the machine something that ends what it waited for.
func (w *World) give(e *end, in roles.Input) {
	e.op = opNone
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
	case e.state == open:
		w.note(Line{What: Opens, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id})
		w.give(e, roles.Opened{Link: e.link, Peer: e.peer().at()})
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
		w.note(Line{What: Garbles, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, Text: refusal.Code.String()})
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

func (w *World) ended(e *end) {
	w.note(Line{What: SeesEnd, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id})
	w.give(e, roles.PeerEnded{Link: e.link})
}

func (w *World) peek(e *end, n int) (frame []byte) {
	frame, w.scratch = e.in.peek(n, w.scratch)
	return frame
}

// taken takes bytes that have been used out of the buffer and gives the sender its room back.
func (w *World) taken(e *end, n int) {
	e.in.drop(n)
	w.credit(e, n)
}

func (w *World) credit(e *end, n int) {
	sender := e.peer()
	sender.flying -= n
	w.flush(sender)
	if sender.op == opSendBody {
		w.poke(sender)
	}
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
