package transport

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// handshakes are those that a listener has under way. Of one address only a few are: the next ones wait
// for their turn, so that those of others go on beside them. A connection that waits costs no goroutine.
type handshakes struct {
	shake func(conn Conn, greeted func()) Conn // does one, and returns the link, or nil if none came of it
	pass  func(link Conn)                      // takes the link

	mostRunning, mostWaiting, mostFrom int // of one address; the others of all

	rate *rates[roles.Host] // of handshakes that begin
	look time.Duration      // after this one that waits for its rate may begin

	mu      sync.Mutex
	looking *time.Timer // calls next for those that wait for their rate; nil: it does not run
	hosts   map[roles.Host]*queue
	running int
	waiting int
	wanted  bool // add waits for one of them to end
	closed  bool
	freed   chan struct{} // has a value when one may have ended
	ended   chan struct{} // closed by close
	all     sync.WaitGroup
}

// queue are the handshakes of one address, the oldest first.
type queue struct{ running, waiting []*handshake }

type handshake struct {
	conn    Conn
	from    roles.Host
	since   time.Time // when it began, or came to wait
	timer   *time.Timer
	greeted atomic.Bool // the peer's first message has come
	done    bool        // it has come to its end; the link, if there is one, is the server's
	allowed bool        // by the rate of its address
}

// overdue reports whether a handshake takes long. A peer says its first word without waiting for any of ours: one who has
// not said it soon is hardly there to be served.
func (h *handshake) overdue() bool {
	patience := roles.HandshakePatience
	if !h.greeted.Load() {
		patience = roles.HelloPatience
	}
	return !h.done && time.Since(h.since) >= patience
}

// overdue returns the oldest handshake that takes long, or nil.
func (q *queue) overdue() *handshake {
	if i := slices.IndexFunc(q.running, (*handshake).overdue); i >= 0 {
		return q.running[i]
	}
	return nil
}

// newHandshakes returns those of a listener that may have so many, in work and in wait together; 0: as many
// as there may be. Of one address so many begin in a second.
func newHandshakes(shake func(Conn, func()) Conn, pass func(Conn), most int, rate float64) *handshakes {
	running, waiting, from := roles.MaxHandshakes, roles.MaxHandshakesWaiting, roles.MaxHandshakesFrom
	if most > 0 {
		running = max(1, min(running, most/2))
		waiting = max(0, min(waiting, most-running))
		from = max(1, min(from, running/2))
	}
	return &handshakes{
		shake: shake, pass: pass, mostRunning: running, mostWaiting: waiting, mostFrom: from, hosts: map[roles.Host]*queue{},
		freed: make(chan struct{}, 1), ended: make(chan struct{}), rate: newRates[roles.Host](rate),
		look: max(leastLook, time.Duration(float64(time.Second)/rate)),
	}
}

// add begins the handshake of a connection, or has it wait for its turn. If none can begin because
// others have come from many addresses, add waits for one of them to end, no longer than
// roles.HandshakePatience.
func (s *handshakes) add(conn Conn) {
	h := &handshake{conn: conn, from: roles.HostOf(addrPort(conn.RemoteAddr()).Addr())}
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.place(h) {
		s.wanted = true
		s.mu.Unlock()
		pause := time.NewTimer(roles.HelloPatience / 5)
		select {
		case <-s.freed:
		case <-s.ended:
		case <-pause.C:
		}
		pause.Stop()
		s.mu.Lock()
	}
	s.wanted = false
}

// place puts a connection where it belongs. It reports false if there is no place yet. The caller holds
// the mutex, as for each of the following methods without another word.
func (s *handshakes) place(h *handshake) bool {
	q := s.hosts[h.from]
	if q == nil {
		q = &queue{}
	}
	full, late := len(q.running) == s.mostFrom, (*handshake)(nil)
	if full {
		late = q.overdue()
	}
	switch {
	case s.closed:
		h.conn.Close()
		return true
	case full && (len(q.waiting) > 0 || late == nil):
		s.hosts[h.from] = q
		s.wait(h)
		return true
	case !s.allows(h):
		s.hosts[h.from] = q
		s.wait(h)
		s.lookSoon()
		return true
	case !s.dropOverdue(late) && s.running == s.mostRunning && !s.dropOverdue(s.overdue()):
		return false
	}
	s.hosts[h.from] = q
	s.start(h)
	return true
}

// leastLook is the shortest time between two looks at those that wait for their rate.
const leastLook = 20 * time.Millisecond

// allows reports whether a handshake may begin, and counts it; it is too soon for another one of its
// address otherwise.
func (s *handshakes) allows(h *handshake) bool {
	h.allowed = h.allowed || !h.from.Bounded() || s.rate.allow(h.from, time.Now())
	return h.allowed
}

// lookSoon has next look in a while at those that wait for their rate, as long as any wait.
func (s *handshakes) lookSoon() {
	if s.looking != nil || s.closed {
		return
	}
	s.looking = time.AfterFunc(s.look, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.looking = nil
		s.next()
		if s.waiting > 0 {
			s.lookSoon()
		}
	})
}

