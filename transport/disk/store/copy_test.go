package store_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// Where the file system can share the space of two files, a content under several names takes it
// once. The copies are verified all the same, and where it cannot, they are written.
func TestCopiesShareTheirSpace(t *testing.T) {
	shares := 0
	clone := func(to, from *os.File) error {
		shares++
		_, err := io.Copy(to, io.NewSectionReader(from, 0, threeAndABit))
		return err
	}
	spoilt := func(to, from *os.File) error {
		err := clone(to, from)
		to.WriteAt([]byte("spoilt"), 5000)
		return err
	}
	names := []string{"a", "b", "c/d"}
	for what, test := range map[string]struct {
		share  func(to, from *os.File) error
		shares int
		fails  bool
	}{
		"can":    {clone, 2, false},
		"cannot": {func(_, _ *os.File) error { return errors.ErrUnsupported }, 0, false},
		"wrong":  {spoilt, 2, true},
	} {
		folder := t.TempDir()
		undo := store.Share(test.share)
		x := item{disktest.NewText(threeAndABit, 1), 0, store.NewFolder(disktest.OpenRoot(t, folder), [][]string{names}, store.Options{})}
		shares = 0
		x.open(t)
		x.bring(t, 0, 1, 2, 3)
		err := x.to.Commit(t.Context(), x.placement())
		if shares != test.shares || (err != nil) != test.fails {
			t.Errorf("%s: shared %d times, %v", what, shares, err)
		}
		for _, name := range names {
			path := filepath.Join(folder, name)
			if _, err := os.Stat(path); err == nil || !test.fails {
				disktest.Holds(t, path, x.Data)
			}
		}
		x.to.Close()
		undo()
	}
}
