package store

import (
	"os"
	"slices"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// newSlots returns the slots of a part file, none of which is taken.
func (p *Part) newSlots(file *os.File) *slots {
	s := &slots{file: file, journal: p.journal}
	if protocol.Groups(p.size) > 1 { // else the sync comes at once
		s.behind = newBehind(file, func() (*os.File, error) { return p.root.Open(p.partName()) })
	}
	return s
}

// slots are the places of a content's groups in a part. All groups are verified, so several links
// may bring the same one at once.
type slots struct {
	file    *os.File
	journal *journal
	behind  *behind
	stale   int64 // before this the file may hold anything: it is of an earlier try

	mu    sync.Mutex
	end   int64 // of all that has been, or is being, written
	have  roles.Groups
	ended bool // the journal may be another content's by now
}

// put implements [transport.Sink].
func (s *slots) put(number uint64, value protocol.Hash, data []byte) error {
	if s.holds(number) {
		return nil
	}
	if err := attempt("write a group", func() error { return s.write(int64(number*protocol.GroupSize), data) }); err != nil {
		return err
	}
	s.behind.add(int64(number*protocol.GroupSize), int64(len(data)))
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

// claim takes the file, up to an end, for groups with these values. They are not verified.
func (s *slots) claim(end int64, values map[uint64]protocol.Hash) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale, s.end = end, end
	for number, value := range values {
		if err := s.journal.note(number, value); err != nil {
			return err
		}
		s.have.Add(number)
	}
	return nil
}

// pieceSize is how many bytes are written at once. A system keeps what comes in larger pieces in larger
// blocks of memory, which are slower to get: on a guest the host may have taken them back.
const pieceSize = 256 << 10

// write writes a group, with holes for its zeros.
func (s *slots) write(at int64, data []byte) error {
	if at < s.stale && punch(s.file, at, int64(len(data))) != nil {
		_, err := s.file.WriteAt(data, at)
		return err
	}
	if err := s.grow(at+int64(len(data)), disk.EndsInHole(data)); err != nil {
		return err
	}
	return disk.Dense(data, func(from int, stretch []byte) error {
		for piece := range slices.Chunk(stretch, pieceSize) {
			if _, err := s.file.WriteAt(piece, at+int64(from)); err != nil {
				return err
			}
			from += len(piece)
		}
		return nil
	})
}

// grow notes that the file is being written up to an end, which it reaches by itself unless a hole
// is there. It never cuts what others write meanwhile.
func (s *slots) grow(end int64, hole bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end <= s.end {
		return nil
	}
	s.end = end
	if !hole {
		return nil
	}
	return s.file.Truncate(end)
}

// close closes the part to links that are late.
func (s *slots) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.behind.close()
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
