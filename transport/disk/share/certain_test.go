package share_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// A name is told as soon as it is seen, long before its content is known; a content that is not known may be that of a
// file that waits to be hashed.
func TestNamesAreToldBeforeTheirContent(t *testing.T) {
	t.Parallel()
	folder := quickDir(t)
	giant := func(name string) { sparse(t, filepath.Join(folder, name), 1<<40) }
	giant("first")
	told := newNews()
	share := openFollowed(t, folder, options{Rescan: time.Hour}, told)
	told.marked(t, "first", protocol.Pending)
	giant("second")
	told.marked(t, "second", protocol.Pending)
	if _, refusal := open(t, share, "", hashOf("nobody's")); refusal == nil || refusal.Code != protocol.Indexing {
		t.Errorf("a content that may be theirs: %v", refusal)
	}
	for _, name := range []string{"first", "second"} {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if told.await(func() bool { return len(told.marks) == 0 }) {
		t.Errorf("what is gone has marks: %v", told.marks)
	}
	if _, refusal := open(t, share, "", hashOf("nobody's")); refusal == nil || refusal.Code != protocol.NotFound {
		t.Errorf("when they are gone: %v", refusal)
	}
}

// A file that cannot be read, or changes all the time, is told as such; it makes nothing else uncertain.
func TestFilesWhoseContentCannotBeKnownAreTold(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "restless")
	disktest.Lay(t, path, "x")
	disktest.Lay(t, filepath.Join(folder, "other"), "other")
	told, reads := newNews(), atomic.Int64{}
	share := openFollowed(t, folder, options{Rescan: 20 * time.Millisecond}.OnRead(func() { // of both files, side by side
		n := reads.Add(1)
		if info, err := os.Stat(path); err == nil && info.Size() < 100 { // as long as it is small
			overwrite(t, path, fmt.Sprint("x", n))
		}
	}), told)
	told.are(t, map[string]string{"other": "other"})
	told.marked(t, "restless", protocol.Opaque)
	if _, refusal := open(t, share, "", hashOf("nobody's")); refusal == nil || refusal.Code != protocol.NotFound {
		t.Errorf("a content that is not theirs: %v", refusal)
	}
	share.FailToRead("other")
	if n := share.Opaque(); n != 1 {
		t.Errorf("%d files cannot be known, though one is known", n)
	}
}

// A file that has changed is told as pending while it waits to be hashed: what was told of it is no longer so, and a client
// that asks for a content by its hash alone may mean what it has now. So is one that was given up, once it is at rest.
func TestAChangedFileIsPendingUntilItIsHashed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	changed, restless := filepath.Join(folder, "changed"), filepath.Join(folder, "restless")
	disktest.Lay(t, changed, "1")
	disktest.Lay(t, restless, "x")
	told, reads, still := newNews(), atomic.Int64{}, atomic.Bool{}
	share := openFollowed(t, folder, options{Rescan: 20 * time.Millisecond}.OnRead(func() { // of both files, side by side
		if n := reads.Add(1); !still.Load() {
			overwrite(t, restless, fmt.Sprint("x", n))
		}
	}), told)
	told.are(t, map[string]string{"changed": "1"})
	told.marked(t, "restless", protocol.Opaque)
	still.Store(true)
	for _, path := range []string{changed, restless} { // neither is ever hashed to its end
		if err := os.Truncate(path, 1<<40); err != nil {
			t.Fatal(err)
		}
	}
	told.marked(t, "changed", protocol.Pending)
	told.marked(t, "restless", protocol.Pending)
	told.are(t, map[string]string{})
	if _, refusal := open(t, share, "", hashOf("nobody's")); refusal == nil || refusal.Code != protocol.Indexing {
		t.Errorf("a content that may be theirs: %v", refusal)
	}
}

// A file that has changed often is left alone for minutes, but not when a client asks for a content that may be its.
func TestAContentThatMayBeThereIsLookedFor(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "log")
	disktest.Lay(t, path, "1")
	told := newNews()
	share := openFollowed(t, folder, options{Rescan: 20 * time.Millisecond}, told)
	told.are(t, map[string]string{"log": "1"})
	share.MakeRestless("log")
	overwrite(t, path, "1, 2")
	told.marked(t, "log", protocol.Pending)
	if _, refusal := open(t, share, "", hashOf("1, 2")); refusal == nil || refusal.Code != protocol.Indexing {
		t.Errorf("a content that may be there: %v", refusal)
	}
	told.are(t, map[string]string{"log": "1, 2"})
	if _, refusal := open(t, share, "", hashOf("1, 2")); refusal != nil {
		t.Error(refusal)
	}
}

// What a changed file had is not told any more once the file is gone, or hashed.
func TestAChangedFileIsToldOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"gone", "hashed"} {
		disktest.Lay(t, filepath.Join(folder, name), "1")
	}
	told := newNews()
	share := openFollowed(t, folder, options{Rescan: 20 * time.Millisecond}, told)
	told.are(t, map[string]string{"gone": "1", "hashed": "1"})
	overwrite(t, filepath.Join(folder, "hashed"), "2")
	overwrite(t, filepath.Join(folder, "gone"), "2")
	if err := os.Remove(filepath.Join(folder, "gone")); err != nil {
		t.Fatal(err)
	}
	told.are(t, map[string]string{"hashed": "2"})
	share.TellOutdated()
	told.are(t, map[string]string{"hashed": "2"})
	if told.await(func() bool { return len(told.marks) == 0 }) {
		t.Errorf("marks: %v", told.marks)
	}
}

