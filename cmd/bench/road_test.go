package main

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testTrip = 20 * time.Millisecond

// farEnd serves each connection until the test ends, and returns its address.
func farEnd(t *testing.T, serve func(*net.TCPConn)) string {
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { defer conn.Close(); serve(conn.(*net.TCPConn)) })
		}
	})
	return l.Addr().String()
}

// overRoad opens a road, and returns a function that dials over it.
func overRoad(t *testing.T, rate int64, to string) (dial func() *net.TCPConn) {
	r := newRoad(t.Context(), testTrip, rate)
	t.Cleanup(r.close)
	return func() *net.TCPConn {
		near, err := r.to(to)
		if err != nil {
			t.Fatal(err)
		}
		var dialer net.Dialer
		conn, err := dialer.DialContext(t.Context(), "tcp", near)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn.(*net.TCPConn)
	}
}

func echo(conn *net.TCPConn) { io.Copy(conn, conn); conn.CloseWrite() }

func TestARoadCarriesAllBytesInTheirOrderAndThenTheEnd(t *testing.T) {
	conn := overRoad(t, 0, farEnd(t, echo))()
	sent := make([]byte, 3<<20+17)
	rand.NewChaCha8([32]byte{1}).Read(sent)
	go func() { conn.Write(sent); conn.CloseWrite() }()
	if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes of %d came back, or others: %v", len(got), len(sent), err)
	}
}

// TestNothingIsFasterThanTheRoad asks twice over one connection: the first answer has also waited for
// the round trip in which a connection is made.
func TestNothingIsFasterThanTheRoad(t *testing.T) {
	dial := overRoad(t, 0, farEnd(t, echo))
	begin := time.Now()
	conn := dial()
	for trips := 2; trips <= 4; trips++ {
		conn.Write([]byte{1})
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took < time.Duration(trips)*testTrip {
			t.Errorf("answer %d came after %v, in less than %d round trips", trips-1, took, trips)
		}
	}
}

func TestWhatAServerSaysFirstComesAfterTwoRoundTrips(t *testing.T) {
	dial := overRoad(t, 0, farEnd(t, func(conn *net.TCPConn) { conn.Write([]byte{1}) }))
	begin := time.Now()
	if _, err := io.ReadAll(dial()); err != nil || time.Since(begin) < 2*testTrip {
		t.Errorf("it came after %v, %v", time.Since(begin), err)
	}
}

func TestTwoListenersOfARoadShareItsRate(t *testing.T) {
	const rate, each = 10 << 20, 1 << 20
	dial := overRoad(t, rate, farEnd(t, func(conn *net.TCPConn) { conn.Write(make([]byte, each)) }))
	begin := time.Now()
	for _, conn := range []*net.TCPConn{dial(), dial()} {
		if n, err := io.Copy(io.Discard, conn); err != nil || n != each {
			t.Fatalf("%d of %d bytes came: %v", n, each, err)
		}
	}
	if took := time.Since(begin); took < 2*each*time.Second/rate {
		t.Errorf("%d bytes came in %v", 2*each, took)
	}
}

func TestARoadToNobodyEnds(t *testing.T) {
	nobody, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := overRoad(t, 0, nobody)().Read(make([]byte, 1)); err == nil {
		t.Error("nobody has said something")
	}
}

// TestARoadThatIsClosedEndsItsConnections has one end that never says anything, and bytes under way.
func TestARoadThatIsClosedEndsItsConnections(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := newRoad(ctx, testTrip, 0)
	near, err := r.to(farEnd(t, func(conn *net.TCPConn) { io.Copy(io.Discard, conn) }))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", near)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write(make([]byte, 1<<20))
	cancel()
	r.close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("it said something")
	}
}

// TestAResetGoesThrough: a server that ends with bytes unread resets, and so the client sees no clean end.
func TestAResetGoesThrough(t *testing.T) {
	conn := overRoad(t, 0, farEnd(t, func(conn *net.TCPConn) {
		io.ReadFull(conn, make([]byte, 1))
		conn.SetLinger(0)
	}))()
	conn.Write([]byte{1})
	if _, err := io.ReadAll(conn); err == nil {
		t.Error("a reset came as an end")
	}
}
