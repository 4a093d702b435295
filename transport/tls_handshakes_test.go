package transport

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// site is a TLS listener over memory, which accepts until the test ends.
type site struct {
	t        *testing.T
	below    *Memory
	listener *tlsListener

	came     int // silent ones, each from an address of its own
	over     chan struct{}
	accepted int // once it is over
}

func newSite(t *testing.T) *site { return newSiteOf(t, 0) }

// newSiteOf returns one that begins so many handshakes of one address in a second; 0: as many as usual.
func newSiteOf(t *testing.T, rate float64) *site {
	t.Helper()
	below := NewMemory()
	l, err := (&TLS{Network: below, LinkRate: rate}).Listen(t.Context(), "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, below: below, listener: l.(*tlsListener), over: make(chan struct{})}
	go func() {
		defer close(s.over)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.accepted++
			conn.Close()
		}
	}()
	t.Cleanup(s.close)
	return s
}

func (s *site) close() {
	s.listener.Close()
	<-s.over
}

// from returns the network of a host with an address.
func (s *site) from(addr string) Network {
	s.below.Name(addr, netip.MustParseAddr(addr))
	return s.below.From(addr)
}

// silent connects and says nothing.
func (s *site) silent(addr string) Conn {
	s.t.Helper()
	conn, err := s.from(addr).Dial(s.t.Context(), "relay:4000")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	return conn
}

// honest connects over TLS, and returns how long that took.
func (s *site) honest(addr string) time.Duration {
	s.t.Helper()
	begin := time.Now()
	conn, err := (&TLS{Network: s.from(addr)}).Dial(s.t.Context(), "relay:4000")
	if err != nil {
		s.t.Errorf("from %s: %v", addr, err)
		return 0
	}
	conn.Close()
	return time.Since(begin)
}

// counts returns how many handshakes run and wait.
func (s *site) counts() string {
	synctest.Wait()
	q := s.listener.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	return fmt.Sprint(q.running, " run, ", q.waiting, " wait, of ", len(q.hosts))
}

func inBubble(t *testing.T, test func(*site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newSite(t)) })
}

// Of one address a few handshakes run and others wait; those of another address are not held up.
func TestHalfDoneHandshakesOfAFewHoldNoOthersUp(t *testing.T) {
	inBubble(t, func(s *site) {
		for i := range 300 {
			s.silent(fmt.Sprintf("10.0.0.%d", i%3))
		}
		if got := s.counts(); got != "24 run, 276 wait, of 3" {
			s.t.Error(got)
		}
		if took := s.honest("10.0.0.9"); took != 0 {
			s.t.Errorf("another address took %v", took)
		}
		if took := s.honest("10.0.0.1"); took > roles.HandshakePatience {
			s.t.Errorf("the same address took %v", took)
		}
		time.Sleep(2 * roles.HandshakeTimeout)
		if got := s.counts(); got != "0 run, 0 wait, of 0" {
			s.t.Error(got)
		}
	})
}

// One whole IPv6 network counts as one address.
func TestHandshakesOfOneNetworkCountTogether(t *testing.T) {
	inBubble(t, func(s *site) {
		for i := range 20 {
			s.silent(fmt.Sprintf("fd00::%d", i))
			s.silent(fmt.Sprintf("fd00:0:0:%d::1", i+1))
		}
		if got := s.counts(); got != "28 run, 12 wait, of 21" {
			s.t.Error(got)
		}
	})
}

// What waits is bounded: of the address that has most, the oldest goes.
func TestWhatWaitsForAHandshakeIsBounded(t *testing.T) {
	inBubble(t, func(s *site) {
		first := s.silent("10.0.0.1")
		other := make([]Conn, 10)
		for i := range other {
			other[i] = s.silent("10.0.0.2")
		}
		for range roles.MaxHandshakesWaiting + 100 {
			s.silent("10.0.0.1")
		}
		if got := s.counts(); got != fmt.Sprintf("16 run, %d wait, of 2", roles.MaxHandshakesWaiting) {
			s.t.Error(got)
		}
		for i, conn := range append(other, first) {
			if isClosed(conn) {
				s.t.Errorf("%d was dropped", i)
			}
		}
	})
}

func isClosed(conn Conn) bool {
	conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := io.Copy(io.Discard, conn)
	return !isTimeout(err)
}

// Where all places are taken from many addresses, one that takes long goes for one that comes, and
// nothing that does not take long.
func TestALateHandshakeGoesForANewOne(t *testing.T) {
	inBubble(t, func(s *site) {
		for i := range roles.MaxHandshakes {
			s.silent(fmt.Sprintf("10.0.%d.%d", i/8, i))
		}
		more := s.silent("10.0.0.0") // there are more of this address
		if got := s.counts(); got != fmt.Sprintf("%d run, 0 wait, of %d", roles.MaxHandshakes, roles.MaxHandshakes) {
			s.t.Error(got)
		}
		if took := s.honest("10.9.9.9"); took < roles.HelloPatience || took > 2*roles.HelloPatience {
			s.t.Errorf("a new one took %v", took)
		}
		if isClosed(more) {
			s.t.Error("a young one was dropped")
		}
	})
}

