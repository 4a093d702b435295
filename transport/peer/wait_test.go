package peer_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// hesitant is a share that may have more than it has told until it is released, and that hashes a file for a while.
type hesitant struct {
	*fsshare.Share
	released <-chan struct{} // nil: at once
	later    <-chan struct{} // names are only seen then; nil: at once

	mu     sync.Mutex
	hashes map[string]int // how many requests find a file that is still being hashed; a visit makes two
}

func (h *hesitant) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	h.mu.Lock()
	h.hashes[name]--
	hashes := h.hashes[name] >= 0
	h.mu.Unlock()
	if hashes {
		return nil, &protocol.Error{Code: protocol.Indexing, Text: "hashing"}
	}
	return h.Share.Open(ctx, name, hash, hashing)
}

// Follow holds back the extent until it is released.
func (h *hesitant) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	until(ctx, h.later)
	var one sync.Mutex // calls come one at a time
	var last roles.Extent
	released := false
	go func() {
		until(ctx, h.released)
		one.Lock()
		defer one.Unlock()
		if released = true; ctx.Err() == nil {
			extent(last)
		}
	}()
	return h.Share.Follow(ctx, func(e protocol.Entry) {
		one.Lock()
		defer one.Unlock()
		change(e)
	}, func(e roles.Extent) {
		one.Lock()
		defer one.Unlock()
		if last = e; released {
			extent(e)
		}
	})
}

func until(ctx context.Context, c <-chan struct{}) {
	if c == nil {
		return
	}
	select {
	case <-c:
	case <-ctx.Done():
	}
}

// waiters runs a test in a bubble, where time is virtual, with a relay and a node for each share.
func waiters(t *testing.T, test func(t *testing.T, c *peer.Client), shares ...func(*testing.T) transport.Share) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		relay := startRelay(t, network, &peer.Relay{})
		for _, share := range shares {
			startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t)})
		}
		time.Sleep(3 * time.Second) // what is published is there
		test(t, &peer.Client{Network: network, Relay: relay})
	})
}

// after returns a channel that is closed after some time.
func after(d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(d, func() { close(c) })
	return c
}

func hesitating(files fstest.MapFS, hashes map[string]int, released, later func() <-chan struct{}) func(*testing.T) transport.Share {
	return func(t *testing.T) transport.Share {
		h := &hesitant{Share: share(t, files), hashes: map[string]int{}}
		for name, n := range hashes {
			h.hashes[name] = n
		}
		if released != nil {
			h.released = released()
		}
		if later != nil {
			h.later = later()
		}
		return h
	}
}

func in(d time.Duration) func() <-chan struct{} { return func() <-chan struct{} { return after(d) } }

// TestAFetchOfManyWaitsForAFileThatIsHashed: the others come first, each file is reported once, and what is waited for is
// said.
func TestAFetchOfManyWaitsForAFileThatIsHashed(t *testing.T) {
	waiters(t, func(t *testing.T, c *peer.Client) {
		if _, r := into(t, c, peer.AllRequest{Args: []string{"now", "late"}}); !errors.Is(r.Err(), peer.ErrTooEarly) {
			t.Errorf("without waiting: %v", r.Err())
		}
		var why []peer.Awaited
		c.Wait, c.Waiting = time.Minute, func(a peer.Awaited) { why = append(why, a) }
		reported := map[string]int{}
		request := peer.AllRequest{Args: []string{"now", "late"}, Report: func(outcome roles.Outcome) {
			if file, is := outcome.(client.Gathered); is {
				reported[file.Names[0]+" "+protocol.Printable(errText(peer.Result{Result: file.Result}.Err()), 80)]++
			}
		}}
		since := time.Now()
		folder, r := into(t, c, request)
		if lies(t, folder, "now", "1", "late", "2"); r.Err() != nil || len(r.Files) != 2 || len(r.Chosen.Picks) != 2 {
			t.Errorf("%v, %+v", r.Err(), r)
		}
		if len(why) == 0 || len(why[0].Indexing) != 1 || why[0].Publishing > 0 || why[0].Young > 0 || why[0].Left != time.Minute {
			t.Errorf("it waited for %+v", why)
		}
		if len(reported) != 2 || reported["now "] != 1 || reported["late "] != 1 {
			t.Errorf("it reported %v", reported)
		}
		if took := time.Since(since); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	}, hesitating(tree("now", "1", "late", "2"), map[string]int{"late": 8}, nil, nil))
}

