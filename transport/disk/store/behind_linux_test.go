package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// A file that is closed while a call is under way keeps its descriptor until that is over: no other file
// is hit by it. A call that comes later fails.
func TestACallBehindHitsNoOtherFile(t *testing.T) {
	folder := t.TempDir()
	file, err := os.Create(filepath.Join(folder, "file"))
	if err != nil {
		t.Fatal(err)
	}
	about, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	begun, goOn, over := make(chan struct{}), make(chan struct{}), make(chan uint64)
	defer store.SetBehind(func(file *os.File, _, _ int64) error {
		return store.Control(file, func(fd int) error {
			close(begun)
			<-goOn
			var stat unix.Stat_t
			err := unix.Fstat(fd, &stat)
			over <- stat.Ino
			return err
		})
	})()
	add, end := store.Behind(file, nil)
	add(0, 1)
	<-begun
	end()
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 8 { // one of them would get the number
		other, err := os.Create(filepath.Join(folder, "other"))
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
	}
	close(goOn)
	if got, want := <-over, about.Sys().(*syscall.Stat_t).Ino; got != want {
		t.Errorf("the call went to file %d, not %d", got, want)
	}
	if err := store.StartWriting(file, 0, 1); err == nil {
		t.Error("a closed file is written behind")
	}
}

// Files are written behind on the file systems that are known for it, and the system takes the call there.
func TestWhereFilesAreWrittenBehind(t *testing.T) {
	known := map[uint32]bool{0xef53: true, 0x58465342: true, 0x9123683e: true}
	for _, folder := range []string{t.TempDir(), "/dev/shm"} {
		file, err := os.CreateTemp(folder, "")
		if err != nil {
			continue // there is none
		}
		defer os.Remove(file.Name())
		defer file.Close()
		var about unix.Statfs_t
		if err := unix.Fstatfs(int(file.Fd()), &about); err != nil {
			t.Fatal(err)
		}
		if got := store.KeepsUp(file); got != known[uint32(about.Type)] {
			t.Errorf("%s, of type %x: %v", folder, about.Type, got)
		}
		if _, err := file.WriteAt(make([]byte, 1<<20), 0); err != nil {
			t.Fatal(err)
		}
		if err := store.StartWriting(file, 4096, 1<<19); err != nil && store.KeepsUp(file) {
			t.Errorf("%s: %v", folder, err)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if store.KeepsUp(w) || !errors.Is(store.StartWriting(w, 0, 1), syscall.ESPIPE) {
		t.Error("a pipe is written behind")
	}
}
