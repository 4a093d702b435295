package store

import (
	"errors"
	"io"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// spill is an unnamed file for groups, made for the first one. A place in it is used again.
type spill struct {
	mu    sync.Mutex
	file  *disk.ScratchFile
	slots int   // in the file
	spare []int // of those
}

// put writes a group to the file. It returns false where there is no room, or no file.
func (s *spill) put(data []byte) (slot int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		file, err := obtain("make the spill", disk.Scratch)
		if err != nil {
			return 0, false
		}
		s.file = file
	}
	if last := len(s.spare) - 1; last >= 0 {
		slot = s.spare[last]
	} else {
		slot = s.slots
	}
	if _, err := obtain("write to the spill", func() (int, error) { return s.file.WriteAt(data, int64(slot)*protocol.GroupSize) }); err != nil {
		return 0, false
	}
	if slot == s.slots {
		s.slots++
	} else {
		s.spare = s.spare[:len(s.spare)-1]
	}
	return slot, true
}

// errSpoiled is the error of a group that is not in its place as it was put there.
var errSpoiled = errors.New("a group that waited there to be printed is not what it was")

// get reads a group back, and verifies it: what the disk has made of it is printed as little as what
// a node has.
func (s *spill) get(data []byte, p parked) error {
	s.mu.Lock()
	file := s.file
	s.mu.Unlock()
	_, err := obtain("read the spill", func() (int, error) { return file.ReadAt(data, int64(p.slot)*protocol.GroupSize) })
	if err == io.EOF || err == nil && !p.is(data) {
		return errSpoiled
	}
	return err
}

// is reports whether data is the group. The only group of a content has another value than the first
// of several.
func (p parked) is(data []byte) bool {
	return content.ChainingValue(p.number, data, false) == p.value || content.ChainingValue(p.number, data, true) == p.value
}

// free releases a place.
func (s *spill) free(slot int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = append(s.spare, slot)
}

func (s *spill) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	file := s.file
	s.file = nil
	if file == nil {
		return nil
	}
	return file.Close()
}