func hashOf(text string) protocol.Hash {
	hash, _ := content.Build([]protocol.Hash{content.ChainingValue(0, []byte(text), true)})
	return hash
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestANameThatANodeHasIsNotWaitedFor: whatever others are still publishing.
func TestANameThatANodeHasIsNotWaitedFor(t *testing.T) {
	silent := func(t *testing.T) transport.Share { return unlisted{share(t, tree("x", "1"))} }
	waiters(t, func(t *testing.T, c *peer.Client) {
		c.Wait, c.Waiting = time.Minute, func(a peer.Awaited) { t.Errorf("it waits for %+v", a) }
		folder, r := into(t, c, peer.AllRequest{Args: []string{"x", "y"}})
		if lies(t, folder, "x", "1", "y", "2"); r.Err() != nil {
			t.Error(r.Err())
		}
	}, silent, hesitating(tree("y", "2"), nil, in(time.Hour), nil))
}

// TestWaitingEnds: with what is awaited, and at the latest when the time is over.
func TestWaitingEnds(t *testing.T) {
	for name, x := range map[string]struct {
		args     string
		released time.Duration // the node has published all
		later    time.Duration // and has told its names
		wait     time.Duration
		texts    []string
		err      error
		least    time.Duration
		most     time.Duration
	}{
		"the folder is published":             {"d", 20 * time.Second, 10 * time.Second, time.Minute, []string{"d/a", "A", "d/b", "B"}, nil, 15 * time.Second, 30 * time.Second},
		"the pattern is published":            {"d/**", 20 * time.Second, 10 * time.Second, time.Minute, []string{"d/a", "A", "d/b", "B"}, nil, 15 * time.Second, 30 * time.Second},
		"what is there comes, and it is late": {"**", time.Hour, time.Nanosecond, time.Minute, []string{"d/a", "A", "d/b", "B"}, peer.ErrTooEarly, time.Minute, 61 * time.Second},
		"nothing comes, and it is late":       {"e*", time.Hour, time.Nanosecond, 10 * time.Second, nil, peer.ErrTooEarly, 10 * time.Second, 11 * time.Second},
		"a name that nobody has, and late":    {"e", time.Hour, time.Nanosecond, 10 * time.Second, nil, peer.ErrTooEarly, 10 * time.Second, 11 * time.Second},
		"nobody publishes any more":           {"e*", 8 * time.Second, time.Nanosecond, time.Minute, nil, peer.ErrNotFound, 4 * time.Second, 10 * time.Second},
		"one name, of a folder, and late":     {"d/", time.Hour, time.Hour, 10 * time.Second, nil, peer.ErrTooEarly, 10 * time.Second, 11 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			waiters(t, func(t *testing.T, c *peer.Client) {
				left := x.wait
				c.Wait, c.Waiting = x.wait, func(a peer.Awaited) {
					if a.Left > left || a.Left <= 0 || a.Publishing != 1 {
						t.Errorf("%+v with %v left before", a, left)
					}
					left = a.Left
				}
				since := time.Now()
				folder, r := into(t, c, peer.AllRequest{Args: strings.Fields(x.args)})
				if lies(t, folder, x.texts...); x.err == nil && r.Err() != nil || !errors.Is(r.Err(), x.err) {
					t.Errorf("%v instead of %v", r.Err(), x.err)
				}
				if took := time.Since(since); took < x.least || took > x.most {
					t.Errorf("it took %v", took)
				}
			}, hesitating(tree("d/a", "A", "d/b", "B"), nil, in(x.released), in(x.later)))
		})
	}
}

// within gets what arguments stand for into a new folder.
func within(t *testing.T, ctx context.Context, c *peer.Client, args ...string) error {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return c.FetchAll(ctx, peer.AllRequest{Args: args}, root).Err()
}

// TestEachCallWaits for no longer than it may, and ends when its context is done.
func TestEachCallWaits(t *testing.T) {
	calls := map[string]func(ctx context.Context, c *peer.Client) error{
		"Names": func(ctx context.Context, c *peer.Client) error {
			names, err := c.Names(ctx, "", false)
			if err != nil {
				return err
			}
			return errors.Join(names.Covers.Err(), names.Close())
		},
		"ListCovered": func(ctx context.Context, c *peer.Client) error {
			_, covers, err := c.ListCovered(ctx, "", false)
			return errors.Join(err, covers.Err())
		},
		"Matches": func(ctx context.Context, c *peer.Client) error {
			names, found, err := c.Matches(ctx, []string{"d", "e*"})
			if err != nil {
				return err
			}
			return errors.Join(found[0].Covers.Err(), names.Close())
		},
		"FetchAll of a name": func(ctx context.Context, c *peer.Client) error {
			return within(t, ctx, c, "later", "d/a")
		},
		"FetchAll of a pattern": func(ctx context.Context, c *peer.Client) error {
			return within(t, ctx, c, "d/*")
		},
		"Fetch": func(ctx context.Context, c *peer.Client) error {
			return c.Fetch(ctx, peer.Request{Name: "late"}, &strings.Builder{}).Err()
		},
		"by its hash": func(ctx context.Context, c *peer.Client) error {
			return c.Fetch(ctx, peer.Request{Name: "late", Hash: hashOf("L")}, &strings.Builder{}).Err()
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			waiters(t, func(t *testing.T, c *peer.Client) {
				c.Wait = 10 * time.Second
				since := time.Now()
				if err, took := call(t.Context(), c), time.Since(since); !errors.Is(err, peer.ErrTooEarly) || took < c.Wait || took > c.Wait+time.Second {
					t.Errorf("%v after %v", err, took)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				since = time.Now()
				if err := call(ctx, c); !errors.Is(err, peer.ErrInterrupted) || time.Since(since) > 4*time.Second {
					t.Errorf("it went on for %v: %v", time.Since(since), err)
				}
				c.Wait = 2 * time.Minute
				if err := call(t.Context(), c); err != nil {
					t.Error(err)
				}
			}, hesitating(tree("d/a", "A", "late", "L", "later", "M"), map[string]int{"late": 40, "later": 240}, in(time.Minute), nil))
		})
	}
}
