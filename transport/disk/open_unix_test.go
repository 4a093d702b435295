//go:build unix

package disk_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk"
)

func TestAPipeIsNoFolder(t *testing.T) {
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := disk.OpenFolder(pipe); !errors.Is(err, syscall.ENOTDIR) {
		t.Error(err)
	}
	for _, path := range []string{folder, folder + "/", "/"} {
		root, err := disk.OpenFolder(path)
		if err != nil {
			t.Fatal(err)
		}
		root.Close()
	}
}
