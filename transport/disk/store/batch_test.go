package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// bringItem brings a small item as a link does.
func bringItem(t testing.TB, batch *store.Batch, item int, text string) {
	t.Helper()
	sink, err := batch.Receive(item, 0, protocol.Attributes{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink(0, protocol.Hash{1}, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func newBatch(t testing.TB, root *os.Root, names ...string) *store.Batch {
	t.Helper()
	batch, err := store.NewBatch(root, each(names), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

// each returns names of which each is an item's only one.
func each(names []string) (items [][]string) {
	for _, name := range names {
		items = append(items, []string{name})
	}
	return items
}

// placements returns the first items, none of them empty.
func placements(items int) (all []roles.Placement) {
	for item := range items {
		all = append(all, roles.Placement{Item: item, Size: 1})
	}
	return all
}

// commit commits items all of which have their places.
func commit(t testing.TB, to transport.Store, items ...roles.Placement) {
	t.Helper()
	if err := to.Commit(t.Context(), items...); err != nil {
		t.Fatalf("%#v", err)
	}
}

func TestABatchIsPutInPlaceByCommit(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	disktest.Lay(t, filepath.Join(folder, "there"), "before")
	os.Chmod(filepath.Join(folder, "there"), 0o600)
	names := []string{"plain", "a/b/deep", "there", "empty", "late"}
	batch := newBatch(t, root, names...)
	bringItem(t, batch, 0, "plain text")
	bringItem(t, batch, 1, "deep text")
	bringItem(t, batch, 2, "after")
	disktest.Holds(t, filepath.Join(folder, "there"), []byte("before"))
	commit(t, batch, append(placements(3), roles.Placement{Item: 3})...)
	bringItem(t, batch, 4, "not committed")
	for name, want := range map[string]string{"plain": "plain text", "a/b/deep": "deep text", "there": "after", "empty": ""} {
		disktest.Holds(t, filepath.Join(folder, name), []byte(want))
	}
	if info, _ := os.Stat(filepath.Join(folder, "there")); info.Mode().Perm() != 0o600 {
		t.Errorf("the mode became %v", info.Mode())
	}
	if err := errors.Join(batch.Close(), batch.Close()); err != nil {
		t.Error(err)
	}
	disktest.Leaves(t, folder, "a", "empty", "plain", "there")
}

// lost returns the items that a Commit has not put in their places.
func lost(t testing.TB, err error) (misplaced transport.Misplaced) {
	t.Helper()
	if err != nil && !errors.As(err, &misplaced) {
		t.Errorf("it concerns all items: %v", err)
	}
	return misplaced
}

// An item that can't be put in its place is told, and costs the others nothing.
func TestWhatIsMisplacedIsTold(t *testing.T) {
	top := t.TempDir()
	folder := filepath.Join(top, "folder")
	disktest.Lay(t, filepath.Join(folder, "file"), "")
	disktest.Lay(t, filepath.Join(folder, "folder/x"), "")
	os.Symlink(top, filepath.Join(folder, "way out"))
	disktest.Fifo(t, filepath.Join(folder, "pipe"))
	names := []string{"good", "file/below", "folder", "way out/x", "../x", "pipe", disk.Beside("x", disk.PartSuffix), "good too"}
	batch := newBatch(t, disktest.OpenRoot(t, folder), names...)
	for item, name := range names {
		bringItem(t, batch, item, name)
	}
	misplaced := lost(t, batch.Commit(t.Context(), placements(len(names))...))
	for item := range names {
		if err, good := misplaced[item], item == 0 || item == len(names)-1; good != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), top) {
			t.Errorf("item %d: %v", item, err)
		}
	}
	batch.Close()
	disktest.Holds(t, filepath.Join(folder, "good"), []byte("good"))
	disktest.Holds(t, filepath.Join(folder, "good too"), []byte("good too"))
	disktest.Leaves(t, folder, "good", "good too", "file", "folder", "way out", "pipe")
	disktest.Leaves(t, top, "folder")
}

// What a batch that was killed left behind goes with the next one; what belongs to one at work
// stays.
func TestABatchSweepsWhatWasLeft(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	left := filepath.Join(folder, ".relaypeer-batch-0123456789abcdef")
	disktest.Lay(t, filepath.Join(left, "0"), "left")
	first := newBatch(t, root, "a")
	bringItem(t, first, 0, "text")
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("what was left is there: %v", err)
	}
	second := newBatch(t, root, "b")
	commit(t, first, placements(1)...) // which the second has not swept
	first.Close()
	second.Close()
	disktest.Leaves(t, folder, "a")
}

// A batch whose folder is swept before it could be locked makes another one.
func TestBatchesThatBeginTogetherDoNotSweepEachOther(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	const many = 8
	var beginning sync.WaitGroup
	for i := range many {
		beginning.Go(func() {
			for round := range 20 {
				name := fmt.Sprintf("%d-%d", i, round)
				batch, err := store.NewBatch(root, [][]string{{name}}, store.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				err = batch.Commit(t.Context(), roles.Placement{})
				if err = errors.Join(err, batch.Close()); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	beginning.Wait()
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != many*20 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

func TestABatchTakesNoOtherItems(t *testing.T) {
	batch := newBatch(t, disktest.OpenRoot(t, t.TempDir()), "a")
	defer batch.Close()
	for _, at := range []struct {
		item   int
		offset uint64
	}{{-1, 0}, {1, 0}, {0, protocol.GroupSize}} {
		if _, err := batch.Receive(at.item, at.offset, protocol.Attributes{}); err == nil {
			t.Errorf("%+v was taken", at)
		}
	}
	sink, err := batch.Receive(0, 0, protocol.Attributes{})
	if err = errors.Join(err, sink(1, protocol.Hash{}, nil)); err == nil {
		t.Error("a second group was taken")
	}
	if misplaced := lost(t, batch.Commit(t.Context(), placements(2)...)); misplaced[0] == nil || misplaced[1] == nil {
		t.Errorf("committed without having come: %v", misplaced)
	}
}

// BenchmarkBatch writes and commits 10,000 files of 4 KiB, in one folder and in a hundred.
func BenchmarkBatch(b *testing.B) {
	const items = 10_000
	text := strings.Repeat("x", 4<<10)
	for _, folders := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d folders", folders), func(b *testing.B) {
			for b.Loop() {
				root := disktest.OpenRoot(b, b.TempDir())
				names := make([]string, items)
				for i := range names {
					names[i] = fmt.Sprintf("folder %d/file %d", i%folders, i)
				}
				begin := time.Now()
				batch := newBatch(b, root, names...)
				for i := range names {
					bringItem(b, batch, i, text)
				}
				b.ReportMetric(time.Since(begin).Seconds(), "s-to-write")
				begin = time.Now()
				commit(b, batch, placements(items)...)
				b.ReportMetric(time.Since(begin).Seconds(), "s-to-commit")
				batch.Close()
			}
		})
	}
}
