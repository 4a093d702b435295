package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// machineKind says which of the machines an actor is.
type machineKind uint8

const (
	sessionKind machineKind = iota
	memberKind
	uploadKind
	fetchKind
	strangerKind // one of ours, that plays somebody who breaks the protocol
)

// actor is a machine in the world, with what the world keeps for it.
type actor struct {
	id      int
	kind    machineKind
	proc    *process
	machine roles.Machine
	state   string // under its table
	ends    [2]*end
	final   bool // as its machine says
	gone    bool // its process is dead

	crowded bool // accepted without room

	armed  bool
	number uint64 // of the timer that runs
	file   *inode // open for SendBody
	fetch  *fetching
	told   time.Duration // when it was asked to stop
	asked  bool          // whether it was
}

// over reports whether nothing more comes of it.
func (a *actor) over() bool { return a.gone || a.final }

type watchable interface {
	Watch(func(roles.Transition))
}

func (w *World) addActor(p *process, kind machineKind, m roles.Machine) *actor {
	a := &actor{id: len(w.actors), kind: kind, proc: p, machine: m}
	w.actors = append(w.actors, a)
	p.actors = append(p.actors, a)
	if bare, is := m.(watchable); is {
		a.state = tables[kind].start
		bare.Watch(func(t roles.Transition) {
			a.state = t.To
			w.coverage.row(kind, t)
		})
		if w.plant != nil && w.plant.Machine != nil {
			a.machine = w.plant.Machine(kind, m)
		}
	}
	return a
}

// tell has an input told to a machine at once, after what is under way.
func (w *World) tell(a *actor, in roles.Input) {
	e := w.agenda.add(w.now, evTell)
	e.actor, e.input = a, in
}

// step has the machine take one step and carries out what it asks for.
func (w *World) step(a *actor, in roles.Input) {
	if a.over() {
		return
	}
	w.steps++
	if _, is := in.(roles.Stopped); is {
		a.told, a.asked = w.now, true
	}
	state := a.state
	effects := a.machine.Step(roles.Moment{Now: a.proc.host.local(w.now), Luck: w.luck()}, in)
	a.final = a.machine.Final()
	w.check.step(a, state, in, effects)
	for _, effect := range effects {
		w.carryOut(a, effect)
	}
	w.check.stepped(a)
	if a.proc.stopping {
		w.reap(a.proc)
	}
}

// carryOut does what a machine asks for.
func (w *World) carryOut(a *actor, effect roles.Effect) {
	switch effect := effect.(type) {
	case roles.Dial:
		w.dial(a, effect)
	case roles.Send:
		if e := w.endOf(a, effect.Link); e != nil {
			w.sendMessage(e, effect.Message)
		}
	case sendRaw:
		if e := w.endOf(a, effect.Link); e != nil {
			w.note(Line{What: Sends, Host: a.proc.host.index, Actor: a.id, Peer: e.peer().host.index, Conn: e.conn.id, N: uint64(effect.seg.size), Text: "raw bytes"})
			w.push(e, effect.seg)
		}
	case roles.Hear:
		w.want(a, effect.Link, opHear, 0, 0)
	case roles.Discard:
		w.want(a, effect.Link, opDiscard, 0, 0)
	case roles.SendBody:
		w.want(a, effect.Link, opSendBody, effect.Offset, effect.Length)
	case roles.ReceiveBody:
		w.want(a, effect.Link, opReceiveBody, effect.Offset, effect.Length)
	case roles.HalfClose:
		if e := w.endOf(a, effect.Link); e != nil {
			e.ending = true
			w.flush(e)
		}
	case roles.HangUp:
		if e := w.endOf(a, effect.Link); e != nil {
			w.hangUp(e)
		}
	case roles.Arm:
		a.armed, a.number = true, effect.Number
		w.ring(a, effect.Number, effect.After)
	case roles.Disarm:
		a.armed = false
	case roles.OpenFile:
		w.open(a, effect.Name)
	case roles.ClearStore:
		w.clearStore(a)
	case roles.Report:
		w.check.report(a, effect.Outcome)
	}
}

func (w *World) endOf(a *actor, link roles.Link) *end {
	if link < 0 || int(link) >= len(a.ends) {
		return nil
	}
	return a.ends[link]
}

func (w *World) ring(a *actor, number uint64, after time.Duration) {
	e := w.agenda.add(w.now+max(0, a.proc.host.worldly(after)), evRing)
	e.actor, e.number = a, number
}

// rang tells a machine of its timer, and of one with an old number only while a fault wants it so.
func (w *World) rang(a *actor, number uint64) {
	if !a.armed || a.number != number {
		t := w.troubled(LateRing, a.proc.host)
		if t == nil || a.over() {
			return
		}
		w.fired(t)
		w.coverage.sometimes(StaleRing)
	} else {
		a.armed = false
	}
	w.note(Line{What: Rings, Host: a.proc.host.index, Actor: a.id, Text: a.state})
	w.step(a, roles.Rang{Timer: roles.Deadline, Number: number})
}

// open answers OpenFile from the host's disk.
func (w *World) open(a *actor, name string) {
	h, wait := a.proc.host, 100*time.Microsecond
	if t := w.troubled(DiskHang, h); t != nil {
		w.fired(t)
		wait += time.Duration(w.chooser.N(t.N+1, "disk")) * time.Millisecond
	}
	w.after(wait, func() {
		if a.over() {
			return
		}
		f := h.file(name)
		if t := w.troubled(DiskError, h); t != nil && t.N == 0 {
			w.fired(t)
			w.tell(a, roles.FileRefused{Code: protocol.Internal, Text: "the disk gives errors"})
			return
		}
		if refusal := protocol.CheckName(name); refusal != nil {
			w.tell(a, roles.FileRefused{Code: refusal.Code, Text: refusal.Text})
			return
		}
		if f == nil {
			w.tell(a, roles.FileRefused{Code: protocol.NotFound, Text: "no such file"})
			return
		}
		a.file = f
		w.tell(a, roles.FileFound{Size: f.size, Version: f.tag()})
	})
}

// clearStore forgets what a fetch has received.
func (w *World) clearStore(a *actor) {
	if a.fetch == nil {
		return
	}
	a.fetch.store.clear()
	if t := w.troubled(DiskFull, a.proc.host); t != nil && t.N == 0 {
		w.fired(t)
		w.tell(a, roles.StoreFailed{Text: "no space left"})
	}
}

// accept makes the machine for a connection that has come in.
func (w *World) accept(p *process, from netip.AddrPort) *actor {
	h := p.host
	full := w.troubled(Busy, h)
	if full != nil {
		w.fired(full)
		w.coverage.sometimes(TurnedAway)
	} else if h.lie != Honest {
		w.coverage.fault(Liar)
		return w.addActor(p, strangerKind, newImpostor(h.lie, w, p))
	}
	a := w.acceptor(p)
	a.crowded = full != nil
	return a
}

func (w *World) acceptor(p *process) *actor {
	if p.host.role == relayRole {
		return w.addActor(p, sessionKind, w.pool.session(p.directory))
	}
	return w.addActor(p, uploadKind, w.pool.upload())
}
