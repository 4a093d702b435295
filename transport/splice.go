package transport

import (
	"io"

	"github.com/relaypeer/relaypeer/roles"
)

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
		k.leg = k.run.loop.Switch.join(e, k)
	}
	k.order(command{what: toSplice, leg: k.leg, bytes: e.Bytes, left: e.Bytes})
}

// unsplice takes a link out of its circuit, if it is in one.
func (k *link) unsplice() {
	if k.leg != nil {
		k.leg.leave()
	}
}

// passOn passes bytes on to the other link of the circuit. It answers nothing if the circuit has ended, or
// the other link has failed: that is told to the other machine. The link may be parked when nothing has come for
// long, with what is left of the command.
func (k *link) passOn(c *command) letter {
	other := c.leg.begin()
	if other == nil {
		return letter{}
	}
	defer c.leg.end()
	defer c.leg.drop()
	defer c.leg.yield()
	c.leg.watch()
	for rests := true; c.left > 0; {
		n, reading, writing := c.leg.pass(other, c.left)
		c.left -= uint64(n)
		if n > 0 {
			rests = false
			other.link.run.moved.Add(n) // for its server it is as busy as this one
			k.run.post(letter{from: k, order: c.number, what: SplicedBody, input: roles.Moved{Link: k.id, Bytes: n}})
		}
		if reading == nil && writing == nil {
			continue
		}
		if c.leg.over() {
			return letter{}
		}
		if writing == nil && isTimeout(reading) {
			if rests {
				return letter{parks: true}
			}
			rests = true // nothing has come since
			c.leg.watch()
			continue
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
// those that come next. It returns how many have been passed on, and what went wrong, at which end: a timeout is
// that of watch, or the end of the circuit.
func (l *leg) pass(to *leg, most uint64) (n int64, reading, writing error) {
	in := &l.link.in
	if unread := in.unread(); len(unread) > 0 {
		unread = unread[:min(uint64(len(unread)), most)]
		in.from += len(unread)
		wrote, err := to.conn.Write(unread)
		return int64(wrote), nil, err
	}
	in.empty()
	if l.socket.bare(l.conn) && to.socket.there() {
		return l.passInTurn(to, most)
	}
	return copySome(to.conn, l.conn, most)
}

// copySome copies what comes next, at most as many bytes as that, of any connection. It waits with a page, and has
// no turns: such connections stay within the program, or carry little.
func copySome(to, from Conn, most uint64) (n int64, reading, writing error) {
	page := pages.Get().(*[pageSize]byte)
	defer pages.Put(page)
	come, reading := from.Read(page[:min(most, pageSize)])
	if come == 0 {
		return 0, reading, nil
	}
	wrote, writing := to.Write(page[:come])
	return int64(wrote), reading, writing
}
