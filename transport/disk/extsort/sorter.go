// Package extsort sorts more records than memory should hold: runs of a few MiB are sorted in
// memory, written to a temporary file, and merged while they are read.
//
// It is written for this project because github.com/lanrat/extsort counts the records of a run in
// place of their bytes, so that a peer with long names decides how much memory it takes, and
// github.com/bsm/extsort writes a file for three records as well, and takes a file that was cut
// between two records for a whole one.
package extsort

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// DefaultMemory is the number of bytes of records that a Sorter has in memory. Sorting and writing so
// many takes some 30 ms, for which nothing is added.
const DefaultMemory = 4 << 20

// ErrTemporary says that the temporary file failed. The error of the system is found beside it.
var ErrTemporary = errors.New("sorting takes a temporary file (TMPDIR says where)")

// Sorter sorts records: byte strings, by their bytes. Its zero value has no records. Records are
// added, then read, as often as one likes; once they are read none can be added before a Reset.
type Sorter struct {
	// Memory is how many bytes of records there are in memory before they are written to the
	// temporary file. 0: DefaultMemory.
	Memory int

	arena   []byte  // the records in memory, one behind the other
	places  []place // where they lie in it
	file    scratch // nil: nothing has been written
	runs    []stretch
	buffer  []byte // of the writes
	written int64
	count   int
	bytes   int64
	sorted  bool
	failed  error
}

// place is where a record lies in the arena.
type place struct{ from, length uint32 }

// stretch is where a run lies in the file.
type stretch struct{ from, end int64 }

// scratch is the temporary file.
type scratch interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// create makes the temporary file. Tests have others.
var create = func() (scratch, error) { return disk.Scratch() }

const (
	placeSize   = 8 // bytes of memory for a record, besides its own
	writeSize   = 256 << 10
	mostReading = 64 << 10 // bytes read at once of a run
	leastOf     = 4 << 10
)

// Len returns the number of records.
func (s *Sorter) Len() int { return s.count }

// Bytes returns the number of bytes of all records.
func (s *Sorter) Bytes() int64 { return s.bytes }

// Spilled reports whether there is a temporary file.
func (s *Sorter) Spilled() bool { return s.file != nil }

// Add adds a copy of a record. After an error every Add and All fails with it.
func (s *Sorter) Add(record []byte) error {
	if s.sorted {
		panic("extsort: a record is added to sorted ones")
	}
	if s.failed != nil {
		return s.failed
	}
	if used := len(s.arena) + placeSize*len(s.places); used > 0 && used+placeSize+len(record) > s.memory() {
		if s.failed = s.spill(); s.failed != nil {
			return s.failed
		}
	}
	s.grow(len(record))
	s.places = append(s.places, place{uint32(len(s.arena)), uint32(len(record))})
	s.arena = append(s.arena, record...)
	s.count++
	s.bytes += int64(len(record))
	return nil
}

func (s *Sorter) memory() int {
	if s.Memory == 0 {
		return DefaultMemory
	}
	return s.Memory
}

// grow makes room for a record. What is not little gets all the memory that it may have: growing
// bit by bit would take twice as much.
func (s *Sorter) grow(record int) {
	if len(s.arena)+record > cap(s.arena) && cap(s.arena) >= s.memory()/4 {
		s.arena = slices.Grow(s.arena, max(s.memory()-placeSize*len(s.places)-len(s.arena), record))
	}
}

// at returns a record in memory.
func (s *Sorter) at(p place) []byte { return s.arena[p.from : p.from+p.length] }

func (s *Sorter) sort() {
	slices.SortFunc(s.places, func(a, b place) int { return bytes.Compare(s.at(a), s.at(b)) })
}

// spill writes the records in memory as a run, and drops them.
func (s *Sorter) spill() error {
	if s.file == nil {
		file, err := create()
		if err != nil {
			return temporary(err)
		}
		s.file, s.buffer = file, make([]byte, 0, writeSize)
	}
	s.sort()
	from := s.written
	for _, p := range s.places {
		if len(s.buffer)+binary.MaxVarintLen32+int(p.length) > cap(s.buffer) {
			if err := s.flush(); err != nil {
				return err
			}
		}
		s.buffer = binary.AppendUvarint(s.buffer, uint64(p.length))
		s.buffer = append(s.buffer, s.at(p)...)
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.runs = append(s.runs, stretch{from, s.written})
	s.arena, s.places = s.arena[:0], s.places[:0]
	return nil
}

// flush writes what is buffered.
func (s *Sorter) flush() error {
	if _, err := s.file.WriteAt(s.buffer, s.written); err != nil {
		return temporary(err)
	}
	s.written += int64(len(s.buffer))
	s.buffer = s.buffer[:0]
	return nil
}

// finish sorts what has been added last. If there are runs it becomes one: no memory is held for it
// while they are merged.
func (s *Sorter) finish() error {
	if s.sorted || s.failed != nil {
		return s.failed
	}
	s.sorted = true
	if s.file == nil {
		s.sort()
		return nil
	}
	s.failed = s.spill()
	s.arena, s.places, s.buffer = nil, nil, nil
	return s.failed
}

// Reset removes all records. Their memory is used again.
func (s *Sorter) Reset() error {
	err := s.Close()
	*s = Sorter{Memory: s.Memory, arena: s.arena[:0], places: s.places[:0]}
	return err
}

// Close closes and removes the temporary file. It may be called at any time, and again.
func (s *Sorter) Close() error {
	file := s.file
	s.file, s.failed = nil, errClosed
	if file == nil {
		return nil
	}
	return file.Close()
}

var errClosed = errors.New("extsort: closed")

func temporary(err error) error { return fmt.Errorf("%w: %w", ErrTemporary, disk.Reason(err)) }
