package transport

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Server accepts links and runs a machine on each.
type Server struct {
	Loop     *Loop
	Listener Listener
	New      func() roles.Machine // returns a machine at its start for each link, from a pool, say
	Free     func(roles.Machine)  // takes the machine back after the link; may be nil
	Limit    int                  // links at once; a machine above it learns that there is no room; 0: no limit
	From     int                  // the same of one address, of IPv6 of one /64; loopback has no limit; 0: no limit
	// LinkRate is how many links of one address, of IPv6 of one /64, are served in a second, RequestRate how
	// many requests of one id, and RequestRateFrom those of one address. Ten times as many may come at once
	// after a rest. A link above that is refused as one above the limit is, a request waits. Loopback has no
	// such bound. 0: any number.
	LinkRate, RequestRate, RequestRateFrom float64

	By  protocol.Party // whose machines they are: a refusal says so
	Log hclog.Logger   // may be nil

	start     time.Time // the machines' time counts from there
	mu        sync.Mutex
	runs      map[*run]struct{}
	hosts     map[roles.Host]int // how many of them an address has, but for the farewells
	open      open
	farewells int // runs above the limit
	files     descriptors
	rate      *rates[roles.Host] // of links
	requests  *requestRates
	serving   sync.WaitGroup
	next      chan *link    // links for idle goroutines; closed when no more come
	idle      atomic.Int32  // goroutines that wait on next
	quiet     time.Time     // until then complain logs nothing
	guests    int           // runs that Invite has begun
	inviting  bool          // Invite runs machines: the server serves, and is not stopping
	lot       lot           // nil: links are not parked
	rest      time.Duration // before a link is parked; 0: restAfter
}

const (
	acceptFirst = 5 * time.Millisecond // the first wait after accepting failed; it doubles
	acceptMost  = time.Second          // the longest wait
	complainGap = 10 * time.Second     // between two log lines of complain
	mostIdle    = 32                   // goroutines kept for the next link

	mostFarewells = 256 // links above the limit whose refusal is waited for; one more is refused and closed at once
	fewFarewells  = 16  // the same of a server with a small limit, which has few descriptors
)

// Farewells returns how many links above its limit a server may have while it refuses them.
func Farewells(limit int) int { return min(mostFarewells, fewFarewells+limit/8) }

// Serve accepts links until ctx is done. Then it closes the listener and gives every machine a
// Stopped, and cuts the links that have not ended after roles.DrainTimeout. It returns nil after
// that, or the error that ended accepting.
func (s *Server) Serve(ctx context.Context) error {
	s.begin()
	closed := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		s.Listener.Close()
		close(closed)
	})
	err := s.accept(ctx)
	if unwatch() {
		s.Listener.Close()
	} else {
		<-closed
	}
	close(s.next)
	s.drain()
	if s.lot != nil {
		s.lot.close()
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// begin prepares for links.
func (s *Server) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs, s.hosts, s.next, s.start = map[*run]struct{}{}, map[roles.Host]int{}, make(chan *link), s.Loop.start()
	s.files = newDescriptors()
	s.rate, s.requests = newRates[roles.Host](s.LinkRate), newRequestRates(s.RequestRate, s.RequestRateFrom)
	if s.Log == nil {
		s.Log = hclog.NewNullLogger()
	}
	if over, is := s.Listener.(*tlsListener); is && s.Loop.Switch != nil {
		over.takeJoins()
	}
	s.inviting = true
	s.lot = newLot(cmp.Or(s.rest, restAfter))
}

