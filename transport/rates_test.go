package transport_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// asker is a relay in virtual time, and a way to ask it from any address.
type asker struct {
	t       *testing.T
	network *transport.Memory
	end     func()
}

// asks runs a test of a relay.
func asks(t *testing.T, r *peer.Relay, test func(a *asker)) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		listener, err := network.Listen(t.Context(), "relay:4000")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- r.Serve(ctx, listener) }()
		test(&asker{t, network, stop})
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func (a *asker) dial(from string) transport.Conn {
	a.t.Helper()
	a.network.Name(from, netip.MustParseAddr(from))
	conn, err := a.network.From(from).Dial(a.t.Context(), "relay:4000")
	if err != nil {
		a.t.Fatal(err)
	}
	return conn
}

// locates asks over a link, and returns the code of the refusal or 0.
func (a *asker) locates(conn transport.Conn) protocol.Code {
	a.t.Helper()
	conn.Write(protocol.Append(nil, &protocol.Locate{}))
	if refusal, is := hear(a.t, conn).(*protocol.Error); is {
		return refusal.Code
	}
	return 0
}

// served opens links from an address until one is refused, and returns how many were not, up to most.
func (a *asker) served(from string, most int) (n int) {
	a.t.Helper()
	for ; n < most; n++ {
		conn := a.dial(from)
		code := a.locates(conn)
		conn.Close()
		synctest.Wait()
		if code == protocol.Busy {
			return n
		}
	}
	return n
}

// TestOneAddressHasSoManyLinksASecond: what is above is told busy; those of others, and of loopback, do not
// count with them.
func TestOneAddressHasSoManyLinksASecond(t *testing.T) {
	asks(t, &peer.Relay{LinkRate: 1}, func(a *asker) {
		if n := a.served("192.0.2.1", 100); n != 10 {
			t.Errorf("%d links at once", n)
		}
		if n := a.served("2001:db8::1", 4) + a.served("2001:db8::2", 100); n != 10 {
			t.Errorf("%d links of one network at once", n)
		}
		if n := a.served("127.0.0.1", 100) + a.served("::1", 100); n != 200 {
			t.Errorf("%d links of loopback at once", n)
		}
		time.Sleep(3 * time.Second)
		if n := a.served("192.0.2.1", 100); n != 3 {
			t.Errorf("%d links after three seconds", n)
		}
	})
}

// TestWhoAsksTooOftenIsSlowedDown, and not refused: on each of its links one request waits.
func TestWhoAsksTooOftenIsSlowedDown(t *testing.T) {
	asks(t, &peer.Relay{RequestRateFrom: 2}, func(a *asker) {
		begin := time.Now()
		one, other, third := a.dial("192.0.2.1"), a.dial("192.0.2.1"), a.dial("192.0.2.2")
		for range 10 {
			if a.locates(one) != 0 || a.locates(other) != 0 {
				t.Fatal("it is refused")
			}
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("twenty at once took %v", took)
		}
		for range 3 {
			if a.locates(one) != 0 || a.locates(other) != 0 {
				t.Fatal("it is refused")
			}
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("six more took %v", took)
		}
		begin = time.Now()
		if a.locates(third) != 0 || time.Since(begin) > 0 {
			t.Error("another address waits, too")
		}
		local := a.dial("127.0.0.1")
		for range 100 {
			a.locates(local)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("loopback waits for %v", took)
		}
		for _, conn := range []transport.Conn{one, other, third, local} {
			conn.Close()
		}
	})
}

// TestRequestsSentAheadWaitAsWell: they have come together, and are answered one by one.
func TestRequestsSentAheadWaitAsWell(t *testing.T) {
	asks(t, &peer.Relay{RequestRateFrom: 1}, func(a *asker) {
		conn := a.dial("192.0.2.1")
		var all []byte
		for range 14 {
			all = protocol.Append(all, &protocol.Locate{})
		}
		begin := time.Now()
		conn.Write(all)
		for i := range 14 {
			if _, is := hear(t, conn).(*protocol.Located); !is {
				t.Fatal("it is refused")
			}
			if took, want := time.Since(begin), time.Duration(max(0, i-9))*time.Second; took != want {
				t.Errorf("answer %d after %v, not %v", i, took, want)
			}
		}
		conn.Close()
	})
}

// TestARequestThatWaitsHoldsNothingUp: neither the end of its link nor that of the relay.
func TestARequestThatWaitsHoldsNothingUp(t *testing.T) {
	asks(t, &peer.Relay{RequestRateFrom: 0.01}, func(a *asker) { // after the first one, one in 100 s
		gone, deaf := a.dial("192.0.2.1"), a.dial("192.0.2.1")
		a.locates(gone)
		gone.Write(protocol.Append(nil, &protocol.Locate{}))
		deaf.Write(protocol.Append(nil, &protocol.Locate{}))
		synctest.Wait()
		gone.Close()
		begin := time.Now()
		a.end()
		if answer, is := hear(t, deaf).(*protocol.Error); !is || answer.Code != protocol.Draining || time.Since(begin) > 0 {
			t.Errorf("after %v: %v", time.Since(begin), answer)
		}
		deaf.Close()
	})
}

// TestOneIDHasSoManyRequests: on all its links together, wherever they come from.
func TestOneIDHasSoManyRequests(t *testing.T) {
	network := transport.NewMemory()
	listener, err := (&transport.TLS{Network: network}).Listen(t.Context(), "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := (&peer.Relay{RequestRate: 2}).Serve(ctx, listener); err != nil {
			t.Error(err)
		}
	})
	defer all.Wait()
	defer stop()
	one, other := &transport.TLS{Network: network}, &transport.TLS{Network: network}
	dial := func(of *transport.TLS, from string) transport.Conn {
		network.Name(from, netip.MustParseAddr(from))
		conn, err := of.Over(network.From(from)).Dial(ctx, "relay:4000")
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	a := &asker{t: t}
	links := []transport.Conn{dial(one, "192.0.2.1"), dial(one, "192.0.2.2")}
	begin := time.Now()
	for i := range 24 {
		if a.locates(links[i%2]) != 0 {
			t.Fatal("it is refused")
		}
	}
	if took := time.Since(begin); took < 1500*time.Millisecond {
		t.Errorf("24 requests took %v, and at two a second after twenty the last come after two", took)
	}
	begin = time.Now()
	free := dial(other, "192.0.2.1")
	for range 20 {
		a.locates(free)
	}
	if took := time.Since(begin); took > roles.ReplyTimeout/2 {
		t.Errorf("another id of the same address waits for %v", took)
	}
	for _, conn := range append(links, free) {
		conn.Close()
	}
}
