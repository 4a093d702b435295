package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// IsClosed reports whether a standard stream was closed when the process was started. Go opens
// /dev/null in its place, for reading and writing. Some programs discard a stream in the same way,
// but no shell does, and those that start another program with their own stream have it themselves:
// so the process that started this one tells.
func IsClosed(stream io.Writer) bool {
	file, is := stream.(*os.File)
	if !is {
		return false
	}
	fd := file.Fd()
	info, err := file.Stat()
	if err != nil {
		return true
	}
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR && isNull(info) && closedBy(os.Getppid(), fd)
}

// closedBy reports whether a process that started this one with a discarded or closed stream has
// closed it.
func closedBy(parent int, fd uintptr) bool {
	folder := fmt.Sprintf("/proc/%d/", parent)
	own, err := os.Stat(fmt.Sprintf("%sfd/%d", folder, fd))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true
	case err != nil || isNull(own):
		return false
	}
	name, _ := os.ReadFile(folder + "comm")
	return slices.Contains(shells, strings.TrimSpace(string(name)))
}

var shells = []string{"sh", "bash", "dash", "ash", "busybox", "zsh", "ksh", "mksh", "fish"}

func isNull(info fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(null, info)
}
