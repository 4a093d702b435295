package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

func TestTwoDoNotFetchToOnePlace(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	x := disktest.NewText(threeAndABit, 1)
	first, second := store.NewPart(root, "file"), store.NewPart(root, "file")
	x.Open(t, first)
	open := func() error {
		_, _, err := second.Open(t.Context(), roles.OpenStore{Hash: x.Hash, Size: threeAndABit}, nil)
		return err
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "another process is fetching it") {
		t.Errorf("the second was let in: %v", err)
	}
	x.MustBring(t, first, 0, 1, 2, 3)
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if has, _ := x.Open(t, second); has.Count() != 4 {
		t.Errorf("the second has %v", has)
	}
	second.Close()
	disktest.Leaves(t, folder, "file")
}

func TestAPartStaysInItsFolder(t *testing.T) {
	top := t.TempDir()
	folder := filepath.Join(top, "folder")
	disktest.Lay(t, filepath.Join(folder, "is a file"), "")
	if err := errors.Join(
		os.Mkdir(filepath.Join(folder, "is a folder"), 0o755),
		os.Symlink(top, filepath.Join(folder, "way out")),
	); err != nil {
		t.Fatal(err)
	}
	disktest.Fifo(t, filepath.Join(folder, "pipe"))
	disktest.Fifo(t, filepath.Join(folder, disk.Beside("trap", disk.JournalSuffix)))
	root := disktest.OpenRoot(t, folder)
	for _, name := range []string{
		"../outside", "way out/outside", "is a folder", "is a file/below", "pipe", "trap",
		disk.Beside("file", disk.PartSuffix), "x/" + disk.Beside("file", disk.JournalSuffix),
	} {
		part := store.NewPart(root, name)
		if _, _, err := part.Open(t.Context(), roles.OpenStore{Hash: protocol.Hash{1}, Size: 1}, nil); err == nil {
			t.Errorf("%s was accepted", name)
		} else if !strings.HasPrefix(err.Error(), top) {
			t.Errorf("%s: the error does not say where: %v", name, err)
		}
		part.Discard()
	}
	disktest.Leaves(t, top, "folder")
}

// A file may have the longest name that there is; what lies beside it has one, too, and not that of another file.
func TestTheLongestNamesHaveRoomBeside(t *testing.T) {
	root := disktest.OpenRoot(t, t.TempDir())
	x := disktest.NewText(10, 1)
	seen := map[string]bool{}
	for _, last := range []string{"x", "y", "é"} {
		name := strings.Repeat("é", 126) + last
		if len(name) < 255 {
			name += strings.Repeat("z", 255-len(name))
		}
		part := store.NewPart(root, name)
		x.Open(t, part)
		beside := disk.Beside(name, disk.PartSuffix)
		if _, err := root.Stat(beside); err != nil || seen[beside] || !fs.ValidPath(beside) {
			t.Errorf("%s: %v", beside, err)
		}
		seen[beside] = true
		x.MustBring(t, part, 0)
		if err := part.Commit(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckingEndsWithItsContext(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	x := disktest.NewText(threeAndABit, 1)
	part := store.NewPart(root, "file")
	x.Open(t, part)
	x.MustBring(t, part, 0, 1)
	part.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	part = store.NewPart(root, "file")
	if _, _, err := part.Open(ctx, roles.OpenStore{Hash: x.Hash, Size: threeAndABit}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	part.Close()
	part = store.NewPart(root, "file")
	if has, _ := x.Open(t, part); has.Count() != 2 {
		t.Errorf("what had come is gone: %v", has)
	}
	part.Close()
}
