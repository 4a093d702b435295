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
	start  func(file *os.File, at, length int64) error
	ranges chan span
	end    chan struct{}
}

// span is a range of bytes of a file.
type span struct{ at, length int64 }

const (
	mostBehind = 2                     // ranges that wait; with more, the system cannot keep up and they are dropped
	slowBehind = 50 * time.Millisecond // a call that takes longer holds up others at the disk: it is the file's last
)

// newBehind returns the behind of a file, or nil where that is of no use.
func newBehind(file *os.File) *behind {
	if !writesBehind(file) {
		return nil
	}
	b := &behind{file: file, start: writeBehind, ranges: make(chan span, mostBehind), end: make(chan struct{})}
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
	default: // the sync writes it
	}
}

// work starts the writing of ranges until the end, or until a call fails or is slow. It does so by the
// [os.File], which keeps its descriptor from being closed, and used for another file, during a call.
func (b *behind) work() {
	for {
		select {
		case <-b.end:
			return
		case r := <-b.ranges:
			begin := time.Now()
			if err := b.start(b.file, r.at, r.length); err != nil || time.Since(begin) > slowBehind {
				return
			}
		}
	}
}

// close ends it without waiting for a call that is under way: the disk may hang.
func (b *behind) close() {
	if b != nil {
		close(b.end)
	}
}
