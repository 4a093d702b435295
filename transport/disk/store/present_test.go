package store_test

import (
	"path/filepath"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

func TestWhatIsPresentIsFoundBelowFoldersThatAreThereAndThatAreNot(t *testing.T) {
	folder := t.TempDir()
	var files []protocol.Entry
	hash := content.ChainingValue(0, []byte("text"), true)
	for _, name := range []string{"a", "deep/er/a", "deep/er/b", "file/a", "file/b", "none/a", "none/b", "none/deep/a", "other", "z"} {
		files = append(files, protocol.Entry{Name: name, Size: 4, Hash: hash})
	}
	for _, there := range []string{"a", "deep/er/b", "file", "z"} {
		disktest.Lay(t, filepath.Join(folder, there), "text")
	}
	disktest.Lay(t, filepath.Join(folder, "other"), "tout")
	var got string
	for i, present := range store.Present(t.Context(), disktest.OpenRoot(t, folder), files) {
		if present {
			got += files[i].Name + " "
		}
	}
	if want := "a deep/er/b z "; got != want {
		t.Errorf("present: %s, not %s", got, want)
	}
}
