package store_test

import (
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// receive returns a new sink.
func receive(t testing.TB, store transport.Store) transport.Sink {
	t.Helper()
	sink, err := store.Receive(0, 0, protocol.Attributes{})
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// Many links bring everything at once, each group as often as there are links.
func TestManyLinksAtOnce(t *testing.T) {
	x := disktest.NewText(5*protocol.GroupSize+77, 1)
	for seed := range uint64(20) {
		folder := t.TempDir()
		part := store.NewPart(disktest.OpenRoot(t, folder), "file")
		x.Open(t, part)
		var links sync.WaitGroup
		for link := range uint64(6) {
			links.Go(func() {
				sink := receive(t, part)
				for _, number := range rand.New(rand.NewPCG(seed, link)).Perm(len(x.Values)) {
					if err := x.Put(sink, uint64(number)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		links.Wait()
		if err := part.Commit(t.Context()); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		disktest.Holds(t, filepath.Join(folder, "file"), x.Data)
	}
}

// A link that has not noticed that the part is kept can't change it any more, and is told.
func TestWhatComesAfterTheEndIsRefused(t *testing.T) {
	x := disktest.NewText(threeAndABit, 1)
	folder := t.TempDir()
	part := store.NewPart(disktest.OpenRoot(t, folder), "file")
	x.Open(t, part)
	x.MustBring(t, part, 0, 1, 2)
	late := receive(t, part)
	part.Close()
	if err := x.Put(late, 3); err == nil {
		t.Error("it was taken in")
	}
	part = store.NewPart(disktest.OpenRoot(t, folder), "file")
	if has, _ := x.Open(t, part); has.Count() != 3 {
		t.Errorf("has %v", has)
	}
	part.Discard()
}
