package store_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// owner puts something of its own under names in which nothing lies.
type owner struct {
	folder string
	put    func(path string) error // fails with fs.ErrExist where something lies

	mu   sync.Mutex
	left int             // changes of the disk until it acts
	mine map[string]bool // where it was first
}

// act is called before each change of the disk.
func (o *owner) act(names [][]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.left--; o.left != 0 {
		return
	}
	for _, all := range names {
		for _, name := range all {
			path := filepath.Join(o.folder, name)
			os.MkdirAll(filepath.Dir(path), 0o755)
			if o.put(path) == nil {
				o.mine[name] = true
			}
		}
	}
}

func putFile(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = file.WriteString("mine")
		file.Close()
	}
	return err
}

// Before whichever change of the disk its owner puts something there: what may not be replaced is
// not. What could be put in its place is whole, and nothing is left beside.
func TestWhatIsKeptIsNeverReplaced(t *testing.T) {
	for what, test := range map[string]struct {
		put  func(string) error
		step int // of the changes, only every so many
	}{
		"file":   {putFile, 1},
		"folder": {func(path string) error { return os.Mkdir(path, 0o755) }, 5},
		"link":   {func(path string) error { return os.Symlink("nowhere", path) }, 5},
	} {
		t.Run(what, func(t *testing.T) {
			n := 1
			for ; keepsAll(t, n, test.put); n += test.step {
			}
			if n < 30 {
				t.Errorf("only %d changes of the disk were counted", n)
			}
		})
	}
}

// keepsAll fetches items of all kinds while an owner acts before the n-th change of the disk. It
// reports whether there was such a change.
func keepsAll(t *testing.T, n int, put func(string) error) bool {
	folder := t.TempDir()
	names := [][]string{{"large", "sub/large"}, {"small", "deep/down/small"}, {"empty"}}
	texts := []disktest.Text{disktest.NewText(protocol.GroupSize+1000, 1), disktest.NewText(100, 2), disktest.NewText(0, 3)}
	o := &owner{folder: folder, put: put, left: n, mine: map[string]bool{}}
	undo := store.SetBefore(func(what string) error {
		if changes(what) {
			o.act(names)
		}
		return nil
	})
	to := store.NewFolder(disktest.OpenRoot(t, folder), names, store.Options{NoReplace: true})
	failed := fetchKept(t, to, texts)
	if err := to.Close(); err != nil {
		t.Errorf("%d: %v", n, err)
	}
	undo()
	lost := map[int]bool{}
	for number, all := range names {
		for _, name := range all {
			path := filepath.Join(folder, name)
			if info, err := os.Lstat(path); o.mine[name] {
				lost[number] = true
				if got, _ := os.ReadFile(path); err != nil || info.Mode().IsRegular() && string(got) != "mine" {
					t.Fatalf("%d: %s was replaced", n, name)
				}
			} else if got, err := os.ReadFile(path); failed[number] == nil || err == nil {
				if err != nil || string(got) != string(texts[number].Data) {
					t.Fatalf("%d: %d bytes under %s, %v", n, len(got), name, err)
				}
			}
		}
	}
	for number, err := range failed {
		if !lost[number] || !errors.Is(err, store.ErrTaken) && !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%d: item %d: %v", n, number, err)
		}
	}
	filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if strings.HasPrefix(entry.Name(), ".") {
			t.Errorf("%d: %s is left", n, path)
		}
		return err
	})
	return o.left <= 0
}

// fetchKept brings the items, the first one opened, and returns the errors by item.
func fetchKept(t *testing.T, to *store.Folder, texts []disktest.Text) map[int]error {
	failed := transport.Misplaced{}
	for number, text := range texts {
		var has roles.Groups
		var err error
		if number == 0 {
			has, _, err = to.Open(t.Context(), roles.OpenStore{Item: 0, Hash: text.Hash, Size: uint64(len(text.Data))}, func(_, _ uint64) {})
		}
		for group := range text.Groups() {
			if has.Has(group) {
				continue
			}
			var sink transport.Sink
			if err == nil {
				sink, err = to.Receive(number, group*protocol.GroupSize, protocol.Attributes{})
			}
			if err == nil {
				err = text.Put(sink, group)
			}
		}
		var misplaced transport.Misplaced
		if err == nil {
			err = to.Commit(t.Context(), roles.Placement{Item: number, Size: uint64(len(text.Data))})
		}
		if errors.As(err, &misplaced) {
			maps.Copy(failed, misplaced)
		} else if err != nil {
			failed[number] = err
		}
	}
	return failed
}

// So it is on a file system that cannot move a file only to where nothing is.
func TestWhatIsKeptIsNeverReplacedByLinking(t *testing.T) {
	defer store.WithoutExclusive()()
	n := 1
	for ; keepsAll(t, n, putFile); n += 2 {
	}
	if n < 30 {
		t.Errorf("only %d changes of the disk were counted", n)
	}
}

// A part of an earlier try is dropped when its place has been taken.
func TestAPartOfATakenPlaceIsDropped(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	x := disktest.NewText(threeAndABit, 1)
	part := store.NewPart(root, "file")
	x.Open(t, part)
	x.MustBring(t, part, 0, 1)
	part.Close()
	disktest.Lay(t, filepath.Join(folder, "file"), "mine")
	part = store.NewPart(root, "file")
	part.Use(store.Options{NoReplace: true})
	if _, _, err := part.Open(t.Context(), roles.OpenStore{Hash: x.Hash, Size: threeAndABit}, nil); !errors.Is(err, store.ErrTaken) {
		t.Errorf("%v", err)
	}
	part.Close()
	disktest.Holds(t, filepath.Join(folder, "file"), []byte("mine"))
	disktest.Leaves(t, folder, "file")
}
