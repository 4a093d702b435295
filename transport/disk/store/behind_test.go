package store_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// Each group is written behind once it is in the file, and none of a file that has no other: there the
// sync comes at once.
func TestGroupsAreWrittenBehind(t *testing.T) {
	synctest.Test(t, testGroupsAreWrittenBehind) // no call is slow there, whatever else this machine does
}

func testGroupsAreWrittenBehind(t *testing.T) {
	for _, size := range []int{0, 1, protocol.GroupSize, threeAndABit} {
		x, root := disktest.NewText(size, 1), disktest.OpenRoot(t, t.TempDir())
		begun := make(chan int64, 4)
		undo := store.SetBehind(func(file *os.File, at, length int64) error {
			got := make([]byte, length)
			if _, err := file.ReadAt(got, at); err != nil || !bytes.Equal(got, x.Group(uint64(at)/protocol.GroupSize)) {
				t.Errorf("%d bytes at %d are written behind before they are there: %v", length, at, err)
			}
			begun <- at
			return nil
		})
		part := store.NewPart(root, "file")
		x.Open(t, part)
		for number := range x.Groups() {
			x.MustBring(t, part, number)
			if size > protocol.GroupSize {
				if at := <-begun; at != int64(number*protocol.GroupSize) {
					t.Errorf("of %d bytes: what is written behind group %d is at %d", size, number, at)
				}
			}
		}
		if err := part.Commit(t.Context()); err != nil {
			t.Error(err)
		}
		if len(begun) > 0 {
			t.Errorf("of %d bytes, something more was written behind", size)
		}
		undo()
	}
}

// What is written behind is no promise: however that and its flushes go, and if they never end, the same
// changes of the disk come in the same order, and the sync comes behind all of them.
func TestWritingBehindChangesNothing(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	flushed := func(*os.File) error { return nil }
	well := func(*os.File, int64, int64) error { return nil }
	var want []string
	for name, behind := range map[string]struct {
		start func(file *os.File, at, length int64) error
		flush func(*os.File) error
	}{
		"never":        {nil, nil},
		"well":         {well, (*os.File).Sync},
		"failed":       {func(*os.File, int64, int64) error { return errDisk }, flushed},
		"hung":         {func(*os.File, int64, int64) error { <-hang; return nil }, flushed}, // at its end perhaps not for long
		"flush failed": {well, func(*os.File) error { return errDisk }},
		"flush hung":   {well, func(*os.File) error { <-hang; return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			defer store.SetBehind(behind.start)()
			defer store.SetFlush(behind.flush)()
			defer store.SetFlushEach(protocol.GroupSize)()
			var did []string
			defer store.SetBefore(func(what string) error {
				did = append(did, what)
				return nil
			})()
			x := disktest.NewText(threeAndABit, 1)
			part := store.NewPart(disktest.OpenRoot(t, folder), "file")
			x.Open(t, part)
			x.MustBring(t, part, 3, 0, 1, 2)
			if err := part.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			disktest.Holds(t, filepath.Join(folder, "file"), x.Data)
			last := slices.Index(did, "sync the part")
			if last < 0 || slices.Contains(did[last:], "write a group") {
				t.Errorf("the sync is not behind all groups: %q", did)
			}
			if want == nil {
				want = did
			}
			if !slices.Equal(did, want) {
				t.Errorf("it is %q, and otherwise %q", did, want)
			}
		})
	}
}

// A part that is closed while a call hangs is closed at once.
func TestClosingDoesNotWaitForWhatIsWrittenBehind(t *testing.T) {
	hang, begun := make(chan struct{}), make(chan struct{}, 1)
	defer close(hang)
	defer store.SetBehind(func(*os.File, int64, int64) error { begun <- struct{}{}; <-hang; return nil })()
	x := disktest.NewText(threeAndABit, 1)
	part := store.NewPart(disktest.OpenRoot(t, t.TempDir()), "file")
	x.Open(t, part)
	x.MustBring(t, part, 1)
	<-begun
	if err := part.Close(); err != nil {
		t.Error(err)
	}
}

