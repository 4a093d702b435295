package transport

import (
	"errors"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// Switch connects the runs of one program: it numbers those that serve an accepted link, so that one can
// wake another, and pairs links that are spliced under the same circuit. Loops that share it may belong to
// several Servers. Its zero value works.
//
// Its mutex is held for moments only. It comes before that of a run.
type Switch struct {
	mu      sync.Mutex
	last    uint64
	runs    map[uint64]*run // by number
	waiting map[uint64]*leg // by circuit: those whose other leg has not come
	rounds  rounds          // of all legs
}

// leg is a link's place in a circuit. It is set up when the link has nothing more to write of its own.
type leg struct {
	in      *Switch
	link    *link
	circuit uint64
	from    roles.Origin // of the client
	conn    Conn         // the link's
	socket  socket

	// Guarded by the switch's mutex.
	other   *leg          // nil: it has not come
	left    bool          // the link is hung up, or the machine wants something else of it
	copying bool          // the link's reader passes bytes on
	change  chan struct{} // closed when the other leg has come, or this one has left

	// The reader's.
	ended bool           // the end of stream has been passed on
	holds vessel         // bytes that did not fit, or nil
	tight bool           // the other leg has lately had no room
	dry   bool           // nothing more had come
	next  chan roundTurn // to which the leg's next turn is sent; nil: it waits for none
}

var errNoSwitch = errors.New("there is no switch to splice links with")

// add numbers a run.
func (s *Switch) add(r *run) (number uint64) {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.runs == nil {
		s.runs = map[uint64]*run{}
	}
	s.last++
	s.runs[s.last] = r
	return s.last
}

// remove forgets a run. No goroutine that wakes it begins after that.
func (s *Switch) remove(number uint64) {
	if s == nil || number == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.runs, number)
}

// Wake has the machine of an accepted link notified soon, as roles.Wake does.
func (s *Switch) Wake(number uint64) { s.wake(number) }

// wake has a run's machine notified soon. While a notice is on its way there is no other one.
func (s *Switch) wake(number uint64) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.runs[number]; r != nil && !r.woken.Swap(true) {
		r.postSoon(letter{wakes: true, input: roles.Notified{}})
	}
}

// join makes a link a leg of a circuit.
func (s *Switch) join(e roles.Splice, k *link) *leg {
	circuit := e.Circuit
	l := &leg{in: s, link: k, circuit: circuit, from: e.From, conn: k.conn, socket: socketOf(k.conn), change: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[uint64]*leg{}
	}
	if first := s.waiting[circuit]; first != nil {
		delete(s.waiting, circuit)
		l.other, first.other = first, l
		close(l.change)
		close(first.change)
	} else {
		s.waiting[circuit] = l
	}
	return l
}

// leave takes a leg out of its circuit, for good, and frees the readers of both.
func (l *leg) leave() {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	if l.left {
		return
	}
	l.left = true
	if l.other == nil {
		delete(l.in.waiting, l.circuit)
		close(l.change)
		return
	}
	for _, one := range []*leg{l, l.other} {
		if one.copying {
			one.conn.SetReadDeadline(longAgo)
			one.other.conn.SetWriteDeadline(longAgo)
		}
	}
}

// longAgo is a deadline that frees whoever waits.
var longAgo = time.Unix(1, 0)

// begin waits until the other leg is there, and returns it, or nil if either has left. Unless it is nil,
// end is to follow.
func (l *leg) begin() (other *leg) {
	<-l.change
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	if l.broken() {
		return nil
	}
	l.copying = true
	return l.other
}

// end takes back what leave may have done to the deadlines.
func (l *leg) end() {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	l.copying = false
	l.conn.SetReadDeadline(time.Time{})
	l.other.conn.SetWriteDeadline(time.Time{})
}

// watch has the reader look up after a while. It does nothing where the link cannot be parked.
func (l *leg) watch() {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	if !l.broken() && l.link.parks() {
		l.conn.SetReadDeadline(time.Now().Add(l.link.run.lot.patience()))
	}
}

// broken reports whether either leg has left. The caller holds the switch's mutex.
func (l *leg) broken() bool { return l.left || l.other.left }

// over is broken, for the reader.
func (l *leg) over() bool {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	return l.broken()
}

// lose tells the leg's machine, soon, that writing to its link has failed.
func (l *leg) lose(err error) {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	if !l.left {
		l.link.run.postSoon(l.link.lose(err))
	}
}

// postSoon posts a letter from another goroutine, so that the machine holds nobody up. The run has not
// come to its end yet.
func (r *run) postSoon(l letter) {
	r.enter()
	go func() {
		defer r.leave()
		r.post(l)
	}()
}
