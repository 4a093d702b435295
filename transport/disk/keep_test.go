package disk_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// learned is the name of a file that a share learns of without seeing it, so that it has no reason to hash it by itself;
// another one with the same index sees it.
const learned = ".hidden/file"

// servesUnhashed checks that a share with that index serves the file without hashing it, and what its tree proves.
func servesUnhashed(t *testing.T, folder, index string, hash protocol.Hash, values []protocol.Hash, first, count uint64) {
	t.Helper()
	share := openShare(t, folder, disk.ShareOptions{Index: index, Hidden: true})
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
	for _, x := range []text{newText(threeAndABit, 1), newText(100, 2)} {
		folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
		share := openShare(t, folder, disk.ShareOptions{Index: index})
		part := disk.NewPart(openRoot(t, folder), learned)
		x.open(t, part)
		for number := range x.groups() {
			x.mustBring(t, part, number)
		}
		if err := errors.Join(share.Keep(part), share.Close()); err != nil {
			t.Fatal(err)
		}
		servesUnhashed(t, folder, index, x.hash, x.values, x.groups()/2, 1)
	}
}

// A file that is changed as soon as it is in its place is hashed as any other.
func TestWhatChangesAtOnceIsHashed(t *testing.T) {
	x, folder := newText(threeAndABit, 1), t.TempDir()
	share := openShare(t, folder, disk.ShareOptions{})
	settle(t, share)
	part := disk.NewPart(openRoot(t, folder), "file")
	x.open(t, part)
	x.mustBring(t, part, 0, 1, 2, 3)
	defer disk.SetBefore(func(what string) {
		if what == "sync the folder" {
			file, err := os.OpenFile(filepath.Join(folder, "file"), os.O_WRONLY, 0)
			if err == nil {
				_, err = file.WriteAt([]byte{x.data[0] ^ 1}, 0)
				file.Close()
			}
			if err != nil {
				t.Error(err)
			}
		}
	})()
	if err := share.Keep(part); err != nil {
		t.Fatal(err)
	}
	x.data[0] ^= 1
	x.values[0] = content.ChainingValue(0, x.group(0), false)
	if want, _ := content.Build(x.values); serves(t, share, "file") != want {
		t.Error("it is served as what it was")
	}
}

// A tree of several segments is noted whole.
func TestALargeTreeIsNotHashedAgain(t *testing.T) {
	t.Parallel()
	const size = content.SegmentGroups*protocol.GroupSize + 3
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	path := filepath.Join(folder, learned)
	lay(t, path, "")
	if err := os.Truncate(path, size); err != nil { // a hole
		t.Fatal(err)
	}
	zeros := make([]byte, protocol.GroupSize)
	values := make([]protocol.Hash, protocol.Groups(size))
	for i := range values {
		values[i] = content.ChainingValue(uint64(i), zeros[:min(protocol.GroupSize, size-i*protocol.GroupSize)], false)
	}
	hash, _ := content.Build(values)
	share := openShare(t, folder, disk.ShareOptions{Index: index})
	if err := errors.Join(share.Learn(learned, hash, values), share.Close()); err != nil {
		t.Fatal(err)
	}
	servesUnhashed(t, folder, index, hash, values, content.SegmentGroups-2, 3)
}
