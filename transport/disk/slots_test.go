package disk_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// receive returns a new sink.
func receive(t testing.TB, store transport.Store) transport.Sink {
	t.Helper()
	sink, err := store.Receive(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

// While one link writes a group unverified, another brings it verified: the first one's failure must not cost it.
func TestWhatIsVerifiedIsNotSpoiledByASlowerLink(t *testing.T) {
	x := newText(threeAndABit, 1)
	folder := t.TempDir()
	part := disk.NewPart(openRoot(t, folder), "file")
	x.open(t, part)
	late, early := receive(t, part), receive(t, part)
	file := late.File(1)
	file.Write(x.group(0)) // not what belongs there
	if early.File(1) != nil {
		t.Fatal("two may write to one place at once")
	}
	if err := early.Verified(1, x.values[1], x.group(1)); err != nil {
		t.Fatal(err)
	}
	x.mustBring(t, part, 0, 2, 3)
	if err := part.Keep(); err == nil {
		t.Error("kept, although somebody is still writing there")
	}
	if err := errors.Join(late.Close(), early.Close(), part.Keep()); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Join(folder, "file"), x.data)
}

// Whoever comes first with a group wins, and the other's is as good.
func TestOneGroupFromTwoLinks(t *testing.T) {
	x := newText(threeAndABit, 1)
	folder := t.TempDir()
	part := disk.NewPart(openRoot(t, folder), "file")
	x.open(t, part)
	first, second := receive(t, part), receive(t, part)
	first.File(0).Write(x.group(0))
	second.File(3).Write(x.group(3))
	if err := errors.Join(
		second.Verified(0, x.values[0], x.group(0)), // by way of memory
		first.Verified(0, x.values[0], nil),
		second.Verified(3, x.values[3], nil),
		first.Verified(3, x.values[3], x.group(3)), // it is there
		first.Close(), second.Close(),
	); err != nil {
		t.Fatal(err)
	}
	x.mustBring(t, part, 1, 2)
	if err := part.Keep(); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Join(folder, "file"), x.data)
}

// Many links bring everything at once, some of it wrong, some of it never whole.
func TestManyLinksAtOnce(t *testing.T) {
	x := newText(5*protocol.GroupSize+77, 1)
	for seed := range uint64(20) {
		folder := t.TempDir()
		part := disk.NewPart(openRoot(t, folder), "file")
		x.open(t, part)
		var links sync.WaitGroup
		for link := range uint64(6) {
			links.Go(func() { x.bringSome(t, part, rand.New(rand.NewPCG(seed, link)), link == 0) })
		}
		links.Wait()
		if err := part.Keep(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		holds(t, filepath.Join(folder, "file"), x.data)
	}
}

// bringSome brings the groups in some order, those of a link that is no good partly wrong or not whole.
func (x text) bringSome(t *testing.T, part *disk.Part, random *rand.Rand, good bool) {
	for _, at := range random.Perm(len(x.values)) {
		number := uint64(at)
		sink, err := part.Receive(0, number*protocol.GroupSize)
		if err != nil {
			t.Error(err)
			return
		}
		data, file := x.group(number), sink.File(number)
		right := good || random.IntN(2) == 0
		switch {
		case file != nil && right:
			file.Write(data)
			err = sink.Verified(number, x.values[number], nil)
		case file != nil:
			file.Write(x.group(0)[:random.IntN(len(data))])
		case right:
			err = sink.Verified(number, x.values[number], data)
		}
		if err := errors.Join(err, sink.Close()); err != nil {
			t.Error(err)
		}
	}
}
