package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// Spool is a [transport.Store] for one content that is wanted only until it has been read: it lies in a file without a
// name, which the system forgets when the process ends, however that happens. It can be read as soon as all is verified,
// and not before.
type Spool struct {
	mu    sync.Mutex
	file  *os.File
	slots *slots
	open  bool
	hash  protocol.Hash // once it is open
	size  uint64
}

// Temporary returns a Spool in the system's temporary folder.
func Temporary() (*Spool, error) {
	s := &Spool{}
	return s, s.begin()
}

// begin takes a new file. It is never one of before: whoever is still writing there shall not spoil it.
func (s *Spool) begin() error {
	file, err := os.CreateTemp("", "relaypeer-*")
	if err != nil {
		return fmt.Errorf("no temporary file (TMPDIR says where): %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return errors.Join(err, file.Close())
	}
	s.file, s.slots = file, newSlots(file, nil, nil, nil)
	return nil
}

// Open is [transport.Store]'s: what has come till then of another content is dropped.
func (s *Spool) Open(_ context.Context, want roles.OpenStore, _ func(done, size uint64)) (has roles.Groups, other bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open && (s.hash != want.Hash || s.size != want.Size) {
		other = !s.slots.complete(0)
		if err := errors.Join(s.slots.close(), s.begin()); err != nil {
			return nil, false, err
		}
	}
	s.open, s.hash, s.size = true, want.Hash, want.Size
	return s.slots.has(), other, nil
}

// Receive is [transport.Store]'s.
func (s *Spool) Receive(int, uint64) (transport.Sink, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slots.sink(), nil
}

// Reader returns the content from its beginning. All of it must have come.
func (s *Spool) Reader() io.Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	return io.NewSectionReader(s.file, 0, int64(s.size))
}

// Discard ends the spool.
func (s *Spool) Discard() error { return s.slots.close() }
