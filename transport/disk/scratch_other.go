//go:build !linux

package disk

import (
	"errors"
	"os"
)

// nameless fails: a file has a name at first.
func nameless(string) (*os.File, error) { return nil, errors.ErrUnsupported }
