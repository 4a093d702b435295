//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Lock takes the advisory lock of a file or folder, until that is closed or the process ends. It
// returns ErrLocked at once if another open file has it.
func Lock(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var locking error
	if err := raw.Control(func(fd uintptr) { locking = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		return err
	}
	switch {
	case errors.Is(locking, unix.EWOULDBLOCK):
		return ErrLocked
	case errors.Is(locking, unix.ENOTSUP), errors.Is(locking, unix.ENOLCK), errors.Is(locking, unix.ENOSYS):
		return nil // a file system without locks: it has to do without
	}
	return locking
}
