package sim

import (
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// machineKind is the kind of an actor's machine.
type machineKind uint8

const (
	sessionKind machineKind = iota
	memberKind
	uploadKind
	fetchKind
	queryKind
	pipelineKind
	gatherKind
	readerKind
	probeKind    // the proof of an address, within a session: not an actor of its own
	renewalKind  // a renewal over another family, within a membership: not an actor of its own
	awaitKind    // a node's wait for invitations, within a membership: not an actor of its own
	wayKind      // a client's way through the relay, within another machine: not an actor of its own
	sourceKind   // a visit to one node, within a fetch: not an actor of its own
	strangerKind // a machine of this package that breaks the protocol
)

// actor is a machine in the world, with the state that the world keeps for it.
type actor struct {
	id      int
	kind    machineKind
	proc    *process
	machine roles.Machine
	bare    roles.Machine      // the machine without a planted bug around it
	state   string             // of its table
	moves   []roles.Transition // of the current step, including those of machines within this one
	ends    []*end             // by the slot of the link
	final   bool               // its machine is final
	gone    bool               // its process is dead

	full bool // its server has no room for it
	met  bool // it has met the relay

	turn      uint64       // that it has, or waits for; 0: none
	origin    roles.Origin // that it counts under
	called    bool         // its turn has come, and it is about to be told
	woken     bool         // it is about to be told that something has changed
	timers    []timer
	file      *opened  // for SendBody
	rotten    []*inode // of which it has sent bits that had rotted
	asks      []int    // questions to its disk so far, by item: only the answer to the latest is delivered
	operation *operation
	comeback  comeback
	told      time.Duration // when it was asked to stop
	asked     bool          // whether it was

	room struct { // initial room of the slices, enough for most actors
		ends   [4]*end
		timers [4]timer
		asks   [1]int
		moves  [4]roles.Transition
	}
}

// timer is one of a machine's timers.
type timer struct {
	armed  bool
	number uint64
}

// over reports whether the machine takes no more steps.
func (a *actor) over() bool { return a.gone || a.final }

type watchable interface {
	Watch(func(roles.Transition))
}

func (w *World) addActor(p *process, kind machineKind, m roles.Machine) *actor {
	a := &actor{id: len(w.actors), kind: kind, proc: p, machine: m, bare: m}
	a.ends, a.timers, a.moves, a.asks = a.room.ends[:0], a.room.timers[:0], a.room.moves[:0], a.room.asks[:0]
	w.actors = append(w.actors, a)
	p.actors = append(p.actors, a)
	if bare, is := m.(watchable); is {
		a.state = tables[kind].start
		bare.Watch(func(t roles.Transition) { w.moved(a, t) })
		if w.plant != nil && w.plant.Machine != nil {
			a.machine = w.plant.Machine(kind, m)
		}
	}
	return a
}

// moved records a transition of a machine, or of a machine within it.
func (w *World) moved(a *actor, t roles.Transition) {
	a.moves = append(a.moves, t)
	kind := a.kind
	if t.Machine == tables[kind].name {
		a.state = t.To
	} else {
		kind = kindOf[t.Machine]
	}
	w.coverage.row(kind, t)
}

// grammar returns the table that decides which messages are expected on a link.
func (a *actor) grammar(link roles.Link) *grammar {
	switch {
	case a.kind == memberKind && link == awaitLink:
		return tables[awaitKind]
	case a.kind == memberKind && link > 0:
		return tables[renewalKind]
	case a.kind == sessionKind && link > 0:
		return tables[probeKind]
	case link >= client.WayLinks: // on which a client asks for a circuit
		return tables[queryKind]
	case a.goes(link):
		return tables[wayKind]
	case a.kind == gatherKind && link < client.PipelineLinks:
		return tables[pipelineKind]
	case a.kind == gatherKind:
		link = (link - client.PipelineLinks) % client.FetchSpan
	case a.kind != fetchKind && a.kind != readerKind:
		return tables[a.kind]
	}
	if link == 0 {
		return tables[queryKind]
	}
	return tables[sourceKind]
}

// goes reports whether a client's way through the relay was the first to move on a link in this step: the link was its own
// then. Another visit may begin on it at the end of the step.
func (a *actor) goes(link roles.Link) bool {
	first := slices.IndexFunc(a.moves, func(t roles.Transition) bool { return t.Link == link })
	return first >= 0 && a.moves[first].Machine == tables[wayKind].name
}

// tell schedules an input for a machine, for the present time.
func (w *World) tell(a *actor, in roles.Input) { w.tellLater(a, 0, in) }

// tellLater schedules an input for a machine.
func (w *World) tellLater(a *actor, wait time.Duration, in roles.Input) {
	e := w.agenda.add(w.now+wait, evTell)
	e.actor, e.input = a, in
}

// number tells an actor that serves an accepted link from all others of its process.
func (a *actor) number() uint64 { return uint64(a.id) + 1 }

// awaken tells a machine of a process that something has changed, unless it is about to be told.
func (w *World) awaken(p *process, number uint64) {
	if number == 0 || number > uint64(len(w.actors)) {
		return
	}
	a := w.actors[number-1]
	if a.proc != p || a.over() || a.woken {
		return
	}
	a.woken = true
	w.tell(a, roles.Notified{})
}

// step passes an input to the machine and carries out its effects.
func (w *World) step(a *actor, in roles.Input) {
	if a.over() || a.proc.doomed {
		return
	}
	w.steps++
	if _, is := in.(roles.Stopped); is {
		a.told, a.asked = w.now, true
	}
	a.moves = a.moves[:0]
	w.stepping = true
	effects := a.machine.Step(roles.Moment{Now: a.proc.host.local(w.now), Rand: w.rand()}, in)
	w.stepping = false
	a.final = a.machine.Final()
	w.check.step(a, in, effects)
	for _, effect := range effects {
		w.carryOut(a, effect)
	}
	w.check.stepped(a)
	if a.proc.stopping {
		w.reap(a.proc)
	}
}

// carryOut carries out one effect.
func (w *World) carryOut(a *actor, effect roles.Effect) {
	switch effect := effect.(type) {
	case roles.Dial:
		w.check.probes(a, effect)
		w.dial(a, effect)
	case roles.Send:
		if e := a.end(effect.Link); e != nil {
			w.sendMessage(e, effect.Message)
			w.steal(a, effect.Message)
			if effect.Told {
				w.want(a, effect.Link, awaitsSent)
			}
		}
	case sendRaw:
		if e := a.end(effect.Link); e != nil {
			w.note(Line{What: Sends, Host: a.proc.host.index, Actor: a.id, Peer: e.peer().host.index, Conn: e.conn.id, N: uint64(effect.seg.size), Text: "raw bytes"})
			w.push(e, effect.seg)
		}
	case roles.Hear:
		if e := w.want(a, effect.Link, awaitsHear); e != nil {
			e.first = effect.First
		}
	case roles.Discard:
		w.want(a, effect.Link, awaitsDiscard)
	case roles.Secure:
		w.secure(a, effect)
	case roles.Splice:
		w.splice(a, effect)
	case roles.Wake:
		w.awaken(a.proc, effect.Number)
	case roles.SendBody:
		if e := w.want(a, effect.Link, awaitsSendBody); e != nil {
			e.offset, e.left, e.spoiled = effect.Offset, effect.Length, 0
		}
	case roles.ReceiveBody:
		if e := w.want(a, effect.Link, awaitsReceiveBody); e != nil {
			w.stage(a, effect)
			e.receive(effect.Item, effect.Offset, effect.Length, effect.Size, effect.Values)
		}
	case roles.HalfClose:
		if e := a.end(effect.Link); e != nil {
			e.ending = true
			w.flush(e)
		}
	case roles.HangUp:
		if e := a.end(effect.Link); e != nil {
			w.hangUp(e)
		}
	case roles.Arm:
		w.arm(a, effect)
	case roles.Disarm:
		a.timer(effect.Timer).armed = false
	case roles.OpenFile:
		w.open(a, effect)
	case roles.AskTurn:
		w.askTurn(a, effect)
	case roles.EndTurn:
		w.endTurn(a)
	case roles.CheckFile:
		w.checkFile(a, effect)
	case roles.FindToken:
		w.findToken(a, effect)
	case roles.Admit:
		w.admit(a, effect)
	case roles.InspectStore:
		w.inspectStore(a, effect)
	case roles.OpenStore:
		w.openStore(a, effect)
	case roles.CommitStore:
		w.commitStore(a, effect)
	case roles.ReleaseStore:
		w.releaseStore(a, effect.Item)
	case roles.Report:
		if met, is := effect.Outcome.(roles.Met); is {
			a.met = true
			w.meets(a.proc.host, met.ID)
		}
		if _, is := effect.Outcome.(roles.Entered); is {
			a.proc.entered = true
		}
		if invited, is := effect.Outcome.(node.Invited); is {
			w.invite(a.proc, invited)
		}
		w.check.report(a, effect.Outcome)
	}
}

// slotOf returns the place of a link among those of a machine: beside that of a circuit is that on which the relay is asked
// for it.
func slotOf(link roles.Link) int { return int(link)%client.WayLinks*2 + int(link)/client.WayLinks }

// end returns the actor's end of a link, or nil if it has none.
func (a *actor) end(link roles.Link) *end {
	if link < 0 || slotOf(link) >= len(a.ends) {
		return nil
	}
	return a.ends[slotOf(link)]
}

func (a *actor) setEnd(link roles.Link, e *end) {
	for len(a.ends) <= slotOf(link) {
		a.ends = append(a.ends, nil)
	}
	a.ends[slotOf(link)] = e
}

func (a *actor) timer(t roles.Timer) *timer {
	slot := int(t)%client.WayLinks*3 + int(t)/client.WayLinks
	for len(a.timers) <= slot {
		a.timers = append(a.timers, timer{})
	}
	return &a.timers[slot]
}

// waits reports whether a timer of the actor is armed.
func (a *actor) waits() bool {
	for i := range a.timers {
		if a.timers[i].armed {
			return true
		}
	}
	return false
}

func (w *World) arm(a *actor, arm roles.Arm) {
	*a.timer(arm.Timer) = timer{true, arm.Number}
	e := w.agenda.add(w.now+max(0, a.proc.host.worldly(arm.After)), evTimer)
	e.actor, e.number, e.timer = a, arm.Number, arm.Timer
}

// timerFired passes a timer to its machine. A timer with an old number is passed on only under a
// fault.
func (w *World) timerFired(a *actor, t roles.Timer, number uint64) {
	if own := a.timer(t); !own.armed || own.number != number {
		late := w.troubled(scenario.LateTimer, a.proc.host)
		if late == nil || a.over() {
			return
		}
		w.fired(late)
		w.coverage.sometimes(StaleTimer)
	} else {
		own.armed = false
	}
	w.note(Line{What: TimerFires, Host: a.proc.host.index, Actor: a.id, Text: a.state})
	w.step(a, roles.TimerFired{Timer: t, Number: number})
}

// accept creates the machine for an incoming connection.
func (w *World) accept(p *process, from netip.AddrPort) *actor {
	h := p.host
	full := w.troubled(scenario.Busy, h)
	if full != nil {
		w.fired(full)
		w.coverage.sometimes(TurnedAway)
	} else if h.lie != scenario.Honest {
		w.coverage.fault(scenario.Liar)
		return w.addActor(p, strangerKind, newImpostor(h.lie, w, p))
	}
	a := w.acceptor(p)
	a.full = full != nil
	return a
}

func (w *World) acceptor(p *process) *actor {
	if p.host.role == relayRole && w.plant != nil && w.plant.Serves != nil {
		return w.addActor(p, strangerKind, w.plant.Serves())
	}
	if p.host.role == relayRole && w.gate != nil {
		to := &behind{p.directory, p.room, behindBudget{p.budget}}
		closed := &pooledSession{relay.NewClosedSession(to, to, w.gate, p.host.key), to}
		closed.Prove(&to.budget)
		closed.Carry(p.circuits)
		return w.addActor(p, sessionKind, closed)
	}
	if p.host.role == relayRole {
		return w.addActor(p, sessionKind, w.pool.session(behind{p.directory, p.room, behindBudget{p.budget}}, p.circuits))
	}
	return w.addActor(p, uploadKind, w.pool.upload())
}
