package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

var (
	someday = time.Date(2020, 2, 3, 4, 5, 6, 7_000_000, time.UTC)
	program = protocol.AttributesOf(someday, true)
)

// fetchAll fetches a file of each kind into a folder: a large one under two names, small ones, and
// an empty one; all with these attributes.
func fetchAll(t *testing.T, folder string, options store.Options, about protocol.Attributes) (names []string) {
	t.Helper()
	items := [][]string{{"large", "sub/copy"}, {"small", "sub/small"}, {"empty"}}
	to := store.NewFolder(disktest.OpenRoot(t, folder), items, options)
	for number, text := range []disktest.Text{disktest.NewText(threeAndABit, 1), disktest.NewText(100, 2), disktest.NewText(0, 3)} {
		i := item{text, number, to}
		if number == 0 {
			i.open(t)
		}
		for group := range i.Groups() {
			sink, err := to.Receive(number, group*protocol.GroupSize, about)
			if err == nil {
				err = i.Put(sink, group)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		commit(t, to, roles.Placement{Item: number, Size: uint64(len(text.Data)), Attributes: about})
		names = append(names, items[number]...)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return names
}

// hasAttributes fails unless a file has the time, if it is one, and the mode, where there are modes.
func hasAttributes(t *testing.T, path string, modified time.Time, mode fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.ModTime(); !modified.IsZero() && !got.Equal(modified) {
		t.Errorf("%s: the time is %v", path, got)
	} else if modified.IsZero() && time.Since(got) > time.Hour {
		t.Errorf("%s: the time is %v", path, got)
	}
	if runtime.GOOS != "windows" && info.Mode() != mode {
		t.Errorf("%s: the mode is %v, not %v", path, info.Mode(), mode)
	}
}

// plainMode returns the modes that the umask lets a file and a program have.
func plainMode(t *testing.T) (file, run fs.FileMode) {
	t.Helper()
	for mode, is := range map[fs.FileMode]*fs.FileMode{0o666: &file, 0o777: &run} {
		path := filepath.Join(t.TempDir(), "file")
		opened, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, mode)
		if err != nil {
			t.Fatal(err)
		}
		info, err := opened.Stat()
		if err != nil {
			t.Fatal(err)
		}
		*is = info.Mode()
		opened.Close()
	}
	return file, run
}

// Files of all kinds, and all names of one, have the time and the executable bit that were said of
// them; no time that is not to be set; and nothing that was not said.
func TestFilesGetTheirAttributes(t *testing.T) {
	file, run := plainMode(t)
	for what, test := range map[string]struct {
		options  store.Options
		about    protocol.Attributes
		modified time.Time
		mode     fs.FileMode
	}{
		"a program":       {store.Options{}, program, someday, run},
		"a text":          {store.Options{}, protocol.AttributesOf(someday, false), someday, file},
		"nothing":         {store.Options{}, protocol.Attributes{}, time.Time{}, file},
		"no times":        {store.Options{NoTimes: true}, program, time.Time{}, run},
		"a mirror's":      {store.Options{NoReplace: true}, program, someday, run},
		"the year 2242":   {store.Options{}, protocol.Attributes{Modified: protocol.MaxModified * 1e9}, time.Time{}, file},
		"the last second": {store.Options{}, protocol.Attributes{Modified: (protocol.MaxModified - 1) * 1e9}, time.Unix(protocol.MaxModified-1, 0), file},
	} {
		t.Run(what, func(t *testing.T) {
			folder := t.TempDir()
			for _, name := range fetchAll(t, folder, test.options, test.about) {
				hasAttributes(t, filepath.Join(folder, name), test.modified, test.mode)
			}
		})
	}
}

// Who may read a file does not change with its content; a program may be run by those who may read it.
func TestAReplacedFileKeepsWhoMayReadIt(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"large", "small", "empty"} {
		disktest.Lay(t, filepath.Join(folder, name), "before")
		if err := os.Chmod(filepath.Join(folder, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fetchAll(t, folder, store.Options{}, program)
	for _, name := range []string{"large", "small", "empty"} {
		hasAttributes(t, filepath.Join(folder, name), someday, 0o700)
	}
}

// A file that is there already gets the attributes, and so does one whose part is gone on with.
// What may not be replaced keeps its own.
func TestWhatIsThereGetsItsAttributes(t *testing.T) {
	x := disktest.NewText(threeAndABit, 1)
	place := roles.Placement{Size: threeAndABit, Attributes: protocol.AttributesOf(someday, false)}
	for _, kept := range []bool{false, true} {
		folder := t.TempDir()
		path := filepath.Join(folder, "file")
		disktest.Lay(t, path, string(x.Data))
		part := store.NewPart(disktest.OpenRoot(t, folder), "file")
		part.Use(store.Options{NoReplace: kept})
		x.Open(t, part)
		commit(t, part, place)
		if info, err := os.Stat(path); err != nil || info.ModTime().Equal(someday) == kept {
			t.Errorf("%v, %v", info.ModTime(), err)
		}
	}
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	part := store.NewPart(root, "file")
	x.Open(t, part)
	x.MustBring(t, part, 0, 1, 2, 3)
	part.Close()
	part = store.NewPart(root, "file")
	x.Open(t, part)
	commit(t, part, place)
	if info, err := root.Stat("file"); err != nil || !info.ModTime().Equal(someday) {
		t.Errorf("%v, %v", info.ModTime(), err)
	}
}
