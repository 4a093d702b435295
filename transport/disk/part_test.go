package disk_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// text is a content with its groups' values.
type text struct {
	data   []byte
	values []protocol.Hash
	hash   protocol.Hash
}

// newText makes a content of so many bytes, another one for each seed.
func newText(size int, seed uint64) text {
	x := text{data: make([]byte, size)}
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range x.data {
		x.data[i] = byte(random.Uint32())
	}
	for number := range protocol.Groups(uint64(size)) {
		x.values = append(x.values, content.Value(number, x.group(number), size <= protocol.GroupSize))
	}
	x.hash, _ = content.Build(x.values)
	return x
}

func (x text) group(number uint64) []byte {
	at := int(number * protocol.GroupSize)
	return x.data[at:min(len(x.data), at+protocol.GroupSize)]
}

func (x text) groups() uint64 { return uint64(len(x.values)) }

func (x text) open(t testing.TB, store transport.Store) (has roles.Groups, other bool) {
	t.Helper()
	has, other, err := store.Open(context.Background(), roles.OpenStore{Hash: x.hash, Size: uint64(len(x.data))}, func(_, _ uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	return has, other
}

// bring brings groups as a link does: into the file that the sink gives, or by way of memory.
func (x text) bring(store transport.Store, numbers ...uint64) error {
	for _, number := range numbers {
		sink, err := store.Receive(0, number*protocol.GroupSize)
		if err != nil {
			return err
		}
		err = x.put(sink, number)
		if err := errors.Join(err, sink.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (x text) put(sink transport.Sink, number uint64) error {
	file := sink.File(number)
	if file == nil {
		return sink.Verified(number, x.values[number], x.group(number))
	}
	if _, err := file.Write(x.group(number)); err != nil {
		return err
	}
	return sink.Verified(number, x.values[number], nil)
}

func (x text) mustBring(t testing.TB, store transport.Store, numbers ...uint64) {
	t.Helper()
	if err := x.bring(store, numbers...); err != nil {
		t.Fatal(err)
	}
}

func openRoot(t testing.TB, folder string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// lay puts a file there.
func lay(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// holds checks a file's content.
func holds(t testing.TB, path string, want []byte) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes, not the %d that were wanted: %v", path, len(got), len(want), err)
	}
}

// leaves checks which files are in a folder.
func leaves(t testing.TB, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("in the folder: %v, not %v", got, want)
	}
}

const threeAndABit = 3*protocol.GroupSize + 1000

func TestAPartStandsUnderItsNameOnlyWhenKept(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	for _, size := range []int{0, 1, protocol.GroupSize, threeAndABit} {
		x, path := newText(size, 1), filepath.Join(folder, "a/b/file")
		lay(t, path, "before")
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		part := disk.NewPart(root, "a/b/file")
		if has, other := x.open(t, part); has.Count() > 0 || other {
			t.Errorf("a new part has %v, other: %v", has, other)
		}
		for number := range x.groups() {
			if err := part.Keep(); err == nil {
				t.Fatal("kept before it was whole")
			}
			x.mustBring(t, part, number)
		}
		holds(t, path, []byte("before"))
		if err := part.Keep(); err != nil {
			t.Fatal(err)
		}
		holds(t, path, x.data)
		leaves(t, filepath.Join(folder, "a/b"), "file")
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
			t.Errorf("the mode became %v", info.Mode())
		}
	}
}

func TestAnInterruptedPartIsGoneOnWith(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	x := newText(threeAndABit, 1)
	part := disk.NewPart(root, "file")
	x.open(t, part)
	x.mustBring(t, part, 3, 1)
	if err := part.Close(); err != nil {
		t.Fatal(err)
	}
	part = disk.NewPart(root, "file")
	if hash, size, some := part.Begun(); !some || hash != x.hash || size != threeAndABit {
		t.Errorf("an earlier try is told of as %v, %d, %v", hash, size, some)
	}
	if _, _, some := disk.NewPart(root, "other").Begun(); some {
		t.Error("something is told of where nothing is")
	}
	checked := uint64(0)
	has, other, err := part.Open(t.Context(), roles.OpenStore{Hash: x.hash, Size: threeAndABit}, func(done, size uint64) {
		if checked = done; done > size {
			t.Errorf("%d of %d bytes checked", done, size)
		}
	})
	if err != nil || other || has.Count() != 2 || !has.Has(1) || !has.Has(3) || checked == 0 {
		t.Fatalf("has %v, other %v, %d bytes checked: %v", has, other, checked, err)
	}
	x.mustBring(t, part, 0, 2)
	if err := part.Keep(); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Join(folder, "file"), x.data)
	leaves(t, folder, "file")
}

// A claim of the journal counts only as far as the part's bytes bear it out.
func TestWhatTheJournalClaimsIsVerified(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	partPath := filepath.Join(folder, disk.BesideName("file", disk.PartSuffix))
	journalPath := filepath.Join(folder, disk.BesideName("file", disk.JournalSuffix))
	x := newText(threeAndABit, 1)
	for name, test := range map[string]struct {
		spoil func() error
		has   uint64
	}{
		"untouched":         {func() error { return nil }, 4},
		"a bit in group 2":  {func() error { return poke(partPath, 2*protocol.GroupSize+5) }, 3},
		"a shorter part":    {func() error { return os.Truncate(partPath, 2*protocol.GroupSize) }, 2},
		"no part":           {func() error { return os.Remove(partPath) }, 0},
		"a bit in a claim":  {func() error { return poke(journalPath, 64+32+1) }, 3},
		"a torn claim":      {func() error { return os.Truncate(journalPath, 64+3*32+7) }, 3},
		"a torn header":     {func() error { return os.Truncate(journalPath, 63) }, 0},
		"a bit in the head": {func() error { return poke(journalPath, 20) }, 0},
		"no journal":        {func() error { return os.Remove(journalPath) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			part := disk.NewPart(root, "file")
			x.open(t, part)
			x.mustBring(t, part, 0, 1, 2, 3)
			if err := errors.Join(part.Close(), test.spoil()); err != nil {
				t.Fatal(err)
			}
			part = disk.NewPart(root, "file")
			has, other := x.open(t, part)
			if has.Count() != test.has || other {
				t.Errorf("has %d groups, other %v", has.Count(), other)
			}
			for number := range x.groups() {
				if !has.Has(number) {
					x.mustBring(t, part, number)
				}
			}
			if err := part.Keep(); err != nil {
				t.Fatal(err)
			}
			holds(t, filepath.Join(folder, "file"), x.data)
			leaves(t, folder, "file")
			os.Remove(filepath.Join(folder, "file"))
		})
	}
}

// poke turns a bit of a file over.
func poke(path string, at int64) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	var b [1]byte
	if _, err := file.ReadAt(b[:], at); err != nil {
		return err
	}
	b[0] ^= 4
	_, err = file.WriteAt(b[:], at)
	return err
}

// Somebody may have made a part and a journal that agree, of something else: the proof at the end finds that.
func TestAPartThatIsNotTheContentIsNeverKept(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	x, lie := newText(threeAndABit, 1), newText(threeAndABit, 2)
	lie.hash = x.hash
	part := disk.NewPart(root, "file")
	lie.open(t, part)
	lie.mustBring(t, part, 2)
	part.Close()
	part = disk.NewPart(root, "file")
	has, _ := x.open(t, part)
	if !has.Has(2) {
		t.Fatal("the claim was not believed, and this tests nothing")
	}
	x.mustBring(t, part, 0, 1, 3)
	if err := part.Keep(); err == nil {
		t.Error("kept")
	}
	leaves(t, folder)
}

func TestAnotherContentStartsAnew(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	x, y := newText(threeAndABit, 1), newText(threeAndABit, 2)
	part := disk.NewPart(root, "file")
	x.open(t, part)
	late, err := part.Receive(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := late.File(0)
	x.mustBring(t, part, 1)
	if has, other := y.open(t, part); has.Count() > 0 || !other {
		t.Errorf("within a process: has %v, other %v", has, other)
	}
	y.mustBring(t, part, 0)
	file.Write(x.group(0)) // a link that has not noticed yet
	late.Close()
	part.Close()
	part = disk.NewPart(root, "file")
	if has, other := y.open(t, part); has.Count() != 1 || other {
		t.Errorf("what a late link wrote spoiled another content: has %v, other %v", has, other)
	}
	part.Close()
	part = disk.NewPart(root, "file")
	if has, other := x.open(t, part); has.Count() > 0 || !other {
		t.Errorf("in the next process: has %v, other %v", has, other)
	}
	if err := part.Discard(); err != nil {
		t.Error(err)
	}
	leaves(t, folder)
}

func TestAFileThatIsThereAlreadyIsNotFetched(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	for _, size := range []int{0, 1, threeAndABit} {
		x, path := newText(size, 1), filepath.Join(folder, "file")
		lay(t, path, string(x.data))
		before, _ := os.Stat(path)
		part := disk.NewPart(root, "file")
		if has, other := x.open(t, part); has.Count() != x.groups() || other {
			t.Errorf("%d bytes: has %v, other %v", size, has, other)
		}
		if err := part.Keep(); err != nil {
			t.Error(err)
		}
		if after, _ := os.Stat(path); !os.SameFile(before, after) {
			t.Error("it was replaced")
		}
		leaves(t, folder, "file")
	}
}

func TestAPartWithNothingLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	x := newText(threeAndABit, 1)
	part := disk.NewPart(openRoot(t, folder), "file")
	x.open(t, part)
	if err := part.Close(); err != nil {
		t.Error(err)
	}
	leaves(t, folder)
	if err := errors.Join(part.Close(), part.Discard()); err != nil {
		t.Errorf("ended twice: %v", err)
	}
}

func TestTwoDoNotFetchToOnePlace(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	x := newText(threeAndABit, 1)
	first, second := disk.NewPart(root, "file"), disk.NewPart(root, "file")
	x.open(t, first)
	open := func() error {
		_, _, err := second.Open(t.Context(), roles.OpenStore{Hash: x.hash, Size: threeAndABit}, nil)
		return err
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "another process is fetching it") {
		t.Errorf("the second was let in: %v", err)
	}
	x.mustBring(t, first, 0, 1, 2, 3)
	if err := first.Keep(); err != nil {
		t.Fatal(err)
	}
	if has, _ := x.open(t, second); has.Count() != 4 {
		t.Errorf("the second has %v", has)
	}
	second.Close()
	leaves(t, folder, "file")
}

func TestAPartStaysInItsFolder(t *testing.T) {
	top := t.TempDir()
	folder := filepath.Join(top, "folder")
	lay(t, filepath.Join(folder, "is a file"), "")
	if err := errors.Join(
		os.Mkdir(filepath.Join(folder, "is a folder"), 0o755),
		os.Symlink(top, filepath.Join(folder, "way out")),
		syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o644),
		syscall.Mkfifo(filepath.Join(folder, disk.BesideName("trap", disk.JournalSuffix)), 0o644),
	); err != nil {
		t.Fatal(err)
	}
	root := openRoot(t, folder)
	for _, name := range []string{
		"../outside", "way out/outside", "is a folder", "is a file/below", "pipe", "trap",
		disk.BesideName("file", disk.PartSuffix), "x/" + disk.BesideName("file", disk.JournalSuffix),
	} {
		part := disk.NewPart(root, name)
		if _, _, err := part.Open(t.Context(), roles.OpenStore{Hash: protocol.Hash{1}, Size: 1}, nil); err == nil {
			t.Errorf("%s was accepted", name)
		} else if !strings.HasPrefix(err.Error(), top) {
			t.Errorf("%s: the error does not say where: %v", name, err)
		}
		part.Discard()
	}
	leaves(t, top, "folder")
}

