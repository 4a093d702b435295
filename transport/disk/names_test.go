package disk_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relaypeer/relaypeer/transport/disk"
)

func TestUnfinishedFilesAreKnownByTheirNames(t *testing.T) {
	for name, is := range map[string]bool{
		".a.relaypeer-part": true, ".a.relaypeer-journal": true, "x/.a.relaypeer-part": true, "x/.a.relaypeer-journal/y": true,
		".relaypeer-batch-1": true, "x/.relaypeer-batch-1/a": true,
		"a.relaypeer-part": false, "a.relaypeer-journal": false, "relaypeer-batch-1": false, ".a": false, ".relaypeer-part.a": false, "": false,
	} {
		if disk.Unfinished(name) != is {
			t.Errorf("%q: unfinished is %v", name, !is)
		}
	}
}

// An unfinished file of any name has one that a file system takes, of its own, and the same each time.
func TestAnUnfinishedFileLiesBesideItsPlace(t *testing.T) {
	for _, test := range []struct{ name, suffix, want string }{
		{"a", disk.PartSuffix, ".a.relaypeer-part"}, {"x/y/a", disk.JournalSuffix, "x/y/.a.relaypeer-journal"},
	} {
		if got := disk.Beside(test.name, test.suffix); got != test.want {
			t.Errorf("%q is beside %q, not %q", got, test.name, test.want)
		}
	}
	seen := map[string]string{}
	for _, letter := range []string{"a", "é", "日", "😀"} {
		for size := 220; size <= 255; size++ {
			name := "x/" + strings.Repeat(letter, size/len(letter)) + strings.Repeat("z", size%len(letter))
			for _, suffix := range []string{disk.PartSuffix, disk.JournalSuffix} {
				got := disk.Beside(name, suffix)
				folder, base := path.Split(got)
				if folder != "x/" || len(base) > 255 || !utf8.ValidString(base) || !disk.Unfinished(got) {
					t.Fatalf("%d bytes of %q: %q of %d bytes", size, letter, got, len(base))
				}
				if whole := size <= 255-len(".")-len(disk.JournalSuffix); whole != (base == "."+path.Base(name)+suffix) {
					t.Fatalf("%d bytes of %q: %q", size, letter, got)
				}
				if other, taken := seen[got]; taken && other != name || disk.Beside(name, suffix) != got {
					t.Fatalf("%q is beside %q and %q", got, name, other)
				}
				seen[got] = name
			}
		}
	}
}

func TestAReasonNamesNoFile(t *testing.T) {
	one := &fs.PathError{Op: "open", Path: "secret", Err: fs.ErrNotExist}
	two := &os.LinkError{Op: "rename", Old: "secret", New: "hidden", Err: fs.ErrExist}
	plain := errors.New("plain")
	for _, test := range []struct {
		err  error
		want string
	}{
		{one, fs.ErrNotExist.Error()}, {two, fs.ErrExist.Error()}, {plain, "plain"},
		{errors.Join(one, two, plain), fs.ErrNotExist.Error() + "\n" + fs.ErrExist.Error() + "\nplain"},
	} {
		got := disk.Reason(test.err)
		if got.Error() != test.want {
			t.Errorf("%v: %q", test.err, got)
		}
		for _, is := range []error{fs.ErrNotExist, fs.ErrExist, plain} {
			if errors.Is(test.err, is) != errors.Is(got, is) {
				t.Errorf("%v is %v, its reason is not", test.err, is)
			}
		}
	}
	if disk.Reason(nil) != nil {
		t.Error("no error has a reason")
	}
}

// A scratch file can be written to and read, and nothing is left of it.
func TestAScratchFileLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	if os.TempDir() != folder {
		t.Skip("TMPDIR does not name the temporary folder here")
	}
	file, err := disk.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 3)
	_, writing := file.WriteAt([]byte("abc"), 5)
	_, reading := file.ReadAt(got, 5)
	if err := errors.Join(writing, reading); err != nil || string(got) != "abc" {
		t.Errorf("%q, %v", got, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	t.Setenv("TMPDIR", folder+"/none")
	if file, err := disk.Scratch(); err == nil {
		file.Close()
		t.Error("a file in a folder that does not exist")
	}
}

// A lock is for one open file at a time, until it is closed.
func TestALockIsForOne(t *testing.T) {
	name := t.TempDir() + "/file"
	open := func() *os.File {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		return file
	}
	first, second := open(), open()
	if err := disk.Lock(first); err != nil {
		t.Fatal(err)
	}
	if err := disk.Lock(second); err != disk.ErrLocked {
		t.Errorf("another's lock: %v", err)
	}
	first.Close()
	if err := disk.Lock(second); err != nil {
		t.Errorf("after the other is closed: %v", err)
	}
	if err := disk.Lock(first); err == nil {
		t.Error("a closed file was locked")
	}
}
