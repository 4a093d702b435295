package disk

import (
	"errors"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// slots are the places of a content's groups in a file. Several links may bring the same group: what one of them writes
// unverified must not spoil what another has verified. So a group that somebody is writing is that one's alone; one that
// comes verified from elsewhere meanwhile is kept in memory until it is known what became of the other.
type slots struct {
	file *os.File                                      // for reading, and for writing in place
	more func() (*os.File, error)                      // opens it once more; nil: can't be
	note func(group uint64, value protocol.Hash) error // told of each group that is in its place; may be nil

	mu    sync.Mutex
	have  roles.Groups
	busy  map[uint64]bool  // being written
	held  map[uint64]group // verified, to be written if the one who is at it fails
	spare []*os.File       // for sinks, each with a position of its own
	all   []*os.File       // those that more opened
}

// group is the content of one.
type group struct {
	data  []byte
	value protocol.Hash
}

// newSlots returns the slots in a file that has some groups.
func newSlots(file *os.File, have roles.Groups, more func() (*os.File, error), note func(uint64, protocol.Hash) error) *slots {
	return &slots{
		file: file, more: more, note: note, have: slices.Clone(have), busy: map[uint64]bool{}, held: map[uint64]group{},
		spare: []*os.File{file},
	}
}

// sink returns a sink for any groups.
func (s *slots) sink() transport.Sink { return &slotSink{slots: s} }

// complete reports whether so many groups are in their places.
func (s *slots) complete(groups uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.have.Count() == groups
}

// has returns which groups are in their places.
func (s *slots) has() roles.Groups {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.have)
}

// close closes the file.
func (s *slots) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.file.Close()
	for _, file := range s.all {
		err = errors.Join(err, file.Close())
	}
	return err
}

// lend returns a file for a sink, or nil.
func (s *slots) lend() *os.File {
	if last := len(s.spare) - 1; last >= 0 {
		file := s.spare[last]
		s.spare = s.spare[:last]
		return file
	}
	if s.more == nil {
		return nil
	}
	file, err := s.more()
	if err != nil {
		return nil // the groups come by way of memory then
	}
	s.all = append(s.all, file)
	return file
}

// keep puts a group that came by way of memory in its place, or keeps it until that is free.
func (s *slots) keep(number uint64, g group) error {
	s.mu.Lock()
	if s.have.Has(number) {
		s.mu.Unlock()
		return nil
	}
	if s.busy[number] {
		if _, is := s.held[number]; !is {
			s.held[number] = group{slices.Clone(g.data), g.value}
		}
		s.mu.Unlock()
		return nil
	}
	s.busy[number] = true
	s.mu.Unlock()
	return s.write(number, g)
}

// write puts a group in its place, which is the caller's.
func (s *slots) write(number uint64, g group) error {
	before("write a group")
	if _, err := s.file.WriteAt(g.data, int64(number*protocol.GroupSize)); err != nil {
		s.mu.Lock()
		delete(s.busy, number)
		s.mu.Unlock()
		return err
	}
	return s.done(number, g.value)
}

// done notes that a group is in its place.
func (s *slots) done(number uint64, value protocol.Hash) error {
	s.mu.Lock()
	s.have.Add(number)
	delete(s.busy, number)
	delete(s.held, number)
	s.mu.Unlock()
	if s.note == nil {
		return nil
	}
	return s.note(number, value)
}

// free gives up a place that could not be filled well, to what has come from elsewhere if something has.
func (s *slots) free(number uint64) error {
	s.mu.Lock()
	g, is := s.held[number]
	delete(s.held, number)
	if !is {
		delete(s.busy, number)
	}
	s.mu.Unlock()
	if !is {
		return nil
	}
	return s.write(number, g)
}

// slotSink is one link's way into the slots.
type slotSink struct {
	slots *slots
	file  *os.File // lent; nil: not asked for, or there is none
	asked bool

	mu   sync.Mutex
	mine []uint64 // places that are being filled through file
}

// File is [transport.Sink]'s.
func (k *slotSink) File(number uint64) *os.File {
	s := k.slots
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have.Has(number) || s.busy[number] {
		return nil
	}
	if !k.asked {
		k.file, k.asked = s.lend(), true
	}
	if k.file == nil {
		return nil
	}
	if _, err := k.file.Seek(int64(number*protocol.GroupSize), io.SeekStart); err != nil {
		return nil
	}
	s.busy[number] = true
	k.mu.Lock()
	k.mine = append(k.mine, number)
	k.mu.Unlock()
	return k.file
}

// Verified is [transport.Sink]'s.
func (k *slotSink) Verified(number uint64, value protocol.Hash, data []byte) error {
	if data != nil {
		return k.slots.keep(number, group{data, value})
	}
	k.mu.Lock()
	k.mine = slices.DeleteFunc(k.mine, func(other uint64) bool { return other == number })
	k.mu.Unlock()
	return k.slots.done(number, value)
}

// Close is [transport.Sink]'s.
func (k *slotSink) Close() error {
	var err error
	for _, number := range k.mine {
		err = errors.Join(err, k.slots.free(number))
	}
	k.mine = nil
	if k.file != nil {
		k.slots.mu.Lock()
		k.slots.spare = append(k.slots.spare, k.file)
		k.slots.mu.Unlock()
		k.file = nil
	}
	return err
}
