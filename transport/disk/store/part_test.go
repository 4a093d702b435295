package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

const threeAndABit = 3*protocol.GroupSize + 1000

func TestAPartStandsUnderItsNameOnlyWhenKept(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	for _, size := range []int{0, 1, protocol.GroupSize, threeAndABit} {
		x, path := disktest.NewText(size, 1), filepath.Join(folder, "a/b/file")
		disktest.Lay(t, path, "before")
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		part := store.NewPart(root, "a/b/file")
		if has, other := x.Open(t, part); has.Count() > 0 || other {
			t.Errorf("a new part has %v, other: %v", has, other)
		}
		for number := range x.Groups() {
			if err := part.Commit(t.Context()); err == nil {
				t.Fatal("kept before it was whole")
			}
			x.MustBring(t, part, number)
		}
		disktest.Holds(t, path, []byte("before"))
		if err := part.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		disktest.Holds(t, path, x.Data)
		disktest.Leaves(t, filepath.Join(folder, "a/b"), "file")
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
			t.Errorf("the mode became %v", info.Mode())
		}
	}
}

func TestAnInterruptedPartIsGoneOnWith(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	x := disktest.NewText(threeAndABit, 1)
	part := store.NewPart(root, "file")
	x.Open(t, part)
	x.MustBring(t, part, 3, 1)
	if err := part.Close(); err != nil {
		t.Fatal(err)
	}
	part = store.NewPart(root, "file")
	if hash, size, err := part.Holds(t.Context(), roles.InspectStore{}); err != nil || hash != x.Hash || size != threeAndABit {
		t.Errorf("an earlier try is told of as %v, %d: %v", hash, size, err)
	}
	if hash, _, err := store.NewPart(root, "other").Holds(t.Context(), roles.InspectStore{}); err != nil || !hash.IsZero() {
		t.Errorf("something is told of where nothing is: %v, %v", hash, err)
	}
	checked := uint64(0)
	has, other, err := part.Open(t.Context(), roles.OpenStore{Hash: x.Hash, Size: threeAndABit}, func(done, size uint64) {
		if checked = done; done > size {
			t.Errorf("%d of %d bytes checked", done, size)
		}
	})
	if err != nil || other || has.Count() != 2 || !has.Has(1) || !has.Has(3) || checked == 0 {
		t.Fatalf("has %v, other %v, %d bytes checked: %v", has, other, checked, err)
	}
	x.MustBring(t, part, 0, 2)
	if err := part.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	disktest.Holds(t, filepath.Join(folder, "file"), x.Data)
	disktest.Leaves(t, folder, "file")
}

// A claim of the journal counts only as far as the part's bytes bear it out.
func TestWhatTheJournalClaimsIsVerified(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	partPath := filepath.Join(folder, disk.Beside("file", disk.PartSuffix))
	journalPath := filepath.Join(folder, disk.Beside("file", disk.JournalSuffix))
	x := disktest.NewText(threeAndABit, 1)
	for name, test := range map[string]struct {
		spoil func() error
		has   uint64
	}{
		"untouched":         {func() error { return nil }, 4},
		"a bit in group 2":  {func() error { return poke(partPath, 2*protocol.GroupSize+5) }, 3},
		"a shorter part":    {func() error { return os.Truncate(partPath, 2*protocol.GroupSize) }, 2},
		"no part":           {func() error { return os.Remove(partPath) }, 0},
		"a bit in a claim":  {func() error { return poke(journalPath, 64+32+1) }, 3},
		"a torn claim":      {func() error { return os.Truncate(journalPath, 64+3*32+7) }, 3},
		"a torn header":     {func() error { return os.Truncate(journalPath, 63) }, 0},
		"a bit in the head": {func() error { return poke(journalPath, 20) }, 0},
		"no journal":        {func() error { return os.Remove(journalPath) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			part := store.NewPart(root, "file")
			x.Open(t, part)
			x.MustBring(t, part, 0, 1, 2, 3)
			if err := errors.Join(part.Close(), test.spoil()); err != nil {
				t.Fatal(err)
			}
			part = store.NewPart(root, "file")
			has, other := x.Open(t, part)
			if has.Count() != test.has || other {
				t.Errorf("has %d groups, other %v", has.Count(), other)
			}
			for number := range x.Groups() {
				if !has.Has(number) {
					x.MustBring(t, part, number)
				}
			}
			if err := part.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			disktest.Holds(t, filepath.Join(folder, "file"), x.Data)
			disktest.Leaves(t, folder, "file")
			os.Remove(filepath.Join(folder, "file"))
		})
	}
}

