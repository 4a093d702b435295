package store

// before is called before each change of the disk, with a word for the change. Tests replace it to
// end the process there.
var before = func(what string) {}

// share gives a file the content of another without taking disk space. Tests replace it by that of a
// file system that can do so.
var share = reflink

// durably calls sync, which makes a change durable. Tests replace it to make it fail.
var durably = func(what string, sync func() error) error {
	before(what)
	return sync()
}
