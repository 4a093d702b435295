package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Stream is a [transport.Store] that prints the groups of one content, verified, in their order.
// Printing cannot be undone, so a Stream can be opened for another content only before the first
// group is printed.
//
// The reader of the output sets the pace. If it pauses, as a pager does, the link must not time
// out: after patience a group goes to an unnamed file, where it waits for the reader. A group that
// comes before its turn, as happens when several nodes deliver, waits in the same way. That is
// slow: set Once in a request for a Stream, and one node delivers after the other.
type Stream struct {
	to io.Writer

	mu       sync.Mutex
	over     <-chan struct{} // when nobody waits for what comes any more
	hash     protocol.Hash
	next     uint64 // group to come
	waiting  []parked
	ahead    map[uint64]parked // by number: groups that came before their turn
	held     int               // of those, in memory
	spill    spill
	printing bool
	printed  chan struct{} // closed, and made anew, when a group has been printed, or none is any more
	broken   error
}

// parked is a group that waits to be printed.
type parked struct {
	number uint64
	value  protocol.Hash
	size   int                       // bytes
	page   *[protocol.GroupSize]byte // nil: it lies in the spill
	slot   int                       // there
}

const (
	mostHeld = 4               // groups that wait in memory
	patience = 3 * time.Second // of a group that can't be printed yet, before it goes to the spill
)

// NewStream returns a Stream that prints to a writer. The writer stays the caller's.
func NewStream(to io.Writer) *Stream {
	return &Stream{to: to, ahead: map[uint64]parked{}, printed: make(chan struct{})}
}

// Open implements [transport.Store].
func (s *Stream) Open(ctx context.Context, want roles.OpenStore, _ func(done, size uint64)) (has roles.Groups, other bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next > 0 && s.hash != want.Hash {
		return nil, false, errors.New("part of another content has been printed already")
	}
	if s.hash != want.Hash {
		for number, p := range s.ahead {
			s.spill.free(p.slot)
			delete(s.ahead, number)
		}
	}
	s.hash, s.over = want.Hash, ctx.Done()
	for number := range s.next {
		has.Add(number)
	}
	for number := range s.ahead {
		has.Add(number)
	}
	return has, false, nil
}

// Receive implements [transport.Store]. A sink is bound to the content that the Stream was last
// opened for.
func (s *Stream) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := s.hash
	return func(number uint64, value protocol.Hash, data []byte) error { return s.take(hash, number, value, data) }, nil
}

// take takes a group of a content, and waits until there is room for it.
func (s *Stream) take(hash protocol.Hash, number uint64, value protocol.Hash, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	came := time.Now()
	for idle := false; ; {
		switch _, there := s.ahead[number]; {
		case s.broken != nil:
			return s.broken
		case hash != s.hash:
			return errors.New("another content is to be printed by now")
		case number < s.next || there:
			return nil
		}
		early, wait := number > s.next, patience-time.Since(came)
		stalled := idle || early && wait <= 0
		if s.park(number, value, data, stalled) {
			return nil
		}
		if !early || stalled {
			wait = patience
		}
		if idle = s.await(wait); isDone(s.over) {
			return context.Canceled
		}
	}
}

// park puts a group into memory or the spill. It returns false if the group has to wait for that:
// only the next group goes to memory, and groups go to the spill only after a stall.
func (s *Stream) park(number uint64, value protocol.Hash, data []byte, stalled bool) bool {
	p := parked{number: number, value: value, size: len(data)}
	if number == s.next && s.held < mostHeld {
		p.page = pages.Get().(*[protocol.GroupSize]byte)
		copy(p.page[:], data)
		s.held++
	} else {
		slot, ok := 0, false
		if stalled {
			slot, ok = s.spill.put(data)
		}
		if !ok {
			return false
		}
		p.slot = slot
	}
	s.ahead[number] = p
	s.line()
	return true
}

// line moves the groups whose turn has come to the end of the waiting ones.
func (s *Stream) line() {
	for p, come := s.ahead[s.next]; come; p, come = s.ahead[s.next] {
		delete(s.ahead, s.next)
		s.waiting = append(s.waiting, p)
		s.next++
	}
	if len(s.waiting) > 0 && !s.printing {
		s.printing = true
		go s.print()
	}
}

// await waits, without the mutex, until a group is printed. It reports whether none is within that
// time.
func (s *Stream) await(most time.Duration) (stalled bool) {
	printed, over := s.printed, s.over
	s.mu.Unlock()
	defer s.mu.Lock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-printed:
		return false
	case <-over:
		return false
	case <-timer.C:
		return true
	}
}

// print prints the waiting groups until none is left.
func (s *Stream) print() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.broken == nil && len(s.waiting) > 0 {
		p := s.waiting[0]
		s.mu.Unlock()
		err := s.out(p)
		s.mu.Lock()
		s.waiting = s.waiting[1:]
		if s.broken == nil {
			s.broken = err
		}
		if p.page != nil {
			s.held--
		} else {
			s.spill.free(p.slot)
		}
		s.wake()
	}
	s.printing = false
}

// wake wakes those that await.
func (s *Stream) wake() {
	close(s.printed)
	s.printed = make(chan struct{})
}

func (s *Stream) out(p parked) error {
	page := p.page
	if page == nil {
		page = pages.Get().(*[protocol.GroupSize]byte)
	}
	defer pages.Put(page)
	data := page[:p.size]
	if p.page == nil {
		if err := s.spill.get(data, p); err != nil {
			return fmt.Errorf("%s: %w", os.TempDir(), disk.Reason(err))
		}
	}
	n, err := s.to.Write(data)
	if err == nil && n < p.size {
		err = io.ErrShortWrite
	}
	return err
}

// Holds implements [transport.Store]. A Stream keeps nothing for another try.
func (s *Stream) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

// Release implements [transport.Store].
func (s *Stream) Release(int) {}

// Commit implements [transport.Store]. It does not wait for the reader, who may take any time: Flush
// does.
func (s *Stream) Commit(context.Context, ...roles.Placement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// Flush returns when every group whose turn has come is printed, or the reason why that cannot be.
// It ends with ctx; a write that is stuck then is left alone.
func (s *Stream) Flush(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = ctx.Done()
	for s.broken == nil && len(s.waiting) > 0 {
		if isDone(s.over) {
			return ctx.Err()
		}
		s.await(time.Hour)
	}
	return s.broken
}

// Close ends the Stream, and a Flush that waits for the reader. It drops the groups that have not
// been printed. Closing again does nothing.
func (s *Stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = os.ErrClosed
	}
	s.wake()
	return s.spill.close()
}

func isDone(over <-chan struct{}) bool {
	select {
	case <-over:
		return true
	default:
		return false
	}
}
