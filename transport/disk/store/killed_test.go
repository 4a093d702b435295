package store_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// These tests run themselves as a child that ends without a word before the n-th change of the
// disk, for each n that there is. The child says on standard output what it has been promised.
const (
	killAt     = "RELAYPEER_TEST_KILL_AT"
	killFolder = "RELAYPEER_TEST_KILL_FOLDER"
	killed     = 99 // the exit code of a child that has been
)

// dieAt has this process killed before the n-th change.
func dieAt(n string) {
	left, _ := strconv.Atoi(n)
	store.SetBefore(func(what string) error {
		if !changes(what) {
			return nil
		}
		if left--; left < 0 {
			os.Exit(killed)
		}
		return nil
	})
}

// changes reports whether what comes with that word changes the disk.
func changes(what string) bool {
	return !strings.HasPrefix(what, "open ") && !strings.HasPrefix(what, "read ")
}

// runKilled runs the test as a child. It reports what the child said, and whether it came to its
// end.
func runKilled(t *testing.T, folder string, n int) (said []string, whole bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), killAt+"="+strconv.Itoa(n), killFolder+"="+folder)
	out, err := child.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != killed) {
		t.Fatalf("the child: %v, %s", err, out)
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		said = append(said, lines.Text())
	}
	return said, err == nil
}

// Whenever a fetch is killed: nothing wrong is under the name, what was verified is had, and all
// goes well the next time.
func TestAFetchMayBeKilledAnywhere(t *testing.T) {
	x := disktest.NewText(threeAndABit, 1)
	if n := os.Getenv(killAt); n != "" {
		dieAt(n)
		fetchAndDie(t, x, os.Getenv(killFolder))
		return
	}
	for n, whole := 0, false; !whole; n++ {
		folder := t.TempDir()
		path := filepath.Join(folder, "sub/file")
		disktest.Lay(t, path, "before")
		var said []string
		said, whole = runKilled(t, folder, n)
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, x.Data) && (whole || string(got) != "before") {
			t.Fatalf("killed at %d: %d bytes under the name, %v", n, len(got), err)
		}
		part := store.NewPart(disktest.OpenRoot(t, folder), "sub/file")
		has, other := x.Open(t, part)
		if other {
			t.Errorf("killed at %d: taken for another content", n)
		}
		for _, number := range said {
			if number, err := strconv.ParseUint(number, 10, 64); err == nil && !has.Has(number) {
				t.Errorf("killed at %d: group %d was verified, and is fetched again", n, number)
			}
		}
		for number := range x.Groups() {
			if !has.Has(number) {
				x.MustBring(t, part, number)
			}
		}
		if err := part.Commit(t.Context()); err != nil {
			t.Fatalf("killed at %d: %v", n, err)
		}
		disktest.Holds(t, path, x.Data)
		disktest.Leaves(t, filepath.Join(folder, "sub"), "file")
		if whole && n < 15 {
			t.Errorf("only %d changes of the disk were counted", n)
		}
	}
}

// fetchAndDie brings a content over two links at once.
func fetchAndDie(t *testing.T, x disktest.Text, folder string) {
	part := store.NewPart(disktest.OpenRoot(t, folder), "sub/file")
	x.Open(t, part)
	sinks := [2]transport.Sink{receive(t, part), receive(t, part)}
	for turn := range uint64(2) {
		for link, number := range [2]uint64{turn, 3 - turn} { // one from the beginning, one from the end
			if err := x.Put(sinks[link], number); err != nil {
				t.Fatal(err)
			}
			fmt.Println(number)
		}
	}
	if err := part.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Whenever a batch is killed: each name has nothing, what it had, or all that it should, and
// nothing else is left.
func TestABatchMayBeKilledAnywhere(t *testing.T) {
	names := []string{"there", "new", "sub/deep"}
	if n := os.Getenv(killAt); n != "" {
		dieAt(n)
		batch := newBatch(t, disktest.OpenRoot(t, os.Getenv(killFolder)), names...)
		for item, name := range names {
			bringItem(t, batch, item, "all of "+name)
		}
		commit(t, batch, placements(len(names))...)
		batch.Close()
		return
	}
	for n, whole := 0, false; !whole; n++ {
		folder := t.TempDir()
		disktest.Lay(t, filepath.Join(folder, "there"), "before")
		_, whole = runKilled(t, folder, n)
		for _, name := range names {
			got, err := os.ReadFile(filepath.Join(folder, name))
			kept := name == "there" && string(got) == "before" || name != "there" && os.IsNotExist(err)
			if string(got) != "all of "+name && (whole || !kept) {
				t.Fatalf("killed at %d: %q under %s, %v", n, got, name, err)
			}
		}
		batch := newBatch(t, disktest.OpenRoot(t, folder), names...)
		for item, name := range names {
			bringItem(t, batch, item, "all of "+name)
		}
		commit(t, batch, placements(len(names))...)
		batch.Close()
		disktest.Leaves(t, folder, "new", "sub", "there")
		if whole && n < 8 {
			t.Errorf("only %d changes of the disk were counted", n)
		}
	}
}

// Whenever a Folder is killed: under each name is nothing, what was there, or all that should be,
// an item that was committed stands under all its names, and all goes well the next time.
func TestAFolderMayBeKilledAnywhere(t *testing.T) {
	names := [][]string{{"large", "sub/large", "there"}, {"small", "deep/down/small"}, {"empty"}}
	texts := []disktest.Text{disktest.NewText(protocol.GroupSize+1000, 1), disktest.NewText(100, 2), disktest.NewText(0, 3)}
	if n := os.Getenv(killAt); n != "" {
		to := store.NewFolder(disktest.OpenRoot(t, os.Getenv(killFolder)), names, store.Options{})
		dieAt(n)
		fetchItems(t, to, texts, func(number int) { fmt.Println("committed", number) })
		return
	}
	for n, whole := 0, false; !whole; n++ {
		folder := t.TempDir()
		disktest.Lay(t, filepath.Join(folder, "there"), "before")
		var said []string
		said, whole = runKilled(t, folder, n)
		for number, all := range names {
			for _, name := range all {
				got, err := os.ReadFile(filepath.Join(folder, name))
				kept := name == "there" && string(got) == "before" || name != "there" && os.IsNotExist(err)
				if !(err == nil && bytes.Equal(got, texts[number].Data)) && (!kept || slices.Contains(said, "committed "+strconv.Itoa(number))) {
					t.Fatalf("killed at %d: %d bytes under %s, %v", n, len(got), name, err)
				}
			}
		}
		to := store.NewFolder(disktest.OpenRoot(t, folder), names, store.Options{})
		fetchItems(t, to, texts, func(int) {})
		for number, all := range names {
			for _, name := range all {
				disktest.Holds(t, filepath.Join(folder, name), texts[number].Data)
			}
		}
		disktest.Leaves(t, folder, "deep", "empty", "large", "small", "sub", "there")
		disktest.Leaves(t, filepath.Join(folder, "sub"), "large")
		if whole && n < 35 {
			t.Errorf("only %d changes of the disk were counted", n)
		}
	}
}

// fetchItems brings what is missing of each item, the first one opened, and commits one after the
// other.
func fetchItems(t *testing.T, to *store.Folder, texts []disktest.Text, committed func(number int)) {
	for number, text := range texts {
		i := item{text, number, to}
		var has roles.Groups
		if number == 0 {
			has = i.open(t)
		}
		for group := range i.Groups() {
			if !has.Has(group) {
				i.bring(t, group)
			}
		}
	}
	for number, text := range texts {
		commits(t, item{text, number, to})
		committed(number)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
}
