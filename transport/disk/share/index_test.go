package share_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// sparse makes a file that is all zeros, and takes no room.
func sparse(t *testing.T, path string, size int64) {
	t.Helper()
	disktest.Lay(t, path, "")
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// verifies fails unless slices of the file's tree verify groups that are all zeros.
func verifies(t *testing.T, file transport.File) {
	t.Helper()
	groups := protocol.Groups(file.Size())
	zeros := make([]byte, protocol.GroupSize)
	for _, first := range []uint64{0, groups / 2, groups - 2} {
		slice, err := file.Slice(first, 2)
		if err != nil {
			t.Fatal(err)
		}
		values, ok := content.Verify(file.Hash(), groups, first, 2, slice)
		if !ok || values[0] != content.ChainingValue(first, zeros, false) {
			t.Fatalf("group %d does not verify", first)
		}
	}
	slice, err := file.Slice(0, groups)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := content.Verify(file.Hash(), groups, 0, groups, slice); !ok {
		t.Error("the whole tree does not verify")
	}
}

func TestTreesAreKeptWithOrWithoutAFile(t *testing.T) {
	const segment = content.SegmentGroups * protocol.GroupSize
	folder := t.TempDir()
	sparse(t, filepath.Join(folder, "large"), segment+3*protocol.GroupSize)
	sparse(t, filepath.Join(folder, "small"), 5*protocol.GroupSize-1)
	sparse(t, filepath.Join(folder, "tiny"), protocol.GroupSize)
	index := filepath.Join(t.TempDir(), "index.db")
	hashes := map[string]protocol.Hash{}
	for _, path := range []string{"", index, index} {
		share := openShare(t, folder, options{Index: path})
		awaitIndexed(t, share)
		for _, name := range []string{"large", "small", "tiny"} {
			file, refusal := open(t, share, name, hashes[name])
			if refusal != nil {
				t.Fatalf("with %q: %v", path, refusal)
			}
			hashes[name] = file.Hash()
			if name == "large" {
				verifies(t, file)
				if path != "" { // and when they are in the file
					share.Flush()
					verifies(t, file)
				}
			}
			if slice, err := file.Slice(0, protocol.Groups(file.Size())); err != nil || name == "tiny" && len(slice) > 0 {
				t.Errorf("%s: %d bytes, %v", name, len(slice), err)
			}
		}
		share.Close()
	}
}

// What was hashed of a large file before the node ended is not hashed again.
func TestHashingGoesOnWhereItWas(t *testing.T) {
	const size = (2*content.SegmentGroups + 1) * protocol.GroupSize
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index.db")
	sparse(t, filepath.Join(folder, "large"), size)
	share := openShare(t, folder, options{Index: index})
	begun, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for share.Hashed() < content.SegmentGroups+100 && begun.Err() == nil {
		pause(begun, time.Millisecond)
	}
	share.Close()
	before := share.Hashed()
	share = openShare(t, folder, options{Index: index})
	file, refusal := open(t, share, "large", protocol.Hash{})
	if refusal != nil {
		t.Fatal(refusal)
	}
	if after := share.Hashed(); after > size/protocol.GroupSize-content.SegmentGroups {
		t.Errorf("%d groups were hashed, then %d of %d", before, after, size/protocol.GroupSize)
	}
	verifies(t, file)
}

// pause waits a moment between two looks at a condition.
func pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// A requested file goes first, and who waits is told how far it is.
func TestARequestedFileJumpsTheQueue(t *testing.T) {
	folder := t.TempDir()
	sparse(t, filepath.Join(folder, "huge"), 1<<40)
	share := openShare(t, folder, options{})
	for share.Hashed() == 0 {
		pause(t.Context(), time.Millisecond)
	}
	disktest.Lay(t, filepath.Join(folder, "small"), "text")
	if got := serves(t, share, "small"); got != hashOf("text") {
		t.Errorf("%v", got)
	}
	if _, known := share.Files(); known > 1 {
		t.Error("the huge file came first")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	last, told := uint64(0), 0
	_, refusal := share.Open(ctx, "huge", protocol.Hash{}, func(done, size uint64) {
		if done <= last || size != 1<<40 {
			t.Errorf("%d bytes of %d after %d", done, size, last)
		}
		if last, told = done, told+1; told == 2 {
			cancel()
		}
	})
	if refusal == nil || refusal.Code != protocol.Internal || told < 2 {
		t.Errorf("told %d times, then %v", told, refusal)
	}
}

func TestASecondProcessGoesOnWithoutTheIndex(t *testing.T) {
	t.Parallel()
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index.db")
	disktest.Lay(t, filepath.Join(folder, "file"), "text")
	awaitIndexed(t, openShare(t, folder, options{Index: index}))
	logger, lines := disktest.Log()
	begin := time.Now()
	second := openShare(t, folder, options{Index: index, Log: logger})
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("it waited for %v", took)
	}
	if got := serves(t, second, "file"); got != hashOf("text") {
		t.Errorf("%v", got)
	}
	second.Close()
	if !strings.Contains(lines.String(), "another process has locked it") {
		t.Errorf("it was not said why: %s", lines)
	}
}

// A file that is no index is somebody's: it is left alone, and the node serves all the same.
func TestAFileThatIsNoIndexIsLeftAlone(t *testing.T) {
	t.Parallel()
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index.db")
	disktest.Lay(t, filepath.Join(folder, "file"), "text")
	precious := strings.Repeat("precious ", 10_000)
	disktest.Lay(t, index, precious)
	logger, lines := disktest.Log()
	share := openShare(t, folder, options{Index: index, Log: logger})
	if got := serves(t, share, "file"); got != hashOf("text") {
		t.Errorf("%v", got)
	}
	share.Close()
	disktest.Holds(t, index, []byte(precious))
	if !strings.Contains(lines.String(), index) {
		t.Errorf("it was not said: %s", lines)
	}
}

// The marks in an index's file: of a file's record, of a segment of a tree, and of a file that is
// gone.
const (
	fileMark    = "\xf7rp\x01"
	segmentMark = "\xf7rp\x02"
	goneMark    = "\xf7rp\x03"
)

// inIndex does something to the file of an index that no share has open.
func inIndex(t *testing.T, path string, do func(data []byte)) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	do(data)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// An index that has lost trees, which no program does but a disk may, is mended by hashing.
func TestALostTreeIsMadeAnew(t *testing.T) {
	t.Parallel()
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index.db")
	sparse(t, filepath.Join(folder, "file"), 4*protocol.GroupSize)
	share := openShare(t, folder, options{Index: index})
	awaitIndexed(t, share)
	share.Close()
	inIndex(t, index, func(data []byte) {
		data[bytes.Index(data, []byte(segmentMark))+70]++
	})
	share = openShare(t, folder, options{Index: index})
	file, refusal := open(t, share, "file", protocol.Hash{})
	if refusal != nil {
		t.Fatal(refusal)
	}
	verifies(t, file)
	if share.Hashed() != 4 {
		t.Errorf("%d groups were hashed", share.Hashed())
	}
}

// What is lost while the node runs is made anew for whoever asks next.
func TestATreeThatIsLostWhileTheShareIsOpenIsMadeAnew(t *testing.T) {
	t.Parallel()
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index.db")
	sparse(t, filepath.Join(folder, "file"), 4*protocol.GroupSize)
	share := openShare(t, folder, options{Index: index})
	awaitIndexed(t, share)
	share.Flush()
	inIndex(t, index, func(data []byte) { clear(data) })
	file, refusal := open(t, share, "file", protocol.Hash{})
	if refusal != nil {
		t.Fatal(refusal)
	}
	if _, err := file.Slice(0, 4); err == nil {
		t.Fatal("there is a tree although there is none")
	}
	if file, refusal = open(t, share, "file", file.Hash()); refusal != nil {
		t.Fatal(refusal)
	}
	verifies(t, file)
}

func TestTheIndexForgetsWhatIsGone(t *testing.T) {
	t.Parallel()
	folder, index := t.TempDir(), filepath.Join(t.TempDir(), "index.db")
	const files = 1200
	for n := range files {
		disktest.Lay(t, filepath.Join(folder, fmt.Sprint(n)), "text")
	}
	for _, want := range []int{files, 1} {
		share := openShare(t, folder, options{Index: index})
		awaitIndexed(t, share)
		share.Close()
		inIndex(t, index, func(data []byte) {
			if got := bytes.Count(data, []byte(fileMark)) - bytes.Count(data, []byte(goneMark)); got != want {
				t.Errorf("%d records, not %d", got, want)
			}
		})
		for n := 1; n < files; n++ {
			if err := os.Remove(filepath.Join(folder, fmt.Sprint(n))); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
}

func TestAShareThatIsClosedRefuses(t *testing.T) {
	folder := t.TempDir()
	sparse(t, filepath.Join(folder, "huge"), 1<<40)
	share := openShare(t, folder, options{})
	refused := make(chan *protocol.Error)
	go func() {
		_, refusal := share.Open(context.Background(), "huge", protocol.Hash{}, func(uint64, uint64) {})
		refused <- refusal
	}()
	for share.Hashed() == 0 {
		pause(t.Context(), time.Millisecond)
	}
	share.Close()
	if refusal := <-refused; refusal == nil || refusal.Code != protocol.Internal {
		t.Errorf("%v", refusal)
	}
	if err := share.Indexed(t.Context()); err == nil {
		t.Error("indexed although it is closed")
	}
}

// lineWriter hands on each line of a log.
type lineWriter chan string

func (w lineWriter) Write(line []byte) (int, error) {
	w <- string(line)
	return len(line), nil
}

func TestThatAllIsIndexedIsLogged(t *testing.T) {
	t.Parallel()
	folder, lines := t.TempDir(), make(lineWriter, 8)
	disktest.Lay(t, filepath.Join(folder, "one"), "1")
	disktest.Lay(t, filepath.Join(folder, "two"), "2")
	openShare(t, folder, options{Log: hclog.New(&hclog.LoggerOptions{Output: lines})})
	for _, want := range []string{"[INFO]  found: folder=" + folder + " files=2", "[INFO]  indexed: files=2 took_ms="} {
		select {
		case line := <-lines:
			if !strings.Contains(line, want) {
				t.Error(line)
			}
		case <-time.After(patience):
			t.Error("it is not logged")
		}
	}
}

// Workers that let requested files go first sleep meanwhile, and are woken when there are none left.
func TestAFileThatNobodyAsksForIsHashedAfterTheOthers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	free := make(chan struct{})
	told := newNews()
	share := openFollowed(t, folder, options{}.OnRead(func() { <-free }), told)
	texts := map[string]string{"last": "last"}
	var asking sync.WaitGroup
	for n := range runtime.GOMAXPROCS(0) + 1 { // one more than are hashed at once
		name := fmt.Sprint("asked ", n)
		texts[name] = name
		disktest.Lay(t, filepath.Join(folder, name), name)
		asking.Go(func() {
			if file, refusal := share.Open(t.Context(), name, protocol.Hash{}, func(uint64, uint64) {}); refusal != nil {
				t.Error(refusal)
			} else {
				file.Close()
			}
		})
	}
	disktest.Lay(t, filepath.Join(folder, "last"), "last")
	// On a busy machine a worker may begin with the last one before the others are asked for; then this
	// shows nothing.
	for until := time.Now().Add(2 * time.Second); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if urgent, todo := share.Due(); urgent > 0 && todo > 0 {
			break
		}
	}
	close(free)
	asking.Wait()
	told.are(t, texts)
}
