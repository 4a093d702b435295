package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

const (
	watchDelay = 300 * time.Millisecond // from a change on its disk until a node looks at it
	lookAt     = 200 * time.Microsecond // that a walk of the share takes for each file
)

// firstWalk has a node that starts look at all of its files. Until then it publishes nothing, and
// says that more is to come.
func (w *World) firstWalk(p *process) {
	w.expect(p)
	w.after(time.Duration(1+len(p.host.files))*lookAt, func() { w.walk(p) })
}

// walk has a node look at all names of its share: those that are there, and those that were.
func (w *World) walk(p *process) {
	if p.dead {
		return
	}
	p.walked = true
	for _, name := range w.names(p.host) {
		w.notice(p, name)
	}
	w.expect(p)
}

// names returns the names that files of a host have, and have had.
func (w *World) names(h *host) (names []string) {
	seen := map[string]bool{}
	for i := range w.placed {
		if p := &w.placed[i]; p.host == h && !seen[p.name] {
			seen[p.name] = true
			names = append(names, p.name)
		}
	}
	return names
}

// notice has a node look at a name: it publishes what is known of it, and has the file hashed if
// that is not its content.
func (w *World) notice(p *process, name string) {
	f := p.host.file(name)
	if f != nil {
		f.seen = f.version
	}
	if w.publish(p.host, name); f != nil && f.isPending() {
		w.job(p, f, time.Duration(1+len(p.jobs))*lookAt)
	}
}

// watched makes a node notice a change on its disk after a delay, unless nothing tells it of changes.
func (w *World) watched(h *host, name string) {
	proc := h.proc
	if proc == nil {
		return // the next process looks at all files
	}
	w.after(watchDelay, func() {
		if deaf := w.troubled(scenario.Deaf, h); deaf != nil {
			w.fired(deaf)
		} else if !proc.dead {
			w.notice(proc, name)
		}
	})
}

// deafen has a node that is not told of changes walk its share from time to time, and say that it may
// have more files than it knows.
func (w *World) deafen(t *trouble) {
	w.lasting(t)
	if p := t.who.proc; p != nil {
		w.expect(p)
	}
	w.walkAgain(t)
}

func (w *World) walkAgain(t *trouble) {
	w.after(time.Duration(t.N)*time.Millisecond, func() {
		if w.troubled(scenario.Deaf, t.who) != t {
			return
		}
		if p := t.who.proc; p != nil && p.walked {
			w.walk(p)
		}
		w.walkAgain(t)
	})
}

// republish publishes the names of a file anew.
func (w *World) republish(h *host, f *inode) {
	for i := range h.files {
		if h.files[i].file == f {
			w.publish(h, h.files[i].name)
		}
	}
}

// expect sets in a node's catalog how much of its share is in it.
func (w *World) expect(p *process) {
	extent := roles.ExtentWhole
	switch {
	case !p.walked:
		extent = roles.ExtentPart
	case w.troubled(scenario.Deaf, p.host) != nil:
		extent = roles.ExtentSeen
	}
	if p.catalog.Extend(extent) {
		w.notify(p)
	}
}

// isPending reports whether the content of a file is not known and may be yet.
func (f *inode) isPending() bool { return f.indexed() == nil && f.vain != f.version }

// mayFind reports whether a node may have a content of which it does not know: in a file that it has
// not hashed yet, or in one that had it before it changed.
func (p *process) mayFind(hash protocol.Hash) bool {
	for _, s := range p.host.files {
		f := s.file
		changed := f.hashed != f.version && f.known != nil && f.known.hash == hash
		if changed || f.isPending() && f.seen == f.version {
			return true
		}
	}
	return !p.walked
}

// shut makes a file one that cannot be read, or can be read again for the code 0.
func (w *World) shut(h *host, name string, f *inode, why protocol.Code) {
	f.shut = why
	w.touch(h, name, f)
	w.watched(h, name)
}
