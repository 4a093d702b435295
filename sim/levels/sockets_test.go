package levels

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSockets places files at random and fetches all of them over real TCP: first from living nodes
// only, when each link must end gracefully, then after one node was killed.
func TestSockets(t *testing.T) {
	for seed := range 24 {
		nodes := rapid.SliceOfN(rapid.MapOfN(rapid.SampledFrom(names[:3]), rapid.IntRange(0, 200_000), 0, 3), 1, 5).Example(seed)
		c := newCluster(t, transport.TCP{}, plants[*planted])
		for i, files := range nodes {
			contents := share{}
			for name, size := range files {
				contents[name] = text(size, i)
			}
			c.join(contents, (seed+i)%2 == 0)
		}
		for _, name := range names {
			r, got := c.fetch(t.Context(), name, 1+seed%3)
			c.judge(name, r, got, true)
		}
		c.mu.Lock()
		for end, n := range c.ends {
			if end != transport.Graceful {
				t.Errorf("seed %d: %d links ended %s", seed, n, end)
			}
		}
		c.mu.Unlock()
		dead := c.nodes[seed%len(c.nodes)]
		dead.kill()
		dead.gone.Wait()
		dead.fate = dies
		for _, name := range names {
			r, got := c.fetch(t.Context(), name, 1+seed%3)
			c.judge(name, r, got, false)
			for _, tried := range r.Tried {
				if tried.Node.AddrPort == dead.at && tried.Code != protocol.Refused {
					t.Errorf("seed %d: the dead node was passed over with %s", seed, tried.Code)
				}
			}
			if _, has := dead.files[name]; r.Outcome == client.NobodyHad && (dead.quiet || has) {
				t.Errorf("seed %d: %q is called not found although %s could not be asked", seed, name, dead.at)
			}
		}
		c.close()
	}
}

// hasty is a session that closes right after its last message, with unread input.
type hasty struct{ *relay.Session }

func (h hasty) Step(at roles.Moment, in roles.Input) []roles.Effect {
	effects := []roles.Effect{}
	for _, effect := range h.Session.Step(at, in) {
		switch effect.(type) {
		case roles.HalfClose:
			effects = append(effects, roles.HangUp{Link: 0})
		case roles.Discard, roles.HangUp:
		default:
			effects = append(effects, effect)
		}
	}
	return effects
}

// serveHasty serves with hasty sessions until the returned function is called.
func serveHasty(t *testing.T) (at string, stop func()) {
	listener, err := transport.TCP{}.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	registry := relay.NewRegistry(relay.Policy{})
	server := transport.Server{
		Loop: &transport.Loop{}, Listener: listener,
		New: func() roles.Machine { return hasty{relay.NewSession(registry, &relay.Answers{})} },
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(ctx); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return listener.Addr().String(), func() { cancel(); serving.Wait() }
}

// lastWords counts in how many runs a peer that breaks the protocol, and has more to send, reads
// the ERROR that ends the link.
func lastWords(t *testing.T, runs int, at string) (read int) {
	rude := append([]byte("RP\x09nonsense"), bytes.Repeat([]byte("and more of it "), 4000)...)
	for range runs {
		conn, err := transport.TCP{}.Dial(context.Background(), at)
		if err != nil {
			t.Fatal(err)
		}
		var talking sync.WaitGroup
		talking.Go(func() { conn.Write(rude) })
		talking.Wait() // all of it has been sent, so that the server has unread input
		answer, err := io.ReadAll(conn)
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
		if m, _, _ := protocol.Decode(answer); err == nil && m != nil && m.Kind() == protocol.KindError {
			read++
		}
	}
	return read
}

// TestTheLastWordIsHeard shows an effect that no simulated network has: a close with unread input
// makes the system send a reset, and the reset discards data that the peer has not read yet.
func TestTheLastWordIsHeard(t *testing.T) {
	const runs = 60
	c := newCluster(t, transport.TCP{}, plants[""])
	defer c.close()
	if read := lastWords(t, runs, c.relayAt); read != runs {
		t.Errorf("the ERROR was read in %d of %d runs", read, runs)
	}
	at, stop := serveHasty(t)
	defer stop()
	read := lastWords(t, runs, at)
	if read == runs {
		t.Error("planted: closing without draining lost nothing, so this test sees nothing")
	}
	t.Logf("closing without draining lost the ERROR in %d of %d runs", runs-read, runs)
}
