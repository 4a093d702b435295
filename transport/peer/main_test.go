package peer_test

import (
	"context"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// both runs a test over real sockets and in memory, and over TLS.
func both(t *testing.T, test func(t *testing.T, network transport.Network)) {
	t.Run("TCP", func(t *testing.T) { test(t, transport.TCP{}) })
	t.Run("TLS", func(t *testing.T) { test(t, &transport.TLS{}) })
	t.Run("memory", func(t *testing.T) { test(t, transport.NewMemory()) })
}

// background runs something until the test ends or the returned function is called, which returns
// its error. Calling it again returns that again.
func background(t *testing.T, run func(ctx context.Context) error) (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	var err error
	go func() {
		defer close(over)
		err = run(ctx)
	}()
	end = func() error {
		cancel()
		<-over
		return err
	}
	t.Cleanup(func() { end() })
	return end
}

// startRelay serves a relay until the test ends, and returns where.
func startRelay(t *testing.T, network transport.Network, r *peer.Relay) string {
	t.Helper()
	listener, err := network.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if r.Network == nil { // a relay may have several listeners
		r.Network = network
	}
	end := background(t, func(ctx context.Context) error { return r.Serve(ctx, listener) })
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Errorf("the relay: %v", err)
		}
	})
	return listener.Addr().String()
}

// another returns a network for another peer: over TLS, with a key of its own.
func another(network transport.Network) transport.Network {
	if over, is := network.(*transport.TLS); is {
		return &transport.TLS{Network: over.Network}
	}
	return network
}

// startNode runs a node until the test ends or the returned function is called, once it is listed.
func startNode(t *testing.T, n *peer.Node) (end func() error) {
	t.Helper()
	n.Network = another(n.Network)
	end = background(t, n.Run)
	ready(t, n)
	return end
}

func ready(t *testing.T, n *peer.Node) peer.Listing {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	listing, err := n.Ready(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return listing
}

// pause is the time between two looks at the same: looking without one takes the processor.
const pause = 5 * time.Millisecond

// eventually asks again until it is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !is(); {
		if time.Now().After(limit) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		time.Sleep(pause)
	}
}

func share(t *testing.T, fsys fs.FS) *fsshare.Share {
	s := fsshare.New(fsys, fsshare.Options{})
	t.Cleanup(func() { s.Close() })
	return s
}

func tree(texts ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(texts); i += 2 {
		files[texts[i]] = &fstest.MapFile{Data: []byte(texts[i+1])}
	}
	return files
}

// unlisted is a share that cannot tell what it has.
type unlisted struct{ transport.Share }

// fetch gets a small file.
func fetch(network transport.Network, relay, name string) (peer.Result, string) {
	var text strings.Builder
	c := peer.Client{Network: network, Relay: relay, Sources: 1}
	return c.Fetch(context.Background(), peer.Request{Name: name}, &text), text.String()
}

// journal is a log that can be looked at.
type journal struct {
	mu    sync.Mutex
	lines []string
	whole strings.Builder
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, string(b))
	return j.whole.Write(b)
}

func (j *journal) logger(level hclog.Level) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Name: "test", Level: level, Output: io.Writer(j), DisableTime: true})
}

// count returns how many lines have all of these parts.
func (j *journal) count(parts ...string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, line := range j.lines {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			n++
		}
	}
	return n
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.whole.String()
}

// connected returns a client of a relay at which a node is listed for each of these shares, all of it published.
func connected(t *testing.T, network transport.Network, shares ...fs.FS) *peer.Client {
	t.Helper()
	relay := startRelay(t, network, &peer.Relay{})
	for _, files := range shares {
		share := fsshare.New(files, fsshare.Options{})
		node := &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share}
		end := background(t, node.Run)
		t.Cleanup(func() {
			end()
			share.Close()
		})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if _, err := node.Ready(ctx); err != nil {
			t.Fatal(err)
		}
	}
	c := &peer.Client{Network: network, Relay: relay}
	awaitPublished(t, c, len(shares))
	return c
}

// awaitPublished waits until no node counts as one that may have more than it has published.
func awaitPublished(t *testing.T, c *peer.Client, nodes int) {
	t.Helper()
	for over := time.Now().Add(patience); time.Now().Before(over); time.Sleep(pause) {
		may := 0
		for range c.Who(t.Context(), peer.Request{Name: "no such file"}) {
			may++
		}
		if may == 0 {
			return
		}
	}
	t.Fatalf("%d nodes did not publish all", nodes)
}
