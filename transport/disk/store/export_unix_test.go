//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package store

import "errors"

// WithoutExclusive takes from the file system what moves a file only to where nothing is, and
// returns what takes that back.
func WithoutExclusive() (undo func()) {
	was := exclusive
	exclusive = func(*dir, string, *dir, string) error { return errors.ErrUnsupported }
	return func() { exclusive = was }
}
