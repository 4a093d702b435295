package peer

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/node"
)

// Listing is how a relay lists a node.
type Listing struct {
	ID         protocol.PeerID
	Listen     netip.AddrPort // where the node listens
	node.Place                // where clients are sent, and what the relay knows of whether we can be reached there
	TTL        time.Duration  // how long the relay would list it without hearing of it again
}

// Ready waits until the relay lists the node, and returns how. It may be called at any time, before
// Run as well, from any goroutine, and again. If ctx is done before, the error wraps the reason why
// the node is not listed yet: an [Error] of [ErrNoRelay] with the code of the last exchange with
// the relay that failed, if one has. A node that the relay has listed counts as not listed while it
// cannot reach the relay. Once Run has returned, the error is [ErrEnded], and wraps Run's.
func (n *Node) Ready(ctx context.Context) (Listing, error) {
	for {
		listing, changed, why := n.state.look()
		if changed == nil {
			return listing, why
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Listing{}, fmt.Errorf("not listed yet: %w (%w)", why, ctx.Err())
		}
	}
}

// readiness is how far a Node is. Its zero value is that of one which has not been run.
type readiness struct {
	mu      sync.Mutex
	changed chan struct{} // closed at the next change; nil: nobody waits for one
	run     bool          // it runs, or has run
	ended   bool
	listing Listing // zero: it is not listed
	why     error   // it is not; or how Run ended
}

var (
	errNotRun     = errors.New("the node has not been run")
	errNoAnswer   = errors.New("the relay has not answered yet")
	errIncomplete = errors.New("a Node needs a Relay and a Share")

	errMirrorIncomplete = errors.New("a Mirror needs a Client and a Folder")
)

// look returns the listing, or why there is none. That may change if there is a channel, which is
// closed then.
func (s *readiness) look() (listing Listing, changed <-chan struct{}, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended && s.why != nil:
		return Listing{}, nil, fmt.Errorf("%w: %w", ErrEnded, s.why)
	case s.ended:
		return Listing{}, nil, ErrEnded
	case s.listing != Listing{}:
		return s.listing, nil, nil
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	switch {
	case s.why != nil:
		return Listing{}, s.changed, s.why
	case s.run:
		return Listing{}, s.changed, errNoAnswer
	}
	return Listing{}, s.changed, errNotRun
}

// change makes a change and wakes those who wait for one.
func (s *readiness) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// begin notes that the node runs. It reports false if it has before.
func (s *readiness) begin() (first bool) {
	s.change(func() { first, s.run = !s.run, true })
	return first
}

func (s *readiness) end(err error) { s.change(func() { s.ended, s.why = true, err }) }

func (s *readiness) listed(l Listing) { s.change(func() { s.listing, s.why = l, nil }) }

func (s *readiness) failed(err error) { s.change(func() { s.listing, s.why = Listing{}, err }) }
