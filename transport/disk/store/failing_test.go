package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// These tests have the n-th operation of the disk fail, for each n that there is, as those of
// killed_test.go have the process end there.

// failing has one operation of the disk fail.
type failing struct {
	mu   sync.Mutex
	left int               // operations before it
	err  error             // of it
	what string            // the word for it; none: it has not come
	also func(what string) // called before it fails
}

func (f *failing) before(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left--; f.left != -1 {
		return nil
	}
	f.what = what
	if f.also != nil {
		f.also(what)
	}
	return f.err
}

// failAt has the n-th operation fail, each in another way than the one before.
func failAt(n int) *failing {
	return &failing{left: n, err: []error{syscall.EIO, syscall.ENOSPC, syscall.EMFILE}[n%3]}
}

// during calls do while the operation fails.
func (f *failing) during(do func() error) error {
	defer store.SetBefore(f.before)()
	return do()
}

// try is a whole fetch to a part.
type try struct {
	disktest.Text
	part *store.Part
	now  uint64   // the group that is being brought
	put  []uint64 // the groups that have been put
}

// run opens the part, brings what is missing, and commits it.
func (f *try) run(t *testing.T) error {
	has, _, err := f.part.Open(t.Context(), roles.OpenStore{Hash: f.Hash, Size: uint64(len(f.Data))}, func(_, _ uint64) {})
	for number := range f.Groups() {
		if err != nil || has.Has(number) {
			continue
		}
		f.now = number
		if err = f.Bring(f.part, number); err == nil {
			f.put = append(f.put, number)
		}
	}
	if err == nil {
		err = f.part.Commit(t.Context(), roles.Placement{Attributes: protocol.Attributes{Modified: 1e9, Executable: true}})
	}
	return errors.Join(err, f.part.Close())
}

// Whichever operation fails: the error is said and names the file, nothing wrong is under the name,
// what was verified is had the next time unless it could not be made durable, and then all goes
// well.
func TestEachOperationOfAPartMayFail(t *testing.T) {
	x := disktest.NewText(threeAndABit, 1)
	for name, test := range map[string]struct {
		there   string   // under the name
		begun   []uint64 // groups of an earlier try
		options store.Options
		least   int // operations
	}{
		"a new part":       {"before", nil, store.Options{}, 20},
		"one gone on with": {"before", []uint64{0, 2}, store.Options{}, 20},
		"to a free place":  {"", []uint64{1}, store.Options{NoReplace: true}, 20},
		"what is there":    {string(x.Data), nil, store.Options{}, 8},
		"what may stay":    {string(x.Data), nil, store.Options{NoReplace: true}, 8},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			for ; partFails(t, x, n, test.there, test.begun, test.options); n++ {
			}
			if n < test.least {
				t.Errorf("only %d operations were counted", n)
			}
		})
	}
}

// partFails has the n-th operation of a fetch fail. It reports whether there was one.
func partFails(t *testing.T, x disktest.Text, n int, there string, begun []uint64, options store.Options) bool {
	folder := t.TempDir()
	root, path := disktest.OpenRoot(t, folder), filepath.Join(folder, "sub/file")
	if there != "" {
		disktest.Lay(t, path, there)
	}
	if begun != nil {
		part := store.NewPart(root, "sub/file")
		x.Open(t, part)
		x.MustBring(t, part, begun...)
		part.Close()
	}
	newTry := func() *try {
		part := store.NewPart(root, "sub/file")
		part.Use(options)
		return &try{Text: x, part: part}
	}
	first, f := newTry(), failAt(n)
	f.also = func(what string) {
		if what == "write a group" { // a short write
			file, _ := os.OpenFile(filepath.Join(folder, "sub", disk.Beside("file", disk.PartSuffix)), os.O_WRONLY, 0)
			group := x.Group(first.now)
			file.WriteAt(group[:len(group)/2], int64(first.now*protocol.GroupSize))
			file.Close()
		}
	}
	err := f.during(func() error { return first.run(t) })
	if err != nil && (!errors.Is(err, f.err) || !strings.HasPrefix(err.Error(), path+": ")) {
		t.Errorf("%q fails: %v", f.what, err)
	}
	got, _ := os.ReadFile(path)
	placed := bytes.Equal(got, x.Data)
	if !placed && (err == nil || string(got) != there) {
		t.Fatalf("%q fails: %d bytes under the name, %v", f.what, len(got), err)
	}
	second := newTry()
	has, _, _ := second.part.Open(t.Context(), roles.OpenStore{Hash: x.Hash, Size: uint64(len(x.Data))}, func(_, _ uint64) {})
	for _, number := range append(begun, first.put...) {
		if kept := has.Has(number); !placed && kept == (f.what == "sync the part") {
			t.Errorf("%q fails, and then group %d is had: %v", f.what, number, kept)
		}
	}
	if err := second.run(t); err != nil {
		t.Fatalf("%q failed; and then: %v", f.what, err)
	}
	disktest.Holds(t, path, x.Data)
	disktest.Leaves(t, filepath.Join(folder, "sub"), "file")
	return f.what != ""
}

