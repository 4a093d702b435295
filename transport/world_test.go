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
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// world is a relay and nodes over one network, all in this process.
type world struct {
	t        testing.TB
	network  transport.Network
	start    time.Time // the relay's
	relay    netip.AddrPort
	registry *relay.Registry

	ctx     context.Context // of the nodes
	leave   context.CancelFunc
	nodes   sync.WaitGroup
	stop    context.CancelFunc // of the relay
	serving sync.WaitGroup

	mu     sync.Mutex
	events []transport.Event
}

// newWorld starts a relay, which has a limit of links; 0: the usual one. Everything in the world
// ends gracefully, with end or with the test.
func newWorld(t testing.TB, network transport.Network, limit int) *world {
	t.Helper()
	w := &world{t: t, network: network, start: time.Now(), registry: relay.NewRegistry(relay.Policy{})}
	listener, err := network.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.relay = listener.Addr()
	w.ctx, w.leave = context.WithCancel(context.Background())
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	t.Cleanup(w.end)
	w.serving.Go(func() {
		relay := peer.Relay{Directory: w.registry, MaxLinks: limit, Trace: w.trace}
		if err := relay.Serve(ctx, listener); err != nil {
			t.Errorf("the relay: %v", err)
		}
	})
	return w
}

// end lets the nodes leave while their relay still runs, and then stops it.
func (w *world) end() {
	w.leave()
	w.nodes.Wait()
	w.stop()
	w.serving.Wait()
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

// join starts a node that serves the share, and returns where once it is listed.
func (w *world) join(share transport.Share) netip.AddrPort {
	w.t.Helper()
	return w.run(&peer.Node{Share: share})
}

// node is join, and returns the node as clients name it.
func (w *world) node(share transport.Share) client.Node {
	w.t.Helper()
	n := &peer.Node{Share: share}
	found := client.Node{AddrPort: w.run(n)}
	if own, is := n.Network.(*transport.TLS); is {
		found.ID = own.ID()
	}
	return found
}

// list has an address listed, by a node that serves elsewhere.
func (w *world) list(at netip.AddrPort) {
	w.t.Helper()
	w.run(&peer.Node{Share: folder{}, Advertise: at})
}

// run runs a node until the world ends, and returns where it serves once it is listed.
func (w *world) run(n *peer.Node) netip.AddrPort {
	w.t.Helper()
	n.Network, n.Relay, n.Listen, n.Trace = w.network, w.relay.String(), "127.0.0.1:0", w.trace
	if over, is := w.network.(*keyed); is {
		own := over.at(n.Advertise)
		n.Network, n.ID = own, own.ID()
	}
	w.nodes.Go(func() {
		if err := n.Run(w.ctx); err != nil {
			w.t.Errorf("a node: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	listing, err := n.Ready(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	return listing.Listen
}

// client returns a client that fetches from up to so many nodes at once.
func (w *world) client(sources int) *peer.Client {
	return &peer.Client{Network: w.network, Relay: w.relay.String(), Sources: sources, Trace: w.trace}
}

// fetch runs a client, from one node after the other.
func (w *world) fetch(name string, store transport.Store) peer.Result {
	return w.client(1).FetchInto(context.Background(), peer.Request{Name: name}, store)
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

func (identity) Attributes() protocol.Attributes { return protocol.Attributes{} }

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

func (h *heap) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) { return h.put, nil }

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

func (s fileStore) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) {
	return func(group uint64, _ protocol.Hash, data []byte) error {
		_, err := s.file.WriteAt(data, int64(group*protocol.GroupSize))
		return err
	}, nil
}
