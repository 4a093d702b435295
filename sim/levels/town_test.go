package levels

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// failer is a testing.T or a rapid.T.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// town is a relay, nodes and clients that really run: the loops and servers of package transport with all their
// goroutines, over whichever network, on whichever clock.
type town struct {
	failer
	network transport.Network
	plant   plant
	policy  relay.Policy
	start   time.Time
	relayAt string

	mu       sync.Mutex
	registry *relay.Registry
	ends     map[transport.End]int

	relay house
	nodes []*resident
}

// house is a party that can be ended well or badly.
type house struct {
	kill context.CancelFunc // at once
	stop func()             // gracefully
	gone sync.WaitGroup
}

// resident is a node.
type resident struct {
	house
	files shelf
	quiet bool // it does not publish what it has
	at    netip.AddrPort
	fate  fate
}

func newTown(t failer, network transport.Network, policy relay.Policy, plant plant) *town {
	w := &town{failer: t, network: plant.network(network), plant: plant, policy: policy, start: time.Now(), ends: map[transport.End]int{}}
	w.openRelay("127.0.0.1:0")
	return w
}

func (w *town) loop() *transport.Loop {
	return &transport.Loop{Network: w.network, Start: w.start, Trace: func(e transport.Event) {
		if e.What == transport.Closed {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ends[e.End]++
		}
	}}
}

// openRelay starts a relay that knows nothing.
func (w *town) openRelay(address string) {
	w.mu.Lock()
	w.registry = relay.NewRegistry(w.policy)
	directory := w.plant.directory(w.registry)
	w.mu.Unlock()
	sessions := roles.NewPool(func() *relay.Session { return relay.NewSession(directory) })
	at := w.serve(&w.relay, address, &transport.Server{
		Loop: w.loop(), New: sessions.Take, Free: sessions.Return,
	})
	if w.relayAt == "" { // it comes back where it was, while others read this
		w.relayAt = at.String()
	}
}

// serve runs a server as part of a house.
func (w *town) serve(h *house, address string, server *transport.Server) netip.AddrPort {
	listener, err := w.network.Listen(context.Background(), address)
	if err != nil {
		w.Fatalf("listen: %v", err)
	}
	server.Listener = listener
	ctx, cancel := context.WithCancel(context.Background())
	h.stop = cancel
	h.gone.Go(func() {
		if err := server.Serve(ctx); err != nil {
			w.Errorf("serve: %v", err)
		}
	})
	return listener.Addr()
}

// join starts a node, which publishes what it has or not, and waits until it is listed.
func (w *town) join(files shelf, publishes bool) *resident {
	n := &resident{files: files, quiet: !publishes}
	loop := w.loop()
	loop.Share = files
	uploads := roles.NewPool(node.NewUpload)
	n.at = w.serve(&n.house, "127.0.0.1:0", &transport.Server{Loop: loop, New: uploads.Take, Free: uploads.Return})
	stopServing := n.stop
	hard, kill := context.WithCancel(context.Background())
	stop, listed := make(chan struct{}), make(chan struct{})
	once, told := sync.OnceFunc(func() { close(stop) }), sync.OnceFunc(func() { close(listed) })
	n.stop = func() { once(); stopServing() }
	n.kill = func() { kill(); stopServing() }
	config := node.Config{Relay: w.relayAt, ID: protocol.NodeID{1, byte(len(w.nodes))}, Epoch: 1, Port: n.at.Port()}
	if publishes {
		config.Catalog = node.NewCatalog(uint64(len(w.nodes) + 1))
		for name, g := range files {
			config.Catalog.Set(name, uint64(len(g.bytes)), g.hash)
		}
		config.Catalog.Complete(true)
	}
	member := w.loop()
	member.Report = func(outcome roles.Outcome) {
		if _, is := outcome.(node.Leased); is {
			told()
		}
	}
	n.gone.Go(func() {
		member.Run(hard, stop, node.NewMembership(config))
		kill()
	})
	<-listed
	w.nodes = append(w.nodes, n)
	return n
}

// fetch gets a file, for real, from so many nodes at once.
func (w *town) fetch(stop <-chan struct{}, name string, sources int) (client.Result, []byte) {
	pile := &pile{}
	loop := w.loop()
	loop.Store = pile
	fetch := client.NewFetch(client.Request{Relay: w.relayAt, Name: name, Sources: sources})
	loop.Run(context.Background(), stop, fetch)
	return fetch.Result(), pile.taken()
}

// close stops all gracefully, and waits until nothing runs.
func (w *town) close() {
	for _, n := range w.nodes {
		n.stop()
	}
	for _, n := range w.nodes {
		n.gone.Wait()
		n.kill()
	}
	w.relay.stop()
	w.relay.gone.Wait()
}

// listed returns where the registry says that nodes are.
func (w *town) listed() []netip.AddrPort {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := []netip.AddrPort{}
	for _, lease := range w.registry.Leases(time.Since(w.start)) {
		at = append(at, lease.At)
	}
	slices.SortFunc(at, netip.AddrPort.Compare)
	return at
}

// living returns where nodes are that have not been told to go.
func (w *town) living() []netip.AddrPort {
	at := []netip.AddrPort{}
	for _, n := range w.nodes {
		if n.fate == stays {
			at = append(at, n.at)
		}
	}
	slices.SortFunc(at, netip.AddrPort.Compare)
	return at
}

// judge holds a result against the files that were placed: S1, S2, S10, and exactness where nothing went wrong.
func (w *town) judge(name string, r client.Result, got []byte, exact bool) {
	w.Helper()
	copies := []*goods{}
	for _, n := range w.nodes {
		if g, has := n.files[name]; has && (!exact || n.fate == stays) {
			copies = append(copies, g)
		}
	}
	switch r.Outcome {
	case client.Fetched:
		if !slices.ContainsFunc(copies, func(g *goods) bool { return g.hash == r.Hash && bytes.Equal(g.bytes, got) }) {
			w.Errorf("S1: %q came with %d bytes that no node has", name, len(got))
		}
	case client.NobodyHad:
		for _, tried := range r.Tried {
			if tried.Code != protocol.NotFound {
				w.Errorf("S2: %q is called not found, but %s said %s", name, tried.Node, tried.Code)
			}
		}
	}
	if exact && (r.Outcome == client.Fetched) != (len(copies) > 0) {
		w.Errorf("L3: %q has %d live copies, and the outcome is %d: %v", name, len(copies), r.Outcome, r.Tried)
	}
	for _, tried := range r.Tried {
		if tried.Code == 0 && !tried.Had {
			w.Errorf("S10: %s is said neither to have helped nor why not", tried.Node)
		}
	}
}
