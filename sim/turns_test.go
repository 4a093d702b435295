package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// fewUploads is a node with a slow line that sends one body at a time, and clients that want a file of it at once,
// some of them for reading.
func fewUploads(seed uint64, faults ...scenario.Fault) *scenario.Scenario {
	const clients = 5
	s := &scenario.Scenario{Seed: seed, Heal: 3 * time.Minute, Clients: clients, Faults: faults}
	s.Nodes = []scenario.Node{{Uploads: 1, Up: 160_000, Files: []scenario.File{{Name: "large", Content: 1, Size: 2*group + 3}, {Name: "small", Content: 2, Size: 300_000}}}}
	for i := range clients {
		op := scenario.Op{At: 4*time.Second + time.Duration(i)*time.Millisecond, Do: scenario.DoFetch, Who: scenario.ClientName(i), Name: "large", Sources: 1 + i%2}
		switch (seed + uint64(i)) % 5 {
		case 0:
			op.Do = scenario.DoRead
		case 1:
			op.Do, op.Name = scenario.DoGather, "*"
		}
		s.Ops = append(s.Ops, op)
	}
	return s
}

// justFew is fewUploads, where nothing goes wrong.
func justFew(seed uint64) *scenario.Scenario { return fewUploads(seed) }

// fewAndLost is fewUploads, where a client is gone in the midst of its turn, or while it waits for one.
func fewAndLost(seed uint64) *scenario.Scenario {
	at := 4*time.Second + time.Duration(seed%40)*50*time.Millisecond
	return fewUploads(seed, scenario.Fault{Class: scenario.Crash, At: at, For: 30 * time.Second, Who: scenario.ClientName(int(seed % 5))})
}

// turnStories are worlds in which bodies wait for their turns, and clients for nodes that are busy.
func turnStories() (all []*scenario.Scenario) {
	for seed := range uint64(20) {
		all = append(all, fewUploads(seed), fewAndLost(seed))
		stops := fewUploads(seed, scenario.Fault{Class: scenario.Graceful, At: 5*time.Second + time.Duration(seed)*300*time.Millisecond, For: 20 * time.Second, Who: "n0"})
		aborts := fewUploads(seed)
		for i := range aborts.Clients {
			aborts.Ops = append(aborts.Ops, scenario.Op{At: 5*time.Second + time.Duration(seed)*500*time.Millisecond, Do: scenario.DoAbort, Who: scenario.ClientName(i)})
		}
		all = append(all, stops, aborts)
	}
	return all
}

// readFew are those of turnStories in which all clients read.
func readFew(seed uint64) *scenario.Scenario {
	s := turnStories()[seed%80]
	for i := range s.Clients {
		s.Ops[i].Do, s.Ops[i].Name = scenario.DoRead, "large"
	}
	return s
}

// turnBugs are bugs around turns, and around what clients do when a node is busy.
var turnBugs = []planted{
	{"a turn is not given back when the link is lost", around(uploadKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if _, lost := in.(roles.Lost); lost {
				return without(effects, isEndTurn)
			}
			return effects
		}
	}), []ID{S28}, "a client that is gone in the midst of a body", "", fewAndLost},
	{"the wait for a turn is not ended", around(uploadKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if isTimerFired(in) {
				return without(effects, isEndTurn)
			}
			return effects
		}
	}), []ID{S28}, "a body that waits in vain", "", justFew},
	{"any number of bodies are sent at once", Plant{Turns: func(t turns) turns { return lavish{t} }}, []ID{S28}, "clients that want a file at once", "", justFew},
	{"a turn is never given to the last one that waits", Plant{Turns: func(t turns) turns { return &lastNever{turns: t} }},
		[]ID{S28}, "clients that want a file at once", "", justFew},
	{"a fetch does not wait for as long as a busy node asks", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input { return instead(in, protocol.Error{Code: protocol.Busy}) }
	}), []ID{S29}, "a busy node", "", justFew},
	{"a fetch gives a busy node up", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input { return instead(in, protocol.Error{Code: protocol.Draining}) }
	}), []ID{L13, L3, S29}, "a busy node that has the only copy", "", justFew},
	{"a reader gives a busy node up", around(readerKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input { return instead(in, protocol.Error{Code: protocol.Draining}) }
	}), []ID{L13, S29}, "a busy node that has the only copy", "", justFew},
}

func isEndTurn(e roles.Effect) bool { _, is := e.(roles.EndTurn); return is }

// instead returns another refusal in place of a node's word that it is busy.
func instead(in roles.Input, of protocol.Error) roles.Input {
	if said := heardBusy(in); said != nil && said.By == protocol.Node {
		of.By = protocol.Node
		return roles.Heard{Link: roles.LinkOf(in), Message: &of}
	}
	return in
}

// lavish are turns that everybody has.
type lavish struct{ turns }

func (l lavish) Ask(now time.Duration, ask roles.AskTurn, _ func(roles.Input)) (uint64, roles.Input) {
	number, _ := l.turns.Ask(now, ask, func(roles.Input) {})
	return number, roles.TurnGiven{}
}

// lastNever are turns where the one that waits alone is not told that its turn has come.
type lastNever struct {
	turns
	waiting []uint64
}

func (l *lastNever) Ask(now time.Duration, ask roles.AskTurn, told func(roles.Input)) (number uint64, answer roles.Input) {
	number, answer = l.turns.Ask(now, ask, func(in roles.Input) {
		alone := len(l.waiting) == 1
		l.left(number)
		if _, given := in.(roles.TurnGiven); !given || !alone {
			told(in)
		}
	})
	if answer == nil {
		l.waiting = append(l.waiting, number)
	}
	return number, answer
}

func (l *lastNever) End(now time.Duration, number uint64) {
	l.left(number)
	l.turns.End(now, number)
}

func (l *lastNever) left(number uint64) {
	l.waiting = slices.DeleteFunc(l.waiting, func(n uint64) bool { return n == number })
}

// TestTurnsComeRound holds the stories against the promises, and checks that bodies waited in them, in vain as well,
// and that clients came again.
func TestTurnsComeRound(t *testing.T) {
	total := NewTally()
	for i, s := range turnStories() {
		out := Run(s, Options{})
		total.Add(&out)
		if out.Violation != nil {
			t.Fatalf("%d: %v\n%s", i, out.Violation, s.Plan())
		}
	}
	for _, counter := range []Counter{WaitedForTurn, SaidBusy, HeardBusy} {
		if total.coverage.Counters[counter] == 0 {
			t.Errorf("never: %s", counter)
		}
	}
}
