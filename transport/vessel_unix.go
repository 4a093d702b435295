//go:build unix

package transport

import (
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// vessel holds bytes on their way from one socket to another. None of its methods waits: a socket that has
// nothing, or no room, is EAGAIN.
type vessel interface {
	fill(from, most int) (n int, err error) // of an empty one; 0 without an error is the end of stream
	pour(to int) (n int, err error)
	left() int // bytes
	free()     // for others, whatever it has
}

// errUnfit is the error of a vessel that cannot be filled here: another kind can.
var errUnfit = errors.New("the system does not splice")

// mostVessels is the number of large vessels. Each direction of a circuit may be stuck with one, if its peer takes
// nothing; more than these have to do with small ones.
const mostVessels = 64

var largeVessels atomic.Int64 // that are in use

// takeVessel returns an empty vessel.
func takeVessel() vessel {
	if largeVessels.Add(1) > mostVessels {
		largeVessels.Add(-1)
		return smallVessels.Get().(*buffered)
	}
	if pipe := takePipe(); pipe != nil {
		return pipe
	}
	return bufferVessels.Get().(*buffered)
}

// buffered is a vessel of the program's memory.
type buffered struct {
	bytes      []byte
	begin, end int // of those that are left
	pool       *sync.Pool
}

// smallVessel is the size of a small one.
const smallVessel = 16 << 10

var bufferVessels, smallVessels sync.Pool

func init() {
	bufferVessels.New = func() any { return &buffered{bytes: make([]byte, mostInTurn), pool: &bufferVessels} }
	smallVessels.New = func() any { return &buffered{bytes: make([]byte, smallVessel), pool: &smallVessels} }
}

func (b *buffered) fill(from, most int) (n int, err error) {
	n, err = unix.Read(from, b.bytes[:min(most, len(b.bytes))])
	b.begin, b.end = 0, max(0, n)
	return b.end, err
}

func (b *buffered) pour(to int) (n int, err error) {
	n, err = unix.Write(to, b.bytes[b.begin:b.end])
	b.begin += max(0, n)
	return max(0, n), err
}

func (b *buffered) left() int { return b.end - b.begin }

func (b *buffered) free() {
	b.begin, b.end = 0, 0
	if b.pool == &bufferVessels {
		largeVessels.Add(-1)
	}
	b.pool.Put(b)
}
