package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// item is a content on its way to an item of a store.
type item struct {
	disktest.Text
	number int
	to     *store.Folder
}

// open opens the item, and returns the groups of it that are there.
func (i item) open(t testing.TB) roles.Groups {
	t.Helper()
	want := roles.OpenStore{Item: i.number, Hash: i.Hash, Size: uint64(len(i.Data))}
	has, _, err := i.to.Open(t.Context(), want, func(_, _ uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	return has
}

// bring brings groups of the item as links do.
func (i item) bring(t testing.TB, numbers ...uint64) {
	t.Helper()
	for _, number := range numbers {
		sink, err := i.to.Receive(i.number, number*protocol.GroupSize, protocol.Attributes{})
		if err == nil {
			err = i.Put(sink, number)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (i item) placement() roles.Placement {
	return roles.Placement{Item: i.number, Size: uint64(len(i.Data))}
}

// commits commits items all of which have their places.
func commits(t testing.TB, items ...item) {
	t.Helper()
	var all []roles.Placement
	for _, i := range items {
		all = append(all, roles.Placement{Item: i.number, Size: uint64(len(i.Data))})
	}
	commit(t, items[0].to, all...)
}

// Items of all sizes, opened or not, stand under all their names once they are committed, and not
// before.
func TestAnItemStandsUnderAllItsNames(t *testing.T) {
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "b/small"), "before")
	names := [][]string{{"large", "a/large", "large"}, {"small", "b/small"}, {"empty", "c/empty"}, {"opened", "d/opened"}, {"void", "d/void"}}
	to := store.NewFolder(disktest.OpenRoot(t, folder), names, store.Options{})
	items := []item{}
	for number, size := range []int{threeAndABit, 100, 0, 200, 0} {
		items = append(items, item{disktest.NewText(size, uint64(number)), number, to})
	}
	for _, opened := range []int{0, 3, 4} {
		if has := items[opened].open(t); has.Count() != 0 {
			t.Errorf("item %d has %v", opened, has)
		}
	}
	items[0].bring(t, 3, 0, 2, 1)
	items[1].bring(t, 0)
	items[3].bring(t, 0)
	disktest.Holds(t, filepath.Join(folder, "b/small"), []byte("before"))
	commits(t, items...)
	for i, all := range names {
		for _, name := range all {
			disktest.Holds(t, filepath.Join(folder, name), items[i].Data)
		}
	}
	if err := errors.Join(to.Close(), to.Close()); err != nil {
		t.Error(err)
	}
	disktest.Leaves(t, folder, "a", "b", "c", "d", "empty", "large", "opened", "small", "void")
	for _, below := range []string{"a/large", "b/small", "c/empty"} {
		disktest.Leaves(t, filepath.Join(folder, filepath.Dir(below)), filepath.Base(below))
	}
}

// Of an item that is released, or whose Folder is closed, stays what has come; another try is told
// of it, and goes on.
func TestAnItemIsGoneOnWith(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	names := [][]string{{"other"}, {"sub/file", "copy"}}
	first := item{disktest.NewText(threeAndABit, 1), 1, store.NewFolder(root, names, store.Options{})}
	first.open(t)
	first.bring(t, 1)
	late, err := first.to.Receive(1, 0, protocol.Attributes{})
	if err != nil {
		t.Fatal(err)
	}
	first.to.Release(1)
	if err := first.Put(late, 0); err == nil {
		t.Error("a sink takes groups of an item that was released")
	}
	if has := first.open(t); has.Count() != 1 {
		t.Errorf("opened again it has %v", has)
	}
	first.bring(t, 3)
	if err := first.to.Close(); err != nil {
		t.Fatal(err)
	}
	next := first
	next.to = store.NewFolder(root, names, store.Options{})
	defer next.to.Close()
	for number, want := range []protocol.Hash{{}, next.Hash} {
		if hash, _, err := next.to.Holds(t.Context(), roles.InspectStore{Item: number}); hash != want || err != nil {
			t.Errorf("of item %d it holds %v: %v", number, hash, err)
		}
	}
	if has := next.open(t); has.Count() != 2 {
		t.Errorf("the next try has %v", has)
	}
	next.bring(t, 0, 2)
	commits(t, next)
	disktest.Holds(t, filepath.Join(folder, "copy"), next.Data)
	disktest.Leaves(t, folder, "copy", "sub")
	disktest.Leaves(t, filepath.Join(folder, "sub"), "file")
}

// An item that is inspected, and not opened, may still go through the batch.
func TestInspectingOpensNothing(t *testing.T) {
	folder := t.TempDir()
	small := item{disktest.NewText(10, 1), 0, store.NewFolder(disktest.OpenRoot(t, folder), [][]string{{"file"}}, store.Options{})}
	defer small.to.Close()
	if _, _, err := small.to.Holds(t.Context(), roles.InspectStore{}); err != nil {
		t.Error(err)
	}
	small.bring(t, 0)
	commits(t, small)
	disktest.Holds(t, filepath.Join(folder, "file"), small.Data)
}

// An item that can't be put under one of its names is told, and costs the others nothing.
func TestAFolderTellsWhatIsMisplaced(t *testing.T) {
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "taken/x"), "")
	journal := disk.Beside("locked", disk.JournalSuffix)
	disktest.Lay(t, filepath.Join(folder, journal, "x"), "")
	names := [][]string{{"large", "taken"}, {"small", "taken"}, {"big", "locked"}, {"fine", "also"}, {"good"}, {"lacking"}}
	to := store.NewFolder(disktest.OpenRoot(t, folder), names, store.Options{})
	defer to.Close()
	var placements []roles.Placement
	for number, size := range []int{threeAndABit, 10, 20, threeAndABit, 10, threeAndABit} {
		i := item{disktest.NewText(size, 1), number, to}
		placements = append(placements, roles.Placement{Item: number, Size: uint64(size)})
		if size > protocol.GroupSize || number == 2 {
			i.open(t)
		}
		for group := range i.Groups() {
			if number != 5 || group > 0 {
				i.bring(t, group)
			}
		}
	}
	misplaced := lost(t, to.Commit(t.Context(), append(placements, roles.Placement{Item: 6}, roles.Placement{Item: -1, Size: 1})...))
	for number := -1; number < 7; number++ {
		if err, good := misplaced[number], number == 3 || number == 4; good != (err == nil) {
			t.Errorf("item %d: %v", number, err)
		}
	}
	for _, number := range []int{0, 1} {
		if err := misplaced[number]; err != nil && !strings.HasPrefix(err.Error(), filepath.Join(folder, "taken")+": ") {
			t.Errorf("item %d: %v", number, err)
		}
	}
	if misplaced := lost(t, to.Commit(t.Context(), roles.Placement{Item: 4, Size: 10})); len(misplaced) > 0 {
		t.Errorf("what is in place is not any more: %v", misplaced)
	}
}

// A copy that is cut off is gone on with by the next Commit, and one of something else is never
// kept.
func TestACopyIsVerified(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	names := [][]string{{"file", "copy"}}
	x := item{disktest.NewText(threeAndABit, 1), 0, store.NewFolder(root, names, store.Options{})}
	x.open(t)
	x.bring(t, 0, 1, 2, 3)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	placement := roles.Placement{Size: threeAndABit}
	if misplaced := lost(t, x.to.Commit(ctx, placement)); !errors.Is(misplaced[0], context.Canceled) {
		t.Errorf("%v", misplaced)
	}
	var change sync.Once
	defer store.SetBefore(func(what string) error {
		if what == "write a group" { // of the copy
			change.Do(func() { poke(filepath.Join(folder, "file"), 2*protocol.GroupSize) })
		}
		return nil
	})()
	if has := x.open(t); has.Count() != 4 {
		t.Errorf("under the first name stands %v", has)
	}
	if misplaced := lost(t, x.to.Commit(t.Context(), placement)); misplaced[0] == nil {
		t.Error("a file that changed while it was copied is kept")
	}
	x.to.Close()
	disktest.Leaves(t, folder, "file")
}

// What is committed of opened items is told under each name.
func TestAFolderSaysWhatItHasCommitted(t *testing.T) {
	folder := t.TempDir()
	said := map[string]protocol.Hash{}
	to := store.NewFolder(disktest.OpenRoot(t, folder), [][]string{{"file", "copy"}}, store.Options{Learn: func(name string, hash protocol.Hash, _ []protocol.Hash, modified int64) {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.ModTime().UnixNano() != modified {
			t.Errorf("%s: %v", name, err)
		}
		said[name] = hash
	}})
	x := item{disktest.NewText(threeAndABit, 1), 0, to}
	x.open(t)
	x.bring(t, 0, 1, 2, 3)
	commits(t, x)
	to.Close()
	if len(said) != 2 || said["file"] != x.Hash || said["copy"] != x.Hash {
		t.Errorf("%v", said)
	}
}

// One of an item's places may be taken by a folder, the first or another one.
func TestANameThatCannotHaveItDoesNotKeepTheOthersFromIt(t *testing.T) {
	for _, blocked := range []string{"a", "b", "c"} {
		folder := t.TempDir()
		disktest.Lay(t, filepath.Join(folder, blocked, "in the way"), "")
		to := store.NewFolder(disktest.OpenRoot(t, folder), [][]string{{"a", "b", "c"}}, store.Options{})
		large := item{disktest.NewText(threeAndABit, 1), 0, to}
		large.open(t)
		large.bring(t, 0, 1, 2, 3)
		var misplaced transport.Misplaced
		err := to.Commit(t.Context(), roles.Placement{Item: 0, Size: uint64(len(large.Data))})
		if !errors.As(err, &misplaced) || !strings.HasPrefix(misplaced[0].Error(), filepath.Join(folder, blocked)+": ") {
			t.Errorf("%s is a folder: %v", blocked, err)
		}
		for _, name := range []string{"a", "b", "c"} {
			if got, err := os.ReadFile(filepath.Join(folder, name)); name != blocked && (err != nil || string(got) != string(large.Data)) {
				t.Errorf("%s is a folder: %s: %d bytes, %v", blocked, name, len(got), err)
			}
		}
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}
}
