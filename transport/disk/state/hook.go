package state

import "os"

// before is called before each change of the disk with a word for it. Tests replace it to end the
// process there, or to have the change fail with an error.
var before = func(what string) error { return nil }

// write writes to a file. Tests replace it by that of a full disk.
var write = (*os.File).Write

// attempt does something that changes the disk.
func attempt(what string, do func() error) error {
	if err := before(what); err != nil {
		return err
	}
	return do()
}
