package share_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// quickDir returns a folder for the time of a test, in memory where there is such a thing.
func quickDir(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "relaypeer-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	return folder
}

// The time from the removal of many folders to the news of the last of their names grows with their number, and no
// faster.
func TestManyRemovedFoldersAreNoticedSoon(t *testing.T) {
	const folders, files = 2000, 20
	folder := quickDir(t)
	for n := range folders {
		at := filepath.Join(folder, "top", fmt.Sprint(n))
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		for f := range files {
			err := os.Link(filepath.Join(at, "0"), filepath.Join(at, fmt.Sprint(f))) // which is hashed once
			if f == 0 {
				err = os.WriteFile(filepath.Join(at, "0"), nil, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	told := newNews()
	share := openFollowed(t, folder, options{Rescan: time.Hour}, told)
	awaitIndexed(t, share)
	if all, _ := share.Files(); all != folders*files {
		t.Fatalf("%d files are shared", all)
	}
	if err := os.RemoveAll(filepath.Join(folder, "top")); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	told.number(t, 0)
	t.Logf("noticed %v after the removal", time.Since(begin))
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("noticed %v after the removal", took)
	}
}
