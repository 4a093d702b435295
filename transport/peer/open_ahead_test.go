package peer_test

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// tally is a peer.Cache that has nothing, and counts the groups that it is offered: those that are fetched.
type tally struct{ fetched atomic.Int64 }

func (*tally) Get(protocol.Hash, uint64, uint64, []byte) ([]byte, bool) { return nil, false }

func (c *tally) Put(protocol.Hash, uint64, uint64, protocol.Hash, []byte) { c.fetched.Add(1) }

// counted returns a client of a node with one file, "a", and the count of what is fetched. It is exact once the file is
// closed, or the bubble rests.
func counted(t *testing.T, network transport.Network, whole []byte) (*peer.Client, *atomic.Int64) {
	t.Helper()
	c, cache := connected(t, network, fstest.MapFS{"a": {Data: whole}}), &tally{}
	c.Cache = cache
	return c, &cache.fetched
}

// What is read by one call, or announced with Expect, is all that is fetched. Nothing else is on its way when the
// bubble rests.
func TestARangeFetchesOnlyItsGroups(t *testing.T) {
	const groups = 40
	whole := random(groups*group - 5)
	for name, test := range map[string]struct {
		read func(f *peer.File) (int64, error)
		want int64
	}{
		"one byte":                       {readsAt(7*group+5, 1), 1},
		"a call that reads three groups": {readsAt(7*group+5, 2*group), 3},
		"a call that reads many groups":  {readsAt(7*group, 20*group), 20},
		"to the end":                     {readsAt((groups-2)*group, 5*group), 2},
		"a seek":                         {copies(12*group, 0, 10), 1},
		"a range of two groups":          {copies(12*group+1, 14*group, 2*group-1), 2},
		"a range of many groups":         {copies(12*group+1, 31*group, 19*group-1), 19},
		"a range within a group":         {copies(12*group+1, 12*group+9, 8), 1},
		"beyond what was expected":       {copies(20*group+1, 12*group, 5), 1},
		"a group that is written":        {writes(12*group+1, 13*group-9, group-10), 1},
		"groups that are written":        {writes(12*group+1, 16*group, 4*group-9), 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, fetched := counted(t, transport.NewMemory(), whole)
				f := opened(t, c, "a")
				if _, err := test.read(f); err != nil && err != io.EOF {
					t.Error(err)
				}
				synctest.Wait()
				if got := fetched.Load(); got != test.want {
					t.Errorf("%d groups were fetched, not %d", got, test.want)
				}
				f.Close()
			})
		})
	}
}

func readsAt(offset, size int) func(f *peer.File) (int64, error) {
	return func(f *peer.File) (int64, error) {
		n, err := f.ReadAt(make([]byte, size), int64(offset))
		return int64(n), err
	}
}

// copies seeks and reads in order, after it has said how far.
func copies(offset, end int64, size int64) func(f *peer.File) (int64, error) {
	return func(f *peer.File) (int64, error) {
		f.Expect(end)
		f.Seek(offset, io.SeekStart)
		return io.CopyN(io.Discard, f, size)
	}
}

// writes is as copies, to a writer that then has enough.
func writes(offset, end int64, size int) func(f *peer.File) (int64, error) {
	return func(f *peer.File) (int64, error) {
		f.Expect(end)
		f.Seek(offset, io.SeekStart)
		if n, err := f.WriteTo(&narrow{size}); err != errNarrow {
			return n, err
		}
		return int64(size), nil
	}
}

// Reading in order fetches each group once, ahead of its reader, however it is read.
func TestReadingInOrderFetchesEachGroupOnce(t *testing.T) {
	const groups = 30
	whole := random(groups*group + 99)
	for name, read := range map[string]func(f *peer.File) ([]byte, error){
		"Read": func(f *peer.File) ([]byte, error) { return io.ReadAll(struct{ io.Reader }{f}) },
		"ReadAt": func(f *peer.File) ([]byte, error) {
			return io.ReadAll(io.NewSectionReader(f, 0, int64(len(whole))))
		},
		"WriteTo": func(f *peer.File) ([]byte, error) {
			var all bytes.Buffer
			n, err := f.WriteTo(&all)
			if n != int64(all.Len()) {
				t.Errorf("%d bytes are told, of %d", n, all.Len())
			}
			return all.Bytes(), err
		},
		"an expected end": func(f *peer.File) ([]byte, error) {
			f.Expect(int64(len(whole)))
			return io.ReadAll(f)
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, network transport.Network) {
				c, fetched := counted(t, network, whole)
				f := opened(t, c, "a")
				all, err := read(f)
				if err != nil || !bytes.Equal(all, whole) {
					t.Errorf("%d bytes, %v", len(all), err)
				}
				f.Close()
				if got := fetched.Load(); got != groups+1 {
					t.Errorf("%d groups were fetched, of %d", got, groups+1)
				}
			})
		})
	}
}

