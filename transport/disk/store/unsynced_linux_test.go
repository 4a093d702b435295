package store_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// What the system says of a sync of everything is passed on.
func TestASyncOfEverythingMayFail(t *testing.T) {
	if done, err := store.SyncClosed(disktest.OpenRoot(t, t.TempDir())); !done || !errors.Is(err, syscall.EBADF) {
		t.Errorf("%v, %v", done, err)
	}
}
