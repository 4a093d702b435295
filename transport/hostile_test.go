package transport_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// call opens a link to at and writes bytes.
func call(t *testing.T, network transport.Network, at netip.AddrPort, write []byte) transport.Conn {
	t.Helper()
	conn, err := network.Dial(t.Context(), at.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write(write); err != nil {
		t.Fatal(err)
	}
	return conn
}

// refusal reads one ERROR and the end of stream, and returns the code.
func refusal(t *testing.T, conn transport.Conn) protocol.Code {
	t.Helper()
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Errorf("after %d bytes: %v", len(got), err)
	}
	m, size, malformed := protocol.Decode(got)
	refusal, is := m.(*protocol.Error)
	if !is || size != len(got) {
		t.Fatalf("not one ERROR: %q, %v", got, malformed)
	}
	if refusal.By != protocol.Relay {
		t.Errorf("by %v", refusal.By)
	}
	return refusal.Code
}

func frame(kind protocol.Kind, claimed uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{'R', 'P', protocol.Version, byte(kind)}, claimed)
}

// Bytes that are no request are refused with a code at once, while the peer's own direction is
// still open.
func TestNonsenseIsRefusedAtOnce(t *testing.T) {
	nonsense := map[string]struct {
		bytes []byte
		code  protocol.Code
	}{
		"HTTP":             {[]byte("GET / HTTP/1.1\r\nHost: relay\r\n\r\n"), protocol.Malformed},
		"TLS":              {[]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), protocol.Malformed},
		"noise":            {bytes.Repeat([]byte{0x9d, 0x41, 0xe2, 0x07}, 16<<10), protocol.Malformed},
		"a frame of 4 GiB": {frame(protocol.KindLocate, 1<<32-1), protocol.TooLarge},
		"another version":  {[]byte{'R', 'P', 9, 1, 0, 0, 0, 0}, protocol.BadVersion},
		"an unknown kind":  {frame(0x44, 0), protocol.UnknownKind},
		"not CBOR":         {append(frame(protocol.KindLocate, 4), 0xff, 0xff, 0xff, 0xff), protocol.Malformed},
		"an answer":        {protocol.Append(nil, &protocol.Left{}), protocol.Unexpected},
		"a node's request": {protocol.Append(nil, &protocol.Get{Name: "x"}), protocol.Unexpected},
	}
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		for name, n := range nonsense {
			conn := call(t, network, w.relay, n.bytes)
			if code := refusal(t, conn); code != n.code {
				t.Errorf("%s: %v, not %v", name, code, n.code)
			}
			conn.Close()
		}
		w.allGraceful()
	})
}

// A peer that is silent, stops in the middle of a frame, or sends a byte a second is refused after
// RequestTimeout.
func TestSlowPeersAreLetGoInTime(t *testing.T) {
	request := protocol.Append(nil, &protocol.Locate{Name: strings.Repeat("long", 50)})
	drip := func(conn transport.Conn) {
		for _, b := range request {
			if _, err := conn.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
	for name, behave := range map[string]func(transport.Conn){
		"silent":          func(transport.Conn) {},
		"half a frame":    func(conn transport.Conn) { conn.Write(request[:len(request)/2]) },
		"a byte a second": drip,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := transport.NewMemory()
				w := newWorld(t, network, 0)
				begin := time.Now()
				conn := call(t, network, w.relay, nil)
				behaved := make(chan struct{})
				go func() {
					defer close(behaved)
					behave(conn)
				}()
				if code := refusal(t, conn); code != protocol.Timeout {
					t.Errorf("%v", code)
				}
				if took := time.Since(begin); took != roles.RequestTimeout {
					t.Errorf("told after %v", took)
				}
				synctest.Wait()
				time.Sleep(roles.CloseTimeout) // the peer does not end its direction, and is not waited for any longer
				synctest.Wait()
				if closed := w.count(transport.Closed); closed != 1 {
					t.Errorf("%d links are closed", closed)
				}
				conn.Close()
				<-behaved
				w.end()
			})
		})
	}
}

// A peer that sends requests and never reads is dropped when an answer cannot be written.
func TestWhoeverDoesNotReadIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		w := newWorld(t, network, 0)
		conn := call(t, network, w.relay, nil)
		request := protocol.Append(nil, &protocol.Locate{})
		conn.SetWriteDeadline(time.Now().Add(time.Hour))
		for err := error(nil); err == nil; {
			_, err = conn.Write(request)
		}
		synctest.Wait() // the relay tells of the end after the peer has noticed it
		if ends := w.ends(); ends[transport.TimedOut] != 1 || len(ends) != 1 {
			t.Errorf("links ended so: %v", ends)
		}
	})
}

