package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// keyed is a network of TLS on which each listener has a key of its own, as if it were of another
// program. All dials are one peer's.
type keyed struct {
	*transport.TLS
	mu   sync.Mutex
	keys map[netip.AddrPort]*transport.TLS
}

func overTLS(below transport.Network) *keyed {
	return &keyed{TLS: &transport.TLS{Network: below}, keys: map[netip.AddrPort]*transport.TLS{}}
}

func (k *keyed) Listen(ctx context.Context, address string) (transport.Listener, error) {
	own := k.peer()
	own.By = protocol.Relay // of those that are made here
	l, err := own.Listen(ctx, address)
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.keys[l.Addr()] = own
	}
	return l, err
}

// peer returns the network of a peer with a key of its own.
func (k *keyed) peer() *transport.TLS { return &transport.TLS{Network: k.Below()} }

// at returns the network of the peer that listens at an address, or of one with a key of its own.
func (k *keyed) at(at netip.AddrPort) *transport.TLS {
	k.mu.Lock()
	defer k.mu.Unlock()
	if own := k.keys[at]; own != nil {
		return own
	}
	return k.peer()
}

// A peer in plain that meets one over TLS, and the reverse, learns which of the two is there, at once.
func TestPlainMeetsTLS(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		other, want := transport.Network(overTLS(network)), protocol.NoTLS
		if over, is := network.(*keyed); is {
			other, want = over.Below(), protocol.TLSRequired
		}
		w := newWorld(t, network, 0)
		begin := time.Now()
		c := peer.Client{Network: other, Relay: w.relay.String()}
		result := c.FetchInto(t.Context(), peer.Request{Name: "anything"}, &heap{})
		if result.Outcome != client.NoRelay || result.Code != want || result.Text == "" || time.Since(begin) > roles.HandshakePatience {
			t.Errorf("after %v: %+v", time.Since(begin), result)
		}
		if want == protocol.TLSRequired && result.By != protocol.Relay {
			t.Errorf("said by %v", result.By)
		}
		w.end()
	})
}

// While a peer takes a body slowly, each tick brings progress, however large the pieces are that are
// encrypted at once.
func TestASlowPeersProgressIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &transport.TLS{Network: transport.NewMemory()}
		near, far := connect(t, network, "127.0.0.1:0")
		body := strings.NewReader(strings.Repeat("content ", 1<<20))
		near.SetWriteDeadline(time.Now().Add(time.Second))
		sent, err := io.CopyN(near, body, 4<<20)
		if !errors.Is(err, os.ErrDeadlineExceeded) || sent == 0 {
			t.Errorf("%d bytes, %v", sent, err)
		}
		for range 100 {
			if _, err := io.ReadFull(transport.Under(far), make([]byte, 4<<10)); err != nil {
				t.Fatal(err)
			}
			body.Seek(sent, io.SeekStart)
			near.SetWriteDeadline(time.Now().Add(time.Second))
			n, err := io.CopyN(near, body, 4<<20)
			if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n > 8<<10 {
				t.Errorf("%d bytes after %d, %v", n, sent, err)
			}
			sent += n
		}
	})
}

// A copy that deadlines have ended goes on where it was, whatever the pieces are in which it is read, and
// although the reader has less in the end than what was encrypted.
func TestACopyGoesOnAfterADeadline(t *testing.T) {
	text := strings.Repeat("0123456789abcde", 200_000)
	for _, below := range []transport.Network{transport.TCP{}, transport.NewMemory()} {
		near, far := connect(t, &transport.TLS{Network: below}, "127.0.0.1:0")
		read := make(chan string)
		go func() {
			var got []byte
			for buf := make([]byte, 64<<10); ; {
				n, err := far.Read(buf)
				if got = append(got, buf[:n]...); err != nil {
					read <- string(got)
					return
				}
				time.Sleep(100 * time.Microsecond)
			}
		}()
		for sent, round := 0, 0; sent < len(text); round++ {
			near.SetWriteDeadline(time.Now().Add(time.Millisecond))
			if round%5 == 4 {
				n, _ := near.Write([]byte(text[sent:min(len(text), sent+1000)]))
				sent += n
				continue
			}
			body := strings.NewReader(text[sent:])
			n, err := io.CopyN(near, body, int64(min(len(text)-sent, 1+round*7919%500_000)))
			if sent += int(n); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
		}
		near.CloseWrite()
		if got := <-read; got != text {
			t.Errorf("over %T: %d bytes came, not the same %d", below, len(got), len(text))
		}
	}
}

// A link is closed at once, and half-closed soon, although the peer takes nothing.
func TestAPeerThatTakesNothingHoldsNoEndUp(t *testing.T) {
	for _, below := range []transport.Network{transport.TCP{}, transport.NewMemory()} {
		network := &transport.TLS{Network: below}
		for name, end := range map[string]func(transport.Conn){
			"close":      func(conn transport.Conn) { conn.Close() },
			"half-close": func(conn transport.Conn) { conn.CloseWrite() },
			"both":       func(conn transport.Conn) { conn.CloseWrite(); conn.Close(); conn.Close() },
		} {
			near, _ := connect(t, network, "127.0.0.1:0")
			near.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
			near.Write(make([]byte, 32<<20))
			near.SetWriteDeadline(time.Time{})
			begin := time.Now()
			end(near)
			if took := time.Since(begin); took > time.Second {
				t.Errorf("%s over %T took %v", name, below, took)
			}
		}
	}
}

// A write that is under way ends with the link.
func TestACloseEndsAWrite(t *testing.T) {
	for _, below := range []transport.Network{transport.TCP{}, transport.NewMemory()} {
		near, _ := connect(t, &transport.TLS{Network: below}, "127.0.0.1:0")
		ended := make(chan error)
		go func() {
			_, err := near.Write(make([]byte, 32<<20))
			ended <- err
		}()
		time.AfterFunc(20*time.Millisecond, func() { near.Close() })
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("over %T: %v", below, err)
		}
	}
}
