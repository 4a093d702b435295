package program

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/relaypeer/relaypeer/protocol/content"
)

func TestHaulsAreOfAboutTheSameSize(t *testing.T) {
	for _, c := range []struct{ files, carriers, most int }{
		{1, 2, haulLeast},
		{1000, 2, 501},
		{2 * haulMost, 2, haulMost/2 + 1},
		{10_000, 2, 2501},
		{1_000_000, 8, haulMost},
	} {
		got := haulSize(c.files, c.carriers)
		if got > haulMost || got > c.most || c.most-got > 100 {
			t.Errorf("%d files by %d carriers: hauls of %d, not %d", c.files, c.carriers, got, c.most)
		}
	}
}

func TestWhatIsMissingIsFoundBelowFoldersThatAreThereAndThatAreNot(t *testing.T) {
	folder := t.TempDir()
	var picks []pick
	hash := content.ChainingValue(0, []byte("text"), true)
	for _, name := range []string{"a", "deep/er/a", "deep/er/b", "file/a", "file/b", "none/a", "none/b", "none/deep/a", "z"} {
		picks = append(picks, pick{name: name, size: 4, hash: hash})
	}
	for _, there := range []string{"a", "deep/er/b", "file", "z"} {
		path := filepath.Join(folder, there)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var got string
	for _, one := range missing(context.Background(), root, picks) {
		got += one.name + " "
	}
	if want := "deep/er/a file/a file/b none/a none/b none/deep/a "; got != want {
		t.Errorf("missing: %s, not %s", got, want)
	}
}
