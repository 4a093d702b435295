package rolestest

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
)

// Adversary is all peers of a machine, and its driver. A fuzzer makes up what the peers say: Stream has
// the bytes that they send, frames and bodies, in the order in which the machine's links ask for them.
// Choices has a byte for each input: which of the machine's requests is answered next, and how. At the end
// of both the peers are silent, and the machine has to end by its deadlines.
//
// The machine fails if a step panics or returns more than Effects, if a message that it sends is none, if
// it waits without a deadline, if it does not end, or if it places a content that is not whole.
type Adversary struct {
	Stream  []byte
	Choices []byte

	Begin    roles.Input
	Opens    roles.Opened                       // a link that the machine dials
	OpenFile func(roles.OpenFile) []roles.Input // the disk's possible answers
	Keys     []protocol.PeerID                  // possible answers to FindToken
	Admit    func(roles.Admit) []roles.Input    // possible answers
	Known    map[protocol.Hash][]protocol.Hash  // contents of which the store may have something: their groups' values
	Others   []roles.Input                      // that may come at any time
	Watch    func(roles.Input, []roles.Effect)  // is called for each step
	Effects  int                                // of one step at most
	Quiet    int                                // steps of silent peers at most
	Patience time.Duration                      // which silent peers get at most; 0: as long as Quiet allows
	Memory   uint64                             // bytes that all steps allocate at most, beside perByte for each of the stream
}

// attack is an Adversary at work on a machine.
type attack struct {
	*Adversary
	t       testing.TB
	machine roles.Machine
	now     time.Duration
	alarms  alarms
	asked   []roles.Effect        // that want an answer, in the order of the machine's asking
	open    []roles.Link          // open at the system: not hung up, and not lost
	items   map[int]*placed       // of the store
	placed  map[int]protocol.Hash // contents that are in their places
	steps   int
	silent  bool
	quiet   int           // steps since
	since   time.Duration // the silence began
}

// placed is what the store has of an item.
type placed struct {
	roles.OpenStore
	values map[uint64]protocol.Hash // of the groups that are there
}

// Attack drives a machine to its end. It returns the hashes of the contents that were placed, by item.
func (a *Adversary) Attack(t testing.TB, machine roles.Machine) map[int]protocol.Hash {
	before, most := allocated(), a.Memory+perByte*uint64(len(a.Stream)+len(a.Choices))
	x := &attack{Adversary: a, t: t, machine: machine, items: map[int]*placed{}, placed: map[int]protocol.Hash{}}
	x.step(a.Begin)
	steps := a.Quiet + 8*(len(a.Stream)+len(a.Choices))
	for !machine.Final() {
		if in := x.next(); in != nil {
			x.step(in)
		}
		if x.steps > steps || x.quiet > a.Quiet || a.Patience > 0 && x.silent && x.now-x.since > a.Patience {
			t.Fatalf("no end after %d steps, %d of them quiet, %v", x.steps, x.quiet, x.now-x.since)
		}
	}
	if len(x.open) > 0 || len(x.alarms) > 0 {
		t.Fatalf("links %v and timers %v of a machine that is final", x.open, x.alarms)
	}
	if took := allocated() - before; took > most {
		t.Fatalf("%d bytes of memory, more than %d", took, most)
	}
	return x.placed
}

// perByte bounds the memory for a byte that a peer sends: it names a node in a dozen, which is then visited.
const perByte = 2 << 10

// allocated returns how many bytes have been allocated so far. Unlike package runtime/metrics it counts those of now.
func allocated() uint64 {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return now.TotalAlloc
}

func (a *attack) step(in roles.Input) {
	a.steps++
	if opened, is := in.(roles.Opened); is && !slices.Contains(a.open, opened.Link) {
		a.open = append(a.open, opened.Link)
	}
	effects := a.machine.Step(roles.Moment{Now: a.now, Rand: uint64(a.steps) * 0x9e3779b97f4a7c15}, in)
	if len(effects) > a.Effects {
		a.t.Fatalf("%s led to %d effects", show(in), len(effects))
	}
	if a.Watch != nil {
		a.Watch(in, effects)
	}
	for _, e := range effects {
		a.take(e)
	}
	if !a.machine.Final() && len(a.alarms) == 0 {
		a.t.Fatalf("%s led to waiting without a deadline", show(in))
	}
}