// What an earlier try has left is told by what the disk says of it, and by nothing else.
func TestEachOperationOfALookAtAPartMayFail(t *testing.T) {
	x := disktest.NewText(threeAndABit, 1)
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	part := store.NewPart(root, "file")
	x.Open(t, part)
	x.MustBring(t, part, 1)
	part.Close()
	for n := 0; ; n++ {
		f := failAt(n)
		var hash protocol.Hash
		err := f.during(func() (err error) {
			hash, _, err = store.NewPart(root, "file").Holds(t.Context(), roles.InspectStore{})
			return err
		})
		if f.what == "" {
			if hash != x.Hash || err != nil || n < 2 {
				t.Errorf("%v, %v after %d operations", hash, err, n)
			}
			return
		}
		if !errors.Is(err, f.err) || !strings.HasPrefix(err.Error(), filepath.Join(folder, "file")+": ") {
			t.Errorf("%q fails: %v", f.what, err)
		}
	}
}

// Whichever operation fails: an item that is said to be in its place is there, another is as it was or
// whole, nothing else is left, and the next batch brings all.
func TestEachOperationOfABatchMayFail(t *testing.T) {
	names := []string{"there", "new", "sub/deep"}
	bring := func(t *testing.T, root *os.Root) error {
		batch, err := store.NewBatch(root, [][]string{{names[0]}, {names[1]}, {names[2]}}, store.Options{})
		if err != nil {
			return err
		}
		for item, name := range names {
			text := []byte("all of " + name)
			if sink, err := batch.Receive(item, 0, protocol.Attributes{}); err == nil {
				sink(0, protocol.Hash{}, text) // what becomes of the item is what Commit says
			}
		}
		err = batch.Commit(t.Context(), placements(len(names))...)
		return errors.Join(err, batch.Close())
	}
	n := 0
	for failed := true; failed; n++ {
		folder := t.TempDir()
		root, f := disktest.OpenRoot(t, folder), failAt(n)
		disktest.Lay(t, filepath.Join(folder, "there"), "before")
		err := f.during(func() error { return bring(t, root) })
		misplaced := transport.Misplaced{}
		if errors.As(err, &misplaced); err != nil && len(misplaced) == 0 && !errors.Is(err, f.err) {
			t.Errorf("%q fails: %v", f.what, err)
		}
		begun := err == nil || len(misplaced) > 0 || f.what == "remove the batch's folder"
		for item, name := range names {
			got, failed := os.ReadFile(filepath.Join(folder, name))
			whole := string(got) == "all of "+name
			kept := name == "there" && string(got) == "before" || name != "there" && os.IsNotExist(failed)
			if why := misplaced[item]; !whole && (begun && why == nil || !kept) || why != nil && !errors.Is(why, f.err) && !strings.Contains(why.Error(), "it has not come") {
				t.Fatalf("%q fails: %q under %s, %v", f.what, got, name, err)
			}
		}
		if f.what != "remove the batch's folder" {
			leavesNothingElse(t, folder)
		}
		if err := bring(t, root); err != nil {
			t.Fatalf("%q failed; and then: %v", f.what, err)
		}
		for _, name := range names {
			disktest.Holds(t, filepath.Join(folder, name), []byte("all of "+name))
		}
		disktest.Leaves(t, folder, "new", "sub", "there")
		failed = f.what != ""
	}
	if n < 20 {
		t.Errorf("only %d operations were counted", n)
	}
}

// leavesNothingElse checks that a folder has none of the store's own files.
func leavesNothingElse(t *testing.T, folder string) {
	t.Helper()
	entries, _ := os.ReadDir(folder)
	if i := slices.IndexFunc(entries, func(e os.DirEntry) bool { return disk.Unfinished(e.Name()) }); i >= 0 {
		t.Errorf("%s is left", entries[i].Name())
	}
}

