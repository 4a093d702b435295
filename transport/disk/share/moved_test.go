package share_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// The system watches a folder, whatever its name; the watcher knows it by one name.
func TestAFolderThatWasMovedIsWatchedAtOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "0/sub/file"), "text")
	told := newNews()
	share := openFollowed(t, folder, options{Rescan: time.Hour}, told)
	told.are(t, map[string]string{"0/sub/file": "text"})
	for n := range 8 {
		from, to := fmt.Sprint(n), fmt.Sprint(n+1)
		if err := os.Rename(filepath.Join(folder, from), filepath.Join(folder, to)); err != nil {
			t.Fatal(err)
		}
		told.are(t, map[string]string{to + "/sub/file": "text"})
		if !share.Watches(to) || !share.Watches(to+"/sub") || share.Watches(from) {
			t.Fatalf("after %d moves the folder is not watched under its name", n+1)
		}
	}
}

// A walk comes upon the new name of a folder before it knows that the old one is gone.
func TestAFolderThatAWalkFindsMovedIsWatched(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	disktest.Lay(t, at("a/b/file"), "text")
	told := newNews()
	share := openFollowed(t, folder, options{Rescan: time.Hour}, told)
	awaitIndexed(t, share)
	share.Overlook(func() {
		if err := os.Rename(at("a"), at("c")); err != nil {
			t.Error(err)
		}
	})
	told.are(t, map[string]string{"c/b/file": "text"})
	disktest.Lay(t, at("c/b/later"), "later")
	told.are(t, map[string]string{"c/b/file": "text", "c/b/later": "later"})
}
