//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package store

import (
	"time"

	"golang.org/x/sys/unix"
)

// setTimeOf sets the modification time of an open file, to the microsecond.
func setTimeOf(fd int, modified time.Time) error {
	return unix.Futimes(fd, []unix.Timeval{unix.NsecToTimeval(time.Now().UnixNano()), unix.NsecToTimeval(modified.UnixNano())})
}
