package transport

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// readers returns how many goroutines are readers of links.
func readers() int {
	stacks := make([]byte, 1<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("transport.(*link).read("))
}

// awaitReaders waits until there are so many.
func awaitReaders(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); readers() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d readers are left in place of %d", readers(), want)
		}
	}
}

// A circuit over which nothing passes has no goroutines, and goes on as if it had.
func TestARestingCircuitHasNoReader(t *testing.T) {
	before := readers()
	boardRest = time.Millisecond
	defer func() { boardRest = 0 }()
	b, stop := openBoard(t, TCP{}, TCP{}, nil)
	ends := b.circuit()
	for range 3 {
		awaitReaders(t, before)
		exchange(t, ends[0], ends[1], make([]byte, 3<<20))
		awaitReaders(t, before)
		exchange(t, ends[1], ends[0], []byte("one"))
	}
	awaitReaders(t, before)
	ends[0].Close()
	if _, err := ends[1].Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	ends[1].Close()
	stop()
}

// echoes answers each message with the same, and expects none soon. When it is woken it wants nothing more of the peer.
type echoes struct {
	final bool
	mu    sync.Mutex
}

func (m *echoes) Final() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.final
}

func (m *echoes) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch in := in.(type) {
	case roles.Opened:
		return []roles.Effect{roles.Hear{Rests: true}}
	case roles.Heard:
		return []roles.Effect{roles.Send{Message: in.Message}, roles.Hear{Rests: true}}
	case roles.Notified:
		return []roles.Effect{roles.Discard{}}
	case roles.Stopped:
		return []roles.Effect{roles.HalfClose{}, roles.Discard{}}
	}
	m.final = true
	return []roles.Effect{roles.HangUp{}}
}

// A link on which nothing is expected soon has no goroutine, and none of what comes on it is lost, also of a message that
// comes in two halves; it ends with its peer, with its machine, and with its server.
func TestARestingLinkHasNoReader(t *testing.T) {
	for _, ends := range []string{"peer", "machine", "server", "cut"} {
		for name, network := range map[string]Network{"TCP": TCP{}, "TLS": &TLS{By: protocol.Relay}} {
			t.Run(ends+" "+name, func(t *testing.T) {
				before := readers()
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				l, err := network.Listen(ctx, "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				machine := &echoes{}
				s := &Server{Loop: &Loop{Switch: &Switch{}}, Listener: l, New: func() roles.Machine { return machine }, rest: time.Millisecond}
				serving := make(chan error)
				go func() { serving <- s.Serve(ctx) }()
				peer := Network(TCP{})
				if name == "TLS" {
					peer = &TLS{By: protocol.Client}
				}
				conn, err := peer.Dial(ctx, l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				said := protocol.Append(nil, &protocol.Joined{})
				for n := range 4 {
					awaitReaders(t, before)
					conn.Write(said[:n])
					time.Sleep(5 * time.Millisecond)
					conn.Write(said[n:])
					got := make([]byte, len(said))
					if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, said) {
						t.Fatalf("%q, %v", got, err)
					}
				}
				awaitReaders(t, before)
				switch ends {
				case "peer":
					conn.Close()
				case "machine":
					s.Loop.Switch.Wake(1)
					conn.Write(make([]byte, 100_000)) // which is no message, and is not taken for one
					conn.CloseWrite()
					io.Copy(io.Discard, conn)
				case "server":
					cancel()
					if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
						t.Errorf("%q, %v", rest, err)
					}
					conn.CloseWrite()
				case "cut":
					for _, r := range s.running() {
						r.cut()
					}
					io.Copy(io.Discard, conn)
				}
				for deadline := time.Now().Add(5 * time.Second); len(s.running()) > 0; time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal("the link is still there")
					}
				}
				cancel()
				if err := <-serving; err != nil {
					t.Error(err)
				}
			})
		}
	}
}
