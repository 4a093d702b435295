package share

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// TestWithoutOpenat2FilesAreServedAllTheSame: an old kernel does not have it, and a filter may forbid it.
func TestWithoutOpenat2FilesAreServedAllTheSame(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), []byte("some text"), 0o644); err != nil {
		t.Fatal(err)
	}
	was := openBeneath
	defer func() { openBeneath = was }()
	tried := new(atomic.Int32)
	openBeneath = func(int, string, *unix.OpenHow) int { tried.Add(1); return -1 }
	s, err := Open(folder, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Indexed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Read("file", protocol.Hash{}, make([]byte, 100)); ok {
		t.Error("it was read without openat2")
	}
	file, refusal := s.Open(t.Context(), "file", protocol.Hash{}, func(uint64, uint64) {})
	if refusal != nil {
		t.Fatal(refusal)
	}
	defer file.Close()
	if file.Size() != 9 || tried.Load() == 0 {
		t.Errorf("%d bytes; openat2 was tried %d times", file.Size(), tried.Load())
	}
}

// TestAWholeFileTakesNoDescriptor: each that is read is closed, and so is what is none.
func TestAWholeFileTakesNoDescriptor(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"file", "other"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	b := newBeneath(root)
	defer b.close()
	info, err := root.Stat("file")
	if err != nil {
		t.Fatal(err)
	}
	sig := index.SignatureOf("file", info)
	before := descriptors(t)
	for range 10 {
		if _, ok := b.read("file", sig, make([]byte, 4)); !ok {
			t.Fatal("it was not read")
		}
		if _, ok := b.read("other", sig, make([]byte, 4)); ok {
			t.Fatal("another file was read")
		}
		if _, ok := b.read(".", sig, make([]byte, 4)); ok {
			t.Fatal("a folder was read")
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors, and %d before", after, before)
	}
}

func descriptors(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
