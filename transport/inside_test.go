package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// InBubble runs a property with a clock of its own. Its failure comes before that of the bubble, whose
// goroutines it leaves.
func InBubble(t *testing.T, property func(t *rapid.T)) {
	rapid.Check(t, func(drawn *rapid.T) {
		var failed any
		defer func() {
			switch {
			case failed == nil:
				return
			case fmt.Sprintf("%T", failed) == "rapid.invalidData": // no failure: at a line of its own
				panic(failed)
			}
			recover()
			panic(failed)
		}()
		synctest.Test(t, func(*testing.T) {
			defer func() { failed = recover() }()
			property(drawn)
		})
	})
}

// An inbox has the bytes that came and have not been consumed, in their order, whatever their number,
// and has always room for more. Its memory is at most twice what it holds.
func TestAnInboxHasWhatCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in inbox
		defer in.free()
		var want []byte
		next, most := byte(0), 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				room := in.space()
				if len(room) == 0 {
					t.Fatal("it has no room")
				}
				n := min(len(room), rapid.SampledFrom([]int{1, 100, pageSize - 1, pageSize, 3 * pageSize}).Draw(t, "come"))
				for i := range room[:n] {
					room[i] = next
					next++
				}
				in.to += n
				want = append(want, room[:n]...)
			case 2:
				n := rapid.SampledFrom([]int{min(1, len(want)), len(want) / 2, len(want)}).Draw(t, "consumed")
				in.from += n
				want = want[n:]
			case 3:
				if in.buf != nil && rapid.IntRange(0, 3).Draw(t, "widened") == 0 {
					in.widen()
					if len(in.buf) < len(smallBuffer{}) {
						t.Fatalf("it was widened to %d bytes", len(in.buf))
					}
					most = max(most, len(smallBuffer{})/2)
				}
			}
			if most = max(most, len(want), pageSize/2); len(in.buf) > 2*most || !bytes.Equal(in.unread(), want) {
				t.Fatalf("it has %d bytes of memory for %d; the right ones: %v", len(in.buf), most, bytes.Equal(in.unread(), want))
			}
		}
		if in.free(); in.buf != nil || in.page != nil || in.wide != nil {
			t.Fatal("it keeps memory")
		}
	})
}

// A deadline passes once its time has come, however it was moved before; those that wait for it wait
// for the time that it was moved to.
func TestADeadlineIsWhereItWasMoved(t *testing.T) {
	InBubble(t, func(t *rapid.T) {
		begin := time.Now()
		d := newDeadline()
		defer d.set(time.Time{})
		due := time.Time{}
		waits := d.passed()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				after := time.Duration(rapid.IntRange(-1, 5).Draw(t, "after"))*10*time.Millisecond + 3*time.Millisecond
				before := !due.IsZero() && !time.Now().Before(due)
				due = time.Now().Add(after)
				if d.set(due); before {
					waits = d.passed() // the one before has passed
				}
			case 1:
				before := !due.IsZero() && !time.Now().Before(due)
				due = time.Time{}
				if d.set(due); before {
					waits = d.passed()
				}
			case 2:
				time.Sleep(time.Duration(rapid.IntRange(1, 4).Draw(t, "sleep")) * 10 * time.Millisecond)
			}
			synctest.Wait()
			want := !due.IsZero() && !time.Now().Before(due)
			if got := isOver(waits); got != want || isOver(d.passed()) != want {
				t.Fatalf("at %v: passed %v, %v, and it is due at %v", time.Since(begin), got, isOver(d.passed()), due.Sub(begin))
			}
		}
	})
}

func isOver(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// scripted is a machine that carries out the next effects of a script with each Notified.
type scripted struct {
	script [][]roles.Effect
	fired  []string
	over   bool
}

func (m *scripted) Step(at roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Notified:
		effects := m.script[0]
		m.script = m.script[1:]
		return effects
	case roles.TimerFired:
		m.fired = append(m.fired, fmt.Sprint(at.Now, " ", in.Timer, " ", in.Number))
	case roles.Stopped:
		m.over = true
	}
	return nil
}

