package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// reason returns what the system said, without the name that it said it of: the caller puts there the one that the user
// knows. What the names of a part, a journal or a batch's folder are is nothing to a user.
func reason(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	case interface{ Unwrap() []error }:
		var each []error
		for _, one := range e.Unwrap() {
			each = append(each, reason(one))
		}
		return errors.Join(each...)
	}
	return err
}

// inTheWay says that something which is none of ours has a name that we need. Only the user can help that.
func inTheWay(name string) error {
	return fmt.Errorf("%s is there, and is not what an earlier try left: remove it first", name)
}
