package peer_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func textShare(t *testing.T, files map[string]string) *fsshare.Share {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	share := fsshare.New(fsys, fsshare.Options{})
	t.Cleanup(func() { share.Close() })
	return share
}

// checked is a share that notes what is called wrong.
type checked struct {
	transport.Lister
	calls []roles.CheckFile
}

func (c *checked) Check(e roles.CheckFile) { c.calls = append(c.calls, e) }

// What a client calls wrong may be any share's.
func TestWhatIsCalledWrongIsLookedForInEachShare(t *testing.T) {
	a, b, wrong := &checked{}, &checked{}, roles.CheckFile{Hash: protocol.Hash{1}, First: 2, Count: 3}
	peer.Shares{"a/": a, "b/": b, "c/": textShare(t, nil)}.Check(wrong)
	for _, one := range []*checked{a, b} {
		if len(one.calls) != 1 || one.calls[0] != wrong {
			t.Errorf("%+v", one.calls)
		}
	}
}

// Several shares are one: each under a name of its own, and all by content.
func TestSeveralSharesAreOne(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(strings.Repeat("l", 254)+"/", 4)[:1020]
	shares := peer.Shares{
		"a/": textShare(t, map[string]string{"x": "ax", "sub/y": "ay"}), "b/": textShare(t, map[string]string{"x": "bx", "a": "ba"}),
		"longer/": textShare(t, map[string]string{long: "long"}), "c": textShare(t, map[string]string{"c": "cc"}),
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	names, complete := map[string]protocol.Hash{}, make(chan struct{})
	once := sync.OnceFunc(func() { close(complete) })
	extent := roles.ExtentPart
	reached := func() {
		if len(names) == 5 && extent != roles.ExtentPart && !slices.Contains(slices.Collect(maps.Values(names)), protocol.Hash{}) {
			once()
		}
	}
	var following sync.WaitGroup
	following.Go(func() {
		change := func(e protocol.Entry) { names[e.Name] = e.Hash; reached() }
		if err := shares.Follow(ctx, change, func(to roles.Extent) { extent = to; reached() }); err != nil {
			t.Error(err)
		}
	})
	<-complete
	cancel()
	following.Wait()
	want := []string{"a/sub/y", "a/x", "b/a", "b/x", "c"}
	if got := slices.Sorted(maps.Keys(names)); !slices.Equal(got, want) {
		t.Errorf("told: %q", got)
	}
	for name, hash := range names {
		for _, asked := range []string{name, ""} {
			file, refusal := shares.Open(t.Context(), asked, hash, func(uint64, uint64) {})
			if refusal != nil || file.Hash() != hash {
				t.Fatalf("%q: %v", asked, refusal)
			}
			file.Close()
		}
	}
	for _, name := range []string{"x", "a", "b", "c/c", "d/x", "a/a", "c/", "a/"} {
		if _, refusal := shares.Open(t.Context(), name, protocol.Hash{}, func(uint64, uint64) {}); refusal == nil {
			t.Errorf("%q is shared", name)
		}
	}
	if _, refusal := shares.Open(t.Context(), "", names["x"], nil); refusal == nil || refusal.Code != protocol.NotFound {
		t.Errorf("a content that is nowhere: %v", refusal)
	}
}

// When one of them ends, all are not known any more.
func TestSeveralSharesEndWithTheFirst(t *testing.T) {
	t.Parallel()
	first := textShare(t, map[string]string{"x": "x"})
	shares := peer.Shares{"a/": first, "b/": textShare(t, nil)}
	ended := make(chan error, 1)
	go func() { ended <- shares.Follow(t.Context(), func(protocol.Entry) {}, func(roles.Extent) {}) }()
	first.Close()
	if err := <-ended; err == nil {
		t.Error("it ends without a reason")
	}
}
