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

// TestTwoNamesOfOnePlaceKeepTheFirst: a link within the folder makes one place of two names, which have nothing in
// common. A file that has two names is replaced under one of them, as any other.
func TestTwoNamesOfOnePlaceKeepTheFirst(t *testing.T) {
	for _, size := range []int{100, threeAndABit} {
		folder := t.TempDir()
		at := func(name string) string { return filepath.Join(folder, name) }
		disktest.Lay(t, at("sub/before"), "before")
		disktest.Lay(t, at("one"), "linked")
		for name, err := range map[string]error{"link": os.Symlink("sub", at("out")), "name": os.Link(at("one"), at("two"))} {
			if err != nil {
				t.Skip(name, err)
			}
		}
		names := [][]string{{"sub/x"}, {"out/x"}, {"out/before"}, {"two"}}
		to := store.NewFolder(disktest.OpenRoot(t, folder), names, store.Options{})
		to.Beside([]string{"sub/before", "one"})
		first := brought(t, 0, size, to)
		commits(t, first)
		brought(t, 1, size, to).refuses(t, at("out/x"), first.Data)
		brought(t, 2, size, to).refuses(t, at("out/before"), []byte("before"))
		last := brought(t, 3, size, to)
		commits(t, last)
		disktest.Holds(t, at("one"), []byte("linked"))
		disktest.Holds(t, at("two"), last.Data)
		if err := to.Close(); err != nil {
			t.Error(err)
		}
		disktest.Leaves(t, at("sub"), "before", "x")
	}
}
