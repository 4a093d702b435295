package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// brought returns an item of so many bytes whose groups have all come.
func brought(t *testing.T, number, size int, to *store.Folder) item {
	t.Helper()
	x := item{disktest.NewText(size, uint64(number+1)), number, to}
	if size > protocol.GroupSize {
		x.open(t)
	}
	for g := range protocol.Groups(uint64(size)) {
		x.bring(t, g)
	}
	return x
}

// refuses fails unless the item is refused the place that another one has, and that one stays.
func (i item) refuses(t *testing.T, place string, other []byte) {
	t.Helper()
	misplaced := lost(t, i.to.Commit(t.Context(), roles.Placement{Item: i.number, Size: uint64(len(i.Data))}))
	if err := misplaced[i.number]; err == nil || !strings.Contains(err.Error(), place+": on this disk it is the same name as ") {
		t.Errorf("%v", misplaced)
	}
	disktest.Holds(t, place, other)
}

// TestNamesThatDifferInCaseComeBoth where the disk can have both.
func TestNamesThatDifferInCaseComeBoth(t *testing.T) {
	for _, size := range []int{100, threeAndABit} {
		folder := t.TempDir()
		disktest.Lay(t, filepath.Join(folder, "readme.txt"), "an earlier content, which is replaced")
		to := store.NewFolder(disktest.OpenRoot(t, folder), [][]string{{"README.TXT"}, {"readme.txt"}, {"Größe", "GRÖSSE"}}, store.Options{})
		for number := range 3 {
			commits(t, brought(t, number, size, to))
		}
		for number, names := range [][]string{{"README.TXT"}, {"readme.txt"}, {"Größe", "GRÖSSE"}} {
			for _, name := range names {
				disktest.Holds(t, filepath.Join(folder, name), disktest.NewText(size, uint64(number+1)).Data)
			}
		}
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestADiskThatDoesNotTellCasesApartKeepsTheFirst: a second link to the first file shows what such a disk would have
// under the other name.
func TestADiskThatDoesNotTellCasesApartKeepsTheFirst(t *testing.T) {
	for _, size := range []int{100, threeAndABit} {
		folder := t.TempDir()
		place := filepath.Join(folder, "readme.txt")
		to := store.NewFolder(disktest.OpenRoot(t, folder), [][]string{{"README.TXT"}, {"readme.txt"}}, store.Options{})
		first := brought(t, 0, size, to)
		commits(t, first)
		if err := os.Link(filepath.Join(folder, "README.TXT"), place); err != nil {
			t.Fatal(err)
		}
		brought(t, 1, size, to).refuses(t, place, first.Data)
		if err := to.Close(); err != nil {
			t.Error(err)
		}
		disktest.Leaves(t, folder, "README.TXT", "readme.txt")

		// Another run, which has the first file already.
		to = store.NewFolder(disktest.OpenRoot(t, folder), [][]string{{"readme.txt"}}, store.Options{})
		to.Beside([]string{"README.TXT", "unrelated"})
		brought(t, 0, size+1, to).refuses(t, place, first.Data)
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}
}
