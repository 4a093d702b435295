package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

func TestAStreamPrintsVerifiedGroupsInOrder(t *testing.T) {
	x, y := disktest.NewText(threeAndABit, 1), disktest.NewText(threeAndABit, 2)
	var printed bytes.Buffer
	stream := store.NewStream(&printed)
	y.Open(t, stream)
	x.Open(t, stream) // nothing has been printed
	x.MustBring(t, stream, 0, 1, 1, 0)
	if _, _, err := stream.Open(t.Context(), roles.OpenStore{Hash: y.Hash, Size: threeAndABit}, nil); err == nil {
		t.Error("two contents in one stream")
	}
	if has, other := x.Open(t, stream); has.Count() != 2 || other {
		t.Errorf("opened again it has %v", has)
	}
	x.MustBring(t, stream, 2, 3)
	if err := errors.Join(stream.Flush(t.Context()), stream.Close()); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(printed.Bytes(), x.Data) {
		t.Errorf("%d bytes were printed", printed.Len())
	}
}

// A group that has come already costs nothing when it comes again, from another node.
func TestAStreamTakesAGroupOnce(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	x := disktest.NewText(threeAndABit, 1)
	synctest.Test(t, func(t *testing.T) {
		stream := store.NewStream(io.Discard)
		defer stream.Close()
		x.Open(t, stream)
		begin := time.Now()
		x.MustBring(t, stream, 0, 1, 1, 0)
		if took := time.Since(begin); took > 0 || stream.SpillFile() != nil {
			t.Errorf("bringing took %v", took)
		}
		x.MustBring(t, stream, 3)
		begin = time.Now()
		x.MustBring(t, stream, 3)
		if took := time.Since(begin); took > 0 {
			t.Errorf("bringing what waits again took %v", took)
		}
	})
}

// A group that comes before its turn waits for it, not for long with the link.
func TestAStreamSortsGroups(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	x, y := disktest.NewText(threeAndABit, 1), disktest.NewText(threeAndABit, 2)
	synctest.Test(t, func(t *testing.T) {
		var printed bytes.Buffer
		stream := store.NewStream(&printed)
		y.Open(t, stream)
		y.MustBring(t, stream, 3)
		if has, other := x.Open(t, stream); has.Count() != 0 || other {
			t.Errorf("of another content it has %v", has)
		}
		begin := time.Now()
		x.MustBring(t, stream, 3, 1, 3)
		if took := time.Since(begin); took < 2*time.Second || took > 8*time.Second {
			t.Errorf("bringing took %v", took)
		}
		if has, _ := x.Open(t, stream); has.Count() != 2 || !has.Has(1) || !has.Has(3) {
			t.Errorf("opened again it has %v", has)
		}
		waits := make(chan error)
		go func() { waits <- x.Bring(stream, 2) }() // whose turn comes before it is put away
		synctest.Wait()
		x.MustBring(t, stream, 0)
		if err := errors.Join(<-waits, stream.Flush(t.Context()), stream.Close(), stream.Close()); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(printed.Bytes(), x.Data) {
			t.Errorf("%d bytes were printed", printed.Len())
		}
	})
}

func TestAStreamThatBreaksStaysBroken(t *testing.T) {
	x := disktest.NewText(threeAndABit, 1)
	reader, writer := io.Pipe()
	nobody := errors.New("nobody reads")
	reader.CloseWithError(nobody)
	stream := store.NewStream(writer)
	defer stream.Close()
	x.Open(t, stream)
	x.MustBring(t, stream, 0)
	if err := stream.Flush(t.Context()); !errors.Is(err, nobody) {
		t.Errorf("%v", err)
	}
	if err := x.Bring(stream, 1); !errors.Is(err, nobody) {
		t.Errorf("%v", err)
	}
}

// A reader that is slow sets the pace; one that has stopped does not stop what comes, and reads all of it in the end.
func TestAReaderThatStopsHoldsNothingUpForLong(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	x := disktest.NewText(20*protocol.GroupSize, 1)
	for name, test := range map[string]struct {
		pause time.Duration // of the reader before each group
		first time.Duration // and before the first
		least time.Duration // that bringing takes
		most  time.Duration
	}{
		"quick":   {0, 0, 0, 0},
		"slow":    {time.Second, 0, 14 * time.Second, 16 * time.Second},
		"stopped": {0, time.Hour, 40 * time.Second, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reader, writer := io.Pipe()
				stream := store.NewStream(writer)
				x.Open(t, stream)
				var got bytes.Buffer
				read := make(chan struct{})
				go func() {
					defer close(read)
					time.Sleep(test.first)
					for n := int64(1); n > 0; time.Sleep(test.pause) {
						n, _ = io.CopyN(&got, reader, protocol.GroupSize)
					}
				}()
				begin := time.Now()
				for number := range x.Groups() {
					x.MustBring(t, stream, number)
				}
				if took := time.Since(begin); took < test.least || took > test.most {
					t.Errorf("bringing took %v", took)
				}
				disktest.Leaves(t, os.TempDir())
				if err := stream.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				writer.Close()
				<-read
				if !bytes.Equal(got.Bytes(), x.Data) {
					t.Errorf("%d bytes were read", got.Len())
				}
				if err := stream.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Neither what comes nor a Flush waits for a reader once nobody waits for them.
func TestAStreamEndsWithItsContext(t *testing.T) {
	x := disktest.NewText(20*protocol.GroupSize, 1)
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		stream := store.NewStream(writer)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := stream.Open(ctx, roles.OpenStore{Hash: x.Hash, Size: uint64(len(x.Data))}, nil); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		var err error
		for number := uint64(0); err == nil; number++ {
			err = x.Bring(stream, number)
		}
		if !errors.Is(err, context.Canceled) || !errors.Is(stream.Flush(ctx), context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("it took %v", took)
		}
		reader.Close()
		stream.Close()
	})
}
