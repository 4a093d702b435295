package share

import (
	"container/heap"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// outdatedWait is how long followers are told of a name what is no longer so: most changed files are
// hashed within that.
const outdatedWait = 500 * time.Millisecond

// atRest is how long ago a file that was given up, since it changes all the time, changed last when it
// counts as one that will be hashed again.
const atRest = 2 * time.Second

// hurryGap is the time within which requests have the files at rest hashed once.
const hurryGap = time.Second

// outdated are names of which followers may have been told what is no longer so. The share's mutex
// guards it.
type outdated struct {
	entries map[*entry]struct{}
	timer   *time.Timer // nil: there are none
	hurried time.Time
}

// mayBeOutdated has followers told that the content of an entry is pending, unless it becomes known, or
// changes again, soon: a client that asks for a content by its hash alone must not hear that nobody has
// it while a file waits to be hashed that may be it.
func (s *Folder) mayBeOutdated(e *entry) {
	if !e.isTold() || e.mark == protocol.Pending || s.closed {
		return
	}
	if s.outdated.timer == nil {
		s.outdated.entries = map[*entry]struct{}{}
		s.outdated.timer = time.AfterFunc(outdatedWait, s.tellOutdated)
	}
	if _, there := s.outdated.entries[e]; !there {
		s.outdated.entries[e] = struct{}{}
		s.hold(e)
	}
}

func (s *Folder) tellOutdated() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, next := time.Now(), time.Duration(-1)
	for e := range s.outdated.entries {
		rests, gone := e.age(now), e.signature == index.Signature{}
		switch {
		case e.known || !e.queued || gone:
		case e.mark == protocol.Opaque && rests < atRest:
			if left := atRest - rests; next < 0 || left < next {
				next = left
			}
			continue
		default:
			s.tellMark(e, protocol.Pending)
		}
		delete(s.outdated.entries, e)
		s.release(e)
	}
	if next < 0 || s.closed {
		s.outdated.entries, s.outdated.timer = nil, nil
		return
	}
	s.outdated.timer.Reset(max(next, outdatedWait))
}

// hurry has the pending files hashed that are left alone because they have changed often: a client has
// asked for a content that may be theirs.
func (s *Folder) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.outdated.hurried) < hurryGap {
		return
	}
	s.outdated.hurried = now
	for i := range s.later {
		if e := s.later[i].entry; e.mark == protocol.Pending {
			e.tries = 0
			s.later[i].due = now.Add(max(0, e.rest(now)))
		}
	}
	heap.Init(&s.later)
	s.setAlarm()
}
