package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

func codeOf(number uint64) protocol.Code {
	if number == 0 {
		return protocol.Lost
	}
	return protocol.Code(number)
}

// troubled returns a fault of a class that concerns a host now, or nil.
func (w *World) troubled(class Class, h *host) *trouble {
	for _, t := range w.troubles {
		if t.Class == class && t.who == h {
			return t
		}
	}
	return nil
}

func (w *World) troubledPath(class Class, from, to *host) *trouble {
	for _, t := range w.troubles {
		if t.Class == class && t.between(from, to) {
			return t
		}
	}
	return nil
}

// cut reports whether nothing passes from one host to another at the moment.
func (w *World) cut(from, to *host) bool {
	for _, t := range w.troubles {
		if t.Class == Partition && t.across(from, to, true) || t.Class == OneWay && t.across(from, to, false) {
			w.fired(t)
			return true
		}
	}
	return false
}

// fired counts that a fault has changed something.
func (w *World) fired(t *trouble) { w.coverage.fault(t.Class) }

// begin lets a fault begin.
func (w *World) begin(f Fault) {
	if w.now >= w.scenario.Heal && f.At < w.scenario.Heal && f.Event == 0 {
		return
	}
	t := &trouble{Fault: f, who: w.byName[f.Who], with: w.byName[f.With], until: w.now + f.For}
	if t.who == nil {
		return
	}
	w.note(Line{What: Faults, Host: t.who.index, Text: string(f.Class), N: uint64(f.N)})
	if f.Class.Info().file {
		w.spoil(t)
		return
	}
	switch f.Class {
	case Crash, PowerLoss, ClockBack:
		w.takeDown(t)
	case Hang:
		if t.who.proc != nil {
			w.fired(t)
			t.who.proc.hung = true
			w.lasting(t)
		}
	case Attack:
		w.attack(t)
	case Graceful:
		w.fired(t)
		w.stopFor(t)
	case Reset, BlackHole:
		for _, c := range w.conns {
			if !c.lost && c.ends[0].state == open && t.across(c.ends[0].host, c.ends[1].host, false) {
				t.conn = c
			}
		}
		w.lasting(t)
	default:
		w.lasting(t)
	}
}

// lasting keeps a fault as a condition until its time is over.
func (w *World) lasting(t *trouble) {
	w.troubles = append(w.troubles, t)
	if t.For > 0 && t.until < w.scenario.Heal {
		w.after(t.For, func() { w.cease(t) })
	}
}

// cease ends a condition.
func (w *World) cease(t *trouble) {
	i := slices.Index(w.troubles, t)
	if i < 0 {
		return
	}
	w.troubles = slices.Delete(w.troubles, i, i+1)
	w.note(Line{What: Ceases, Host: t.who.index, Text: string(t.Class)})
	switch t.Class {
	case Hang:
		if w.troubled(Hang, t.who) == nil {
			w.resume(t.who.proc)
		}
	case Partition, OneWay:
		if len(w.parked) > 0 {
			w.coverage.fault(Heals)
		}
		w.unpark()
	case StallReader:
		for _, c := range w.conns {
			for _, e := range c.ends {
				if e.host == t.who && e.state == open {
					w.poke(e)
				}
			}
		}
	}
}

// takeDown ends a host's process, and starts it again after a time.
func (w *World) takeDown(t *trouble) {
	h, how := t.who, t.N
	switch t.Class {
	case PowerLoss, CutWriting:
		how = crashSilent
		h.off = true
	case KillWriting:
		how = crashResets
	case ClockBack:
		how = crashResets
		h.wall -= time.Duration(t.N) * time.Millisecond
		t.For = time.Second
	}
	if h.proc == nil && t.Class == Crash {
		return
	}
	w.fired(t)
	if h.proc != nil {
		w.kill(h.proc, how)
	}
	if h.off {
		w.powerFails(h)
		w.check.disk(h)
	}
	if t.For > 0 {
		w.after(min(t.For, max(0, w.scenario.Heal-w.now)), func() {
			h.off = false
			w.start(h)
		})
	}
}

// stopFor stops a host's program gracefully, and starts it again after a time. At a client it only ends the fetches.
func (w *World) stopFor(t *trouble) {
	if t.who.role == clientRole {
		w.abort(t.who)
		return
	}
	w.stop(t.who)
	if t.For > 0 {
		w.after(min(t.For, w.scenario.Heal-w.now), func() { w.restart(t.who) })
	}
}

// spoil is a fault of a file.
func (w *World) spoil(t *trouble) {
	f := t.who.file(t.Name)
	if f == nil || t.Class == BitRot && f.size == 0 {
		return
	}
	w.fired(t)
	longer := uint64(t.N) * 1000
	switch t.Class {
	case FileChange:
		w.overwrite(t.who, t.Name, w.freshContent(), f.size+longer)
	case FileReplace:
		w.place(t.who, t.Name, w.freshContent(), f.size+longer)
	case FileShorten:
		w.overwrite(t.who, t.Name, f.content, f.size/2)
	case FileDelete:
		t.who.remove(t.Name)
	case BitRot:
		f.content = w.freshContent()
		w.placed = append(w.placed, placement{t.who, t.Name, f.content, f.size})
		return
	}
	w.watched(t.who, t.Name)
}

// heal ends all faults, starts the relay if it is down, and lets everybody who was switched off come back.
func (w *World) heal() {
	w.note(Line{What: Heal, Host: w.relay.index})
	w.triggers = nil
	for len(w.troubles) > 0 {
		w.cease(w.troubles[0])
	}
	for _, h := range w.hosts {
		if h == w.nowhere {
			continue
		}
		h.off = false
		if h.role != nodeRole {
			w.restart(h)
		}
	}
	for _, p := range w.processes {
		for _, a := range p.actors {
			if a.kind == strangerKind && !a.over() && p.host.role == strangerRole {
				w.tell(a, roles.Stopped{})
			}
		}
	}
}
