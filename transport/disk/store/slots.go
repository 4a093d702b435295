package store

import (
	"os"
	"slices"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// slots are the places of a content's groups in a part. All groups are verified, so several links
// may bring the same one at once.
type slots struct {
	file    *os.File
	journal *journal

	mu    sync.Mutex
	have  roles.Groups
	ended bool // the journal may be another content's by now
}

// put implements [transport.Sink].
func (s *slots) put(number uint64, value protocol.Hash, data []byte) error {
	if s.holds(number) {
		return nil
	}
	before("write a group")
	if _, err := s.file.WriteAt(data, int64(number*protocol.GroupSize)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return os.ErrClosed
	}
	if err := s.journal.note(number, value); err != nil {
		return err
	}
	s.have.Add(number)
	return nil
}

// end closes the part to links that are late.
func (s *slots) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.file.Close() // everything that matters has been synced
}

func (s *slots) holds(number uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.have.Has(number)
}

// complete reports whether that many groups are in their places.
func (s *slots) complete(groups uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.have.Count() == groups
}

// has returns the groups that are in their places.
func (s *slots) has() roles.Groups {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.have)
}