// One whose first message has come has more patience than those who say nothing: it is being served.
func TestAHandshakeThatHasBegunDoesNotGoForANewOne(t *testing.T) {
	inBubble(t, func(s *site) {
		begun := s.silent("10.9.9.8")
		hello := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{alpn}, MinVersion: tls.VersionTLS13}
		tls.Client(writes{begun}, hello).Handshake()
		s.silences(roles.MaxHandshakes - 1)
		time.Sleep(2 * roles.HelloPatience)
		s.silences(roles.MaxHandshakes)
		if isClosed(begun) {
			s.t.Error("one that has begun was dropped")
		}
		if took := s.honest("10.9.9.9"); took > 2*roles.HelloPatience {
			s.t.Errorf("a new one took %v", took)
		}
		time.Sleep(roles.HandshakePatience)
		s.silences(roles.MaxHandshakes)
		s.honest("10.9.9.9")
		if !isClosed(begun) {
			s.t.Error("one that has begun and goes on no more was kept")
		}
	})
}

// writes is a connection of which nothing is read.
type writes struct{ Conn }

func (writes) Read([]byte) (int, error) { return 0, io.EOF }

// silences has silent ones come, each from an address of its own.
func (s *site) silences(many int) {
	s.t.Helper()
	for range many {
		s.came++
		s.silent(fmt.Sprintf("10.1.%d.%d", s.came/250, s.came%250))
	}
	synctest.Wait()
}

// Many that come at once from one address are all served.
func TestManyHandshakesAtOnce(t *testing.T) {
	const many = 50
	s := newSite(t)
	var all sync.WaitGroup
	for range many {
		all.Go(func() { s.honest("10.0.0.1") })
	}
	all.Wait()
	s.listener.queue.awaitEnd()
	s.close()
	if s.accepted != many {
		t.Errorf("%d of %d were accepted", s.accepted, many)
	}
}

// TestHandshakesOfOneAddressHaveARate: each takes the processor for a while. Those above it wait for their turn
// and come to their end, and hold up none of another address.
func TestHandshakesOfOneAddressHaveARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSiteOf(t, 2)
		defer s.close()
		begin := time.Now()
		for range 20 {
			s.honest("192.0.2.1")
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("twenty at once took %v", took)
		}
		if took := s.honest("192.0.2.1"); took < 400*time.Millisecond || took > time.Second {
			t.Errorf("the next one took %v", took)
		}
		if took := s.honest("192.0.2.2"); took > 0 {
			t.Errorf("one of another address took %v", took)
		}
		var all sync.WaitGroup
		begin = time.Now()
		for range 4 {
			all.Go(func() { s.honest("192.0.2.1") })
		}
		all.Wait()
		if took := time.Since(begin); took < 1900*time.Millisecond || took > 3*time.Second {
			t.Errorf("four more, beside each other, took %v", took)
		}
		for range 100 {
			if took := s.honest("127.0.0.1"); took > 0 {
				t.Fatalf("one of loopback took %v", took)
			}
		}
	})
}

// TestALateHandshakeIsLeftAloneByThoseThatWaitForTheirRate: they could not begin in its place.
func TestALateHandshakeIsLeftAloneByThoseThatWaitForTheirRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSiteOf(t, 0.2)
		defer s.close()
		s.honest("192.0.2.1")
		late := s.silent("192.0.2.1")
		for range 2 {
			s.silent("192.0.2.1")
		}
		if got := s.counts(); got != "1 run, 2 wait, of 1" {
			t.Fatal(got)
		}
		time.Sleep(2 * roles.HandshakePatience)
		if isClosed(late) {
			t.Error("it was dropped")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newSiteOf(t, roles.MaxHandshakesFrom/roles.RateBurst.Seconds())
		defer s.close()
		late := []Conn{}
		for range roles.MaxHandshakesFrom {
			late = append(late, s.silent("192.0.2.1"))
		}
		time.Sleep(2 * roles.HelloPatience)
		s.silent("192.0.2.1")
		if got := s.counts(); got != "8 run, 1 wait, of 1" {
			t.Error(got)
		}
		for i, conn := range late {
			if isClosed(conn) {
				t.Errorf("%d was dropped", i)
			}
		}
	})
}

// A listener that is closed takes with it what is half done, what waits, and what nobody has accepted.
func TestAClosedListenerLeavesNoHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := NewMemory()
		over := &TLS{Network: below}
		l, err := over.Listen(t.Context(), "127.0.0.1:4000")
		if err != nil {
			t.Fatal(err)
		}
		conns := make([]Conn, 0, 22)
		for range 2 {
			conn, err := over.Dial(t.Context(), "127.0.0.1:4000")
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		for range 20 {
			conn, err := below.Dial(t.Context(), "127.0.0.1:4000")
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		synctest.Wait()
		begin := time.Now()
		l.Close()
		l.Close()
		if took := time.Since(begin); took > roles.HandshakePatience {
			t.Errorf("it took %v", took)
		}
		for i, conn := range conns {
			if !isClosed(conn) {
				t.Errorf("%d is open", i)
			}
			conn.Close()
		}
	})
}
