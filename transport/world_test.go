package transport_test

import (
	"context"
	"io"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
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

// newWorld starts a relay. Everything in the world ends gracefully, with end or with the test.
func newWorld(t testing.TB, network transport.Network, policy relay.Policy, limit int) *world {
	w := &world{t: t, network: network, start: time.Now(), limit: limit, registry: relay.NewRegistry(policy), leave: make(chan struct{})}
	w.ctx, w.stop = context.WithCancel(context.Background())
	t.Cleanup(w.end)
	pool := roles.NewPool(func() *relay.Session { return relay.NewSession(w.registry) })
	w.relay = w.serve(&transport.Server{Loop: w.loop(), New: pool.Take, Free: pool.Return, Limit: limit})
	return w
}

// end lets the members leave while their relay still runs, and then stops the servers.
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

// serve runs a server in the world and returns its address.
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
	loop.Report = func(outcome roles.Outcome) {
		switch outcome := outcome.(type) {
		case node.Leased:
			listed <- struct{}{}
		case node.ExchangeFailed:
			w.t.Errorf("not listed: %v", outcome)
		}
	}
	w.members.Go(func() { loop.Run(context.Background(), w.leave, node.NewMembership(config)) })
	<-listed
}

// fetch runs a client, from one node after the other.
func (w *world) fetch(name string, store transport.Store) client.Result {
	return w.request(client.Request{Name: name, Sources: 1}, store)
}

// request runs a client.
func (w *world) request(request client.Request, store transport.Store) client.Result {
	request.Relay = w.relay.String()
	fetch := client.NewFetch(request)
	loop := w.loop()
	loop.Store = store
	loop.Run(context.Background(), nil, fetch)
	return fetch.Result()
}

// folder is a share in memory.
type folder map[string]string

func (f folder) Open(_ context.Context, name string, hash protocol.Hash, _ func(done, size uint64)) (transport.File, *protocol.Error) {
	for there, content := range f {
		if file := newFile(content); (name == "" || name == there) && (hash.IsZero() || hash == file.hash) {
			return file, nil
		}
	}
	if _, there := f[name]; there {
		return nil, &protocol.Error{Code: protocol.Changed, By: protocol.Node, Text: "other content"}
	}
	return nil, &protocol.Error{Code: protocol.NotFound, By: protocol.Node, Text: "no such file"}
}

// file is a shared file in memory.
type file struct {
	page
	identity
}

type page struct{ *strings.Reader }

// identity is a content's size, hash and tree.
type identity struct {
	size   uint64
	hash   protocol.Hash
	tree   []byte
	values []protocol.Hash
}

func (i identity) Size() uint64        { return i.size }
func (i identity) Hash() protocol.Hash { return i.hash }

func (i identity) Slice(first, count uint64) ([]byte, error) {
	return content.Slice(i.tree, protocol.Groups(i.size), first, count), nil
}

// identify hashes a content.
func identify(r io.Reader) (i identity) {
	group := make([]byte, protocol.GroupSize)
	var data []byte
	for number := uint64(0); ; number++ {
		n, _ := io.ReadFull(r, group)
		if n == 0 {
			break
		}
		i.size += uint64(n)
		i.values = append(i.values, content.ChainingValue(number, group[:n], false))
		data = group[:n]
	}
	if len(i.values) == 1 {
		i.values[0] = content.ChainingValue(0, data, true)
	}
	i.hash, i.tree = content.Build(i.values)
	return i
}

func newFile(text string) *file {
	return &file{page{strings.NewReader(text)}, identify(strings.NewReader(text))}
}

func (*file) Close() error  { return nil }
func (*file) Changed() bool { return false }

// placeless is a store's answers about places, where there are none.
type placeless struct{}

func (placeless) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

func (placeless) Commit(context.Context, ...roles.Placement) error { return nil }

func (placeless) Release(int) {}

// heap is a store in memory, of one item.
type heap struct {
	placeless
	mu     sync.Mutex
	groups map[uint64]string
	opened []roles.OpenStore
}

func (h *heap) Open(_ context.Context, want roles.OpenStore, _ func(done, size uint64)) (roles.Groups, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	other := len(h.groups) > 0
	h.groups = map[uint64]string{}
	h.opened = append(h.opened, want)
	return nil, other, nil
}

func (h *heap) Receive(int, uint64) (transport.Sink, error) { return h.put, nil }

func (h *heap) put(group uint64, _ protocol.Hash, data []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.groups[group] = string(data)
	return nil
}

// String returns the groups that are there, one after the other.
func (h *heap) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all strings.Builder
	for _, group := range slices.Sorted(maps.Keys(h.groups)) {
		all.WriteString(h.groups[group])
	}
	return all.String()
}

// fileStore is a store that is one file.
type fileStore struct {
	placeless
	file *os.File
}

func (s fileStore) Open(context.Context, roles.OpenStore, func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, nil
}

func (s fileStore) Receive(int, uint64) (transport.Sink, error) {
	return func(group uint64, _ protocol.Hash, data []byte) error {
		_, err := s.file.WriteAt(data, int64(group*protocol.GroupSize))
		return err
	}, nil
}
