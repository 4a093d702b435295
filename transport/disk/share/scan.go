package share

import (
	"runtime"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// scanner finds the names in the folder. Its fields belong to its goroutine.
type scanner struct {
	*Folder
	tree
	passed   passed
	found    *exclusions     // by the read of a folder that is under way; nil: none is
	lookedAt *dir            // the folder in which a name was looked at last
	shut     map[string]bool // folders that cannot be entered, which has been told
	walks    uint32
	due      *time.Timer // of the next walk
	dueAt    time.Time
	ended    time.Time     // the last walk
	took     time.Duration // by it
	skimmed  time.Time     // the end of the last skim
	skimTook time.Duration // to look at folders in it, but not to read those that had changed
	tellAt   *time.Timer   // when names are told before their content is known
	behind   bool          // hints were lost: names may have come and gone
	blind    bool          // the disk has failed to tell of a name: nothing is known of it
	doubt    bool          // folders came and went: the watcher may have lost track of those that came
}

const (
	hintLead   = 2 * time.Millisecond   // hints that come together are looked at together;
	hintGap    = 20 * time.Millisecond  // so are, after a look, those that follow
	hintLag    = 25 * time.Millisecond  // hints that wait for longer, or are looked at for longer, are told of
	tellGap    = 400 * time.Millisecond // after the first walk: what is hashed until then is told with its hash only
	beatGap    = time.Second            // between two looks at folders that are not watched
	doubtGap   = time.Second            // from a doubt to a walk
	mostWalks  = 20                     // a walk takes at most one part in so many of the time
	atOnce     = 512                    // names read from a folder in one go
	pruneEvery = 64                     // walks
)

// start starts the scanner and the workers.
func (s *Folder) start() {
	scan := &scanner{Folder: s, tree: newTree(), passed: newPassed(), shut: map[string]bool{}}
	s.workers.Go(scan.run)
	s.workers.Go(s.checkDoubts)
	begun := time.Now()
	s.workers.Go(func() { s.logIndexed(begun) })
	for range runtime.GOMAXPROCS(0) {
		s.workers.Go(func() { s.work(true) })
		s.workers.Go(func() {
			beNice()
			s.work(false)
		})
	}
}

// logIndexed logs, once, how many of the files that were there at the start have been hashed.
func (s *Folder) logIndexed(since time.Time) {
	if s.Indexed(s.ctx) != nil {
		return
	}
	took := time.Since(since).Milliseconds()
	if all, known := s.Files(); known < all {
		s.log.Warn("indexed; some files could not be read", "files", known, "took_ms", took, "unread", all-known)
	} else {
		s.log.Info("indexed", "files", known, "took_ms", took)
	}
}

// run walks through the folder from time to time, and follows the hints in between.
func (s *scanner) run() {
	s.due = time.NewTimer(0)
	defer s.due.Stop()
	s.tellAt = time.NewTimer(time.Hour)
	defer s.tellAt.Stop()
	beat := time.NewTicker(beatGap)
	defer beat.Stop()
	indexed := s.indexed
	for looked := (time.Time{}); ; s.extend() {
		select {
		case <-s.ctx.Done():
			return
		case <-s.due.C:
			s.walk()
		case <-indexed:
			indexed = nil
			s.tellNames()
		case <-s.tellAt.C:
			s.tellNames()
		case <-beat.C:
			s.beat()
		case <-s.hints.arrived:
			gap := hintLead
			if time.Since(looked) < hintGap {
				gap = hintGap
			}
			if s.pause(s.ctx, gap) != nil {
				return
			}
			s.lookAtHints()
			looked = time.Now()
		}
	}
}

// beat looks, often, at all that no hint tells of and that is cheap to see.
func (s *scanner) beat() {
	if s.checkGround() {
		s.setExtent(roles.ExtentPart)
		s.walk()
		return
	}
	if len(s.deaf) == 0 && !s.behind || time.Now().Before(s.skimmed.Add(mostWalks*s.skimTook)) {
		return
	}
	s.skim()
}

// walkIn schedules the next walk after a wait, but not later than already scheduled, nor too soon
// after the last one.
func (s *scanner) walkIn(wait time.Duration) {
	at := time.Now().Add(wait)
	if soonest := s.ended.Add(mostWalks * s.took); at.Before(soonest) {
		at = soonest
	}
	if s.dueAt.IsZero() || at.Before(s.dueAt) {
		s.dueAt = at
		s.due.Reset(time.Until(at))
		s.tellScans(false)
	}
}

// walk looks at every name in the folder, and schedules the next walk.
func (s *scanner) walk() {
	begin := time.Now()
	s.walks++
	s.tellScans(true)
	s.doubt = false // and a folder that this walk finds gone casts it anew
	s.passed.count = 0
	s.checkGround()
	s.hints.tryAgain()
	s.enter(s.join(nil, "", ""))
	if s.ctx.Err() != nil {
		return
	}
	s.tellUnread()
	s.passed.tellMore(s.log)
	if all, _ := s.Files(); all > 0 && s.walks%pruneEvery == 1 {
		s.index.Prune(all, s.live)
	}
	if !s.isWalked() {
		all, _ := s.Files()
		s.log.Info("found", "folder", s.path, "files", all)
		s.mu.Lock()
		close(s.walked)
		s.checkIndexed()
		s.mu.Unlock()
		s.tellAt.Reset(tellGap)
	}
	s.ended = time.Now()
	s.took, s.dueAt = s.ended.Sub(begin), time.Time{}
	s.walkIn(s.options.Rescan)
	s.clearUp()
}

// clearUp schedules a walk soon if there is a doubt.
func (s *scanner) clearUp() {
	if s.doubt {
		s.walkIn(min(doubtGap, s.options.Rescan))
	}
}

// live returns the files that have a name.
func (s *scanner) live() map[index.Inode]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	live := make(map[index.Inode]bool, s.count)
	for e := range s.entries.all() {
		live[e.signature.Inode] = true
	}
	return live
}

// skim reads the folders in which names may have come or gone without a hint. A folder's own state
// says so. A file that was changed in place is left to the next walk.
func (s *scanner) skim() {
	s.skimTook = 0
	if s.behind {
		s.behind = false
		for _, d := range s.folders {
			s.glance(d)
		}
	} else {
		for d := range s.deaf {
			s.glance(d)
		}
	}
	s.skimmed = time.Now()
	s.clearUp()
}

// glance reads a folder if its state is another than when it was last read.
func (s *scanner) glance(d *dir) {
	if s.ctx.Err() != nil || s.folders[d.name] != d {
		return
	}
	begin := time.Now()
	state, err := s.ground.Load().state(d.real)
	s.skimTook += time.Since(begin)
	_, base := parent(d.name)
	switch {
	case err == nil && (state != d.state || d.state == index.Signature{}):
		s.enter(d)
	case err != nil && d.above != nil: // the top is looked at by itself
		s.lookAt(d.above, base)
	}
}
