package transport

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/roles"
)

// Server accepts links and runs a machine on each.
type Server struct {
	Loop     *Loop
	Listener Listener
	New      func() roles.Machine // for each link, at its start: from a pool, say
	Free     func(roles.Machine)  // takes it back after the link; may be nil
	Limit    int                  // links at once; a machine for one more is told that there is no room; 0: no limit
	Log      hclog.Logger         // may be nil

	start     time.Time // the machines' time counts from there
	mu        sync.Mutex
	runs      map[*run]struct{}
	farewells int // of the runs: those that there was no room for
	serving   sync.WaitGroup
	next      chan *link   // to an idle goroutine; closed when no more come
	idle      atomic.Int32 // goroutines that wait there
	quiet     time.Time    // until when the log is spared another complaint
}

const (
	acceptFirst = 5 * time.Millisecond // the wait after accepting failed, doubling
	acceptMost  = time.Second          // up to this
	complainGap = 10 * time.Second     // between two lines about the same trouble
	mostIdle    = 32                   // goroutines kept for the next link

	mostFarewells = 256 // links over the limit that are being told so; one more is closed without a word
)

// Serve accepts until ctx is done. Then it closes the listener and tells every machine that it is Stopped; what
// has not ended after roles.DrainTimeout is cut. It returns nil after that, or why accepting failed for good.
func (s *Server) Serve(ctx context.Context) error {
	s.runs, s.next, s.start = map[*run]struct{}{}, make(chan *link), s.Loop.start()
	if s.Log == nil {
		s.Log = hclog.NewNullLogger()
	}
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
	if ctx.Err() != nil {
		return nil
	}
	return err
}

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

// passes reports whether an error of Accept is about one connection, or the machine's want of something.
func passes(err error) bool {
	return !errors.Is(err, net.ErrClosed) && !errors.Is(err, syscall.EBADF) && !errors.Is(err, syscall.EINVAL) &&
		!errors.Is(err, syscall.ENOTSOCK)
}

// complain logs trouble, now and then.
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

// welcome has a link served, or refused by its machine where there is no room.
func (s *Server) welcome(conn Conn) {
	s.mu.Lock()
	full := s.Limit > 0 && len(s.runs)-s.farewells >= s.Limit
	overfull := full && s.farewells >= mostFarewells
	s.mu.Unlock()
	if overfull {
		conn.Close()
		return
	}
	r := &run{loop: s.Loop, machine: s.New(), start: s.start, ctx: context.Background(), full: full}
	k := r.accept(conn)
	s.mu.Lock()
	s.runs[r] = struct{}{}
	if full {
		s.farewells++
	}
	s.mu.Unlock()
	select {
	case s.next <- k:
	default:
		s.serving.Add(1)
		go s.work(k)
	}
}

// work serves a link, and then those that find it idle: a goroutine that has grown its stack is worth keeping.
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

// serve runs the machine of an accepted link, as its reader.
func (s *Server) serve(k *link) {
	r := k.run
	k.serve()
	r.awaitIdle()
	s.mu.Lock()
	delete(s.runs, r)
	if r.full {
		s.farewells--
	}
	s.mu.Unlock()
	if s.Free != nil {
		s.Free(r.machine)
	}
}

// drain ends all machines: by their own way at first, and then at once.
func (s *Server) drain() {
	for _, r := range s.running() {
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
