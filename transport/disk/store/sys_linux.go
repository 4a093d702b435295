package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// exclusive moves a file to another folder if nothing has its name there.
func (d *dir) exclusive(name string, to *dir, as string) error {
	_, err := again(func() (int, error) { return 0, unix.Renameat2(d.fd, name, to.fd, as, unix.RENAME_NOREPLACE) })
	return err
}

// syncAll makes the folder's whole file system durable. It returns false if the system cannot.
func (d *dir) syncAll() (done bool, err error) {
	if err := unix.Syncfs(d.fd); err != unix.ENOSYS {
		return true, err
	}
	return d.basic.syncAll()
}

// setTimeOf sets the modification time of an open file, to the nanosecond where the kernel can.
func setTimeOf(fd int, modified time.Time) error {
	at := unix.NsecToTimespec(modified.UnixNano())
	if unix.UtimesNanoAt(fd, "", []unix.Timespec{{Nsec: unix.UTIME_OMIT}, at}, unix.AT_EMPTY_PATH) == nil {
		return nil
	}
	return unix.Futimes(fd, []unix.Timeval{unix.NsecToTimeval(time.Now().UnixNano()), unix.NsecToTimeval(modified.UnixNano())})
}

// umask returns the process's umask, without changing it.
var umask = sync.OnceValue(func() (mask fs.FileMode) {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		if n, _ := fmt.Sscanf(string(line), "Umask: %o", &mask); n == 1 {
			break
		}
	}
	return mask
})

// punch makes zeros of a stretch of a file, without disk space.
func punch(file *os.File, at, length int64) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var punching error
	err = raw.Control(func(fd uintptr) {
		_, punching = again(func() (int, error) {
			return 0, unix.Fallocate(int(fd), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, length)
		})
	})
	return errors.Join(err, punching)
}

// reflink gives a file the content of another, which shares its disk space until one of them is
// changed.
func reflink(to, from *os.File) error {
	source, err := from.SyscallConn()
	if err != nil {
		return err
	}
	target, err := to.SyscallConn()
	if err != nil {
		return err
	}
	var linking error
	err = target.Control(func(to uintptr) {
		linking = source.Control(func(from uintptr) {
			_, err = again(func() (int, error) { return 0, unix.IoctlFileClone(int(to), int(from)) })
		})
		linking = errors.Join(linking, err)
	})
	return errors.Join(err, linking)
}
