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

// SetFlush has f flush files that are written behind, and returns what takes that back.
func SetFlush(f func(again *os.File) error) (undo func()) {
	was := flushBehind
	flushBehind = f
	return func() { flushBehind = was }
}

// SetFlushEach has one come with each so many bytes, and returns what takes that back.
func SetFlushEach(bytes int64) (undo func()) {
	was := flushEach
	flushEach = bytes
	return func() { flushEach = was }
}

// PartFile returns the file that a part is written to.
func PartFile(p *Part) *os.File { return p.slots.file }

// SlowBehind is the longest that a call of a file that is written behind may take, but for its last, and
// SlowFlush the longest of a flush.
const (
	SlowBehind = slowBehind
	SlowFlush  = slowFlush
)

// Behind returns what adds bytes to those of a file that are to be written behind, and what ends that. The
// file is flushed by another, unless that is nil.
func Behind(file, again *os.File) (add func(at, length int64), end func()) {
	b := newBehind(file, func() (*os.File, error) {
		if again == nil {
			return nil, os.ErrNotExist
		}
		return again, nil
	})
	return b.add, b.close
}
