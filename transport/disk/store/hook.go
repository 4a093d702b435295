package store

import "os"

// before is called before each change of the disk, and before what else may fail there, with a word
// for it: those that change nothing begin with "open" or "read". Tests replace it to end the process
// there, or to have that fail with an error.
var before = func(what string) error { return nil }

// share gives a file the content of another without taking disk space. Tests replace it by that of a
// file system that can do so.
var share = reflink

// writesBehind reports whether a file lies where writing behind helps, writeBehind starts to write a range
// of it, and flushBehind makes durable what it has. They are no change of the disk, so that nothing comes
// before them. Tests replace them.
var (
	writesBehind = keepsUp
	writeBehind  = startWriting
	flushBehind  = (*os.File).Sync
)

// syncAll makes a folder's whole file system durable, if the system can. Tests replace it by that of a
// system that cannot.
var syncAll = (*dir).syncAll

// attempt does something that may fail on the disk. Its own failure and that of a test come the same
// way.
func attempt(what string, do func() error) error {
	if err := before(what); err != nil {
		return err
	}
	return do()
}

// obtain is attempt with a result.
func obtain[T any](what string, do func() (T, error)) (result T, err error) {
	if err := before(what); err != nil {
		return result, err
	}
	return do()
}
