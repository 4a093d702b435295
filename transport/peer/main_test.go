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

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// both runs a test over real sockets and in memory.
func both(t *testing.T, test func(t *testing.T, network transport.Network)) {
	t.Run("TCP", func(t *testing.T) { test(t, transport.TCP{}) })
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
	end := background(t, func(ctx context.Context) error { return r.Serve(ctx, listener) })
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Errorf("the relay: %v", err)
		}
	})
	return listener.Addr().String()
}

// startNode runs a node until the test ends or the returned function is called, once it is listed.
func startNode(t *testing.T, n *peer.Node) (end func() error) {
	t.Helper()
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

// eventually asks again until it is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !is(); {
		if time.Now().After(limit) {
			t.Fatalf("not within %v: %s", patience, what)
		}
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

// heap is a store in memory.
type heap struct {
	strings.Builder
}

func (*heap) Open(context.Context, roles.OpenStore, func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, nil
}

func (*heap) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

func (*heap) Commit(context.Context, ...roles.Placement) error { return nil }

func (*heap) Release(int) {}

func (h *heap) Receive(int, uint64) (transport.Sink, error) {
	return func(_ uint64, _ protocol.Hash, data []byte) error {
		_, err := h.Write(data)
		return err
	}, nil
}

// fetch gets a small file.
func fetch(network transport.Network, relay, name string) (client.Result, string) {
	var store heap
	machine := client.NewFetch(client.Request{Relay: relay, Name: name})
	loop := transport.Loop{Network: network, Store: &store}
	loop.Run(context.Background(), nil, machine)
	return machine.Result(), store.String()
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