// A file may have the longest name that there is; what lies beside it has one, too, and not that of another file.
func TestTheLongestNamesHaveRoomBeside(t *testing.T) {
	root := openRoot(t, t.TempDir())
	x := newText(10, 1)
	seen := map[string]bool{}
	for _, last := range []string{"x", "y", "é"} {
		name := strings.Repeat("é", 126) + last
		if len(name) < 255 {
			name += strings.Repeat("z", 255-len(name))
		}
		part := disk.NewPart(root, name)
		x.open(t, part)
		beside := disk.BesideName(name, disk.PartSuffix)
		if _, err := root.Stat(beside); err != nil || seen[beside] || !fs.ValidPath(beside) {
			t.Errorf("%s: %v", beside, err)
		}
		seen[beside] = true
		x.mustBring(t, part, 0)
		if err := part.Keep(); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckingEndsWithItsContext(t *testing.T) {
	folder := t.TempDir()
	root := openRoot(t, folder)
	x := newText(threeAndABit, 1)
	part := disk.NewPart(root, "file")
	x.open(t, part)
	x.mustBring(t, part, 0, 1)
	part.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	part = disk.NewPart(root, "file")
	if _, _, err := part.Open(ctx, roles.OpenStore{Hash: x.hash, Size: threeAndABit}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	part.Close()
	part = disk.NewPart(root, "file")
	if has, _ := x.open(t, part); has.Count() != 2 {
		t.Errorf("what had come is gone: %v", has)
	}
	part.Close()
}
