package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// planted is a bug that the promises must find.
type planted struct {
	name  string
	plant Plant
	kills []ID                                 // the invariants that may find it
	needs string                               // what a run needs to show it
	sweep scenario.Class                       // if not empty: it is also swept with this class of faults
	story func(seed uint64) *scenario.Scenario // if not nil: it is also run with many seeds
}

// bugged is a machine with a bug around it.
type bugged struct {
	roles.Machine
	before func(in roles.Input) roles.Input // a nil result: the machine does not get the input
	after  func(in roles.Input, effects []roles.Effect) []roles.Effect
	ended  bool
}

func (b *bugged) Step(at roles.Moment, in roles.Input) []roles.Effect {
	told := in
	if b.before != nil {
		if told = b.before(in); told == nil {
			return nil
		}
	}
	effects := b.Machine.Step(at, told)
	if b.after != nil {
		effects = b.after(told, effects)
	}
	return effects
}

func (b *bugged) Final() bool { return b.ended || b.Machine.Final() }

// around plants a bug around each machine of a kind.
func around(kind machineKind, bug func(b *bugged)) Plant {
	return Plant{Machine: func(k machineKind, m roles.Machine) roles.Machine {
		if k != kind {
			return m
		}
		b := &bugged{Machine: m}
		bug(b)
		return b
	}}
}

// deaf plants a machine that does not get certain inputs.
func deaf(kind machineKind, to func(in roles.Input) bool) Plant {
	return around(kind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if to(in) {
				return nil
			}
			return in
		}
	})
}

// without removes effects.
func without(effects []roles.Effect, which func(e roles.Effect) bool) []roles.Effect {
	var kept []roles.Effect
	for _, e := range effects {
		if !which(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

func isTimerFired(in roles.Input) bool { _, is := in.(roles.TimerFired); return is }
func isStopped(in roles.Input) bool    { _, is := in.(roles.Stopped); return is }

// heardError returns the refusal in an input, or nil.
func heardError(in roles.Input) *protocol.Error {
	heard, _ := in.(roles.Heard)
	refusal, _ := heard.Message.(*protocol.Error)
	return refusal
}

// before is a directory with a bug.
type before struct {
	relay.Directory
	locate   func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message
	leave    func(at roles.Moment, m *protocol.Leave) protocol.Message
	renew    func(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message
	register func(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message
	publish  func(at roles.Moment, m *protocol.Publish) protocol.Message
	list     func(at roles.Moment, from relay.From, m *protocol.List) protocol.Message
	proved   func(at roles.Moment, proof relay.Proof) protocol.Reached
	awaits   func(at roles.Moment, id protocol.PeerID, until time.Duration) protocol.Held
}

// relayDirectory is the directory behind it.
type relayDirectory = relay.Directory

func (b *before) List(at roles.Moment, from relay.From, m *protocol.List) protocol.Message {
	if b.list != nil {
		return b.list(at, from, m)
	}
	return b.Directory.List(at, from, m)
}

func (b *before) Publish(at roles.Moment, m *protocol.Publish) protocol.Message {
	if b.publish != nil {
		return b.publish(at, m)
	}
	return b.Directory.Publish(at, m)
}

func (b *before) Proved(at roles.Moment, proof relay.Proof) protocol.Reached {
	if b.proved != nil {
		return b.proved(at, proof)
	}
	return b.Directory.Proved(at, proof)
}

func (b *before) Awaits(at roles.Moment, id protocol.PeerID, until time.Duration) protocol.Held {
	if b.awaits != nil {
		return b.awaits(at, id, until)
	}
	return b.Directory.Awaits(at, id, until)
}

func (b *before) Locate(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
	if b.locate != nil {
		return b.locate(at, from, m)
	}
	return b.Directory.Locate(at, from, m)
}

func (b *before) Leave(at roles.Moment, m *protocol.Leave) protocol.Message {
	if b.leave != nil {
		return b.leave(at, m)
	}
	return b.Directory.Leave(at, m)
}

func (b *before) Renew(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
	if b.renew != nil {
		return b.renew(at, from, m)
	}
	return b.Directory.Renew(at, from, m)
}

func (b *before) Register(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
	if b.register != nil {
		return b.register(at, from, m)
	}
	return b.Directory.Register(at, from, m)
}

func directory(bug func(b *before, d relay.Directory)) Plant {
	return Plant{Directory: func(d relay.Directory) relay.Directory {
		b := &before{Directory: d}
		bug(b, d)
		return b
	}}
}
