//go:build unix

package disktest

import (
	"syscall"
	"testing"
)

// Fifo puts a named pipe there, on systems that have such.
func Fifo(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
}
