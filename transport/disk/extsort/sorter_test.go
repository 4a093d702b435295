package extsort_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/extsort"
)

// read returns all records.
func read(s *extsort.Sorter) (records []string, err error) {
	for record, err := range s.All() {
		if err != nil {
			return records, err
		}
		records = append(records, string(record))
	}
	return records, nil
}

// TestRecordsComeSorted whatever they are and however little memory there is, twice, and again after
// a Reset.
func TestRecordsComeSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &extsort.Sorter{Memory: rapid.IntRange(1, 4096).Draw(t, "memory")}
		defer s.Close()
		for range 2 {
			records := rapid.SliceOf(rapid.StringN(0, 40, 200)).Draw(t, "records")
			size := int64(0)
			for _, record := range records {
				if err := s.Add([]byte(record)); err != nil {
					t.Fatal(err)
				}
				size += int64(len(record))
			}
			slices.Sort(records)
			for range 2 {
				if got, err := read(s); err != nil || !slices.Equal(got, records) {
					t.Fatalf("%q: %v", got, err)
				}
			}
			if s.Len() != len(records) || s.Bytes() != size {
				t.Fatalf("%d records of %d bytes", s.Len(), s.Bytes())
			}
			if err := s.Reset(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// spilled returns a Sorter of many runs.
func spilled(t *testing.T) *extsort.Sorter {
	t.Helper()
	s := &extsort.Sorter{Memory: 4096}
	t.Cleanup(func() { s.Close() })
	for i := range 2000 {
		if err := s.Add(fmt.Appendf(nil, "%05d", (i*7919)%2000)); err != nil {
			t.Fatal(err)
		}
	}
	if !s.Spilled() {
		t.Fatal("nothing is in the temporary file")
	}
	return s
}

func TestLittleNeedsNoFile(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	var s extsort.Sorter
	s.Add([]byte("b"))
	s.Add([]byte("a"))
	if got, err := read(&s); err != nil || !slices.Equal(got, []string{"a", "b"}) || s.Spilled() {
		t.Errorf("%q: %v", got, err)
	}
}

// TestTheTemporaryFileHasNoName as long as it is used, and after.
func TestTheTemporaryFileHasNoName(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s := spilled(t)
	look := func(when string) {
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", when, left, err)
		}
	}
	look("written")
	for _, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		look("being read")
		break
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	look("closed")
	if _, err := read(s); err == nil {
		t.Error("it is read after it was closed")
	}
}

func TestAMissingTemporaryFolderIsSaid(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	s := &extsort.Sorter{Memory: 100}
	var err error
	for range 100 {
		if err = s.Add(make([]byte, 50)); err != nil {
			break
		}
	}
	if !errors.Is(err, extsort.ErrTemporary) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if again := s.Add(nil); again != err {
		t.Errorf("it goes on: %v", again)
	}
	if got, reading := read(s); reading != err || len(got) > 0 {
		t.Errorf("%d records, %v", len(got), reading)
	}
}

// failing is a temporary file with some room, and that fails to be read from an offset on.
type failing struct {
	extsort.Scratch
	room, readable int64
}

func (f *failing) WriteAt(data []byte, at int64) (int, error) {
	if room := f.room - at; room < int64(len(data)) {
		n, _ := f.Scratch.WriteAt(data[:max(0, room)], at)
		return n, &fs.PathError{Op: "write", Path: "somewhere", Err: syscall.ENOSPC}
	}
	return f.Scratch.WriteAt(data, at)
}

func (f *failing) ReadAt(data []byte, at int64) (int, error) {
	if at+int64(len(data)) > f.readable {
		return 0, &fs.PathError{Op: "read", Path: "somewhere", Err: syscall.EIO}
	}
	return f.Scratch.ReadAt(data, at)
}

// inject has the temporary file fail.
func inject(t *testing.T, room, readable int64) {
	extsort.Create(t, func() (extsort.Scratch, error) {
		file, err := disk.Scratch()
		return &failing{file, room, readable}, err
	})
}

// TestAFullDiskIsSaid wherever it is full: nothing is read of what was not written.
func TestAFullDiskIsSaid(t *testing.T) {
	for _, room := range []int64{0, 1, 1000, 4096, 10_000, 11_990} { // 2000 records take 12,000 bytes
		inject(t, room, 1<<40)
		s := &extsort.Sorter{Memory: 4096}
		var err error
		for i := 0; i < 2000 && err == nil; i++ {
			err = s.Add(fmt.Appendf(nil, "%05d", i))
		}
		got, reading := read(s)
		if !errors.Is(reading, extsort.ErrTemporary) || !errors.Is(reading, syscall.ENOSPC) || len(got) > 0 {
			t.Errorf("room for %d: %d records, %v", room, len(got), reading)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestADiskThatCannotBeReadIsSaid(t *testing.T) {
	for _, readable := range []int64{0, 4096, 11_999} {
		inject(t, 1<<40, readable)
		if _, err := read(spilled(t)); !errors.Is(err, extsort.ErrTemporary) || !errors.Is(err, syscall.EIO) {
			t.Errorf("from %d on: %v", readable, err)
		}
	}
}

// TestATruncatedFileIsSaid wherever it is cut, between two records as well.
func TestATruncatedFileIsSaid(t *testing.T) {
	for cut := int64(0); cut < 12_000; cut += 97 {
		var file *disk.ScratchFile
		extsort.Create(t, func() (_ extsort.Scratch, err error) {
			file, err = disk.Scratch()
			return file, err
		})
		s := spilled(t)
		if got, err := read(s); err != nil || len(got) != 2000 { // all is written now
			t.Fatalf("%d records, %v", len(got), err)
		}
		for _, at := range []int64{cut/6*6 + 1, cut / 6 * 6} { // a record takes six bytes
			if err := file.Truncate(at); err != nil {
				t.Fatal(err)
			}
			if got, err := read(s); !errors.Is(err, extsort.ErrTemporary) {
				t.Fatalf("cut at %d: %d records, %v", at, len(got), err)
			}
		}
	}
}

// TestAGarbledFileTakesNoMemory that it claims, and ends in an error or in as many records.
func TestAGarbledFileTakesNoMemory(t *testing.T) {
	for _, garbage := range [][]byte{bytes.Repeat([]byte{0xff}, 9), append(bytes.Repeat([]byte{0xff}, 9), 1), {0x80}, {0xff, 0xff, 0xff, 0xff, 0x0f}} {
		var file *disk.ScratchFile
		extsort.Create(t, func() (_ extsort.Scratch, err error) {
			file, err = disk.Scratch()
			return file, err
		})
		s := spilled(t)
		if _, err := read(s); err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(garbage, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := read(s); !errors.Is(err, extsort.ErrTemporary) {
			t.Errorf("%x: %v", garbage, err)
		}
	}
}
