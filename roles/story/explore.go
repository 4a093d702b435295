package story

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Subject is what Explore needs to know of a machine.
type Subject struct {
	New    func() Explorable
	Begin  roles.Input        // Started or Opened
	Says   []protocol.Message // the messages that matter to it, in all their variants
	Files  []roles.Input      // what the disk may say of a file
	Stores []roles.Input      // what the disk may say of a store
	Grown  int                // how many inputs a run may have
	States []string           // all that the table has
	Cells  []string           // "State/Event": all that the table has
	Allows func(state string, kind protocol.Kind) bool
}

// Explorable is a machine with a state and a table that can be watched.
type Explorable interface {
	roles.Machine
	Watch(func(roles.Transition))
}

// NewSubject returns a subject with what its table says.
func NewSubject[S, E ~string](t *roles.Table[S, E], begin roles.Input, build func() Explorable) Subject {
	s := Subject{New: build, Begin: begin, Grown: 16}
	kinds := map[string]bool{}
	for _, state := range t.States {
		s.States = append(s.States, string(state.Name))
	}
	for _, row := range t.Rows {
		for _, from := range row.From {
			s.Cells = append(s.Cells, string(from)+"/"+string(row.On))
			for _, e := range t.Events {
				if e.Name == row.On && e.Kind != 0 {
					kinds[string(from)+e.Kind.String()] = true
				}
			}
		}
	}
	s.Allows = func(state string, kind protocol.Kind) bool { return kinds[state+kind.String()] }
	return s
}

// Explore tells machines every input that what they asked for may lead to, in every order that leads somewhere
// new. It fails when a step panics, when a state waits without a deadline, when a message that the table does not
// allow where one is awaited is not answered with ERROR(unexpected) and the end of the link, when a final machine
// has a link left, or when a state or cell of the table was never met.
func Explore(t *testing.T, subject Subject) {
	t.Helper()
	x := &explorer{Subject: subject, t: t, visits: map[string]int{}, fired: map[string]bool{}, refused: map[string]bool{}}
	todo := [][]roles.Input{{}}
	for len(todo) > 0 && !t.Failed() {
		path := todo[0]
		todo = todo[1:]
		w := x.walk(path)
		if len(path) >= subject.Grown || !x.isNew(w) {
			continue
		}
		x.refusals(w, path)
		for _, in := range x.inputs(w) {
			todo = append(todo, append(slices.Clone(path), in))
		}
	}
	for _, cell := range subject.Cells {
		if !x.fired[cell] {
			t.Errorf("the row for %s never fired", cell)
		}
	}
	if len(x.visits) == 0 || len(x.refused) == 0 {
		t.Error("nothing was explored")
	}
}

type explorer struct {
	Subject
	t       *testing.T
	visits  map[string]int
	fired   map[string]bool
	refused map[string]bool // "State/KIND" tried where the table does not allow it
}

// walked is a machine after a path, with what it has asked for and not been told yet.
type walked struct {
	machine Explorable
	state   string
	last    []string            // the last rows that fired
	links   map[roles.Link]want // what is asked of each link that is there
	said    map[roles.Link]bool // where the last step sent something: that may fail
	file    bool
	store   bool
	armed   *roles.Arm
	effects []roles.Effect // of the last step
}

type want int

const (
	nothing want = iota
	dialling
	hearing
	discarding
	sending
	receiving
)

func (x *explorer) walk(path []roles.Input) *walked {
	w := &walked{machine: x.New(), state: x.States[0], links: map[roles.Link]want{}, said: map[roles.Link]bool{}}
	w.machine.Watch(func(moved roles.Transition) {
		x.fired[moved.From+"/"+moved.Event] = true
		w.state = moved.To
		w.last = append(w.last, moved.From+"/"+moved.Event)
	})
	for i, in := range path {
		x.step(w, roles.Moment{Luck: uint64(i)}, in, path)
	}
	return w
}

func (x *explorer) step(w *walked, at roles.Moment, in roles.Input, path []roles.Input) {
	defer func() {
		if failure := recover(); failure != nil {
			x.t.Fatalf("after %s\n%s: %v", showAll(path), show(in), failure)
		}
	}()
	w.told(in)
	clear(w.said)
	w.effects = slices.Clone(w.machine.Step(at, in))
	for _, e := range w.effects {
		w.asked(e)
	}
	waits := w.armed != nil
	if final := w.machine.Final(); final && len(w.links) > 0 || final == waits {
		x.t.Fatalf("after %s\n%s: in %s, final: %v, links: %v, deadline: %v", showAll(path), show(in), w.state, final, w.links, waits)
	}
}

// told notes what an input answers.
func (w *walked) told(in roles.Input) {
	switch in := in.(type) {
	case roles.Opened:
		w.links[in.Link] = nothing
	case roles.Heard:
		w.links[in.Link] = nothing
	case roles.Garbled:
		w.links[in.Link] = nothing
	case roles.Ended:
		w.links[in.Link] = nothing
	case roles.Lost:
		w.links[in.Link] = nothing
	case roles.BodyDone:
		w.links[in.Link] = nothing
	case roles.BodySpoiled:
		w.links[in.Link] = nothing
	case roles.FileFound, roles.FileRefused:
		w.file = false
	case roles.StoreReady, roles.StoreFailed:
		w.store = false
	case roles.Rang:
		if w.armed != nil && w.armed.Number == in.Number {
			w.armed = nil
		}
	}
}

