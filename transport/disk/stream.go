package disk

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// Stream is a [transport.Store] that prints: the groups of one content, verified, in their order. What is printed can't
// be taken back, so it can be opened for another content only as long as nothing is; and it holds nothing, so groups must
// come in order, from one node at a time.
type Stream struct {
	to io.Writer

	mu     sync.Mutex
	hash   protocol.Hash
	next   uint64 // group
	bytes  uint64
	broken error
}

// NewStream returns a Stream that prints to a writer, which is the caller's.
func NewStream(to io.Writer) *Stream { return &Stream{to: to} }

// Printed returns how many bytes have been printed.
func (s *Stream) Printed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// Open is [transport.Store]'s.
func (s *Stream) Open(_ context.Context, want roles.OpenStore, _ func(done, size uint64)) (has roles.Groups, other bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next > 0 && s.hash != want.Hash {
		return nil, false, errors.New("part of another content has been printed already")
	}
	s.hash = want.Hash
	for number := range s.next {
		has.Add(number)
	}
	return has, false, nil
}

// Receive is [transport.Store]'s.
func (s *Stream) Receive(int, uint64) (transport.Sink, error) { return streamSink{s}, nil }

type streamSink struct{ *Stream }

// File is [transport.Sink]'s: nothing may be printed before it is verified.
func (streamSink) File(uint64) *os.File { return nil }

// Verified is [transport.Sink]'s.
func (s streamSink) Verified(number uint64, _ protocol.Hash, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.broken != nil:
		return s.broken
	case number < s.next:
		return nil
	case number > s.next:
		return errors.New("a stream takes groups in their order")
	}
	n, err := s.to.Write(data)
	s.bytes += uint64(n)
	if err == nil && n < len(data) {
		err = io.ErrShortWrite
	}
	if err != nil {
		s.broken = err
		return err
	}
	s.next++
	return nil
}

// Close is [transport.Sink]'s.
func (streamSink) Close() error { return nil }
