package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// trouble is a [scenario.Fault] that has begun.
type trouble struct {
	scenario.Fault
	who, with *host
	until     time.Duration
	spent     bool // it has had its effect
	conn      *conn
	bytes     int    // passed on that connection
	file      *inode // that it keeps from being read
}

// between reports whether the fault's first host is one of the two.
func (t *trouble) between(from, to *host) bool { return t.who == from || t.who == to }

// across reports whether the two hosts are the fault's pair, in this direction or, if both, in
// either.
func (t *trouble) across(from, to *host, both bool) bool {
	return t.who == from && t.with == to || both && t.who == to && t.with == from
}

func codeOf(number uint64) protocol.Code {
	if number == 0 {
		return protocol.Lost
	}
	return protocol.Code(number)
}

// troubled returns a fault of a class that affects a host now, or nil.
func (w *World) troubled(class scenario.Class, h *host) *trouble {
	for _, t := range w.troubles {
		if t.Class == class && t.who == h {
			return t
		}
	}
	return nil
}

func (w *World) troubledPath(class scenario.Class, from, to *host) *trouble {
	for _, t := range w.troubles {
		if t.Class == class && t.between(from, to) {
			return t
		}
	}
	return nil
}

// cut reports whether a partition keeps everything from one host to another.
func (w *World) cut(from, to *host) bool {
	for _, t := range w.troubles {
		if t.Class == scenario.Partition && t.across(from, to, true) || t.Class == scenario.OneWay && t.across(from, to, false) {
			w.fired(t)
			return true
		}
	}
	return false
}

// fired counts an effect of a fault.
func (w *World) fired(t *trouble) { w.coverage.fault(t.Class) }

// beginFault starts a fault.
func (w *World) beginFault(f scenario.Fault) {
	if w.now >= w.scenario.Heal && f.At < w.scenario.Heal && f.Event == 0 {
		return
	}
	t := &trouble{Fault: f, who: w.byName[f.Who], with: w.byName[f.With], until: w.now + f.For}
	if t.who == nil {
		return
	}
	w.note(Line{What: Faults, Host: t.who.index, Text: string(f.Class), N: uint64(f.N)})
	if f.Class.Info().File {
		w.spoil(t)
		return
	}
	switch f.Class {
	case scenario.Crash, scenario.PowerLoss, scenario.ClockBack:
		w.takeDown(t)
	case scenario.Hang:
		if t.who.proc != nil {
			w.fired(t)
			t.who.proc.hung = true
			w.lasting(t)
		}
	case scenario.NewKey:
		w.newKey(t.who)
		t.For = time.Second
		w.takeDown(t)
	case scenario.Attack:
		w.attack(t)
	case scenario.Move:
		w.fired(t)
		w.move(t)
	case scenario.Address:
		if t.who.second.IsValid() {
			w.silence(t.who, t.who.of(t.family()))
			w.lasting(t)
		}
	case scenario.Graceful:
		w.fired(t)
		w.stopFor(t)
	case scenario.Deaf:
		w.deafen(t)
	case scenario.Revoke:
		w.revoke(t)
	case scenario.Busy:
		w.lasting(t)
		w.spare(t.who)
	case scenario.Reset, scenario.BlackHole:
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

// lasting keeps a fault in force until its time is over.
func (w *World) lasting(t *trouble) {
	w.troubles = append(w.troubles, t)
	if t.For > 0 && t.until < w.scenario.Heal {
		w.after(t.For, func() { w.cease(t) })
	}
}

// cease ends a lasting fault.
func (w *World) cease(t *trouble) {
	i := slices.Index(w.troubles, t)
	if i < 0 {
		return
	}
	w.troubles = slices.Delete(w.troubles, i, i+1)
	w.note(Line{What: Ceases, Host: t.who.index, Text: string(t.Class)})
	switch t.Class {
	case scenario.Hang:
		if w.troubled(scenario.Hang, t.who) == nil {
			w.resume(t.who.proc)
		}
	case scenario.Partition, scenario.OneWay:
		if len(w.parked) > 0 {
			w.coverage.fault(scenario.Heals)
		}
		w.unpark()
	case scenario.Deaf:
		if p := t.who.proc; p != nil && p.walked {
			w.walk(p)
		}
	case scenario.Opaque:
		w.shut(t.who, t.Name, t.file, 0)
	case scenario.StallReader:
		for _, c := range w.conns {
			for _, e := range c.ends {
				if e.host == t.who && e.state == open {
					w.poke(e)
				}
			}
		}
	}
}

// takeDown ends a host's process, and restarts it after a time.
func (w *World) takeDown(t *trouble) {
	h, how := t.who, t.N
	switch t.Class {
	case scenario.PowerLoss, scenario.CutWriting:
		how = crashSilent
		h.off = true
	case scenario.KillWriting:
		how = crashResets
	case scenario.NewKey:
		how = crashResets
	case scenario.ClockBack:
		how = crashResets
		h.wall -= time.Duration(t.N) * time.Millisecond
		t.For = time.Second
	}
	if h.proc == nil && t.Class == scenario.Crash {
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

// stopFor stops a host's program gracefully, and restarts it after a time. At a client it only
// stops the operations.
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

// spoil starts a fault of a file.
func (w *World) spoil(t *trouble) {
	f := t.who.file(t.Name)
	if t.Class == scenario.FileAppear && f == nil {
		w.fired(t)
		w.place(t.who, t.Name, w.freshContent(), uint64(1+t.N)*1000)
		w.watched(t.who, t.Name)
		return
	}
	if f == nil || t.Class == scenario.FileAppear || t.Class == scenario.Opaque && f.shut != 0 || t.Class == scenario.BitRot && f.size == 0 {
		return
	}
	w.fired(t)
	longer := uint64(t.N) * 1000
	switch t.Class {
	case scenario.FileChange:
		w.overwrite(t.who, t.Name, w.freshContent(), f.size+longer)
	case scenario.FileReplace:
		w.place(t.who, t.Name, w.freshContent(), f.size+longer)
	case scenario.FileShorten:
		w.overwrite(t.who, t.Name, f.content, f.size/2)
	case scenario.FileDelete:
		t.who.remove(t.Name)
	case scenario.Opaque:
		t.file = f
		w.lasting(t)
		w.shut(t.who, t.Name, f, [...]protocol.Code{protocol.Denied, protocol.Changed}[t.N])
		return
	case scenario.BitRot:
		f.content, f.accused = w.freshContent(), accusation{}
		w.placed = append(w.placed, placement{t.who, t.Name, f.content, f.size, attributes(f.version)})
		return
	}
	w.watched(t.who, t.Name)
}

// heal ends all faults, starts the relay if it is down, and lets all hosts that are off start
// again.
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
