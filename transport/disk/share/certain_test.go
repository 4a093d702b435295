package share_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
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
	told, n := newNews(), 0
	share := openFollowed(t, folder, options{Rescan: 20 * time.Millisecond}.OnRead(func() {
		if info, err := os.Stat(path); err == nil && info.Size() < 100 { // as long as it is small
			n++
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

// Folders that cannot be watched are looked at every second. Meanwhile the share says that it may have more than it told.
func TestFoldersThatAreNotWatchedAreLookedAtOften(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "a/b/first"), "1")
	told := newNews()
	share := openFollowed(t, folder, options{Rescan: time.Hour}.OnWatch(func() error { return syscall.ENOSPC }), told)
	told.are(t, map[string]string{"a/b/first": "1"})
	if told.await(func() bool { return told.extent == roles.ExtentSeen }) {
		t.Errorf("the extent is %v", told.extent)
	}
	disktest.Lay(t, filepath.Join(folder, "a/b/second"), "2")
	disktest.Lay(t, filepath.Join(folder, "c/third"), "3")
	told.are(t, map[string]string{"a/b/first": "1", "a/b/second": "2", "c/third": "3"})
	if err := os.RemoveAll(filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	told.are(t, map[string]string{"c/third": "3"})
	if told.await(func() bool { return told.extent == roles.ExtentSeen }) {
		t.Errorf("the extent is %v", told.extent)
	}
	if _, refusal := open(t, share, "c/third", protocol.Hash{}); refusal != nil {
		t.Error(refusal)
	}
}
