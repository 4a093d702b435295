package transport

import (
	"io"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// inbox holds the bytes that a link has received and the reader has not consumed. It grows by what
// arrives, never by a claimed length.
type inbox struct {
	page     *[pageSize]byte // buf's memory, from the pool; or nil
	wide     *smallBuffer    // buf's memory after widen, from the pool; or nil
	buf      []byte
	from, to int

	ahead []foreseen
	next  int      // the first of them that may yet be read
	files [][]byte // these, and the one before them
}

func (in *inbox) unread() []byte { return in.buf[in.from:in.to] }

// space returns room for at least one more byte.
func (in *inbox) space() []byte {
	in.forget()
	switch {
	case in.buf == nil:
		in.page = pages.Get().(*[pageSize]byte)
		in.buf = in.page[:]
	case in.from == in.to:
		in.from, in.to = 0, 0
	case in.to == len(in.buf) && in.from > 0:
		in.to = copy(in.buf, in.unread())
		in.from = 0
	case in.to == len(in.buf):
		grown := make([]byte, 2*len(in.buf))
		copy(grown, in.buf)
		in.free()
		in.buf = grown
	}
	return in.buf[in.to:]
}

// widen replaces the buffer by one with room for many small bodies.
func (in *inbox) widen() {
	if len(in.buf) >= len(smallBuffer{}) {
		return
	}
	in.forget()
	wide := smallBuffers.Get().(*smallBuffer)
	to := copy(wide[:], in.unread())
	in.free()
	in.wide, in.buf, in.from, in.to = wide, wide[:], 0, to
}

func (in *inbox) free() {
	in.forget()
	if in.page != nil {
		pages.Put(in.page)
	}
	if in.wide != nil {
		smallBuffers.Put(in.wide)
	}
	in.page, in.wide, in.buf = nil, nil, nil
}

// empty gives the memory of an inbox back, and forgets what is unread.
func (in *inbox) empty() {
	in.free()
	in.from, in.to = 0, 0
}

// read executes the commands to the link's reader, in order, until the link is hung up, or parked: it reports the
// latter.
func (k *link) read() (parked bool) {
	for {
		c, more := k.next()
		if !more {
			k.in.free()
			return false
		}
		var l letter
		switch c.what {
		case toHear:
			l = k.hear(protocol.MaxList, c.rests && k.parks())
		case toHearFirst:
			l = k.hear(protocol.MaxFirst, false)
		case toReceive:
			l = k.receive(c)
		case toDiscard:
			l = k.discard()
		case toSplice:
			l = k.passOn(&c)
		case toSecure:
			l = k.handshake(*c.secure)
		}
		switch {
		case l.parks && k.park(c):
			return true
		case l.input == nil:
			continue // there is nothing to say: the circuit has ended, or there is another command
		}
		l.from, l.order = k, c.number
		k.run.post(l)
	}
}

// hear reads one message, whose payload has at most most bytes. Where nothing is expected soon the link is to be
// parked if nothing comes.
func (k *link) hear(most int, rests bool) letter {
	if rests {
		k.conn.SetReadDeadline(time.Now().Add(k.run.lot.patience()))
		defer k.conn.SetReadDeadline(time.Time{})
	}
	for {
		m, size, refusal := k.in.decode(most)
		switch {
		case refusal != nil:
			return letter{input: roles.Malformed{Link: k.id, Err: protocol.AsError(refusal)}}
		case m != nil:
			k.in.from += size
			k.run.moved.Add(int64(size))
			k.pace()
			return letter{input: roles.Heard{Link: k.id, Message: m}}
		}
		n, err := k.conn.Read(k.in.space())
		k.in.to += n
		switch {
		case n > 0 || err == nil:
		case rests && isTimeout(err) && len(k.in.unread()) == 0:
			return letter{parks: true}
		case rests && isTimeout(err):
			rests = false
			k.conn.SetReadDeadline(time.Time{})
		case err != io.EOF:
			return k.lose(err)
		case len(k.in.unread()) > 0:
			return k.lose(io.ErrUnexpectedEOF)
		default:
			return letter{input: roles.PeerEnded{Link: k.id}}
		}
	}
}

// discard reads and drops everything up to the end of stream.
func (k *link) discard() letter {
	k.in.from = k.in.to
	for {
		_, err := k.conn.Read(k.in.space())
		switch {
		case err == io.EOF:
			return letter{input: roles.PeerEnded{Link: k.id}}
		case err != nil:
			return k.lose(err)
		}
	}
}
