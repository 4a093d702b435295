package store

// before is called before each thing that changes what is on the disk, with what that is. Tests put something there that
// ends the process.
var before = func(what string) {}

// durably calls what makes a change durable. Tests put something there that fails.
var durably = func(what string, sync func() error) error {
	before(what)
	return sync()
}
