package transport

import (
	"io"
	"sync"

	"github.com/relaypeer/relaypeer/roles"
)

// spliceBuffer holds bytes that pass from one link to another.
type spliceBuffer [256 << 10]byte

// spliceBuffers hold as many as there are links from which bytes pass at present.
var spliceBuffers = sync.Pool{New: func() any { return new(spliceBuffer) }}

// splice makes a link a leg of a circuit, after all that was written to it, and has its reader pass bytes on.
func (k *link) splice(e roles.Splice) {
	switch k.flush(); {
	case k.failed:
		return // Lost is on its way
	case k.run.loop.Switch == nil:
		k.run.post(k.lose(errNoSwitch))
		return
	case k.leg == nil:
		k.lift()
		k.leg = k.run.loop.Switch.join(e.Circuit, k)
	}
	k.order(command{what: toSplice, leg: k.leg, bytes: e.Bytes})
}

// unsplice takes a link out of its circuit, if it is in one.
func (k *link) unsplice() {
	if k.leg != nil {
		k.leg.leave()
	}
}

// passOn passes bytes on to the other link of the circuit. It answers nothing if the circuit has ended, or
// the other link has failed: that is told to the other machine.
func (k *link) passOn(c command) letter {
	other := c.leg.begin()
	if other == nil {
		return letter{}
	}
	defer c.leg.end()
	for rest := c.bytes; rest > 0; {
		n, reading, writing := c.leg.pass(other, rest)
		rest -= uint64(n)
		if n > 0 {
			other.link.run.moved.Add(n) // for its server it is as busy as this one
			k.run.post(letter{from: k, order: c.number, input: roles.Moved{Link: k.id, Bytes: n}})
		}
		if reading == nil && writing == nil {
			continue
		}
		if c.leg.over() {
			return letter{}
		}
		if reading == io.EOF {
			writing = c.leg.passEnd(other)
		}
		switch {
		case writing != nil:
			other.lose(writing)
			return letter{}
		case reading == io.EOF:
			return letter{input: roles.PeerEnded{Link: k.id}}
		}
		return k.lose(reading)
	}
	return letter{what: SplicedBody, bytes: int64(c.bytes), input: roles.BodyDone{Link: k.id}}
}

// passEnd passes the end of stream on, once.
func (l *leg) passEnd(other *leg) (writing error) {
	if l.ended {
		return nil
	}
	l.ended = true
	return other.conn.CloseWrite()
}

// pass passes bytes on to the other leg, at most as many as that: those that the link's inbox has, or else
// those that come next. It returns how many have been passed on, and what went wrong, at which end.
func (l *leg) pass(to *leg, most uint64) (n int64, reading, writing error) {
	in := &l.link.in
	if unread := in.unread(); len(unread) > 0 {
		unread = unread[:min(uint64(len(unread)), most)]
		in.from += len(unread)
		wrote, err := to.conn.Write(unread)
		return int64(wrote), nil, err
	}
	in.empty()
	return copySome(to.conn, &l.source, most)
}

// copySome copies what comes next, at most as many bytes as that, by way of a buffer that is taken once
// they have come.
func copySome(to Conn, from *source, most uint64) (n int64, reading, writing error) {
	buffer, come, err := from.read(int(min(most, uint64(len(spliceBuffer{})))))
	if buffer == nil {
		return 0, err, nil
	}
	defer spliceBuffers.Put(buffer)
	wrote, failed := to.Write(buffer[:come])
	return int64(wrote), err, failed
}

// readPaged reads as [source.read] does, of any connection: it waits with a page, which it copies.
func readPaged(conn Conn, most int) (*spliceBuffer, int, error) {
	page := pages.Get().(*[pageSize]byte)
	defer pages.Put(page)
	n, err := conn.Read(page[:min(most, pageSize)])
	if n == 0 {
		return nil, 0, err
	}
	buffer := spliceBuffers.Get().(*spliceBuffer)
	return buffer, copy(buffer[:], page[:n]), err
}
