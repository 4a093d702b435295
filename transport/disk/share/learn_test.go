package share_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// learned is the name of a file that a share learns of without seeing it, so that it has no reason to hash it by itself;
// another one with the same index sees it.
const learned = ".hidden/file"

// threeAndABit is a size of four groups.
const threeAndABit = 3*protocol.GroupSize + 1000

// servesUnhashed checks that a share with that index serves the file without hashing it, and what its tree proves.
func servesUnhashed(t *testing.T, folder, index string, hash protocol.Hash, values []protocol.Hash, first, count uint64) {
	t.Helper()
	share := openShare(t, folder, options{Index: index, Hidden: true})
	file, refusal := open(t, share, learned, protocol.Hash{})
	if refusal != nil || file.Hash() != hash {
		t.Fatalf("served as %v, %v", file, refusal)
	}
	slice, err := file.Slice(first, count)
	proved, ok := content.Verify(hash, uint64(len(values)), first, count, slice)
	if err != nil || !ok || !slices.Equal(proved, values[first:first+count]) {
		t.Errorf("its tree proves %v, %v, %v", proved, ok, err)
	}
	if share.Hashed() != 0 {
		t.Errorf("%d groups were hashed", share.Hashed())
	}
}

// What was verified on its way into a shared folder is served without being hashed again.
func TestWhatWasFetchedIsNotHashedAgain(t *testing.T) {
	t.Parallel()
	for _, x := range []disktest.Text{disktest.NewText(threeAndABit, 1), disktest.NewText(100, 2)} {
		folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
		share := openShare(t, folder, options{Index: index})
		part := store.NewPart(disktest.OpenRoot(t, folder), learned)
		part.Use(store.Options{Learn: share.Learn})
		x.Open(t, part)
		for number := range x.Groups() {
			x.MustBring(t, part, number)
		}
		if err := errors.Join(part.Commit(t.Context()), share.Close()); err != nil {
			t.Fatal(err)
		}
		servesUnhashed(t, folder, index, x.Hash, x.Values, x.Groups()/2, 1)
	}
}

// A file that is changed as soon as it is in its place is hashed as any other.
func TestWhatChangesAtOnceIsHashed(t *testing.T) {
	x, folder := disktest.NewText(threeAndABit, 1), t.TempDir()
	share := openShare(t, folder, options{})
	awaitIndexed(t, share)
	part := store.NewPart(disktest.OpenRoot(t, folder), "file")
	part.Use(store.Options{Learn: func(name string, hash protocol.Hash, values []protocol.Hash, modified int64) {
		overwrite(t, filepath.Join(folder, "file"), string([]byte{x.Data[0] ^ 1}))
		share.Learn(name, hash, values, modified)
	}})
	x.Open(t, part)
	x.MustBring(t, part, 0, 1, 2, 3)
	if err := part.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.Data[0] ^= 1
	x.Values[0] = content.ChainingValue(0, x.Group(0), false)
	if want, _ := content.Build(x.Values); serves(t, share, "file") != want {
		t.Error("it is served as what it was")
	}
}

// learn has the share take a file as it is now for that content.
func learn(shared *share.Folder, path string, hash protocol.Hash, values []protocol.Hash) error {
	info, err := os.Stat(path)
	if err == nil {
		shared.Learn(learned, hash, values, info.ModTime().UnixNano())
	}
	return err
}

// A tree of several segments is noted whole.
func TestALargeTreeIsNotHashedAgain(t *testing.T) {
	t.Parallel()
	const size = content.SegmentGroups*protocol.GroupSize + 3
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	path := filepath.Join(folder, learned)
	disktest.Lay(t, path, "")
	if err := os.Truncate(path, size); err != nil { // a hole
		t.Fatal(err)
	}
	zeros := make([]byte, protocol.GroupSize)
	values := make([]protocol.Hash, protocol.Groups(size))
	for i := range values {
		values[i] = content.ChainingValue(uint64(i), zeros[:min(protocol.GroupSize, size-i*protocol.GroupSize)], false)
	}
	hash, _ := content.Build(values)
	share := openShare(t, folder, options{Index: index})
	if err := errors.Join(learn(share, path, hash, values), share.Close()); err != nil {
		t.Fatal(err)
	}
	servesUnhashed(t, folder, index, hash, values, content.SegmentGroups-2, 3)
}
