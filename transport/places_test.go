package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// The addresses of a host that are dialled are those to which one can connect from where the network's
// connections come from.
func TestWhereATCPConnectionComesFromBoundsWhereItGoes(t *testing.T) {
	failure := errors.New("no resolver")
	for _, test := range []struct {
		from, address string
		has           []string
		want          []string // none: no address will do
	}{
		{"", "host:7", []string{"fd09::1", "fd09::2", "10.9.0.1"}, []string{"[fd09::1]:7", "10.9.0.1:7", "[fd09::2]:7"}},
		{"0.0.0.0", "host:7", []string{"fd09::1", "10.9.0.1"}, []string{"[fd09::1]:7", "10.9.0.1:7"}},
		{"::", "host:7", []string{"fd09::1", "10.9.0.1"}, []string{"[fd09::1]:7", "10.9.0.1:7"}},
		{"10.9.0.5", "host:7", []string{"fd09::1", "10.9.0.1"}, []string{"10.9.0.1:7"}},
		{"::ffff:10.9.0.5", "host:7", []string{"fd09::1", "10.9.0.1"}, []string{"10.9.0.1:7"}},
		{"fd09::5", "host:7", []string{"fd09::1", "10.9.0.1", "127.0.0.1"}, []string{"[fd09::1]:7"}},
		{"fd09::5", "host:7", []string{"10.9.0.1"}, nil},
		{"10.9.0.5", "host:7", []string{"::1"}, nil},
		{"127.0.0.1", "host:7", []string{"fd09::1", "10.9.0.1"}, []string{"[fd09::1]:7", "10.9.0.1:7"}},
		{"127.0.0.1", "host:7", []string{"::1", "127.0.0.1"}, []string{"127.0.0.1:7"}},
		{"127.0.0.1", "host:7", []string{"::1", "fd09::1"}, []string{"[fd09::1]:7"}},
		{"::1", "host:7", []string{"127.0.0.1"}, nil},
		{"", ":7", []string{"127.0.0.1"}, []string{"127.0.0.1:7"}},
		{"", "host:http", []string{"10.9.0.1"}, []string{"10.9.0.1:80"}},
		{"", "10.9.0.3:7", []string{"10.9.0.1"}, []string{"10.9.0.3:7"}},
		{"", "host", []string{"10.9.0.1"}, nil},
		{"", "host:no-service", []string{"10.9.0.1"}, nil},
		{"", "host:70000", []string{"10.9.0.1"}, nil},
		{"", "fails:7", nil, nil},
	} {
		network := transport.TCP{Resolve: func(_ context.Context, host string) (found []netip.Addr, err error) {
			if host == "fails" {
				return nil, failure
			}
			if test.address == ":7" && host != "localhost" {
				t.Errorf("%s is asked for", host)
			}
			for _, addr := range test.has {
				found = append(found, netip.MustParseAddr(addr))
			}
			return found, nil
		}}
		if test.from != "" {
			network.From = netip.MustParseAddr(test.from)
		}
		found, err := network.LookUp(t.Context(), test.address)
		var got []string
		for _, addr := range found {
			got = append(got, addr.String())
		}
		if !slices.Equal(got, test.want) || (err == nil) != (test.want != nil) {
			t.Errorf("%s from %q: %q, %v", test.address, test.from, got, err)
		}
		if test.address == "fails:7" && !errors.Is(err, failure) {
			t.Error(err)
		}
	}
}

// A connection comes from the address that it is to come from, where that can be.
func TestATCPConnectionComesFromAnAddress(t *testing.T) {
	l := listen(t, transport.TCP{}, "127.0.0.1:0")
	for from, want := range map[string]string{"127.0.0.2": "127.0.0.2", "::ffff:127.0.0.3": "127.0.0.3", "::1": "127.0.0.1", "0.0.0.0": "127.0.0.1"} {
		network := transport.TCP{From: netip.MustParseAddr(from)}
		conn, err := network.Dial(t.Context(), l.Addr().String())
		if from == "::1" { // the other family of loopback
			if err == nil {
				conn.Close()
				t.Error("from ::1 to 127.0.0.1")
			}
			continue
		}
		if err != nil {
			t.Logf("%s: %v", from, err) // a system without the address
			continue
		}
		if got := conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap().String(); got != want {
			t.Errorf("from %s it comes from %s", from, got)
		}
		conn.Close()
	}
}

