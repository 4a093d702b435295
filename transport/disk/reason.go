package disk

import (
	"errors"
	"io/fs"
	"os"
)

// Reason returns an error of the system without the file name in it. The caller adds the name that
// the user knows, in place of that of a part, a journal or a staging folder.
func Reason(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	case interface{ Unwrap() []error }:
		var each []error
		for _, one := range e.Unwrap() {
			each = append(each, Reason(one))
		}
		return errors.Join(each...)
	}
	return err
}
