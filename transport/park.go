package transport

import (
	"net"
	"time"
)

// restAfter is for how long a reader waits before its link is parked.
const restAfter = 100 * time.Millisecond

// lot is where links are parked: a reader that has waited for long ends, and another goroutine takes its place when
// something has come. Most links of a relay rest nearly always, on which a node waits for clients, or over which a
// circuit leads that nobody uses at the moment: parked they have neither a stack nor a buffer.
type lot interface {
	// park has resumed called, from another goroutine, once there is something to read on the connection. It reports
	// false where that cannot be.
	park(conn Conn, resumed func()) (place uint64, can bool)
	// leave takes a connection out that is parked, if it is. Resumed may yet be called.
	leave(place uint64)
	// patience is for how long a reader waits before its link is parked.
	patience() time.Duration
	close()
}

// parks reports whether the link can be parked.
func (k *link) parks() bool {
	_, is := bottom(k.conn).(*net.TCPConn)
	return is && k.run.lot != nil
}

// park ends the reader, unless there is something else to do: the command is begun again when something has come. The
// reader does not touch the link after that.
func (k *link) park(c command) bool {
	r := k.run
	r.mu.Lock()
	defer r.mu.Unlock()
	if k.gone || k.want.what != toRest {
		return false
	}
	k.in.empty()
	place, can := r.lot.park(k.conn, k.resume)
	if !can {
		r.lot = nil
		k.want = c
		return false
	}
	k.want, k.parked, k.place = c, true, place
	if !r.stepping {
		r.mailbox = nil // it is empty
	}
	return true
}

// resume begins the reader of a parked link again.
func (k *link) resume() {
	k.run.mu.Lock()
	defer k.run.mu.Unlock()
	k.unpark()
}

// unpark is resume. The caller holds the run's mutex.
func (k *link) unpark() {
	if k.parked {
		k.parked = false
		k.run.lot.leave(k.place)
		go k.run.resumed(k)
	}
}
