package transport

import (
	"context"
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/relaypeer/relaypeer/roles"
)

// Shape bounds how fast bodies are sent: all together, and those to each origin. Nothing is dropped: a
// body is sent in pieces, and each waits until there is room for it. Where the bound of all holds up
// several origins, these get the same, however many links they have. Its fields are left alone once it is
// in use.
type Shape struct {
	All  uint64 // bytes a second of all together; 0: no bound
	Each uint64 // bytes a second to each origin; 0: no bound

	mu    sync.Mutex
	total *rate.Limiter
	lanes map[roles.Origin]*lane
	sweep int // lanes from which on those that nobody needs are forgotten
}

// lane is what is sent to one origin: one piece of it at a time waits for its room.
type lane struct {
	turn  chan struct{} // full while a piece waits
	own   *rate.Limiter
	users int // bodies that are being sent
}

// The sizes of a piece, which is an eighth of what is sent in a second where that is in between. A larger
// one costs the kernel less (sendfile), a smaller one makes a smoother stream.
const (
	mostPiece  = 256 << 10
	leastPiece = 4 << 10
)

// mostIdleLanes is how many lanes without a body are kept at least before they are forgotten.
const mostIdleLanes = 1024

// bounds reports whether there is a bound.
func (s *Shape) bounds() bool { return s != nil && (s.All > 0 || s.Each > 0) }

// piece returns how many bytes are sent after a wait at most.
func (s *Shape) piece() int {
	least := s.All
	if least == 0 || s.Each > 0 && s.Each < least {
		least = s.Each
	}
	return int(min(max(least/8, leastPiece), mostPiece))
}

// enter returns the lane of an origin, for a body that is to be sent. Leave is to follow.
func (s *Shape) enter(to roles.Origin) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total == nil {
		s.total, s.lanes = s.limiter(s.All), map[roles.Origin]*lane{}
	}
	l := s.lanes[to]
	if l == nil {
		s.forget()
		l = &lane{turn: make(chan struct{}, 1), own: s.limiter(s.Each)}
		s.lanes[to] = l
	}
	l.users++
	return l
}

func (s *Shape) leave(l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.users--
}

// forget forgets the lanes that are as new ones: without a body, and with all that they may send at once.
func (s *Shape) forget() {
	if len(s.lanes) < s.sweep {
		return
	}
	now, whole := time.Now(), float64(s.piece())
	maps.DeleteFunc(s.lanes, func(_ roles.Origin, l *lane) bool {
		return l.users == 0 && (s.Each == 0 || l.own.TokensAt(now) >= whole)
	})
	s.sweep = 2*len(s.lanes) + mostIdleLanes
}

func (s *Shape) limiter(bound uint64) *rate.Limiter {
	if bound == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(bound), s.piece())
}

// wait waits until there is room for n bytes, at most a piece.
func (s *Shape) wait(ctx context.Context, l *lane, n int) error {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.turn }()
	if err := l.own.WaitN(ctx, n); err != nil {
		return err
	}
	return s.total.WaitN(ctx, n)
}

// ration is what a link may send of a body at present.
type ration struct {
	shape *Shape
	lane  *lane // nil: there is no bound
	ctx   context.Context
	left  int // bytes that were waited for
}

// ration returns the ration of a body that is to be sent. End is to follow.
func (k *link) ration() ration {
	shape := k.run.loop.Shape
	if !shape.bounds() {
		return ration{}
	}
	return ration{shape: shape, lane: shape.enter(k.origin()), ctx: k.run.diskContext()}
}

// origin returns what the link's peer counts under.
func (k *link) origin() roles.Origin {
	opened := k.opened()
	return roles.OriginOf(opened.Peer.Addr(), opened.ID)
}

// get waits until something may be sent, and returns how many bytes, at most n.
func (r *ration) get(n int) (int, error) {
	if r.lane == nil {
		return n, nil
	}
	if r.left == 0 {
		piece := min(n, r.shape.piece())
		if err := r.shape.wait(r.ctx, r.lane, piece); err != nil {
			return 0, err
		}
		r.left = piece
	}
	return min(n, r.left), nil
}

// sent counts bytes that have been sent.
func (r *ration) sent(n int) {
	if r.lane != nil {
		r.left -= n
	}
}

func (r *ration) end() {
	if r.lane != nil {
		r.shape.leave(r.lane)
	}
}