func (m *scripted) Final() bool { return m.over }

// A timer fires when it was last armed for, with the number of that, unless it is disarmed before;
// none holds up the end.
func TestTimersFireWhenTheyWereArmedFor(t *testing.T) {
	InBubble(t, func(t *rapid.T) {
		const step = 10 * time.Millisecond
		m := &scripted{}
		type state struct {
			due    time.Duration
			number uint64
			armed  bool
		}
		var timers [3]state
		var want []string
		steps := rapid.IntRange(1, 15).Draw(t, "steps")
		for n := range steps {
			now := time.Duration(n+1) * step
			for id := range timers {
				if s := &timers[id]; s.armed && s.due < now {
					want = append(want, fmt.Sprint(s.due, " ", roles.Timer(id), " ", s.number))
					s.armed = false
				}
			}
			var effects []roles.Effect
			for range rapid.IntRange(0, 3).Draw(t, "effects") {
				id := rapid.IntRange(0, 2).Draw(t, "timer")
				if rapid.IntRange(0, 3).Draw(t, "disarm") == 0 {
					effects = append(effects, roles.Disarm{Timer: roles.Timer(id)})
					timers[id].armed = false
					continue
				}
				after := time.Duration(rapid.IntRange(0, 5).Draw(t, "after"))*step + 3*time.Millisecond + time.Duration(id)*time.Millisecond
				number := uint64(100*n + len(effects))
				effects = append(effects, roles.Arm{Timer: roles.Timer(id), Number: number, After: after})
				timers[id] = state{now + after, number, true}
			}
			m.script = append(m.script, effects)
		}
		notify, stop, over := make(chan struct{}), make(chan struct{}), make(chan time.Duration)
		begin := time.Now()
		go func() {
			(&Loop{Notify: notify}).Run(context.Background(), stop, m)
			over <- time.Since(begin)
		}()
		for range steps {
			time.Sleep(step)
			notify <- struct{}{}
		}
		close(stop)
		if took := <-over; took != time.Duration(steps)*step {
			t.Fatalf("the end took until %v", took)
		}
		// Within a step timers fire by their times, which differ by timer.
		slices.Sort(want)
		got := slices.Sorted(slices.Values(m.fired))
		if !slices.Equal(got, want) {
			t.Fatalf("fired: %v, not %v", got, want)
		}
	})
}

// tries is a listener whose accepts fail in this order, and then for ever with the last error.
type tries struct {
	errs   []error
	begin  time.Time
	at     []time.Duration
	closed chan struct{}
}

func (l *tries) Accept() (Conn, error) {
	l.at = append(l.at, time.Since(l.begin).Round(time.Millisecond))
	err := l.errs[0]
	if len(l.errs) > 1 {
		l.errs = l.errs[1:]
	}
	if err == nil {
		near, far := newMemoryLink(netip.AddrPort{}, netip.AddrPort{})
		far.Close()
		return near, nil
	}
	return nil, err
}

func (l *tries) Addr() netip.AddrPort { return netip.AddrPort{} }

func (l *tries) Close() error {
	close(l.closed)
	return nil
}

// stubborn is a machine that ends with its link.
type stubborn struct{ over bool }

func (m *stubborn) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	switch in.(type) {
	case roles.Opened:
		return []roles.Effect{roles.Hear{}}
	}
	m.over = true
	return []roles.Effect{roles.HangUp{}}
}

func (m *stubborn) Final() bool { return m.over }