// asked notes what an effect asks for.
func (w *walked) asked(e roles.Effect) {
	switch e := e.(type) {
	case roles.Dial:
		w.links[e.Link] = dialling
	case roles.Send:
		w.said[e.Link] = true
	case roles.Hear:
		w.links[e.Link] = hearing
	case roles.Discard:
		w.links[e.Link] = discarding
	case roles.SendBody:
		w.links[e.Link] = sending
	case roles.ReceiveBody:
		w.links[e.Link] = receiving
	case roles.HangUp:
		delete(w.links, e.Link)
	case roles.OpenFile:
		w.file = true
	case roles.OpenStore:
		w.store = true
	case roles.Arm:
		w.armed = &e
	case roles.Disarm:
		w.armed = nil
	}
}

// isNew reports whether a place is worth going on from: the same state with the same wishes, come to by the same
// last rows, is seen a few times, for what the machine remembers of earlier.
func (x *explorer) isNew(w *walked) bool {
	if w.machine.Final() {
		return false
	}
	place := fmt.Sprint(w.state, w.links, w.said, w.file, w.store, w.armed != nil, w.last[max(0, len(w.last)-3):])
	x.visits[place]++
	return x.visits[place] <= 4
}

// inputs are those that may come next.
func (x *explorer) inputs(w *walked) (next []roles.Input) {
	if len(w.last) == 0 {
		return x.first()
	}
	for id, asked := range w.links {
		next = append(next, x.ofLink(id, asked)...)
		if asked == nothing && w.said[id] {
			next = append(next, roles.Lost{Link: id, Code: protocol.Lost, Text: "reset"})
		}
	}
	if w.file {
		next = append(next, x.Files...)
	}
	if w.store {
		next = append(next, x.Stores...)
	}
	if w.armed != nil {
		next = append(next, roles.Rang{Timer: w.armed.Timer, Number: w.armed.Number - 1}, // an old one
			roles.Rang{Timer: w.armed.Timer, Number: w.armed.Number})
	}
	return append(next, roles.Stopped{})
}

func (x *explorer) first() []roles.Input {
	if _, dials := x.Begin.(roles.Started); dials {
		return []roles.Input{x.Begin, roles.Stopped{}}
	}
	opened, full := x.Begin.(roles.Opened), x.Begin.(roles.Opened)
	full.Full = true
	return []roles.Input{opened, full}
}

func (x *explorer) ofLink(id roles.Link, asked want) (next []roles.Input) {
	lost := roles.Lost{Link: id, Code: protocol.Lost, Text: "reset"}
	switch asked {
	case dialling:
		return []roles.Input{roles.Opened{Link: id}, lost}
	case hearing:
		for _, m := range x.Says {
			next = append(next, roles.Heard{Link: id, Message: m})
		}
		garbled := &protocol.Error{Code: protocol.Malformed, Text: "junk"}
		return append(next, roles.Garbled{Link: id, Err: garbled}, roles.Ended{Link: id}, lost)
	case discarding:
		return []roles.Input{roles.Ended{Link: id}, lost}
	case sending:
		return []roles.Input{roles.Moved{Link: id, Bytes: 1}, roles.Moved{Link: id, Bytes: protocol.MinProgress},
			roles.BodyDone{Link: id}, roles.BodySpoiled{Link: id, Code: protocol.Changed}, lost}
	case receiving:
		return []roles.Input{roles.Moved{Link: id, Bytes: protocol.MinProgress}, roles.Verified{Link: id}, roles.BodyWrong{Link: id},
			roles.BodyDone{Link: id}, roles.Ended{Link: id}, lost, roles.StoreFailed{Text: "no space"}}
	}
	return nil
}

// refusals tells the machine, wherever it hears, one message of each kind that the table does not allow there.
func (x *explorer) refusals(w *walked, path []roles.Input) {
	for id, asked := range w.links {
		for _, info := range protocol.Kinds {
			if asked != hearing || x.Allows(w.state, info.Kind) {
				continue
			}
			bad := x.walk(path)
			x.refused[w.state+"/"+info.Name] = true
			x.step(bad, roles.Moment{}, roles.Heard{Link: id, Message: Sample(info.Kind)}, path)
			x.checkRefusal(bad, id, w.state, info)
		}
	}
}

func (x *explorer) checkRefusal(bad *walked, id roles.Link, state string, info protocol.KindInfo) {
	var lines []string
	for _, e := range bad.effects {
		if line := Describe(e); line != "" {
			lines = append(lines, line)
		}
	}
	got := strings.Join(lines, ", ")
	refusal := fmt.Sprintf("send %d ERROR unexpected by ", id)
	rest := fmt.Sprintf(", halfclose %d, discard %d", id, id)
	if !strings.HasPrefix(got, refusal) || !strings.HasSuffix(got, rest) {
		x.t.Errorf("%s in %s was answered with: %s", info.Name, state, got)
	}
}

func showAll(path []roles.Input) string {
	lines := make([]string, len(path))
	for i, in := range path {
		lines[i] = show(in)
	}
	return strings.Join(lines, "\n")
}
