package extsort

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
	"iter"
)

// All returns the records in their order, equal ones as often as they were added. A record is
// overwritten by the next. An error ends them.
func (s *Sorter) All() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := s.finish()
		switch {
		case err != nil:
			yield(nil, err)
		case s.file == nil:
			for _, p := range s.places {
				if !yield(s.at(p), nil) {
					return
				}
			}
		default:
			s.merge(yield)
		}
	}
}

// merge reads all runs at once.
func (s *Sorter) merge(yield func([]byte, error) bool) {
	size := min(max(s.memory()/len(s.runs), leastOf), mostReading)
	var all merging
	for _, run := range s.runs {
		r := &reading{from: bufio.NewReaderSize(io.NewSectionReader(s.file, run.from, run.end-run.from), size), left: run.end - run.from}
		if err := r.next(); err != nil {
			yield(nil, err)
			return
		}
		all = append(all, r)
	}
	heap.Init(&all)
	for len(all) > 0 {
		first := all[0]
		if !yield(first.record, nil) {
			return
		}
		if first.left == 0 {
			heap.Pop(&all)
			continue
		}
		if err := first.next(); err != nil {
			yield(nil, err)
			return
		}
		heap.Fix(&all, 0)
	}
}

// reading is a run that is read.
type reading struct {
	from   *bufio.Reader
	left   int64  // bytes of the run, behind the record
	record []byte // the next
	inside int    // bytes of it that are still in the reader's buffer
}

var errDamaged = errors.New("it is not what was written")

// next reads the next record of a run that has one.
func (r *reading) next() error {
	r.from.Discard(r.inside)
	r.inside = 0
	length, err := binary.ReadUvarint(r.from)
	size := int64(len(binary.AppendUvarint(nil, length))) + int64(length)
	switch {
	case err != nil:
		return cut(err)
	case length > uint64(r.left) || size > r.left:
		return temporary(errDamaged)
	}
	r.left -= size
	if length <= uint64(r.from.Size()) {
		r.inside = int(length)
		r.record, err = r.from.Peek(r.inside)
		return cut(err)
	}
	r.record = make([]byte, length)
	_, err = io.ReadFull(r.from, r.record)
	return cut(err)
}

// cut returns the error of a read. A file that ends within a run has been cut.
func cut(err error) error {
	if err == nil {
		return nil
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errDamaged
	}
	return temporary(err)
}

// merging is a heap of runs: the one with the least record is the first.
type merging []*reading

func (m merging) Len() int           { return len(m) }
func (m merging) Less(i, j int) bool { return bytes.Compare(m[i].record, m[j].record) < 0 }
func (m merging) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merging) Push(any)          {}

// Pop implements [heap.Interface].
func (m *merging) Pop() any {
	last := len(*m) - 1
	*m = (*m)[:last]
	return nil
}
