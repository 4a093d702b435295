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
	data, err := io.ReadAll(io.LimitReader(file, int64(file.Size())))
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

// appends appends to a file.
func appends(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// A file that was hashed whole and then grows is served as what it was to those who began with that: while it is not
// hashed anew, and after that.
func TestAHashedFileThatGrowsIsServedAsItWas(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1000, protocol.GroupSize - 1, protocol.GroupSize, 3*protocol.GroupSize + 5} {
		for _, by := range []int{1, protocol.GroupSize} {
			folder, text := t.TempDir(), strings.Repeat("x", size)
			path := filepath.Join(folder, "log")
			disktest.Lay(t, path, text)
			share := openShare(t, folder, options{})
			first, refusal := open(t, share, "log", protocol.Hash{})
			if refusal != nil {
				t.Fatal(refusal)
			}
			was := first.Hash()
			hold := func(when string) {
				t.Helper()
				if data := delivers(t, first); string(data) != text || !first.Changed() || !first.(transport.Prover).Holds(0, first.Size()) {
					t.Errorf("%d bytes, %s: the open file is not as it was", size, when)
				}
				again, refusal := open(t, share, "log", was)
				if refusal != nil {
					t.Fatalf("%d bytes, %s: %v", size, when, refusal)
				}
				if data := delivers(t, again); string(data) != text || again.Changed() {
					t.Errorf("%d bytes, %s: it is not served as it was", size, when)
				}
			}
			appends(t, path, strings.Repeat("y", by))
			hold("before it is hashed anew")
			if now := serves(t, share, "log"); now == was {
				t.Error("without a hash it is served as it was")
			}
			hold("when it has been hashed anew")
			appends(t, path, "z")
			serves(t, share, "log")
			hold("when it has been hashed once more")
			if err := os.Rename(path, path+".1"); err != nil {
				t.Fatal(err)
			}
			if data := delivers(t, first); string(data) != text || !first.(transport.Prover).Holds(0, first.Size()) {
				t.Errorf("%d bytes: rotated, the open file is not as it was", size)
			}
		}
	}
}

// A file that is cut and written anew, even to more than it had, is not what it was, and is never sent as that.
func TestAFileThatIsWrittenAnewIsNotServedAsItWas(t *testing.T) {
	t.Parallel()
	const size = 2*protocol.GroupSize + 5
	folder := t.TempDir()
	path := filepath.Join(folder, "log")
	disktest.Lay(t, path, strings.Repeat("x", size))
	share := openShare(t, folder, options{})
	first, refusal := open(t, share, "log", protocol.Hash{})
	if refusal != nil {
		t.Fatal(refusal)
	}
	prover := first.(transport.Prover)
	if err := os.Truncate(path, protocol.GroupSize); err != nil {
		t.Fatal(err)
	}
	if prover.Holds(0, 0) || prover.Holds(0, protocol.GroupSize) {
		t.Error("it has become short, and holds what it was")
	}
	if _, refusal := open(t, share, "log", first.Hash()); refusal == nil || refusal.Code != protocol.Changed {
		t.Errorf("when it has become short: %v", refusal)
	}
	appends(t, path, strings.Repeat("y", size))
	if prover.Holds(0, protocol.GroupSize+1) || prover.Holds(2*protocol.GroupSize, 5) {
		t.Error("it holds what was cut off")
	}
}

// A file that has grown, and was written to elsewhere as well, is sent up to there under its old hash.
func TestAFileThatIsWrittenToWhileItGrowsIsSentUpToThere(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "log")
	disktest.Lay(t, path, strings.Repeat("x", 2*protocol.GroupSize+5))
	share := openShare(t, folder, options{})
	first, refusal := open(t, share, "log", protocol.Hash{})
	if refusal != nil {
		t.Fatal(refusal)
	}
	overwrite(t, path, strings.Repeat("x", protocol.GroupSize)+"y")
	appends(t, path, "z")
	if prover := first.(transport.Prover); !prover.Holds(0, protocol.GroupSize) || prover.Holds(protocol.GroupSize, 1) || !prover.Holds(2*protocol.GroupSize, 5) {
		t.Error("it holds another part than the groups that are as they were")
	}
	again, refusal := open(t, share, "log", first.Hash())
	if refusal != nil {
		t.Fatal(refusal)
	}
	data, err := io.ReadAll(again)
	if err != nil || len(data) != protocol.GroupSize || strings.Trim(string(data), "x") != "" || !again.Changed() {
		t.Errorf("%d bytes were sent, %v; changed: %v", len(data), err, again.Changed())
	}
}