// A server that cannot accept tries again after 5 ms, and after twice as long each time, up to a
// second; the next link makes it quick again. It says so every ten seconds. An error that does not
// pass ends it at once.
func TestAcceptingIsTriedAgain(t *testing.T) {
	passing := &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	serve := func(t *testing.T, most time.Duration, errs ...error) (at []time.Duration, said int, err error) {
		var lines strings.Builder
		l := &tries{errs: errs, begin: time.Now(), closed: make(chan struct{})}
		s := &Server{Loop: &Loop{}, Listener: l, New: func() roles.Machine { return &stubborn{} }, Log: hclog.New(&hclog.LoggerOptions{Output: &lines})}
		ctx, cancel := context.WithTimeout(t.Context(), most)
		defer cancel()
		err = s.Serve(ctx)
		<-l.closed
		return l.at, strings.Count(lines.String(), "cannot accept"), err
	}
	synctest.Test(t, func(t *testing.T) {
		at, said, err := serve(t, 25*time.Second, passing)
		var want []time.Duration
		for now, wait := time.Duration(0), 5*time.Millisecond; now < 25*time.Second; wait = min(2*wait, time.Second) {
			want = append(want, now)
			now += wait
		}
		if !slices.Equal(at, want) || said != 3 || err != nil {
			t.Errorf("at %v, said %d times, %v", at, said, err)
		}
		at, _, _ = serve(t, 18*time.Millisecond, passing, passing, nil, passing)
		if !slices.Equal(at, []time.Duration{0, 5e6, 15e6, 15e6}) {
			t.Errorf("after a link: at %v", at)
		}
		for _, last := range []error{net.ErrClosed, syscall.EBADF, syscall.EINVAL, syscall.ENOTSOCK} {
			wrapped := &net.OpError{Op: "accept", Err: last}
			if at, said, err := serve(t, time.Hour, passing, wrapped); len(at) != 2 || said != 1 || err != wrapped {
				t.Errorf("%v: at %v, said %d times, %v", last, at, said, err)
			}
		}
	})
}

// The links that are refused for want of room and waited for are bounded by the limit.
func TestAServerWaitsForSomeOfThoseThatItRefuses(t *testing.T) {
	for limit, want := range map[int]int{0: 16, 7: 16, 8: 17, 80: 26, 1912: 255, 1920: 256, 1 << 20: 256} {
		if got := Farewells(limit); got != want {
			t.Errorf("of %d: %d, not %d", limit, got, want)
		}
	}
}

// What an error of a link and of a dial means.
func TestWhatAnErrorMeans(t *testing.T) {
	for _, test := range []struct {
		err  error
		end  End
		code protocol.Code // of a dial
	}{
		{io.ErrUnexpectedEOF, Truncated, protocol.Lost}, {io.EOF, Broken, protocol.Lost},
		{syscall.ECONNRESET, Reset, protocol.Lost}, {syscall.EPIPE, Reset, protocol.Lost}, {syscall.ECONNABORTED, Reset, protocol.Lost},
		{syscall.ETIMEDOUT, TimedOut, protocol.Timeout}, {os.ErrDeadlineExceeded, TimedOut, protocol.Timeout},
		{context.DeadlineExceeded, Broken, protocol.Timeout}, {context.Canceled, Broken, protocol.Lost},
		{syscall.ECONNREFUSED, Broken, protocol.Refused},
		{syscall.ENETUNREACH, Broken, protocol.Unreachable}, {syscall.EHOSTUNREACH, Broken, protocol.Unreachable},
		{syscall.EADDRNOTAVAIL, Broken, protocol.Unreachable}, {syscall.ENETDOWN, Broken, protocol.Unreachable},
		{&net.DNSError{}, Broken, protocol.Unreachable}, {&net.AddrError{}, Broken, protocol.Unreachable},
	} {
		for _, err := range []error{test.err, fmt.Errorf("wrapped: %w", test.err)} {
			if endOf(err) != test.end || dialCode(err) != test.code {
				t.Errorf("%v: %v, %v", err, endOf(err), dialCode(err))
			}
		}
	}
	refused, unreachable := error(syscall.ECONNREFUSED), error(syscall.EHOSTUNREACH)
	for _, test := range [][3]error{{nil, refused, refused}, {nil, unreachable, unreachable}, {refused, unreachable, refused}, {unreachable, refused, refused}, {refused, fmt.Errorf("%w", refused), refused}} {
		if got := tellsMore(test[0], test[1]); got != test[2] {
			t.Errorf("of %v and %v: %v", test[0], test[1], got)
		}
	}
}

// kept is a link that notes whether it was closed.
type kept struct {
	Conn
	open *atomic.Int32
}

