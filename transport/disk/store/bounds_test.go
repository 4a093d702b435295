package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// boundSizes are on both sides of what one group, and several, hold.
var boundSizes = []int{protocol.GroupSize - 1, protocol.GroupSize, protocol.GroupSize + 1, 2*protocol.GroupSize - 1, 2 * protocol.GroupSize, 2*protocol.GroupSize + 1}

// TestAPartGoesOnAtTheBoundsOfGroups: what an earlier try left is had if its last byte is right, and
// is not if that is wrong or missing.
func TestAPartGoesOnAtTheBoundsOfGroups(t *testing.T) {
	for _, size := range boundSizes {
		for change, spoils := range map[string]bool{"nothing": false, "the last byte": true} {
			t.Run(fmt.Sprint(size, " ", change), func(t *testing.T) {
				folder := t.TempDir()
				root := disktest.OpenRoot(t, folder)
				x := disktest.NewText(size, 1)
				part := store.NewPart(root, "file")
				x.Open(t, part)
				for number := range x.Groups() {
					x.MustBring(t, part, number)
				}
				if err := part.Close(); err != nil {
					t.Fatal(err)
				}
				if spoils {
					if err := poke(filepath.Join(folder, disk.Beside("file", disk.PartSuffix)), int64(size-1)); err != nil {
						t.Fatal(err)
					}
				}
				part = store.NewPart(root, "file")
				has, _ := x.Open(t, part)
				if last := x.Groups() - 1; has.Has(last) == spoils || has.Count() < last || has.Count() > last+1 {
					t.Fatalf("%d of %d groups, the last: %v", has.Count(), x.Groups(), has.Has(last))
				}
				if spoils {
					x.MustBring(t, part, x.Groups()-1)
				}
				if err := part.Commit(t.Context()); err != nil {
					t.Fatal(err)
				}
				disktest.Holds(t, filepath.Join(folder, "file"), x.Data)
				disktest.Leaves(t, folder, "file")
			})
		}
	}
}

// TestAStreamPrintsTheLastGroupWhole, be it a full one, a byte short of it or a single byte.
func TestAStreamPrintsTheLastGroupWhole(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, size := range boundSizes {
		x := disktest.NewText(size, 1)
		var printed bytes.Buffer
		stream := store.NewStream(&printed)
		x.Open(t, stream)
		for number := range x.Groups() {
			x.MustBring(t, stream, number)
		}
		if has, _ := x.Open(t, stream); has.Count() != x.Groups() {
			t.Errorf("of %d bytes it has %d groups", size, has.Count())
		}
		if err := errors.Join(stream.Flush(t.Context()), stream.Close()); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(printed.Bytes(), x.Data) {
			t.Errorf("of %d bytes %d were printed", size, printed.Len())
		}
	}
}

// TestABatchTakesAWholeGroup: an item of a batch is a file of one group at most, and may fill it.
func TestABatchTakesAWholeGroup(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	names := []string{"below", "full", "one"}
	batch := newBatch(t, root, names...)
	var items []roles.Placement
	texts := []disktest.Text{disktest.NewText(protocol.GroupSize-1, 1), disktest.NewText(protocol.GroupSize, 2), disktest.NewText(1, 3)}
	for item, x := range texts {
		bringItem(t, batch, item, string(x.Data))
		items = append(items, roles.Placement{Item: item, Size: uint64(len(x.Data))})
	}
	commit(t, batch, items...)
	for item, x := range texts {
		disktest.Holds(t, filepath.Join(folder, names[item]), x.Data)
	}
	if _, err := batch.Receive(1, protocol.GroupSize, protocol.Attributes{}); err == nil {
		t.Error("an item of a batch has a second group")
	}
}
