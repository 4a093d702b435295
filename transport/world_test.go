package transport_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// world is a relay and nodes over one network, all in this process.
type world struct {
	t       testing.TB
	network transport.Network
	start   time.Time
	relay   netip.AddrPort
	limit   int // of links at the relay

	registry *relay.Registry
	ctx      context.Context
	stop     context.CancelFunc
	parties  sync.WaitGroup
	leave    chan struct{} // tells the members to
	leaving  sync.Once
	members  sync.WaitGroup
	nodes    uint64

	mu     sync.Mutex
	events []transport.Event
}

// newWorld starts a relay. Everything in it ends, by the graceful way, with end or with the test.
func newWorld(t testing.TB, network transport.Network, policy relay.Policy, limit int) *world {
	w := &world{t: t, network: network, start: time.Now(), limit: limit, registry: relay.NewRegistry(policy), leave: make(chan struct{})}
	w.ctx, w.stop = context.WithCancel(context.Background())
	t.Cleanup(w.end)
	pool := roles.NewPool(func() *relay.Session { return relay.NewSession(w.registry) })
	w.relay = w.serve(&transport.Server{Loop: w.loop(), New: pool.Take, Free: pool.Return, Limit: limit})
	return w
}

// end has the members leave while their relay is there, and then stops the servers.
func (w *world) end() {
	w.leaving.Do(func() { close(w.leave) })
	w.members.Wait()
	w.stop()
	w.parties.Wait()
}

func (w *world) loop() *transport.Loop {
	return &transport.Loop{Network: w.network, Start: w.start, Trace: w.trace}
}

func (w *world) trace(e transport.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// ends counts how links ended.
func (w *world) ends() map[transport.End]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends := map[transport.End]int{}
	for _, e := range w.events {
		if e.What == transport.Closed {
			ends[e.End]++
		}
	}
	return ends
}

// count counts events of a kind.
func (w *world) count(what transport.What) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, e := range w.events {
		if e.What == what {
			n++
		}
	}
	return n
}

// serve runs a server in the world and returns where it listens.
func (w *world) serve(server *transport.Server) netip.AddrPort {
	w.t.Helper()
	listener, err := w.network.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	server.Listener = listener
	w.parties.Go(func() {
		if err := server.Serve(w.ctx); err != nil {
			w.t.Errorf("the server: %v", err)
		}
	})
	return listener.Addr()
}

// join starts a node that serves the share and returns once it is listed.
func (w *world) join(share transport.Share) netip.AddrPort {
	w.t.Helper()
	loop := w.loop()
	loop.Share = share
	pool := roles.NewPool(node.NewUpload)
	at := w.serve(&transport.Server{Loop: loop, New: pool.Take, Free: pool.Return})
	w.list(at)
	return at
}

// list registers an address by a real Membership, which leaves when the world ends.
func (w *world) list(at netip.AddrPort) {
	w.nodes++
	config := node.Config{Relay: w.relay.String(), ID: protocol.NodeID{byte(w.nodes), 1}, Epoch: 1, Port: at.Port()}
	listed := make(chan struct{}, 1)
	loop := w.loop()
	loop.Report = func(outcome any) {
		switch outcome := outcome.(type) {
		case node.Listed:
			listed <- struct{}{}
		case node.Setback:
			w.t.Errorf("not listed: %v", outcome)
		}
	}
	w.members.Go(func() { loop.Run(context.Background(), w.leave, node.NewMembership(config)) })
	<-listed
}

// fetch runs a client.
func (w *world) fetch(name string, store transport.Store) client.Result {
	fetch := client.NewFetch(w.relay.String(), name)
	loop := w.loop()
	loop.Store = store
	loop.Run(context.Background(), nil, fetch)
	return fetch.Result()
}

// folder is a share in memory.
type folder map[string]string

func (f folder) Open(name string) (io.ReadSeekCloser, uint64, []byte, *protocol.Error) {
	content, there := f[name]
	if !there {
		return nil, 0, nil, &protocol.Error{Code: protocol.NotFound, By: protocol.Node, Text: "no such file"}
	}
	version := sha256.Sum256([]byte(content))
	return page{strings.NewReader(content)}, uint64(len(content)), version[:], nil
}

type page struct{ *strings.Reader }

func (page) Close() error { return nil }

// heap is a store in memory.
type heap struct{ bytes.Buffer }

func (h *heap) Writer(offset uint64) (io.Writer, error) {
	h.Truncate(int(offset))
	return &h.Buffer, nil
}

func (h *heap) Clear() error {
	h.Reset()
	return nil
}

// fileStore is a store that is one file.
type fileStore struct{ *os.File }

func (s fileStore) Writer(offset uint64) (io.Writer, error) {
	_, err := s.Seek(int64(offset), io.SeekStart)
	return s.File, err
}

func (s fileStore) Clear() error { return s.Truncate(0) }
