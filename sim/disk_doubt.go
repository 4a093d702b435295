package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// checkFile compares a node's files of a content with their bytes. The content of one that differs is
// withdrawn, and the file hashed anew. Trees do not rot here.
func (w *World) checkFile(a *actor, e roles.CheckFile) {
	p := a.proc
	w.after(w.diskWait(p.host), func() {
		if p.dead || e.Tree {
			return
		}
		for _, s := range p.host.files {
			if f := s.file; f.isRotten() && f.known.hash == e.Hash {
				w.coverage.sometimes(RotNoticed)
				f.hashed = 0
				w.notice(p, s.name)
			}
		}
	})
}

// accuse notes that a node heard that what it sent was wrong.
func (a *actor) accuse(now time.Duration) {
	for _, f := range a.rotten {
		f.accused = accusation{now, a.proc}
	}
}

// reparation bounds the time from an accusation until a file that has rotted is published as what it
// is: the disk may hang once, the file is hashed, and the relay told.
const reparation = 2*roles.DiskTimeout + 2*roles.PublishGap + roles.DialTimeout + roles.ReplyTimeout

// untilTold returns the same for a relay that may have no room for all names: a node that was refused some tells of others when it
// tries again.
func (w *World) untilTold() time.Duration {
	if w.scenario.Relay.Entries > 0 || w.scenario.Relay.Names > 0 {
		return reparation + roles.RetryMost*3/2
	}
	return reparation
}

// l6 checks, a while after the last accusation, that no node goes on with a file that was rightly
// called wrong.
func (c *checks) l6() {
	w := c.w
	due := time.Duration(0)
	for _, h := range w.hosts {
		for _, s := range h.files {
			if s.file.accused.by != nil {
				due = max(due, s.file.accused.at+w.untilTold())
			}
		}
	}
	if due == 0 || c.failed() {
		return
	}
	w.until(max(w.now, due))
	for _, h := range w.hosts {
		for _, s := range h.files {
			if f := s.file; f.isRotten() && f.accused.by != nil && f.accused.by == h.proc && h.lives() && h.lie == scenario.Honest {
				c.fail(L6, "%s was told that %q is wrong, and takes it for what it was", h.name, s.name)
			}
		}
	}
	c.l4()
}

// rots reports whether a probe may have a node notice that a file has rotted.
func rots(expected map[string]hope) bool {
	for _, is := range expected {
		if is.rot {
			return true
		}
	}
	return false
}
