package store

import "os"

// SetBefore has f called before each change of the disk, and returns what takes that back.
func SetBefore(f func(what string)) (undo func()) {
	was := before
	before = f
	return func() { before = was }
}

// FailSync has what makes changes durable fail where f returns an error, and returns what takes
// that back.
func FailSync(f func(what string) error) (undo func()) {
	was := durably
	durably = func(what string, sync func() error) error {
		if err := f(what); err != nil {
			return err
		}
		return was(what, sync)
	}
	return func() { durably = was }
}

// Share replaces what shares the space of a file, and returns what takes that back.
func Share(f func(to, from *os.File) error) (undo func()) {
	was := share
	share = f
	return func() { share = was }
}

// Enough is how many files a Batch commits unasked.
const Enough = enough
