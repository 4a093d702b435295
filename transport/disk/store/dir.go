package store

import (
	"errors"
	"fmt"
	"io/fs"
)

// ErrTaken is the error of a place that something has taken and that may not be replaced.
var ErrTaken = fmt.Errorf("something else lies there by now, and stays: %w", fs.ErrExist)

// basic holds the defaults of calls that only some systems have. A dir embeds it; the methods in
// sys_linux.go come before it and fall back on it.
type basic struct{}

// exclusive fails: the system has no call that moves a file only to where nothing has its name.
//
//lint:ignore U1000 systems without such a call use it
func (basic) exclusive(string, *dir, string) error { return errors.ErrUnsupported }

// syncAll returns false: the system cannot make a whole file system durable, so files are synced
// one by one.
func (basic) syncAll() (done bool, err error) { return false, nil }
