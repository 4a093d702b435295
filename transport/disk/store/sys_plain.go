//go:build !linux

package store

import (
	"errors"
	"io/fs"
	"os"
)

// umask is not known without changing it.
func umask() fs.FileMode { return 0 }

// reflink fails: what is copied takes disk space.
func reflink(to, from *os.File) error { return errors.ErrUnsupported }

// punch fails: zeros are written.
func punch(*os.File, int64, int64) error { return errors.ErrUnsupported }

// keepsUp returns false: nothing is written behind.
func keepsUp(*os.File) bool { return false }

// startWriting is not called.
func startWriting(*os.File, int64, int64) error { return errors.ErrUnsupported }
