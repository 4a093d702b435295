//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// dir is an open folder. Its methods name a file by a single component, relative to the folder: no
// name leads out of it, and the system need not look the folder up again.
type dir struct {
	basic
	file *os.File
	fd   int
}

// openDir opens a folder under root.
func openDir(root *os.Root, name string) (*dir, error) {
	file, err := obtain("open a folder", func() (*os.File, error) { return root.Open(name) })
	if err != nil {
		return nil, err
	}
	return &dir{file: file, fd: int(file.Fd())}, nil
}

// write makes a file, or empties it, and writes to it.
func (d *dir) write(name string, data []byte, about protocol.Attributes) (err error) {
	mode := uint32(0o666) // the system takes the umask off
	if about.Executable {
		mode = 0o777
	}
	fd, err := again(func() (int, error) {
		return unix.Openat(d.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	})
	if err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer func() {
		if failed := errors.Join(unix.Close(fd), before("close an item")); failed != nil && err == nil {
			err = &fs.PathError{Op: "close", Path: name, Err: failed}
		}
	}()
	err = disk.Dense(data, func(at int, stretch []byte) error { return writeAt(fd, stretch, int64(at)) })
	if err == nil && disk.EndsInHole(data) {
		_, err = again(func() (int, error) { return 0, unix.Ftruncate(fd, int64(len(data))) })
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	if modified, said := about.Time(); said {
		setTimeOf(fd, modified)
	}
	return nil
}

func writeAt(fd int, data []byte, at int64) error {
	for len(data) > 0 {
		n, err := again(func() (int, error) { return unix.Pwrite(fd, data, at) })
		if err != nil {
			return err
		}
		data, at = data[n:], at+int64(n)
	}
	return nil
}

// setTime sets the modification time of an open file.
func setTime(file *os.File, modified time.Time) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var setting error
	return errors.Join(raw.Control(func(fd uintptr) { setting = setTimeOf(int(fd), modified) }), setting)
}

// look returns the mode of a file, without following a link, and whether it exists.
func (d *dir) look(name string) (kind fs.FileMode, there bool) {
	var stat unix.Stat_t
	_, err := again(func() (int, error) { return 0, unix.Fstatat(d.fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil {
		return 0, false
	}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return fs.FileMode(stat.Mode & 0o777), true
	case unix.S_IFLNK:
		return fs.ModeSymlink, true
	}
	return fs.ModeIrregular, true
}

// exclusive is what add tries first. Tests replace it by that of a file system without it.
var exclusive = (*dir).exclusive

// add moves a file to another folder if nothing has its name there, and otherwise fails with
// ErrTaken. Where the system or the file system has no call for that, the file gets a second name,
// and loses its first. A file system that can do neither is an error: nothing is put at risk.
func (d *dir) add(name string, to *dir, as string) error {
	err := exclusive(d, name, to, as)
	switch {
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, unix.EINVAL):
		_, err = again(func() (int, error) { return 0, unix.Linkat(d.fd, name, to.fd, as, 0) })
		if err == nil {
			err = before("remove the other name")
		}
		if err == nil {
			_, err = again(func() (int, error) { return 0, unix.Unlinkat(d.fd, name, 0) })
		}
	}
	switch err {
	case nil:
		return nil
	case unix.EEXIST:
		return ErrTaken
	}
	return &fs.PathError{Op: "rename", Path: as, Err: err}
}

// move moves a file to another folder and replaces an existing one.
func (d *dir) move(name string, to *dir, as string) error {
	if _, err := again(func() (int, error) { return 0, unix.Renameat(d.fd, name, to.fd, as) }); err != nil {
		return &fs.PathError{Op: "rename", Path: as, Err: err}
	}
	return nil
}

func (d *dir) close() error { return d.file.Close() }

// again repeats a call that a signal has interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// singleOf returns what identifies a file, if it has one name alone.
func singleOf(info fs.FileInfo) (single, bool) {
	stat, is := info.Sys().(*syscall.Stat_t)
	if !is || stat.Nlink != 1 {
		return single{}, false
	}
	return single{uint64(stat.Dev), uint64(stat.Ino)}, true
}
