package share

import (
	"context"
	"os"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// followers are told of changes. They are guarded by the share's mutex.
type followers map[*follower]struct{}

type follower struct{ change func(protocol.Entry) }

// Follow implements [transport.Lister].
func (s *Folder) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	f := &follower{change}
	s.mu.Lock()
	for _, e := range s.names {
		if !e.hash.IsZero() {
			change(protocol.Entry{Name: e.name, Size: e.size, Hash: e.hash})
		}
	}
	s.followers[f] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.followers, f)
	}()
	for indexed := s.indexed; ; indexed = nil {
		select {
		case <-indexed:
			s.mu.Lock()
			extent(roles.ExtentWhole)
			s.mu.Unlock()
		case <-ctx.Done():
			return nil
		case <-s.ctx.Done():
			return os.ErrClosed
		}
	}
}

// tell tells all followers of a change.
func (s *Folder) tell(e protocol.Entry) {
	for f := range s.followers {
		f.change(e)
	}
}
