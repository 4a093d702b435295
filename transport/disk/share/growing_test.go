package share_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// appending returns options with which a line is appended to a file whenever a part of it has been
// read to be hashed, until stop is called.
func appending(t *testing.T, path string) (with options, stop func()) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	var stopped atomic.Bool
	return options{}.OnRead(func() {
		if !stopped.Load() {
			fmt.Fprintln(file, "line")
		}
	}), func() { stopped.Store(true) }
}

// delivers reads a file of a share to its end, and checks that its tree verifies the bytes.
func delivers(t *testing.T, file transport.File) []byte {
	t.Helper()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(file)
	if err != nil || uint64(len(data)) != file.Size() {
		t.Fatalf("%d bytes of %d: %v", len(data), file.Size(), err)
	}
	groups := protocol.Groups(file.Size())
	slice, err := file.Slice(0, groups)
	if err != nil {
		t.Fatal(err)
	}
	values, ok := content.Verify(file.Hash(), groups, 0, groups, slice)
	for i := range values {
		group := data[i*protocol.GroupSize : min(len(data), (i+1)*protocol.GroupSize)]
		ok = ok && values[i] == content.ChainingValue(uint64(i), group, groups == 1)
	}
	if !ok {
		t.Error("the tree does not verify the bytes")
	}
	return data
}

// A file that is appended to all the time is served as what it began with. What was hashed of it can be had, by name and
// hash, for as long as the file begins with it.
func TestAFileThatGrowsAllTheTimeIsServed(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1000, 3*protocol.GroupSize + 5} {
		path := filepath.Join(t.TempDir(), "log")
		text := strings.Repeat("x", size)
		disktest.Lay(t, path, text)
		with, stop := appending(t, path)
		share := openShare(t, filepath.Dir(path), with)
		first, refusal := open(t, share, "log", protocol.Hash{})
		if refusal != nil {
			t.Fatal(refusal)
		}
		if data := delivers(t, first); !bytes.HasPrefix(data, []byte(text)) {
			t.Error("it does not begin as the file did")
		}
		again, refusal := open(t, share, "log", first.Hash())
		if refusal != nil {
			t.Fatal(refusal)
		}
		delivers(t, again)
		stop()
		for over := time.Now().Add(patience); serves(t, share, "log") == first.Hash(); pause(t.Context(), 10*time.Millisecond) {
			if time.Now().After(over) {
				t.Fatal("the rest of the file is never served")
			}
		}
		again, refusal = open(t, share, "log", first.Hash())
		if refusal != nil {
			t.Fatal(refusal)
		}
		delivers(t, again)
	}
}

// What a growing file began with is compared when it is sent: other bytes are never sent under its hash.
func TestAGrowingFileThatIsOverwrittenIsNotSent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	disktest.Lay(t, path, strings.Repeat("x", 3*protocol.GroupSize))
	with, _ := appending(t, path)
	share := openShare(t, filepath.Dir(path), with)
	file, refusal := open(t, share, "log", protocol.Hash{})
	if refusal != nil {
		t.Fatal(refusal)
	}
	changed, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer changed.Close()
	if _, err := changed.WriteAt([]byte("y"), protocol.GroupSize+7); err != nil {
		t.Fatal(err)
	}
	if file.Changed() {
		t.Error("it is said to have changed before it was looked at")
	}
	data, err := io.ReadAll(file)
	if err != nil || len(data) != protocol.GroupSize || strings.Trim(string(data), "x") != "" || !file.Changed() {
		t.Errorf("%d bytes were sent, %v; changed: %v", len(data), err, file.Changed())
	}
	if err := os.Truncate(path, 5); err != nil {
		t.Fatal(err)
	}
	if _, refusal := open(t, share, "log", file.Hash()); refusal == nil || refusal.Code != protocol.Changed {
		t.Errorf("when it has become short: %v", refusal)
	}
}
