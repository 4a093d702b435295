package scale

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// process is the unit of a crash.
type process struct {
	dead   bool
	silent bool // its host is gone, too: nothing answers with a reset
}

// actor drives one machine and carries out its effects.
type actor struct {
	world   *world
	process *process
	machine roles.Machine
	address netip.AddrPort
	side    *side                       // of its link, while it has one
	alarm   uint64                      // the number of the timer that runs; 0: none
	heard   func(outcome roles.Outcome) // called with each report of the machine; may be nil
	ended   func()                      // called once the machine is final; may be nil
	final   bool
}

// side is one end of a link.
type side struct {
	owner    *actor
	other    *side
	latency  time.Duration
	inbox    []parcel
	mode     mode
	finished bool // half-closed by its owner
	closed   bool
}

// mode is the effect by which a machine reads from its side.
type mode int

const (
	idle mode = iota
	hearing
	discarding
)

// parcel is one transmission on a link: a message, or nil for the end of the link.
type parcel struct {
	message protocol.Message
	reset   bool
}

// step passes an input to the machine and carries out its effects.
func (a *actor) step(in roles.Input) {
	if a.process.dead || a.final {
		return
	}
	a.world.steps++
	for _, effect := range a.machine.Step(roles.Moment{Now: a.world.now, Rand: a.world.rand.next()}, in) {
		a.carryOut(effect)
	}
	if a.final = a.machine.Final(); a.final {
		if a.ended != nil {
			a.ended()
		}
		return
	}
	a.read()
}

func (a *actor) carryOut(effect roles.Effect) {
	switch e := effect.(type) {
	case roles.Dial:
		a.dial()
	case roles.Send:
		a.side.send(parcel{message: e.Message})
		if e.Told {
			panic("scale: nothing long is asked for in this world")
		}
	case roles.Hear:
		a.side.mode = hearing
	case roles.Discard:
		a.side.mode = discarding
	case roles.HalfClose:
		a.side.finish()
	case roles.HangUp:
		a.side.finish()
		a.side.closed = true
		a.side = nil
	case roles.Arm:
		a.arm(e)
	case roles.Disarm:
		a.alarm = 0
	case roles.Report:
		if a.heard != nil {
			a.heard(e.Outcome)
		}
	default: // nothing here moves content
		panic("scale: an effect that has no place in this world")
	}
}

func (a *actor) arm(e roles.Arm) {
	a.alarm = e.Number
	a.world.after(e.After, func() {
		if a.alarm == e.Number && !a.final {
			a.alarm = 0
			a.step(roles.TimerFired{Timer: e.Timer, Number: e.Number})
		}
	})
}

// dial connects to the relay, the only address that is dialled here. The relay learns of the
// connection after one latency, the dialler of the answer after another.
func (a *actor) dial() {
	w := a.world
	latency := w.rand.between(w.params.Nearest, w.params.Farthest)
	ours := &side{owner: a, latency: latency}
	a.side = ours
	w.after(latency, func() {
		theirs := w.accept(ours)
		w.after(latency, func() {
			switch {
			case ours.closed:
			case theirs == nil:
				a.step(roles.Lost{Code: protocol.Refused, Text: "nobody listens there"})
			default:
				ours.other = theirs
				a.step(roles.Opened{Peer: w.address})
			}
		})
	})
}

func (s *side) send(p parcel) {
	other := s.other
	s.owner.world.after(s.latency, func() { other.arrive(p) })
}

// finish half-closes a link once. A link that was never established needs nothing.
func (s *side) finish() {
	if !s.finished && s.other != nil {
		s.send(parcel{})
	}
	s.finished = true
}

// arrive queues a parcel, or answers with a reset if no process reads it.
func (s *side) arrive(p parcel) {
	switch process := s.owner.process; {
	case process.dead:
		if !process.silent && !p.reset {
			s.send(parcel{reset: true})
		}
	case s.closed:
		if p.message != nil {
			s.send(parcel{reset: true})
		}
	default:
		s.inbox = append(s.inbox, p)
		s.owner.read()
	}
}

// read passes the queued parcels to the machine, as long as it reads.
func (a *actor) read() {
	for a.side != nil && a.side.mode != idle && len(a.side.inbox) > 0 {
		s := a.side
		p := s.inbox[0]
		s.inbox = s.inbox[1:]
		if p.message != nil && s.mode == discarding {
			continue
		}
		s.mode = idle
		switch {
		case p.message != nil:
			a.step(roles.Heard{Message: p.message})
		case p.reset:
			a.step(roles.Lost{Code: protocol.Lost, Text: "the link was reset"})
		default:
			a.step(roles.PeerEnded{})
		}
		return // the step has read on
	}
}