// A Memory gives each host addresses and ports of its own, and says of others that there are none.
func TestAMemoryHasHostsAndPorts(t *testing.T) {
	m := transport.NewMemory()
	seen := map[netip.AddrPort]bool{}
	for _, host := range []string{"one:0", "one:0", "two:0", "two:0", ":0", "localhost:0", "10.9.0.1:0", "10.9.0.1:0", "[::ffff:10.9.0.1]:0"} {
		l := listen(t, m, host)
		if at := l.Addr(); seen[at] || at.Port() < 49152 || at.Port() > 49152+9 {
			t.Errorf("%s is at %v", host, at)
		}
		seen[l.Addr()] = true
		conn, err := m.Dial(t.Context(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		far, err := l.Accept()
		if err != nil || far.RemoteAddr().String() != conn.LocalAddr().String() || far.LocalAddr().String() != l.Addr().String() {
			t.Errorf("%v, %v, %v", far.RemoteAddr(), far.LocalAddr(), err)
		}
		conn.Close()
		far.Close()
	}
	for address, as := range map[string]any{"three:1": new(*net.DNSError), "one:x": new(*net.AddrError), "one:-1": new(*net.AddrError), "one:65536": new(*net.AddrError), "one": new(*net.AddrError)} {
		if found, err := m.LookUp(t.Context(), address); err == nil || !errors.As(err, as) {
			t.Errorf("%s: %v, %v", address, found, err)
		}
	}
	if found, err := m.LookUp(t.Context(), "one:65535"); err != nil || len(found) != 1 || found[0].Port() != 65535 {
		t.Errorf("%v, %v", found, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, looking := m.LookUp(ended, "one:1")
	_, listening := m.Listen(ended, "one:1")
	_, dialling := m.From("two").Dial(ended, "one:1")
	for _, err := range []error{looking, listening, dialling} {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// So many links wait to be accepted. One more waits for room, and all are closed with the listener.
func TestLinksOfAMemoryWaitToBeAccepted(t *testing.T) {
	const backlog = 64
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		l := listen(t, m, "host:0")
		var conns []transport.Conn
		for range backlog {
			conns = append(conns, call(t, m, l.Addr(), []byte("x")))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if _, err := m.Dial(ctx, l.Addr().String()); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		far.Close()
		conns = append(conns, call(t, m, l.Addr(), []byte("x")))
		refused := make(chan error)
		go func() {
			_, err := m.Dial(t.Context(), l.Addr().String())
			refused <- err
		}()
		synctest.Wait()
		l.Close()
		if err := <-refused; !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		for n, conn := range conns {
			if got, err := conn.Read(make([]byte, 1)); got > 0 || err == nil {
				t.Errorf("link %d goes on", n)
			}
			conn.Close()
		}
	})
}

// busyStore is a store that takes a while for each request, and notes when each began and ended.
type busyStore struct {
	transport.Store
	mu    sync.Mutex
	begin time.Time
	log   map[int][]string // by item
	busy  map[int]bool     // with an item
	ended time.Duration    // the last request
	wrong string
}

const busyFor = 10 * time.Millisecond // with each request

func (s *busyStore) work(what string, items ...int) {
	s.mu.Lock()
	for _, item := range items {
		if s.busy[item] {
			s.wrong = fmt.Sprintf("%s of item %d before the end of the one before", what, item)
		}
		s.busy[item] = true
		s.log[item] = append(s.log[item], what)
	}
	s.mu.Unlock()
	time.Sleep(busyFor)
	s.mu.Lock()
	s.ended = time.Since(s.begin)
	for _, item := range items {
		s.busy[item] = false
	}
	s.mu.Unlock()
}

func (s *busyStore) Holds(_ context.Context, e roles.InspectStore) (protocol.Hash, uint64, error) {
	s.work("inspect", e.Item)
	return protocol.Hash{}, 0, nil
}

func (s *busyStore) Release(item int) { s.work("release", item) }

func (s *busyStore) Commit(_ context.Context, placements ...roles.Placement) error {
	var items []int
	for _, p := range placements {
		items = append(items, p.Item)
	}
	s.work("commit", items...)
	return transport.Misplaced{items[0]: errors.New("no")}
}

// What is asked of a store about an item is answered in the order in which it is asked, one after the
// other; what is asked about others does not wait for it.
func TestAStoreIsAskedInOrder(t *testing.T) {
	transport.InBubble(t, func(t *rapid.T) {
		s := &busyStore{begin: time.Now(), log: map[int][]string{}, busy: map[int]bool{}}
		want := map[int][]string{}
		ends := map[int]time.Duration{} // by item: when it is free
		var effects []roles.Effect
		answers, misplaced, last := 0, 0, time.Duration(0)
		for range rapid.IntRange(1, 12).Draw(t, "requests") {
			items := []int{rapid.IntRange(0, 2).Draw(t, "item")}
			what := rapid.SampledFrom([]string{"inspect", "release", "commit"}).Draw(t, "what")
			switch what {
			case "inspect":
				effects = append(effects, roles.InspectStore{Item: items[0]})
				answers++
			case "release":
				effects = append(effects, roles.ReleaseStore{Item: items[0]})
			case "commit":
				if other := rapid.IntRange(0, 2).Draw(t, "other"); other != items[0] {
					items = append(items, other)
				}
				var placements []roles.Placement
				for _, item := range items {
					placements = append(placements, roles.Placement{Item: item})
				}
				effects = append(effects, roles.CommitStore{Items: placements})
				answers++
				misplaced++
			}
			begins := time.Duration(0)
			for _, item := range items {
				begins = max(begins, ends[item])
				want[item] = append(want[item], what)
			}
			for _, item := range items {
				ends[item] = begins + busyFor
			}
			last = max(last, begins+busyFor)
		}
		m := &told{}
		m.does = func(in roles.Input) []roles.Effect {
			switch in.(type) {
			case roles.Started:
				return effects
			case roles.Stopped:
				m.over = true
			}
			return nil
		}
		stop := make(chan struct{})
		time.AfterFunc(time.Minute, func() { close(stop) })
		if err := (&transport.Loop{Store: s}).Run(context.Background(), stop, m); err != nil {
			t.Fatal(err)
		}
		got, lost := 0, 0
		for _, in := range m.inputs {
			switch in := in.(type) {
			case roles.StoreInspected:
				got++
			case roles.StoreCommitted:
				got++
				for i, placed := range in.Items {
					if (placed.Err != nil) != (i == 0) {
						t.Fatalf("%+v", in.Items)
					}
				}
				lost++
			}
		}
		if s.wrong != "" || s.ended != last || got != answers || lost != misplaced || fmt.Sprint(s.log) != fmt.Sprint(want) {
			t.Fatalf("%s; until %v, not %v; %d of %d answers; %v, not %v", s.wrong, s.ended, last, got, answers, s.log, want)
		}
	})
}
