package store

import "os"

// SetBefore has f called before each change of the disk, and before what else may fail there, which
// fails with the error that f returns. It returns what takes that back.
func SetBefore(f func(what string) error) (undo func()) {
	was := before
	before = f
	return func() { before = was }
}

// SpillFile returns the file in which groups wait to be printed; nil: there is none.
func (s *Stream) SpillFile() *os.File {
	s.spill.mu.Lock()
	defer s.spill.mu.Unlock()
	return s.spill.file
}

// Enough is how many files a Batch commits unasked.
const Enough = enough