// accept accepts links until ctx is done or the listener fails for good.
func (s *Server) accept(ctx context.Context) error {
	wait := time.Duration(0)
	for {
		conn, err := s.Listener.Accept()
		if err == nil {
			wait = 0
			s.welcome(conn)
			continue
		}
		if ctx.Err() != nil || !passes(err) {
			return err
		}
		wait = min(max(2*wait, acceptFirst), acceptMost)
		s.complain("cannot accept links for the moment", err)
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// passes reports whether accepting may succeed later: the error is about one connection or a lack
// of resources.
func passes(err error) bool {
	return !errors.Is(err, net.ErrClosed) && !errors.Is(err, syscall.EBADF) && !errors.Is(err, syscall.EINVAL) &&
		!errors.Is(err, syscall.ENOTSOCK)
}

// complain logs an error of accepting, at most once in complainGap.
func (s *Server) complain(text string, err error) {
	s.mu.Lock()
	now := time.Now()
	spared := now.Before(s.quiet)
	if !spared {
		s.quiet = now.Add(complainGap)
	}
	s.mu.Unlock()
	if !spared {
		s.Log.Warn(text, "why", err)
	}
}

// welcome serves a link. A machine over the limit learns that there is no room, and refuses the
// link.
func (s *Server) welcome(conn Conn) {
	s.makeRoom()
	from, full, overfull := s.judge(conn)
	if overfull {
		s.turnAway(conn)
		return
	}
	r := &run{loop: s.Loop, machine: s.New(), start: s.start, ctx: context.Background(), full: full, host: from, requests: s.requests, lot: s.lot, resumed: s.work}
	k := r.accept(conn)
	s.mu.Lock()
	s.enter(r)
	s.mu.Unlock()
	select {
	case s.next <- k:
	default:
		s.serving.Add(1)
		go s.work(k)
	}
}

// enter counts a run among the links. The caller holds the mutex.
func (s *Server) enter(r *run) {
	s.runs[r] = struct{}{}
	if r.full {
		s.farewells++
		return
	}
	s.hosts[r.host]++
	s.open.add(r, time.Now())
}

// judge reports whether there is no room for a link, and whether there is none even to refuse it in its
// turn. From is what its links count under.
func (s *Server) judge(conn Conn) (from roles.Host, full, overfull bool) {
	few, none := s.files.judge(conn)
	s.mu.Lock()
	defer s.mu.Unlock()
	full = few || s.atLimit()
	if !full {
		from = roles.HostOf(addrPort(conn.RemoteAddr()).Addr())
		full = s.crowded(from) || from.Bounded() && !s.rate.allow(from, time.Now())
	}
	return from, full, none || full && s.farewells >= Farewells(s.Limit)
}

// atLimit reports whether there are as many links as there may be. The caller holds the mutex.
func (s *Server) atLimit() bool { return s.Limit > 0 && len(s.runs)-s.farewells >= s.Limit }

// crowded reports whether an address has as many links as one may have. The caller holds the mutex.
func (s *Server) crowded(from roles.Host) bool {
	return s.From > 0 && s.hosts[from] >= s.From && from.Bounded()
}

// left counts out a link of an address. The caller holds the mutex.
func (s *Server) left(from roles.Host) {
	if s.hosts[from]--; s.hosts[from] == 0 {
		delete(s.hosts, from)
	}
}

// work serves a link, and then further links while it is idle: a goroutine with a grown stack is
// worth keeping.
func (s *Server) work(k *link) {
	defer s.serving.Done()
	for k != nil {
		s.serve(k)
		if s.idle.Add(1) > mostIdle {
			s.idle.Add(-1)
			return
		}
		k = <-s.next
		s.idle.Add(-1)
	}
}

// serve runs the machine of an accepted link and is the link's reader, until the link is closed or parked.
func (s *Server) serve(k *link) {
	s.serving.Add(1) // of the one who comes after it if it is parked
	if k.serve() {
		return
	}
	s.serving.Done()
	s.leave(k.run)
}

// leave waits until a run has ended, and counts it out.
func (s *Server) leave(r *run) {
	r.awaitIdle()
	s.mu.Lock()
	delete(s.runs, r)
	s.open.remove(r)
	if r.guest {
		s.guests--
	}
	if r.full || r.stay.let {
		s.farewells--
	} else {
		s.left(r.host)
	}
	s.mu.Unlock()
	s.free(r.machine)
}

// free gives a machine back.
func (s *Server) free(m roles.Machine) {
	if s.Free != nil {
		s.Free(m)
	}
}

// drain stops all machines gracefully, and cuts those that do not end in time.
func (s *Server) drain() {
	s.mu.Lock()
	s.inviting = false
	s.mu.Unlock()
	for _, r := range s.running() {
		r.hurry()
		r.enter()
		go func() {
			defer r.leave()
			r.post(letter{input: roles.Stopped{}})
		}()
	}
	done := make(chan struct{})
	go func() {
		s.serving.Wait()
		close(done)
	}()
	patience := time.NewTimer(roles.DrainTimeout)
	defer patience.Stop()
	select {
	case <-done:
		return
	case <-patience.C:
	}
	late := s.running()
	s.Log.Warn("cutting links that did not end in time", "links", len(late))
	for _, r := range late {
		r.cut()
	}
	<-done
}

func (s *Server) running() []*run {
	s.mu.Lock()
	defer s.mu.Unlock()
	runs := make([]*run, 0, len(s.runs))
	for r := range s.runs {
		runs = append(runs, r)
	}
	return runs
}