// Folders that cannot be watched are looked at every second. Meanwhile the share says that it may have more than it told.
func TestFoldersThatAreNotWatchedAreLookedAtOften(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "a/b/first"), "1")
	told := newNews()
	share := openFollowed(t, folder, options{Rescan: time.Hour}.OnWatch(func() error { return syscall.ENOSPC }), told)
	told.are(t, map[string]string{"a/b/first": "1"})
	told.extends(t, roles.ExtentSeen)
	disktest.Lay(t, filepath.Join(folder, "a/b/second"), "2")
	disktest.Lay(t, filepath.Join(folder, "c/third"), "3")
	told.are(t, map[string]string{"a/b/first": "1", "a/b/second": "2", "c/third": "3"})
	if err := os.RemoveAll(filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	told.are(t, map[string]string{"c/third": "3"})
	told.extends(t, roles.ExtentSeen)
	if _, refusal := open(t, share, "c/third", protocol.Hash{}); refusal != nil {
		t.Error(refusal)
	}
}

// A share that is slow to look at what has come says that it may have more than it told: while it looks, and while it
// walks.
func TestAShareThatIsSlowToLookSaysSo(t *testing.T) {
	t.Parallel()
	for what, rescan := range map[string]time.Duration{"look": time.Hour, "enter": 20 * time.Millisecond} {
		folder := t.TempDir()
		disktest.Lay(t, filepath.Join(folder, "sub/old"), "old")
		told := newNews()
		var slow atomic.Bool
		begun, released := make(chan struct{}), make(chan struct{})
		begin, release := sync.OnceFunc(func() { close(begun) }), sync.OnceFunc(func() { close(released) })
		share := openFollowed(t, folder, options{Rescan: rescan}.OnAsk(func(asked, name string) error {
			if slow.Load() && asked == what && (name == "new" || name == "sub") {
				begin()
				<-released
			}
			return nil
		}), told)
		t.Cleanup(release) // before the share is closed
		awaitIndexed(t, share)
		told.extends(t, roles.ExtentWhole)
		if slow.Store(true); what == "enter" {
			<-begun
		}
		disktest.Lay(t, filepath.Join(folder, "new"), "new")
		told.extends(t, roles.ExtentPart)
		if _, refusal := open(t, share, "", hashOf("nobody's")); refusal == nil || refusal.Code != protocol.Indexing {
			t.Errorf("a content that it may have: %v", refusal)
		}
		release()
		told.are(t, map[string]string{"sub/old": "old", "new": "new"})
		told.extends(t, roles.ExtentWhole)
	}
}

// A file whose date changes and whose content stays is told again, with its date.
// Pending files have dates as well.
func TestATouchedFileIsToldAgain(t *testing.T) {
	t.Parallel()
	folder := quickDir(t)
	path, giant := filepath.Join(folder, "a"), filepath.Join(folder, "giant")
	disktest.Lay(t, path, "text")
	sparse(t, giant, 1<<40)
	touch := func(path string, date time.Time) {
		if err := os.Chtimes(path, time.Time{}, date); err != nil {
			t.Fatal(err)
		}
	}
	someday := time.Date(2020, 2, 3, 4, 5, 6, 700_000_000, time.UTC)
	second := uint64(someday.Unix())
	touch(path, someday)
	touch(giant, someday.Add(time.Hour))
	told := newNews()
	openFollowed(t, folder, options{Rescan: 20 * time.Millisecond}, told)
	told.are(t, map[string]string{"a": "text"})
	told.marked(t, "giant", protocol.Pending)
	told.dated(t, map[string]uint64{"a": second, "giant": second + 3600})
	touch(path, someday.Add(time.Second))
	told.dated(t, map[string]uint64{"a": second + 1, "giant": second + 3600})
	touch(path, time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC))
	told.dated(t, map[string]uint64{"a": 0, "giant": second + 3600})
	told.are(t, map[string]string{"a": "text"})
}

// What is told is the second: nothing else about a file that is still the same is news.
func TestWhatIsNoNewsIsNotTold(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a")
	disktest.Lay(t, path, "text")
	still := share.NewStill(t, folder)
	still.Walk()
	still.Know("a", hashOf("text"))
	someday := time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, change := range []func() error{
		func() error { return os.Chtimes(path, time.Time{}, someday) },
		func() error { return os.Chtimes(path, time.Time{}, someday.Add(time.Nanosecond)) },
		func() error { return os.Chmod(path, 0o755) },
		func() error { return os.Chtimes(path, time.Time{}, someday) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		still.Look("a")
		still.Know("a", hashOf("text"))
		if why := still.Unsound(); why != "" { // as it is where the same is told twice
			t.Fatal(why)
		}
	}
}