func (k kept) Close() error {
	k.open.Add(-1)
	return nil
}

// Of several links to a host that come to be at once, one is kept.
func TestARaceKeepsOneLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, after := range [][]time.Duration{{0, 0, 0}, {time.Second, time.Second, time.Second}, {attemptGap, 0, 0}, {2 * attemptGap, attemptGap, 0}} {
			var open atomic.Int32
			conn, err := race(t.Context(), after, func(_ context.Context, after time.Duration) (Conn, error) {
				time.Sleep(after) // and does not look whether it is given up
				open.Add(1)
				return kept{open: &open}, nil
			})
			if err != nil || conn == nil || open.Load() != 1 {
				t.Errorf("%v: %d links are open, %v", after, open.Load(), err)
			}
		}
	})
}

// Some of the goroutines that have served links are kept for the next, and no more; a link that ends is
// forgotten, and its machine is given back.
func TestSomeGoroutinesAreKeptForTheNextLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := NewMemory()
		l, err := network.Listen(t.Context(), "host:0")
		if err != nil {
			t.Fatal(err)
		}
		var made, freed atomic.Int32
		s := &Server{Loop: &Loop{}, Listener: l, New: func() roles.Machine { made.Add(1); return &stubborn{} }, Free: func(roles.Machine) { freed.Add(1) }}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- s.Serve(ctx) }()
		total := int32(0)
		for _, links := range []int{1, mostIdle, 5, mostIdle + 10, mostIdle + 1} {
			var conns []Conn
			before := s.idle.Load()
			for range links {
				conn, err := network.Dial(t.Context(), l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				conns = append(conns, conn)
			}
			synctest.Wait()
			total += int32(links)
			if got := s.idle.Load(); got != max(0, before-int32(links)) || len(s.running()) != links || made.Load() != total {
				t.Errorf("%d links: %d goroutines are idle of %d, %d links run", links, got, before, len(s.running()))
			}
			for _, conn := range conns {
				conn.Close()
			}
			synctest.Wait()
			if got := s.idle.Load(); got != min(max(before, int32(links)), mostIdle) || len(s.running()) != 0 || freed.Load() != total {
				t.Errorf("after %d links: %d goroutines are idle, %d links run, %d machines are free", links, got, len(s.running()), freed.Load())
			}
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// turned is a link that notes what is written to it, and by when.
type turned struct {
	Conn
	wrote    []byte
	deadline time.Time
	closed   bool
}

func (c *turned) Write(b []byte) (int, error) { c.wrote = append(c.wrote, b...); return len(b), nil }
func (c *turned) Close() error                { c.closed = true; return nil }
func (c *turned) LocalAddr() net.Addr         { return nil }
func (c *turned) RemoteAddr() net.Addr        { return nil }
func (c *turned) SetWriteDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

// A link beyond all that a server waits for is refused at once, by its party, and closed.
func TestALinkBeyondAllIsTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var traced []Event
		loop := &Loop{Trace: func(e Event) { traced = append(traced, e) }}
		s := &Server{Loop: loop, Limit: 8, By: protocol.Relay, runs: map[*run]struct{}{}, farewells: Farewells(8), New: func() roles.Machine { panic("it is served") }}
		for range 8 + Farewells(8) {
			s.runs[&run{}] = struct{}{}
		}
		conn := &turned{}
		s.welcome(conn)
		m, size, err := protocol.Decode(conn.wrote)
		refusal, is := m.(*protocol.Error)
		if err != nil || !is || refusal.Code != protocol.Busy || refusal.By != protocol.Relay || size != len(conn.wrote) || !conn.closed {
			t.Errorf("%+v, %v; closed %v", m, err, conn.closed)
		}
		if wait := time.Until(conn.deadline); wait <= 0 || wait > 10*time.Millisecond {
			t.Errorf("it may take %v", wait)
		}
		if len(traced) != 1 || traced[0].What != TurnedAway || traced[0].Message.(*protocol.Error).Code != protocol.Busy {
			t.Errorf("%v", traced)
		}
	})
}