// A part is flushed by a file of its own: the system tells each opened file of a failure once, and it is
// the sync that must be told.
func TestAFlushTakesNoFailureFromTheSync(t *testing.T) {
	defer store.SetFlushEach(protocol.GroupSize)()
	defer store.SetBehind(func(*os.File, int64, int64) error { return nil })()
	flushed := make(chan *os.File, 4)
	goOn := make(chan struct{})
	defer store.SetFlush(func(again *os.File) error {
		flushed <- again
		<-goOn
		return again.Sync()
	})()
	x := disktest.NewText(threeAndABit, 1)
	part := store.NewPart(disktest.OpenRoot(t, t.TempDir()), "file")
	x.Open(t, part)
	x.MustBring(t, part, 0)
	again := <-flushed
	synced := store.PartFile(part)
	one, err := again.Stat()
	if err != nil {
		t.Fatal(err)
	}
	other, err := synced.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(one, other) {
		t.Error("another file is flushed")
	}
	if _, err := synced.Seek(7, io.SeekStart); err != nil { // what is opened once has one offset
		t.Fatal(err)
	}
	if at, err := again.Seek(0, io.SeekCurrent); err != nil || at != 0 {
		t.Errorf("the file that is flushed was not opened by itself: at %d, %v", at, err)
	}
	close(goOn)
	if err := part.Close(); err != nil {
		t.Error(err)
	}
}

// behindCalls are the calls of a file that is written behind, in virtual time. Each takes a time.
type behindCalls struct {
	mu    sync.Mutex
	takes time.Duration
	err   error
	at    []int64

	flushTakes time.Duration
	flushErr   error
	flushes    int
}

func (c *behindCalls) flush(*os.File) error {
	c.mu.Lock()
	c.flushes++
	takes, err := c.flushTakes, c.flushErr
	c.mu.Unlock()
	time.Sleep(takes)
	return err
}

func (c *behindCalls) start(_ *os.File, at, _ int64) error {
	c.mu.Lock()
	c.at = append(c.at, at)
	takes, err := c.takes, c.err
	c.mu.Unlock()
	time.Sleep(takes)
	return err
}

func (c *behindCalls) were(t *testing.T, why string, want ...int64) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.at, want) {
		t.Errorf("%s: calls at %v, not %v", why, c.at, want)
	}
}

// While the system writes one range, two wait, and more are left to the sync. A call that is slow or
// fails is the file's last. No goroutine is left behind: the bubble would say so.
func TestWhatTheSystemCannotKeepUpWithIsNotWrittenBehind(t *testing.T) {
	for name, test := range map[string]struct {
		takes time.Duration
		err   error
		then  []int64
	}{
		"quick":  {store.SlowBehind, nil, []int64{0, 1, 2, 9}},
		"slow":   {store.SlowBehind + 1, nil, []int64{0}},
		"failed": {0, errors.New("it is not so good"), []int64{0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := &behindCalls{takes: test.takes, err: test.err}
				defer store.SetBehind(calls.start)()
				add, end := store.Behind(nil, nil)
				add(0, 1)
				synctest.Wait()
				for at := range int64(8) {
					if at > 0 {
						add(at, 1)
					}
				}
				time.Sleep(time.Second)
				synctest.Wait()
				add(9, 1)
				time.Sleep(time.Second)
				calls.were(t, name, test.then...)
				end()
			})
		})
	}
}

// A flush comes with so many bytes that are being written, if the file could be opened for it. One that is
// slow or fails is the file's last.
func TestWhatIsWrittenBehindIsFlushed(t *testing.T) {
	for name, test := range map[string]struct {
		takes   time.Duration
		err     error
		alone   bool
		flushes int
	}{
		"quick":  {store.SlowFlush, nil, false, 3},
		"slow":   {store.SlowFlush + 1, nil, false, 1},
		"failed": {0, errDisk, false, 1},
		"none":   {0, nil, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			const half = 1000
			defer store.SetFlushEach(2 * half)()
			again, err := os.Create(filepath.Join(t.TempDir(), "file"))
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if test.alone {
				again = nil
			}
			synctest.Test(t, func(t *testing.T) {
				calls := &behindCalls{flushTakes: test.takes, flushErr: test.err}
				defer store.SetBehind(calls.start)()
				defer store.SetFlush(calls.flush)()
				add, end := store.Behind(nil, again)
				for at := range int64(6) {
					add(at, half)
					time.Sleep(time.Second)
				}
				end()
				synctest.Wait()
				if calls.flushes != test.flushes {
					t.Errorf("%d flushes, not %d", calls.flushes, test.flushes)
				}
			})
			if again != nil {
				if err := again.Close(); !errors.Is(err, os.ErrClosed) {
					t.Errorf("the file that was flushed stays open: %v", err)
				}
			}
		})
	}
}
