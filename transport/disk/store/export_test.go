package store

// SetBefore has f called before each change of the disk, and returns what takes that back.
func SetBefore(f func(what string)) (undo func()) {
	was := before
	before = f
	return func() { before = was }
}
