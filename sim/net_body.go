package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// body is a stretch of a file that an end receives.
type body struct {
	item   int
	size   uint64 // of the whole item
	from   uint64 // the first group of the stretch
	values []protocol.Hash
	got    gathered // of the current group
	wrong  bool     // a group was wrong: the rest is discarded
	closed bool     // the stretch is complete, and waits for the disk
}

// receive prepares an end for a stretch.
func (e *end) receive(item int, offset, length, size uint64, values []protocol.Hash) {
	e.offset, e.left = offset, length
	parts := e.body.got.parts[:0]
	e.body = body{item: item, size: size, from: offset / group, values: values, got: gathered{parts: parts}}
}

// value returns the expected chaining value of a group, and whether it is the whole file.
func (b *body) value(g uint64) (value protocol.Hash, whole bool) {
	if i := g - b.from; i < uint64(len(b.values)) {
		value = b.values[i]
	}
	return value, protocol.Groups(b.size) == 1
}

// wakeReceive takes the bytes of a stretch that have arrived, up to the end of a group at a time.
func (w *World) wakeReceive(e *end) {
	a := e.actor
	switch {
	case e.left == 0:
		w.received(e)
	case e.broken != 0:
		w.lose(e, e.broken, "the connection was reset")
	case e.in.size > 0:
		inGroup := group - e.offset%group
		seg := e.in.take(int(min(e.left, inGroup)))
		w.credit(e, seg.size)
		if !e.body.wrong && a.operation != nil {
			if err := w.stored(a, e, seg); err != nil {
				w.give(e, roles.StoreFailed{Item: e.body.item, Err: err})
				return
			}
		}
		e.offset += uint64(seg.size)
		e.left -= uint64(seg.size)
		w.poke(e)
		w.note(Line{What: Receives, Host: e.host.index, Actor: a.id, Peer: e.peer().host.index, Conn: e.conn.id, N: uint64(seg.size)})
		w.step(a, roles.Moved{Link: e.link, Bytes: int64(seg.size)})
		if e.awaits == awaitsReceiveBody && !e.body.wrong && (e.left == 0 || e.offset%group == 0) {
			w.judge(e)
		}
	case e.eof:
		w.coverage.sometimes(EndInBody)
		w.ended(e)
	}
}

// received completes a stretch. A disk that hangs delays that.
func (w *World) received(e *end) {
	h := e.host
	if full := w.troubled(scenario.DiskFull, h); full != nil && full.N < 0 && e.actor.operation != nil {
		w.fired(full)
		w.give(e, roles.StoreFailed{Item: e.body.item, Err: errFull})
		return
	}
	hang := w.troubled(scenario.DiskHang, h)
	if hang == nil || e.body.closed {
		if e.body.closed && e.broken != 0 {
			w.lose(e, e.broken, "the connection was reset")
			return
		}
		w.give(e, roles.BodyDone{Link: e.link})
		return
	}
	w.fired(hang)
	e.body.closed = true
	w.after(time.Duration(w.chooser.N(hang.N+1, "disk"))*time.Millisecond, func() { w.poke(e) })
}

// judge verifies a complete group and tells the machine the result.
func (w *World) judge(e *end) {
	b := &e.body
	g := (e.offset - 1) / group
	value, whole := b.value(g)
	right := b.got.valued(g, whole, value) || w.planted(func(p *Plant) bool { return p.Blind })
	if right {
		w.check.read(e.actor, g, &b.got)
		if s := e.actor.store(b.item); s != nil {
			w.writePart(e.actor, s, g*group, &b.got)
		}
	}
	b.got = gathered{parts: b.got.parts[:0]}
	if !right {
		b.wrong = true
		w.note(Line{What: Rejects, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, N: g})
		w.step(e.actor, roles.BodyWrong{Link: e.link, Group: g})
		return
	}
	if s := e.actor.store(b.item); s != nil {
		w.verified(e.actor, s, g, value)
	}
	w.step(e.actor, roles.Verified{Link: e.link, Group: g})
}

// stored keeps bytes until their group is judged, if the actor's disk will have room for them.
func (w *World) stored(a *actor, e *end, seg segment) error {
	if !w.diskTakes(a, seg.size) {
		return errFull
	}
	e.body.got.add(seg)
	return nil
}

// diskTakes reports whether a client's disk has room for more bytes.
func (w *World) diskTakes(a *actor, size int) bool {
	t := w.troubled(scenario.DiskFull, a.proc.host)
	if t == nil {
		return true
	}
	if t.bytes += size; t.bytes <= t.N || t.N < 0 {
		return true
	}
	w.fired(t)
	return false
}

// wakeSend sends as many bytes of a file as the window allows.
func (w *World) wakeSend(e *end) {
	a := e.actor
	if e.left == 0 && e.out.size == 0 && e.spoiled == 0 && a.file.changed() {
		e.spoiled = protocol.Changed
	}
	switch {
	case e.broken != 0:
		w.lose(e, e.broken, "the connection was reset")
	case e.left == 0 && e.out.size == 0 && e.spoiled != 0:
		w.coverage.sometimes(SpoiledBody)
		w.give(e, roles.BodySpoiled{Link: e.link, Code: e.spoiled})
	case e.left == 0 && e.out.size == 0:
		if f := a.file.inode; f.isRotten() {
			a.rotten = append(a.rotten, f)
		}
		w.give(e, roles.BodyDone{Link: e.link})
	case e.left > 0 && e.out.size == 0 && e.room(e.left):
		size := int(min(e.left, uint64(w.pieceFrom(e)), uint64(e.window())))
		seg, bad := w.read(a.proc.host, a.file.inode, e.offset, size)
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
