package disk_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
)

func TestTwoDoNotFetchToOnePlace(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	x := newText(threeAndABit, 1)
	first, second := disk.NewPart(root, "file"), disk.NewPart(root, "file")
	x.open(t, first)
	open := func() error {
		_, _, err := second.Open(t.Context(), roles.OpenStore{Hash: x.hash, Size: threeAndABit}, nil)
		return err
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "another process is fetching it") {
		t.Errorf("the second was let in: %v", err)
	}
	x.mustBring(t, first, 0, 1, 2, 3)
	if err := first.Keep(); err != nil {
		t.Fatal(err)
	}
	if has, _ := x.open(t, second); has.Count() != 4 {
		t.Errorf("the second has %v", has)
	}
	second.Close()
	leaves(t, folder, "file")
}

func TestAPartStaysInItsFolder(t *testing.T) {
	top := t.TempDir()
	folder := filepath.Join(top, "folder")
	lay(t, filepath.Join(folder, "is a file"), "")
	if err := errors.Join(
		os.Mkdir(filepath.Join(folder, "is a folder"), 0o755),
		os.Symlink(top, filepath.Join(folder, "way out")),
		syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o644),
		syscall.Mkfifo(filepath.Join(folder, disk.BesideName("trap", disk.JournalSuffix)), 0o644),
	); err != nil {
		t.Fatal(err)
	}
	root := openRoot(t, folder)
	for _, name := range []string{
		"../outside", "way out/outside", "is a folder", "is a file/below", "pipe", "trap",
		disk.BesideName("file", disk.PartSuffix), "x/" + disk.BesideName("file", disk.JournalSuffix),
	} {
		part := disk.NewPart(root, name)
		if _, _, err := part.Open(t.Context(), roles.OpenStore{Hash: protocol.Hash{1}, Size: 1}, nil); err == nil {
			t.Errorf("%s was accepted", name)
		} else if !strings.HasPrefix(err.Error(), top) {
			t.Errorf("%s: the error does not say where: %v", name, err)
		}
		part.Discard()
	}
	leaves(t, top, "folder")
}

// A file may have the longest name that there is; what lies beside it has one, too, and not that of another file.
func TestTheLongestNamesHaveRoomBeside(t *testing.T) {
	root := openRoot(t, t.TempDir())
	x := newText(10, 1)
	seen := map[string]bool{}
	for _, last := range []string{"x", "y", "é"} {
		name := strings.Repeat("é", 126) + last
		if len(name) < 255 {
			name += strings.Repeat("z", 255-len(name))
		}
		part := disk.NewPart(root, name)
		x.open(t, part)
		beside := disk.BesideName(name, disk.PartSuffix)
		if _, err := root.Stat(beside); err != nil || seen[beside] || !fs.ValidPath(beside) {
			t.Errorf("%s: %v", beside, err)
		}
		seen[beside] = true
		x.mustBring(t, part, 0)
		if err := part.Keep(); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckingEndsWithItsContext(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	x := newText(threeAndABit, 1)
	part := disk.NewPart(root, "file")
	x.open(t, part)
	x.mustBring(t, part, 0, 1)
	part.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	part = disk.NewPart(root, "file")
	if _, _, err := part.Open(ctx, roles.OpenStore{Hash: x.hash, Size: threeAndABit}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	part.Close()
	part = disk.NewPart(root, "file")
	if has, _ := x.open(t, part); has.Count() != 2 {
		t.Errorf("what had come is gone: %v", has)
	}
	part.Close()
}