// A link above the limit is refused with a time to try again; links below it are still served.
func TestAFullServerSaysBusy(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 2)
		inside := []transport.Conn{call(t, network, w.relay, nil), call(t, network, w.relay, nil)}
		for _, conn := range inside { // a handshake that began later may be done sooner
			ask(t, conn, &protocol.Locate{})
		}
		outside := call(t, network, w.relay, protocol.Append(nil, &protocol.Locate{}))
		if code := refusal(t, outside); code != protocol.Busy {
			t.Errorf("%v", code)
		}
		outside.Close()
		for _, conn := range inside {
			if answer := ask(t, conn, &protocol.Locate{}); answer.Kind() != protocol.KindLocated {
				t.Errorf("%v", answer)
			}
			conn.Close()
		}
	})
}

// ask sends a request and hears the answer.
func ask(t *testing.T, conn transport.Conn, request protocol.Message) protocol.Message {
	t.Helper()
	if _, err := conn.Write(protocol.Append(nil, request)); err != nil {
		t.Fatal(err)
	}
	return hear(t, conn)
}

// hear reads one message and not a byte more.
func hear(t *testing.T, conn transport.Conn) protocol.Message {
	t.Helper()
	var got []byte
	for {
		var b [1]byte
		if _, err := io.ReadFull(conn, b[:]); err != nil {
			t.Fatal(err)
		}
		got = append(got, b[0])
		if m, _, refusal := protocol.Decode(got); m != nil || refusal != nil {
			return m
		}
	}
}

// Hundreds of silent links delay no others, and leave nothing behind.
func TestSilentLinksHoldNobodyUp(t *testing.T) {
	const silent = 300
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	w := newWorld(t, transport.TCP{}, 0)
	w.join(folder{"file": "content"})
	conns := make([]transport.Conn, silent)
	for i := range conns {
		conns[i] = call(t, w.network, w.relay, []byte("RP")[:i%3])
	}
	store := &heap{}
	if result := w.fetch("file", store); result.Outcome != client.Fetched || store.String() != "content" {
		t.Errorf("%+v", result)
	}
	w.end() // tells each of them that the relay is stopping, and waits for it to read that
	for i, conn := range conns {
		if code := refusal(t, conn); code != protocol.Draining {
			t.Errorf("link %d: %v", i, code)
		}
		conn.Close()
	}
	if now := openDescriptors(t); now > descriptors {
		t.Errorf("%d descriptors are open, %d were", now, descriptors)
	}
	if now := runtime.NumGoroutine(); now > goroutines {
		t.Errorf("%d goroutines are there, %d were", now, goroutines)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if os.IsNotExist(err) {
		return 0 // not on this system: then only the goroutines are counted
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A server that is stopped cuts the links that have not ended after DrainTimeout.
func TestDrainingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		w := newWorld(t, network, 0)
		at := w.join(folder{"large": strings.Repeat("x", 4<<20)})
		conn := call(t, network, at, protocol.Append(nil, &protocol.Get{Name: "large"}))
		begin := time.Now()
		taken := make(chan struct{})
		go func() { // takes its bytes so slowly that the stretch does not end in time, and fast enough to be let be
			defer close(taken)
			for err := error(nil); err == nil; time.Sleep(time.Second) {
				_, err = io.CopyN(io.Discard, conn, 16<<10)
			}
		}()
		time.Sleep(time.Second)
		w.end()
		if took := time.Since(begin) - time.Second; took != roles.DrainTimeout {
			t.Errorf("the end took %v", took)
		}
		<-taken
		conn.Close()
		if cut := w.ends()[transport.Cut]; cut != 1 {
			t.Errorf("links ended so: %v", w.ends())
		}
	})
}

// flaky is a listener whose first accepts fail.
type flaky struct {
	transport.Listener
	failures int
}

func (f *flaky) Accept() (transport.Conn, error) {
	if f.failures > 0 {
		f.failures--
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return f.Listener.Accept()
}

func TestAcceptingGoesOnAfterWant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		l := listen(t, network, "relay:1")
		ctx, stop := context.WithCancel(t.Context())
		var relay peer.Relay
		served := make(chan error)
		go func() { served <- relay.Serve(ctx, &flaky{l, 20}) }()
		conn := call(t, network, l.Addr(), nil)
		if answer := ask(t, conn, &protocol.Locate{}); answer.Kind() != protocol.KindLocated {
			t.Errorf("%v", answer)
		}
		conn.Close()
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}