// poke turns a bit of a file over.
func poke(path string, at int64) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	var b [1]byte
	if _, err := file.ReadAt(b[:], at); err != nil {
		return err
	}
	b[0] ^= 4
	_, err = file.WriteAt(b[:], at)
	return err
}

// Somebody may have made a part and a journal that agree, of something else: the proof at the end finds that.
func TestAPartThatIsNotTheContentIsNeverKept(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	x, lie := disktest.NewText(threeAndABit, 1), disktest.NewText(threeAndABit, 2)
	lie.Hash = x.Hash
	part := store.NewPart(root, "file")
	lie.Open(t, part)
	lie.MustBring(t, part, 2)
	part.Close()
	part = store.NewPart(root, "file")
	has, _ := x.Open(t, part)
	if !has.Has(2) {
		t.Fatal("the claim was not believed, and this tests nothing")
	}
	x.MustBring(t, part, 0, 1, 3)
	if err := part.Commit(t.Context()); err == nil {
		t.Error("kept")
	}
	disktest.Leaves(t, folder)
}

func TestAnotherContentStartsAnew(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	x, y := disktest.NewText(threeAndABit, 1), disktest.NewText(threeAndABit, 2)
	part := store.NewPart(root, "file")
	x.Open(t, part)
	late, err := part.Receive(0, 0, protocol.Attributes{})
	if err != nil {
		t.Fatal(err)
	}
	x.MustBring(t, part, 1)
	if has, other := y.Open(t, part); has.Count() > 0 || !other {
		t.Errorf("within a process: has %v, other %v", has, other)
	}
	y.MustBring(t, part, 0)
	if err := x.Put(late, 0); err == nil { // a link that has not noticed yet
		t.Error("another content was taken in")
	}
	part.Close()
	part = store.NewPart(root, "file")
	if has, other := y.Open(t, part); has.Count() != 1 || other {
		t.Errorf("what a late link wrote spoiled another content: has %v, other %v", has, other)
	}
	part.Close()
	part = store.NewPart(root, "file")
	if has, other := x.Open(t, part); has.Count() > 0 || !other {
		t.Errorf("in the next process: has %v, other %v", has, other)
	}
	if err := part.Discard(); err != nil {
		t.Error(err)
	}
	disktest.Leaves(t, folder)
}

func TestAFileThatIsThereAlreadyIsNotFetched(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	for _, size := range []int{0, 1, threeAndABit} {
		x, path := disktest.NewText(size, 1), filepath.Join(folder, "file")
		disktest.Lay(t, path, string(x.Data))
		before, _ := os.Stat(path)
		part := store.NewPart(root, "file")
		if has, other := x.Open(t, part); has.Count() != x.Groups() || other {
			t.Errorf("%d bytes: has %v, other %v", size, has, other)
		}
		if err := part.Commit(t.Context()); err != nil {
			t.Error(err)
		}
		if after, _ := os.Stat(path); !os.SameFile(before, after) {
			t.Error("it was replaced")
		}
		disktest.Leaves(t, folder, "file")
	}
}

func TestAPartWithNothingLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	x := disktest.NewText(threeAndABit, 1)
	part := store.NewPart(disktest.OpenRoot(t, folder), "file")
	x.Open(t, part)
	if err := part.Close(); err != nil {
		t.Error(err)
	}
	disktest.Leaves(t, folder)
	if err := errors.Join(part.Close(), part.Discard()); err != nil {
		t.Errorf("ended twice: %v", err)
	}
}
