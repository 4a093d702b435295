package disk

import (
	"errors"
	"io/fs"
	"os"
)

// Reason returns what the system said, without the name that it said it of: the caller puts there the one that the user
// knows. What the names of a part, a journal or a batch's folder are is nothing to a user.
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
