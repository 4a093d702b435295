package store

import (
	"os"
	"time"
)

// behind has the system write a file to the disk while more of it comes, so that the sync at the end
// has little left to do. It promises nothing and changes nothing: the bytes are durable after that
// sync alone, which also tells of each failure. A nil behind does nothing.
type behind struct {
	file   *os.File
	second *os.File // the same file, opened a second time: so the sync still tells of a failure that a flush meets; nil: it is not flushed
	start  func(file *os.File, at, length int64) error
	flush  func(second *os.File) error
	each   int64 // bytes that are flushed together
	ranges chan span
	end    chan struct{}
}

// span is a range of bytes of a file.
type span struct{ at, length int64 }

const (
	mostBehind = 2                      // ranges that wait; with more, the system cannot keep up and they are dropped
	slowBehind = 50 * time.Millisecond  // a call that takes longer holds up others at the disk: it is the file's last
	slowFlush  = 500 * time.Millisecond // a flush that takes longer is the file's last
)

// flushEach is how many bytes are flushed together: what a disk has in its own cache takes its time, too,
// which does not wait for the end then. Tests replace it.
var flushEach int64 = 32 << 20

// newBehind returns the behind of a file, or nil where that is of no use. It opens the file a second time.
func newBehind(file *os.File, open func() (*os.File, error)) *behind {
	if !writesBehind(file) {
		return nil
	}
	second, err := open()
	if err != nil {
		second = nil
	}
	b := &behind{
		file: file, second: second, start: writeBehind, flush: flushBehind, each: flushEach,
		ranges: make(chan span, mostBehind), end: make(chan struct{}),
	}
	go b.work()
	return b
}

// add asks for a range that has been written to the file. It never waits.
func (b *behind) add(at, length int64) {
	if b == nil {
		return
	}
	select {
	case b.ranges <- span{at, length}:
	default: // the next flush writes it, or the sync
	}
}

// work starts the writing of ranges until the end, or until a call fails or is slow. It does so by the
// [os.File], which keeps its descriptor from being closed, and used for another file, during a call.
func (b *behind) work() {
	defer b.second.Close() // of nil, too
	begun := int64(0)      // bytes, since the last flush
	for {
		select {
		case <-b.end:
			return
		case r := <-b.ranges:
			if !within(slowBehind, func() error { return b.start(b.file, r.at, r.length) }) {
				return
			}
			if begun += r.length; begun < b.each || b.second == nil {
				continue
			}
			if begun = 0; !within(slowFlush, func() error { return b.flush(b.second) }) {
				return
			}
		}
	}
}

// within reports whether a call did well, and in time.
func within(most time.Duration, call func() error) bool {
	begin := time.Now()
	return call() == nil && time.Since(begin) <= most
}

// close ends it without waiting for a call that is under way: the disk may hang.
func (b *behind) close() {
	if b != nil {
		close(b.end)
	}
}
