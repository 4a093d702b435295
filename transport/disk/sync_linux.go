package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncAll makes everything in the file system of a file durable. It reports false where it can't.
func syncAll(file *os.File) (done bool, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return false, err
	}
	control := raw.Control(func(fd uintptr) { err = unix.Syncfs(int(fd)) })
	return control == nil && err != unix.ENOSYS, err
}