// Whichever operation fails: an item that is said to be in its place stands under all its names, and
// then all goes well.
func TestEachOperationOfAFolderMayFail(t *testing.T) {
	names := [][]string{{"large", "sub/large", "there"}, {"small", "deep/down/small"}, {"empty"}}
	texts := []disktest.Text{disktest.NewText(protocol.GroupSize+1000, 1), disktest.NewText(100, 2), disktest.NewText(0, 3)}
	n := 0
	for failed := true; failed; n++ {
		folder := t.TempDir()
		root, f := disktest.OpenRoot(t, folder), failAt(n)
		disktest.Lay(t, filepath.Join(folder, "there"), "before")
		var lost map[int]error
		f.during(func() error {
			to := store.NewFolder(root, names, store.Options{})
			lost = fetchKept(t, to, texts)
			return to.Close()
		})
		for number, all := range names {
			if err := lost[number]; err != nil && !errors.Is(err, f.err) {
				t.Errorf("%q fails: item %d: %v", f.what, number, err)
			}
			for _, name := range all {
				got, err := os.ReadFile(filepath.Join(folder, name))
				kept := name == "there" && string(got) == "before" || name != "there" && os.IsNotExist(err)
				if !(err == nil && bytes.Equal(got, texts[number].Data)) && (lost[number] == nil || !kept) {
					t.Fatalf("%q fails: %d bytes under %s, %v", f.what, len(got), name, lost[number])
				}
			}
		}
		to := store.NewFolder(root, names, store.Options{})
		if lost := fetchKept(t, to, texts); len(lost) > 0 {
			t.Fatalf("%q failed; and then: %v", f.what, lost)
		}
		if err := to.Close(); err != nil {
			t.Error(err)
		}
		disktest.Leaves(t, folder, "deep", "empty", "large", "small", "sub", "there")
		disktest.Leaves(t, filepath.Join(folder, "sub"), "large")
		failed = f.what != ""
	}
	if n < 60 {
		t.Errorf("only %d operations were counted", n)
	}
}

// A system's temporary folder that is full, or not there, keeps nothing from being printed: a group
// that comes early waits for its turn.
func TestAStreamDoesWithoutATemporaryFolder(t *testing.T) {
	x := disktest.NewText(threeAndABit, 1)
	for name, prepare := range map[string]func(t *testing.T) (undo func()){
		"missing": func(t *testing.T) func() {
			t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nowhere"))
			return func() {}
		},
		"full": func(t *testing.T) func() {
			t.Setenv("TMPDIR", t.TempDir())
			return store.SetBefore(func(what string) error {
				if what == "write to the spill" {
					return syscall.ENOSPC
				}
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer prepare(t)()
			synctest.Test(t, func(t *testing.T) {
				var printed bytes.Buffer
				stream := store.NewStream(&printed)
				x.Open(t, stream)
				early := make(chan error)
				go func() { early <- x.Bring(stream, 3) }()
				x.MustBring(t, stream, 0, 1)
				synctest.Wait()
				x.MustBring(t, stream, 2)
				if err := errors.Join(<-early, stream.Flush(t.Context()), stream.Close()); err != nil {
					t.Error(err)
				}
				if !bytes.Equal(printed.Bytes(), x.Data) {
					t.Errorf("%d bytes were printed", printed.Len())
				}
			})
		})
	}
}

// What waited on the disk to be printed is printed as it was, or not at all.
func TestAStreamPrintsNothingThatItsDiskHasSpoiled(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	x := disktest.NewText(threeAndABit, 1)
	for name, spoil := range map[string]func(*os.File) error{
		"cut":           func(spilled *os.File) error { return spilled.Truncate(0) },
		"cut a little":  func(spilled *os.File) error { return spilled.Truncate(999) },
		"made of zeros": func(spilled *os.File) error { return errors.Join(spilled.Truncate(0), spilled.Truncate(1000)) },
		"unreadable":    func(*os.File) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want := "not what it was"
				if name == "unreadable" {
					want = fmt.Sprint(syscall.EIO)
					defer store.SetBefore(func(what string) error {
						if what == "read the spill" {
							return syscall.EIO
						}
						return nil
					})()
				}
				var printed bytes.Buffer
				stream := store.NewStream(&printed)
				x.Open(t, stream)
				x.MustBring(t, stream, 3)
				if err := spoil(stream.SpillFile()); err != nil {
					t.Fatal(err)
				}
				x.Bring(stream, 0, 1, 2)
				err := stream.Flush(t.Context())
				if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), os.TempDir()+": ") {
					t.Errorf("%v", err)
				}
				if !bytes.Equal(printed.Bytes(), x.Data[:3*protocol.GroupSize]) {
					t.Errorf("%d bytes were printed", printed.Len())
				}
				if err := stream.Commit(t.Context()); err == nil {
					t.Error("it is called delivered")
				}
				stream.Close()
			})
		})
	}
}
