package sim

import (
	"encoding/binary"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// want notes what a machine waits for on a link.
func (w *World) want(a *actor, link roles.Link, op opKind, offset, length uint64) {
	e := w.endOf(a, link)
	if e == nil {
		return
	}
	e.op, e.offset, e.left, e.spoiled = op, offset, length, 0
	w.poke(e)
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
		if t := w.troubled(StallReader, e.host); t != nil {
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
	if len(frame) == protocol.HeaderSize {
		if claimed := binary.BigEndian.Uint32(frame[4:]); claimed <= protocol.MaxList {
			frame = w.peek(e, protocol.HeaderSize+int(claimed))
		}
	}
	m, size, err := protocol.Decode(frame)
	switch {
	case err != nil:
		w.note(Line{What: Garbles, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, Text: err.Code.String()})
		w.give(e, roles.Garbled{Link: e.link, Err: err})
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
	w.give(e, roles.Ended{Link: e.link})
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

func (w *World) wakeReceive(e *end) {
	a := e.actor
	switch {
	case e.left == 0:
		w.give(e, roles.BodyDone{Link: e.link})
	case e.broken != 0:
		w.lose(e, e.broken, "the connection was reset")
	case e.in.size > 0:
		seg := e.in.take(int(min(e.left, piece)))
		w.credit(e, seg.size)
		if a.fetch != nil && !w.diskTakes(a, seg.size) {
			w.give(e, roles.StoreFailed{Text: "no space left"})
			return
		}
		if a.fetch != nil {
			a.fetch.store.write(e.offset, seg)
		}
		e.offset += uint64(seg.size)
		e.left -= uint64(seg.size)
		w.poke(e)
		w.note(Line{What: Receives, Host: e.host.index, Actor: a.id, Peer: e.peer().host.index, Conn: e.conn.id, N: uint64(seg.size)})
		w.step(a, roles.Moved{Link: e.link, Bytes: int64(seg.size)})
	case e.eof:
		w.coverage.sometimes(EndInBody)
		w.ended(e)
	}
}

// diskTakes reports whether a client's disk has room for so many bytes more.
func (w *World) diskTakes(a *actor, size int) bool {
	t := w.troubled(DiskFull, a.proc.host)
	if t == nil {
		return true
	}
	if t.bytes += size; t.bytes <= t.N {
		return true
	}
	w.fired(t)
	return false
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

func (w *World) wakeSend(e *end) {
	a := e.actor
	switch {
	case e.broken != 0:
		w.lose(e, e.broken, "the connection was reset")
	case e.left == 0 && e.out.size == 0 && e.spoiled != 0:
		w.coverage.sometimes(SpoiledBody)
		w.give(e, roles.BodySpoiled{Link: e.link, Code: e.spoiled})
	case e.left == 0 && e.out.size == 0:
		w.give(e, roles.BodyDone{Link: e.link})
	case e.left > 0 && e.out.size == 0 && e.room(e.left):
		size := int(min(e.left, piece, uint64(window-e.flying)))
		seg, bad := w.read(a.proc.host, a.file, e.offset, size)
		if bad != 0 {
			e.spoiled = bad
		}
		e.offset += uint64(size)
		e.left -= uint64(size)
		w.note(Line{What: SendsBody, Host: e.host.index, Actor: a.id, Peer: e.peer().host.index, Conn: e.conn.id, N: uint64(size)})
		w.transmit(e, seg)
		w.poke(e)
		w.step(a, roles.Moved{Link: e.link, Bytes: int64(size)})
	}
}
