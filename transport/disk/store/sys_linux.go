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
	return control(file, func(fd int) error {
		return unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, length)
	})
}

// reflink gives a file the content of another, which shares its disk space until one of them is
// changed.
func reflink(to, from *os.File) error {
	return control(to, func(to int) error {
		return control(from, func(from int) error { return unix.IoctlFileClone(to, from) })
	})
}

// keepsUp reports whether a file lies on a file system that is known to write a range without holding
// up the writer of the next.
func keepsUp(file *os.File) bool {
	var about unix.Statfs_t
	if err := control(file, func(fd int) error { return unix.Fstatfs(fd, &about) }); err != nil {
		return false
	}
	switch uint32(about.Type) { // it is signed on some processors
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC:
		return true
	}
	return false
}

// startWriting has the system begin to write a range of a file to the disk. It does not wait for the
// disk to have it: such a wait would also take from the sync at the end the errors that it must tell.
func startWriting(file *os.File, at, length int64) error {
	return control(file, func(fd int) error { return unix.SyncFileRange(fd, at, length, unix.SYNC_FILE_RANGE_WRITE) })
}

// control calls f with the descriptor of a file, which is not closed meanwhile.
func control(file *os.File, f func(fd int) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		_, failed = again(func() (int, error) { return 0, f(int(fd)) })
	})
	return errors.Join(err, failed)
}