// longest returns those that wait of the address of which most do; of several, those with the oldest.
func (s *handshakes) longest() (found []*handshake) {
	for _, q := range s.hosts {
		if these := q.waiting; len(these) > len(found) || len(these) > 0 && len(these) == len(found) && these[0].since.Before(found[0].since) {
			found = these
		}
	}
	return found
}

// overdue returns a handshake that takes long, or nil: of the address of which most are at work; of several, the oldest.
func (s *handshakes) overdue() (found *handshake) {
	most := 0
	for _, q := range s.hosts {
		if n := len(q.running); n < most {
			continue
		} else if h := q.overdue(); h != nil && (n > most || h.since.Before(found.since)) {
			most, found = n, h
		}
	}
	return found
}

// start begins a handshake.
func (s *handshakes) start(h *handshake) {
	q := s.hosts[h.from]
	q.running = append(q.running, h)
	s.running++
	h.since = time.Now()
	h.timer = time.AfterFunc(roles.HandshakePatience, func() { s.late(h) })
	s.all.Go(func() {
		link := s.shake(h.conn, func() { h.greeted.Store(true) })
		h.timer.Stop()
		s.mu.Lock()
		h.done = true
		s.mu.Unlock()
		s.pass(link)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.remove(h)
		s.next()
	})
}

// wait has a connection wait for its turn. Above the bound it drops the oldest of the address of which
// most wait.
func (s *handshakes) wait(h *handshake) {
	q := s.hosts[h.from]
	q.waiting = append(q.waiting, h)
	s.waiting++
	h.since = time.Now()
	h.timer = time.AfterFunc(roles.HandshakeTimeout, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if slices.Contains(q.waiting, h) {
			s.drop(h)
		}
	})
	if s.waiting > s.mostWaiting {
		s.drop(s.longest()[0])
	}
}

// late drops a handshake that takes long while others wait for its place. It takes the mutex itself.
func (s *handshakes) late(h *handshake) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.hosts[h.from]
	if q == nil || h.done || len(q.waiting) == 0 || !slices.Contains(q.running, h) {
		return
	}
	full := len(q.running) == s.mostFrom || s.running == s.mostRunning
	if !full || !s.allows(q.waiting[len(q.waiting)-1]) { // they wait for their rate
		h.timer.Reset(s.look)
		return
	}
	s.drop(h)
	s.next()
}

// dropOverdue drops a handshake that takes long. It reports false if there is none.
func (s *handshakes) dropOverdue(h *handshake) bool {
	if h == nil {
		return false
	}
	s.drop(h)
	return true
}

// drop ends a handshake, or one that waits.
func (s *handshakes) drop(h *handshake) {
	h.timer.Stop()
	h.conn.Close()
	s.remove(h)
}

// remove takes a handshake out, if it is still there.
func (s *handshakes) remove(h *handshake) {
	q := s.hosts[h.from]
	if q == nil {
		return
	}
	same := func(other *handshake) bool { return other == h }
	before := len(q.running) + len(q.waiting)
	s.running -= len(q.running)
	s.waiting -= len(q.waiting)
	q.running = slices.DeleteFunc(q.running, same)
	q.waiting = slices.DeleteFunc(q.waiting, same)
	s.running += len(q.running)
	s.waiting += len(q.waiting)
	if len(q.running)+len(q.waiting) == before {
		return
	}
	if before == 1 {
		delete(s.hosts, h.from)
	}
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// next begins handshakes that have waited for their turn, unless add waits for the place. Those that came
// last begin first: their peers are the least likely to have given up, and a heap of silent ones that has
// come before is not in their way.
func (s *handshakes) next() {
	if s.waiting == 0 || s.wanted || s.closed {
		return
	}
	for _, q := range s.hosts {
		for len(q.waiting) > 0 && len(q.running) < s.mostFrom && s.running < s.mostRunning {
			last := len(q.waiting) - 1
			h := q.waiting[last]
			if !s.allows(h) {
				s.lookSoon()
				break
			}
			q.waiting = q.waiting[:last]
			s.waiting--
			h.timer.Stop()
			s.start(h)
		}
	}
}

// Unproven returns how many connections a server over TLS may have whose handshake is not done, beside the
// links of a limit: see TLS.MaxUnproven.
func Unproven(limit int) int { return min(roles.MaxHandshakes+roles.MaxHandshakesWaiting, 8+limit/8) }

// close ends all handshakes. It takes the mutex itself.
func (s *handshakes) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.looking != nil {
		s.looking.Stop()
	}
	close(s.ended)
	for _, q := range s.hosts {
		for _, h := range q.running {
			if !h.done {
				h.conn.Close()
			}
		}
		for _, h := range slices.Clone(q.waiting) {
			s.drop(h)
		}
	}
}

// awaitEnd waits until none is under way, after close. It takes no mutex.
func (s *handshakes) awaitEnd() { s.all.Wait() }
