//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package store

// WithoutExclusive does nothing: the file system is never asked for it.
func WithoutExclusive() (undo func()) { return func() {} }