// What comes while a file rests may be gone: it is fetched again when it is read.
func TestReadingGoesOnAfterARest(t *testing.T) {
	const groups = 24
	whole := random(groups * group)
	synctest.Test(t, func(t *testing.T) {
		c, _ := counted(t, transport.NewMemory(), whole)
		f := opened(t, c, "a")
		var all bytes.Buffer
		for _, size := range []int64{6 * group, 6*group - 99, 99, 12 * group} {
			io.CopyN(&all, f, size)
			f.Rest()
			synctest.Wait()
		}
		if !bytes.Equal(all.Bytes(), whole) {
			t.Errorf("%d bytes", all.Len())
		}
		f.Close()
		f.Rest()
	})
}

// narrow is a writer that has no room for more than so many bytes.
type narrow struct{ room int }

var errNarrow = errors.New("no room")

func (n *narrow) Write(b []byte) (int, error) {
	if len(b) > n.room {
		return n.room, errNarrow
	}
	n.room -= len(b)
	return len(b), nil
}

func TestAFileGoesOnWhereAWriterHadNoRoom(t *testing.T) {
	whole := random(3 * group)
	c := connected(t, transport.NewMemory(), fstest.MapFS{"a": {Data: whole}})
	f := opened(t, c, "a")
	f.Seek(10, io.SeekStart)
	if n, err := f.WriteTo(&narrow{group + 5}); n != group+5 || !errors.Is(err, errNarrow) {
		t.Errorf("%d bytes, %v", n, err)
	}
	var rest bytes.Buffer
	if n, err := f.WriteTo(&rest); n != int64(rest.Len()) || err != nil || !bytes.Equal(rest.Bytes(), whole[group+15:]) {
		t.Errorf("%d bytes, %v", n, err)
	}
	f.Close()
	if n, err := f.WriteTo(io.Discard); n > 0 || err == nil {
		t.Errorf("%d bytes of a closed file, %v", n, err)
	}
}

// held is a writer that waits in its first Write.
type held struct{ reached, free chan struct{} }

func (h *held) Write(b []byte) (int, error) {
	h.reached <- struct{}{}
	<-h.free
	return len(b), nil
}

// A writer that waits keeps its bytes, and holds up neither those who read the file besides nor its end.
func TestAWriterThatWaitsHoldsUpNobody(t *testing.T) {
	whole := random(24 * group)
	c := connected(t, transport.NewMemory(), fstest.MapFS{"a": {Data: whole}})
	f := opened(t, c, "a")
	slow := &held{make(chan struct{}), make(chan struct{})}
	var first bytes.Buffer
	over := make(chan error)
	go func() {
		_, err := f.WriteTo(io.MultiWriter(slow, &first))
		over <- err
	}()
	<-slow.reached
	for at := 20; at > 0; at -= 3 { // what is kept for the writer is not used for these
		reads(t, f, whole, at*group, 2*group)
	}
	f.Close()
	close(slow.free)
	if err := <-over; err == nil {
		t.Error("writing went on although the file was closed")
	}
	if !bytes.Equal(first.Bytes(), whole[:group]) {
		t.Errorf("%d bytes, and not those of the first group", first.Len())
	}
}

// TestManyFilesAreReadInConstantMemory: fifty at once, through one Client. Each has three groups, and two that are on
// their way, and all together what the budget allows beyond that.
func TestManyFilesAreReadInConstantMemory(t *testing.T) {
	const files, groups, most = 50, 16, (50*(3+2) + 64 + 32) * group
	c := connected(t, transport.NewMemory(), fstest.MapFS{"a": {Data: random(groups * group)}})
	var open []*peer.File
	for range files {
		open = append(open, opened(t, c, "a"))
	}
	var memory peak
	memory.look()
	for range groups {
		var reading sync.WaitGroup
		for _, f := range open {
			reading.Go(func() {
				if n, err := io.CopyN(io.Discard, f, protocol.GroupSize); err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
			})
		}
		reading.Wait()
		memory.look()
	}
	if memory.most > most {
		t.Errorf("%d MiB", memory.most>>20)
	}
	t.Logf("%d MiB at most, of %d MiB that were read", memory.most>>20, files*groups)
	for _, f := range open {
		f.Close()
	}
	memory.look() // pools give up what they had
	memory.look()
	memory.most = 0
	if memory.look(); memory.most > 16*group {
		t.Errorf("%d MiB when all are closed", memory.most>>20)
	}
}
