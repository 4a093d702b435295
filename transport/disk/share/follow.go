package share

import (
	"context"
	"os"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// followers are told of changes. They are guarded by the share's mutex.
type followers map[*follower]struct{}

type follower struct {
	change func(protocol.Entry)
	extent func(roles.Extent)
}

// Follow implements [transport.Lister].
func (s *Folder) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	f := &follower{change, extent}
	s.mu.Lock()
	for e := range s.entries.all() {
		if e.isTold() {
			change(s.asTold(e))
		}
	}
	if s.extent != roles.ExtentPart {
		extent(s.extent)
	}
	s.followers[f] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.followers, f)
	}()
	select {
	case <-ctx.Done():
		return nil
	case <-s.ctx.Done():
		return os.ErrClosed
	}
}

// tell tells all followers of a change.
func (s *Folder) tell(e protocol.Entry) {
	for f := range s.followers {
		f.change(e)
	}
}

// isTold reports whether followers know the name.
func (e *entry) isTold() bool { return !e.hash.IsZero() || e.mark != 0 }

// asTold returns the entry as followers were told it.
func (s *Folder) asTold(e *entry) protocol.Entry {
	is := s.stated(e)
	return protocol.Entry{Name: s.entryName(e), Size: is.size, Hash: e.hash, Mark: e.mark, Modified: is.modified}
}

// tellMark tells a name with a mark in place of a hash.
func (s *Folder) tellMark(e *entry, mark protocol.Mark) {
	if e.mark == mark {
		return
	}
	s.unmark(e)
	e.hash, e.mark = protocol.Hash{}, mark
	s.state(e)
	if mark == protocol.Opaque {
		s.opaque++
	}
	s.tell(s.asTold(e))
}

// unmark forgets the mark of an entry.
func (s *Folder) unmark(e *entry) {
	if e.mark == protocol.Opaque {
		s.opaque--
	}
	e.mark = 0
}

// tellPending tells a name whose content has never been known.
func (s *Folder) tellPending(e *entry) {
	if s.open && !e.isTold() {
		s.tellMark(e, protocol.Pending)
	}
}

// tellOpaque tells a name whose content cannot be known.
func (s *Folder) tellOpaque(e *entry) {
	if !e.known && e.signature != (index.Signature{}) {
		s.tellMark(e, protocol.Opaque)
	}
}

// tellNames tells all names whose content is not known yet, and from then on each as soon as it is
// seen.
func (s *scanner) tellNames() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		return
	}
	s.open = true
	for e := range s.entries.all() {
		s.tellPending(e)
	}
}

// extend tells the extent of the names that have been told, when it is another.
func (s *scanner) extend() {
	switch {
	case !s.isOpen() || s.hints.isLate():
	case len(s.deaf) > 0 || s.behind || s.doubt:
		s.setExtent(roles.ExtentSeen)
	default:
		s.setExtent(roles.ExtentWhole)
	}
}

func (s *Folder) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// fallBehind tells that names may have come that have not been looked at: the scanner walks through a
// large folder, or very many names came together.
func (s *Folder) fallBehind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open && s.hints.isLate() {
		s.changeExtent(roles.ExtentPart)
	}
}

func (s *Folder) setExtent(extent roles.Extent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changeExtent(extent)
}

func (s *Folder) changeExtent(extent roles.Extent) {
	if s.extent == extent {
		return
	}
	s.extent = extent
	for f := range s.followers {
		f.extent(extent)
	}
}

// mayFind reports whether a content that is not known may be that of a file that waits to be hashed,
// or has not been seen yet.
func (s *Folder) mayFind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	walking := !s.isWalked() || s.open && s.extent == roles.ExtentPart
	return walking || s.count > s.known+s.opaque
}
