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
	if s.spill.file == nil {
		return nil
	}
	return s.spill.file.File
}

// Share replaces what shares the space of a file, and returns what takes that back.
func Share(f func(to, from *os.File) error) (undo func()) {
	was := share
	share = f
	return func() { share = was }
}

// WithoutSyncAll has files made durable one by one, and returns what takes that back.
func WithoutSyncAll() (undo func()) {
	was := syncAll
	syncAll = func(*dir) (done bool, err error) { return false, nil }
	return func() { syncAll = was }
}

// Enough is how many files a Batch commits unasked.
const Enough = enough

// SetBehind has f start to write ranges of files, wherever those lie; nil: nothing is written behind. It
// returns what takes that back.
func SetBehind(f func(file *os.File, at, length int64) error) (undo func()) {
	wasOn, was := writesBehind, writeBehind
	writesBehind, writeBehind = func(*os.File) bool { return f != nil }, f
	return func() { writesBehind, writeBehind = wasOn, was }
}

// SlowBehind is the longest that a call of a file that is written behind may take, but for its last.
const SlowBehind = slowBehind

// Behind returns what adds a byte to those of a file that are to be written behind, and what ends that.
func Behind(file *os.File) (add func(at int64), end func()) {
	b := newBehind(file)
	return func(at int64) { b.add(at, 1) }, b.close
}
