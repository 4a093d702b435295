package store_test

import (
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

// readOnly returns a folder in which nothing can be made, by nobody.
func readOnly(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "new"), 0o755); err == nil { // we may do anything
		return "/proc"
	}
	return folder
}

func TestAFailureSpeaksOfTheFileThatTheUserKnows(t *testing.T) {
	folder := readOnly(t)
	root := disktest.OpenRoot(t, folder)
	part := store.NewPart(root, "file")
	_, _, err := part.Open(t.Context(), roles.OpenStore{Hash: protocol.Hash{1}, Size: 1}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), folder+"/file: ") || strings.Contains(err.Error(), "relaypeer") {
		t.Errorf("a part: %v", err)
	}
	if _, err = store.NewBatch(root, [][]string{{"file"}}, store.Options{}); err == nil || !strings.HasPrefix(err.Error(), folder+": ") ||
		strings.Contains(err.Error(), "relaypeer") {
		t.Errorf("a batch: %v", err)
	}
}

func TestAFolderInThePlaceOfAPartIsNamed(t *testing.T) {
	for _, suffix := range []string{disk.PartSuffix, disk.JournalSuffix} {
		folder := t.TempDir()
		disktest.Lay(t, filepath.Join(folder, disk.Beside("file", suffix), "theirs"), "")
		part := store.NewPart(disktest.OpenRoot(t, folder), "file")
		_, _, err := part.Open(t.Context(), roles.OpenStore{Hash: protocol.Hash{1}, Size: 1}, nil)
		if err == nil || !strings.Contains(err.Error(), "/file: .file"+suffix+" is there") {
			t.Errorf("%s: %v", suffix, err)
		}
		if err := part.Close(); err != nil {
			t.Error(err)
		}
	}
}
