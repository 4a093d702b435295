package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// Items are committed while others come, by several at once, and each Commit returns.
func TestItemsAreCommittedWhileOthersCome(t *testing.T) {
	const links, each = 4, 3 * store.Enough / 2
	folder := t.TempDir()
	names := make([][]string, links*each)
	for i := range names {
		names[i] = []string{fmt.Sprintf("%d/%d", i%7, i)}
	}
	to := store.NewFolder(disktest.OpenRoot(t, folder), names, store.Options{})
	var bringing, committing sync.WaitGroup
	for link := range links {
		bringing.Go(func() {
			var some []roles.Placement
			for n := range each {
				number := link*each + n
				sink, err := to.Receive(number, 0, protocol.Attributes{})
				if err == nil {
					err = sink(0, protocol.Hash{}, []byte(names[number][0]))
				}
				if err != nil {
					t.Error(err)
					return
				}
				some = append(some, roles.Placement{Item: number, Size: 1})
				if len(some) == 100 {
					all := some
					committing.Go(func() { standing(t, to, folder, names, all) })
					some = nil
				}
			}
		})
	}
	bringing.Wait()
	committing.Wait()
	if err := to.Close(); err != nil {
		t.Error(err)
	}
}

// standing commits items and looks whether they are there.
func standing(t *testing.T, to *store.Folder, folder string, names [][]string, items []roles.Placement) {
	if err := to.Commit(t.Context(), items...); err != nil {
		t.Error(err)
	}
	for _, i := range items {
		name := names[i.Item][0]
		disktest.Holds(t, filepath.Join(folder, name), []byte(name))
	}
}

// An item that comes over several links at once, before and after it is in its place, is never
// spoiled.
func TestAnItemThatComesTwiceIsNotSpoiled(t *testing.T) {
	folder := t.TempDir()
	batch := newBatch(t, disktest.OpenRoot(t, folder), "file")
	text := strings.Repeat("text", 50_000)
	var links sync.WaitGroup
	for range 4 {
		links.Go(func() {
			for range 10 {
				bringItem(t, batch, 0, text)
				commit(t, batch, placements(1)...)
				disktest.Holds(t, filepath.Join(folder, "file"), []byte(text))
			}
		})
	}
	links.Wait()
	if err := batch.Close(); err != nil {
		t.Error(err)
	}
	disktest.Leaves(t, folder, "file")
}

// A Folder that is closed while it is at work brings that to an end, and takes nothing more.
func TestAFolderMayBeClosedAtAnyTime(t *testing.T) {
	folder := t.TempDir()
	names := [][]string{}
	for i := range 200 {
		names = append(names, []string{fmt.Sprint("small ", i)})
	}
	names = append(names, []string{"large", "copy"})
	large := item{disktest.NewText(threeAndABit, 1), 200, store.NewFolder(disktest.OpenRoot(t, folder), names, store.Options{})}
	large.open(t)
	large.bring(t, 0, 1, 2, 3)
	var work sync.WaitGroup
	started := make(chan struct{})
	work.Go(func() {
		for number := range 200 {
			sink, err := large.to.Receive(number, 0, protocol.Attributes{})
			if err == nil {
				err = sink(0, protocol.Hash{}, []byte("text"))
			}
			if err == nil {
				err = large.to.Commit(t.Context(), roles.Placement{Item: number, Size: 4})
			}
			if number == 0 {
				close(started)
			}
			if err == nil {
				disktest.Holds(t, filepath.Join(folder, names[number][0]), []byte("text"))
			} else if !errors.Is(err, os.ErrClosed) && !strings.Contains(err.Error(), "it has not come") {
				t.Error(err)
			}
		}
	})
	work.Go(func() {
		if large.to.Commit(t.Context(), roles.Placement{Item: 200, Size: threeAndABit}) == nil {
			disktest.Holds(t, filepath.Join(folder, "copy"), large.Data)
		}
	})
	<-started
	if err := large.to.Close(); err != nil {
		t.Error(err)
	}
	work.Wait()
	for _, err := range []error{
		large.to.Commit(t.Context(), roles.Placement{}),
		func() error { _, err := large.to.Receive(0, 0, protocol.Attributes{}); return err }(),
		func() error { _, _, err := large.to.Open(t.Context(), roles.OpenStore{}, nil); return err }(),
	} {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("after its end: %v", err)
		}
	}
	large.to.Release(0)
}
