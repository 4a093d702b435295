package store_test

import (
	"errors"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

var errDisk = errors.New("the disk is broken")

// failOnce has the first sync of a kind fail.
func failOnce(t *testing.T, kind string) {
	t.Cleanup(store.SetBefore(func(what string) error {
		if what == kind {
			kind = ""
			return errDisk
		}
		return nil
	}))
}

// What could not be made durable is not kept, and not at the next try either: the system may say so
// only once.
func TestAPartThatCantBeMadeDurableIsNotKept(t *testing.T) {
	for kind, left := range map[string][]string{"sync the part": {}, "sync the folder": {"file"}} {
		t.Run(kind, func(t *testing.T) {
			folder := t.TempDir()
			root := disktest.OpenRoot(t, folder)
			x := disktest.NewText(threeAndABit, 1)
			part := store.NewPart(root, "file")
			x.Open(t, part)
			x.MustBring(t, part, 0, 1, 2, 3)
			failOnce(t, kind)
			if err := part.Commit(t.Context()); !errors.Is(err, errDisk) {
				t.Errorf("the first time: %v", err)
			}
			if err := part.Commit(t.Context()); err == nil {
				t.Error("kept, the second time")
			}
			if err := part.Close(); err != nil {
				t.Error(err)
			}
			disktest.Leaves(t, folder, left...)
		})
	}
}

// A batch that could not make files durable keeps none of them, takes no more, and stands by what
// it has committed.
func TestABatchThatCantBeMadeDurableIsNotKept(t *testing.T) {
	for _, kind := range []string{"sync the items", "sync the folder"} {
		t.Run(kind, func(t *testing.T) {
			batch := newBatch(t, disktest.OpenRoot(t, t.TempDir()), "first", "second", "third")
			defer batch.Close()
			bringItem(t, batch, 0, "text")
			commit(t, batch, placements(1)...)
			bringItem(t, batch, 1, "text")
			failOnce(t, kind)
			for range 2 {
				misplaced := lost(t, batch.Commit(t.Context(), append(placements(2), roles.Placement{Item: 2})...))
				if misplaced[0] != nil || !errors.Is(misplaced[1], errDisk) || !errors.Is(misplaced[2], errDisk) {
					t.Errorf("%v", misplaced)
				}
			}
			sink, err := batch.Receive(2, 0, protocol.Attributes{})
			if err != nil {
				t.Fatal(err)
			}
			if err := sink(0, disktest.NewText(4, 1).Hash, []byte("text")); !errors.Is(err, errDisk) {
				t.Errorf("it takes more: %v", err)
			}
		})
	}
}

// A name that a try which was killed has put in its place is made durable by the next one.
func TestWhatIsThereAlreadyIsMadeDurable(t *testing.T) {
	root := disktest.OpenRoot(t, t.TempDir())
	x := disktest.NewText(threeAndABit, 1)
	part := store.NewPart(root, "a/b/file")
	x.Open(t, part)
	x.MustBring(t, part, 0, 1, 2, 3)
	for try := range 2 {
		synced := 0
		undo := store.SetBefore(func(what string) error {
			if what == "sync the folder" {
				synced++
			}
			return nil
		})
		if err := part.Commit(t.Context()); err != nil || synced != 3 {
			t.Errorf("try %d: %d folders synced, %v", try, synced, err)
		}
		undo()
		part = store.NewPart(root, "a/b/file")
		x.Open(t, part)
	}
	part.Close()
}

// Where the system cannot make all durable at once, each item is made so by itself, before any has its
// place, and so is each of the folders.
func TestEachItemIsMadeDurable(t *testing.T) {
	defer store.WithoutSyncAll()()
	names := []string{"a", "b/c", "d", "e/f", "g/h", "i/j", "k/l", "m/n", "o/p", "q/r"}
	for failing := 0; failing <= len(names); failing++ { // the last time none fails
		items, folders := 0, 0
		undo := store.SetBefore(func(what string) error {
			switch what {
			case "sync an item":
				if items++; items > failing {
					return errDisk
				}
			case "sync the folder":
				folders++
			}
			return nil
		})
		folder := t.TempDir()
		batch := newBatch(t, disktest.OpenRoot(t, folder), names...)
		for item := range names {
			bringItem(t, batch, item, "text")
		}
		err := batch.Commit(t.Context(), placements(len(names))...)
		undo()
		if err := batch.Close(); err != nil {
			t.Error(err)
		}
		if failing < len(names) {
			for item, why := range lost(t, err) {
				if !errors.Is(why, errDisk) {
					t.Errorf("item %d: %v", item, why)
				}
			}
			disktest.Leaves(t, folder)
		} else if err != nil || items != len(names) || folders != 9 {
			t.Errorf("%d items and %d folders were made durable: %v", items, folders, err)
		}
	}
}
