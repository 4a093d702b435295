package levels

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// failer is a testing.T or a rapid.T.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// cluster is a relay, nodes and clients that really run: those of package peer with all their
// goroutines, over any network, on any clock.
type cluster struct {
	failer
	network transport.Network
	plant   plant
	relayAt string

	mu       sync.Mutex
	start    time.Time // of the relay that runs
	registry *relay.Registry
	ends     map[transport.End]int

	relay process
	nodes []*nodeProcess
}

// process is a relay or a node that can be ended gracefully.
type process struct {
	stop context.CancelFunc
	gone sync.WaitGroup
}

// nodeProcess is a process that runs a node, and can be ended at once.
type nodeProcess struct {
	process
	plug  *plug
	files share
	quiet bool // it does not publish its index
	at    netip.AddrPort
	fate  fate
}

// kill ends the node at once: its peers hear no goodbye.
func (n *nodeProcess) kill() {
	n.plug.pull()
	n.stop()
}

func newCluster(t failer, network transport.Network, plant plant) *cluster {
	c := &cluster{failer: t, network: plant.network(network), plant: plant, ends: map[transport.End]int{}}
	c.openRelay("127.0.0.1:0")
	return c
}

func (c *cluster) trace(e transport.Event) {
	if e.What == transport.Closed {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ends[e.End]++
	}
}

// openRelay starts a relay without leases.
func (c *cluster) openRelay(address string) {
	listener, err := c.network.Listen(context.Background(), address)
	if err != nil {
		c.Fatalf("listen: %v", err)
	}
	c.mu.Lock()
	c.start, c.registry = time.Now(), relay.NewRegistry(relay.Policy{})
	relay := peer.Relay{Directory: c.plant.directory(c.registry), Trace: c.trace}
	c.mu.Unlock()
	ctx, stop := context.WithCancel(context.Background())
	c.relay.stop = stop
	c.relay.gone.Go(func() {
		if err := relay.Serve(ctx, listener); err != nil {
			c.Errorf("the relay: %v", err)
		}
	})
	if c.relayAt == "" { // a later relay has the same address, and goroutines read this
		c.relayAt = listener.Addr().String()
	}
}

// join starts a node, with or without an index, and waits until it is listed.
func (c *cluster) join(files share, publishes bool) *nodeProcess {
	n := &nodeProcess{plug: &plug{Network: c.network}, files: files, quiet: !publishes}
	run := peer.Node{
		Network: n.plug, Relay: c.relayAt, Listen: "127.0.0.1:0", ID: protocol.PeerID{1, byte(len(c.nodes))},
		Share: files, NoPublish: n.quiet, Trace: c.trace,
	}
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.gone.Go(func() {
		if err := run.Run(ctx); err != nil && !n.plug.isPulled() {
			c.Errorf("a node: %v", err)
		}
	})
	listing, err := run.Ready(ctx)
	if err != nil {
		c.Fatalf("join: %v", err)
	}
	n.at = listing.Listen
	c.nodes = append(c.nodes, n)
	return n
}

// fetch fetches a file from up to so many sources at once.
func (c *cluster) fetch(ctx context.Context, name string, sources int) (peer.Result, []byte) {
	store := &memoryStore{}
	who := peer.Client{Network: c.network, Relay: c.relayAt, Sources: sources, Trace: c.trace}
	return who.FetchInto(ctx, peer.Request{Name: name}, store), store.fetched()
}

// close stops everything gracefully and waits for the end.
func (c *cluster) close() {
	for _, n := range c.nodes {
		n.stop()
	}
	for _, n := range c.nodes {
		n.gone.Wait()
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
func (c *cluster) judge(name string, r peer.Result, got []byte, exact bool) {
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
