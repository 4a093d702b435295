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

// cluster is a relay, nodes and clients that really run: the loops and servers of package transport
// with all their goroutines, over any network, on any clock.
type cluster struct {
	failer
	network transport.Network
	plant   plant
	policy  relay.Policy
	start   time.Time
	relayAt string

	mu       sync.Mutex
	registry *relay.Registry
	ends     map[transport.End]int

	relay process
	nodes []*nodeProcess
}

// process is a relay or a node that can be ended gracefully or at once.
type process struct {
	kill context.CancelFunc // at once
	stop func()             // gracefully
	gone sync.WaitGroup
}

// nodeProcess is a process that runs a node.
type nodeProcess struct {
	process
	files share
	quiet bool // it does not publish its index
	at    netip.AddrPort
	fate  fate
}

func newCluster(t failer, network transport.Network, policy relay.Policy, plant plant) *cluster {
	c := &cluster{failer: t, network: plant.network(network), plant: plant, policy: policy, start: time.Now(), ends: map[transport.End]int{}}
	c.openRelay("127.0.0.1:0")
	return c
}

func (c *cluster) loop() *transport.Loop {
	return &transport.Loop{Network: c.network, Start: c.start, Trace: func(e transport.Event) {
		if e.What == transport.Closed {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.ends[e.End]++
		}
	}}
}

// openRelay starts a relay without leases.
func (c *cluster) openRelay(address string) {
	c.mu.Lock()
	c.registry = relay.NewRegistry(c.policy)
	directory := c.plant.directory(c.registry)
	c.mu.Unlock()
	sessions := roles.NewPool(func() *relay.Session { return relay.NewSession(directory) })
	at := c.serve(&c.relay, address, &transport.Server{
		Loop: c.loop(), New: sessions.Take, Free: sessions.Return,
	})
	if c.relayAt == "" { // a later relay has the same address, and goroutines read this
		c.relayAt = at.String()
	}
}

// serve runs a server as a part of a process.
func (c *cluster) serve(p *process, address string, server *transport.Server) netip.AddrPort {
	listener, err := c.network.Listen(context.Background(), address)
	if err != nil {
		c.Fatalf("listen: %v", err)
	}
	server.Listener = listener
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	p.gone.Go(func() {
		if err := server.Serve(ctx); err != nil {
			c.Errorf("serve: %v", err)
		}
	})
	return listener.Addr()
}

// join starts a node, with or without an index, and waits until it is listed.
func (c *cluster) join(files share, publishes bool) *nodeProcess {
	n := &nodeProcess{files: files, quiet: !publishes}
	loop := c.loop()
	loop.Share = files
	uploads := roles.NewPool(node.NewUpload)
	n.at = c.serve(&n.process, "127.0.0.1:0", &transport.Server{Loop: loop, New: uploads.Take, Free: uploads.Return})
	stopServing := n.stop
	hard, kill := context.WithCancel(context.Background())
	stop, listed := make(chan struct{}), make(chan struct{})
	once, told := sync.OnceFunc(func() { close(stop) }), sync.OnceFunc(func() { close(listed) })
	n.stop = func() { once(); stopServing() }
	n.kill = func() { kill(); stopServing() }
	config := node.Config{Relay: c.relayAt, ID: protocol.NodeID{1, byte(len(c.nodes))}, Epoch: 1, Port: n.at.Port()}
	if publishes {
		config.Catalog = node.NewCatalog(uint64(len(c.nodes) + 1))
		for name, f := range files {
			config.Catalog.Set(name, uint64(len(f.bytes)), f.hash)
		}
		config.Catalog.Complete(true)
	}
	member := c.loop()
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
	c.nodes = append(c.nodes, n)
	return n
}

// fetch fetches a file from up to so many sources at once.
func (c *cluster) fetch(stop <-chan struct{}, name string, sources int) (client.Result, []byte) {
	store := &memoryStore{}
	loop := c.loop()
	loop.Store = store
	fetch := client.NewFetch(client.Request{Relay: c.relayAt, Name: name, Sources: sources})
	loop.Run(context.Background(), stop, fetch)
	return fetch.Result(), store.fetched()
}

// close stops everything gracefully and waits for the end.
func (c *cluster) close() {
	for _, n := range c.nodes {
		n.stop()
	}
	for _, n := range c.nodes {
		n.gone.Wait()
		n.kill()
	}
	c.relay.stop()
	c.relay.gone.Wait()
}

// listed returns the addresses of the nodes that the registry lists.
func (c *cluster) listed() []netip.AddrPort {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := []netip.AddrPort{}
	for _, lease := range c.registry.Leases(time.Since(c.start)) {
		at = append(at, lease.At)
	}
	slices.SortFunc(at, netip.AddrPort.Compare)
	return at
}

// living returns the addresses of the nodes that have not been ended.
func (c *cluster) living() []netip.AddrPort {
	at := []netip.AddrPort{}
	for _, n := range c.nodes {
		if n.fate == stays {
			at = append(at, n.at)
		}
	}
	slices.SortFunc(at, netip.AddrPort.Compare)
	return at
}

// judge checks a result against the files of the nodes: S1, S2, S10, and L3 if nothing went wrong.
func (c *cluster) judge(name string, r client.Result, got []byte, exact bool) {
	c.Helper()
	copies := []*file{}
	for _, n := range c.nodes {
		if f, has := n.files[name]; has && (!exact || n.fate == stays) {
			copies = append(copies, f)
		}
	}
	switch r.Outcome {
	case client.Fetched:
		if !slices.ContainsFunc(copies, func(f *file) bool { return f.hash == r.Hash && bytes.Equal(f.bytes, got) }) {
			c.Errorf("S1: %q came with %d bytes that no node has", name, len(got))
		}
	case client.NobodyHad:
		for _, tried := range r.Tried {
			if tried.Code != protocol.NotFound {
				c.Errorf("S2: %q is called not found, but %s said %s", name, tried.Node, tried.Code)
			}
		}
	}
	if exact && (r.Outcome == client.Fetched) != (len(copies) > 0) {
		c.Errorf("L3: %q has %d live copies, and the outcome is %d: %v", name, len(copies), r.Outcome, r.Tried)
	}
	for _, tried := range r.Tried {
		if tried.Code == 0 && !tried.Had {
			c.Errorf("S10: %s is said neither to have helped nor why not", tried.Node)
		}
	}
}