// take carries out an effect, or keeps it as one that wants an answer.
func (a *attack) take(e roles.Effect) {
	switch e := e.(type) {
	case roles.Arm:
		a.alarms.arm(a.now, e)
	case roles.Disarm:
		a.alarms.disarm(e.Timer)
	case roles.Send:
		protocol.Append(nil, e.Message) // panics at a bad one
		if e.Told {
			a.asked = append(a.asked, e)
		}
	case roles.HangUp:
		a.forget(e.Link)
	case roles.Discard:
		a.withdraw(e.Link)
		a.asked = append(a.asked, e)
	case roles.ReleaseStore:
		delete(a.items, e.Item)
	case roles.Dial, roles.Secure, roles.Hear, roles.SendBody, roles.ReceiveBody, roles.Splice, roles.OpenFile, roles.OpenStore,
		roles.InspectStore, roles.CommitStore, roles.FindToken, roles.Admit:
		a.asked = append(a.asked, e)
	}
}

// forget drops a link that is over for the system.
func (a *attack) forget(link roles.Link) {
	a.withdraw(link)
	a.open = slices.DeleteFunc(a.open, func(other roles.Link) bool { return other == link })
}

// withdraw drops what the machine has asked of a link.
func (a *attack) withdraw(link roles.Link) {
	a.asked = slices.DeleteFunc(a.asked, func(e roles.Effect) bool { return linkOf(e) == link })
}

// linkOf returns the link of an effect that wants an answer.
func linkOf(e roles.Effect) roles.Link {
	switch e := e.(type) {
	case roles.Dial:
		return e.Link
	case roles.Send:
		return e.Link
	case roles.Hear:
		return e.Link
	case roles.SendBody:
		return e.Link
	case roles.ReceiveBody:
		return e.Link
	case roles.Secure:
		return e.Link
	case roles.Splice:
		return e.Link
	case roles.Discard:
		return e.Link
	}
	return roles.NoLink
}

// next returns the next input, or nil if a choice had none.
func (a *attack) next() roles.Input {
	choice := byte(0)
	if len(a.Choices) > 0 {
		choice, a.Choices = a.Choices[0], a.Choices[1:]
	} else if len(a.Stream) == 0 && !a.silent {
		a.silent, a.since = true, a.now
	}
	kind, which := choice&7, int(choice>>3)
	switch {
	case a.silent:
		a.quiet++
	case kind == 5 && len(a.open) > 0:
		return a.lose(a.open[which%len(a.open)], protocol.Lost)
	case kind == 6:
		return a.ring()
	case kind == 7 && which < len(a.Others):
		return a.Others[which]
	case kind == 7 && which == 31:
		return roles.Stopped{}
	case kind == 7 && len(a.alarms) > 0: // one that was armed before
		old := a.alarms[which%len(a.alarms)]
		return roles.TimerFired{Timer: old.Timer, Number: old.Number - 1}
	}
	for i := range a.asked {
		at := (i + which) % len(a.asked)
		if in := a.answer(a.asked[at], kind == 4, which); in != nil {
			return in
		}
	}
	return a.ring()
}

// ring fires the timer that is due first.
func (a *attack) ring() roles.Input {
	first := a.alarms.first()
	if first == nil {
		return nil
	}
	due := *first
	a.alarms.disarm(due.Timer)
	a.now = max(a.now, due.at)
	return roles.TimerFired{Timer: due.Timer, Number: due.Number}
}

func (a *attack) lose(link roles.Link, code protocol.Code) roles.Input {
	a.forget(link)
	return roles.Lost{Link: link, Code: code, Text: "reset"}
}

// answered drops a request that is answered.
func (a *attack) answered(e roles.Effect, in roles.Input) roles.Input {
	for i := range a.asked {
		if link := linkOf(e); link != roles.NoLink && linkOf(a.asked[i]) == link || link == roles.NoLink && same(a.asked[i], e) {
			a.asked = slices.Delete(a.asked, i, i+1)
			break
		}
	}
	return in
}

// errDisk is why our own disk fails.
var errDisk = errors.New("no space")

// judged returns the chaining value of a group's bytes.
func judged(group uint64, data []byte, size uint64) protocol.Hash {
	return content.ChainingValue(group, data, size <= protocol.GroupSize)
}
