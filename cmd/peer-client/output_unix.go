//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// inherited opens a descriptor that the process was started with. Those that it has opened itself
// close when another program is executed.
func inherited(number int) (*os.File, error) {
	name := fmt.Sprintf("/dev/fd/%d", number)
	flags, err := unix.FcntlInt(uintptr(number), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC != 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotOpen}
	}
	return os.NewFile(uintptr(number), name), nil
}

// pipeGap is the time between two looks for a pipe's reader.
const pipeGap = 20 * time.Millisecond

// openDevice opens a device or a pipe. A pipe without a reader is waited for until ctx is done.
func openDevice(ctx context.Context, path string, mode fs.FileMode) (*os.File, error) {
	if mode&fs.ModeNamedPipe == 0 {
		return os.OpenFile(path, os.O_WRONLY, 0)
	}
	for {
		pipe, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
		if !errors.Is(err, unix.ENXIO) {
			return pipe, err
		}
		select {
		case <-ctx.Done():
			return nil, interrupted()
		case <-time.After(pipeGap):
		}
	}
}

// appends reports whether each write to a file goes to its end.
func appends(file *os.File) bool {
	raw, err := file.SyscallConn()
	if err != nil {
		return true
	}
	appends := true
	raw.Control(func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		appends = err != nil || flags&unix.O_APPEND != 0
	})
	return appends
}
