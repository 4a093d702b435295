package rolestest

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Subject describes a machine to Explore.
type Subject struct {
	New       func() Explorable
	Done      func(Explorable)   // takes a machine back for New; nil: each is thrown away
	Begin     roles.Input        // Started, Opened or Invited
	Says      []protocol.Message // the messages that matter to the machine, in all their variants
	Proves    protocol.PeerID    // the id that a dialed peer proves; zero: links are in plain
	Tokens    []roles.Input      // possible answers to FindToken
	Admits    []roles.Input      // possible answers to Admit
	Files     []roles.Input      // the disk's possible answers to OpenFile
	Inspected []roles.Input      // what a store may say that an earlier try left
	Stores    []roles.Input      // the disk's possible answers to OpenStore
	Others    []roles.Input      // inputs that may come at any time
	Grown     int                // inputs of a run at most
	Visits    int                // how often equal situations are continued
	Table     string             // the table's name
	States    []string           // all states of the table
	Cells     []string           // all cells of the table, as "State/Event"
	Allows    map[string]Allows  // by table name, for the machine and those nested in it
}

// Allows reports whether a table has a row for a kind of message in a state.
type Allows func(state string, kind protocol.Kind) bool

// Explorable is a machine whose transitions can be watched.
type Explorable interface {
	roles.Machine
	Watch(func(roles.Transition))
}

// nesting is a machine with nested machines that govern its links.
type nesting interface {
	On(roles.Link) (table, state string)
}

// NewSubject returns a subject with the states, cells and allowed messages of its table.
func NewSubject[S, E ~string](t *roles.Table[S, E], begin roles.Input, build func() Explorable) Subject {
	s := Subject{New: build, Begin: begin, Grown: 16, Visits: 4, Table: t.Name, Allows: map[string]Allows{}}
	Within(&s, t)
	for _, state := range t.States {
		s.States = append(s.States, string(state.Name))
	}
	for _, row := range t.Rows {
		for _, from := range row.From {
			s.Cells = append(s.Cells, string(from)+"/"+string(row.On))
		}
	}
	return s
}

// Within adds the allowed messages of the table of a nested machine.
func Within[S, E ~string](s *Subject, t *roles.Table[S, E]) {
	kinds := map[string]bool{}
	for _, row := range t.Rows {
		for _, e := range t.Events {
			if e.Name != row.On || e.Kind == 0 {
				continue
			}
			for _, from := range row.From {
				kinds[string(from)+e.Kind.String()] = true
			}
		}
	}
	s.Allows[t.Name] = func(state string, kind protocol.Kind) bool { return kinds[state+kind.String()] }
}

// Reused has a subject's machines reset and used again: making one costs more than most paths.
// [StartsOver] shows that a machine that was reset is as a new one.
func Reused[M Explorable](s *Subject, build func() M, reset func(M)) {
	var free []M
	s.New = func() Explorable {
		if len(free) == 0 {
			return build()
		}
		m := free[len(free)-1]
		free = free[:len(free)-1]
		reset(m)
		return m
	}
	s.Done = func(m Explorable) { free = append(free, m.(M)) }
}

// Explore drives machines with every input that their effects may lead to, in every order that
// leads to a new situation. It fails if
//
//   - a step panics,
//   - a state waits without a deadline,
//   - a message that the table does not allow, at a link that hears, is not answered with
//     ERROR(unexpected) and the end of the link,
//   - a final machine has a link left, or a turn,
//   - an answer of the disk or of a link that the machine does not wait for changes anything,
//   - no subject has met some cell of the table,
//   - the rows of a machine within it are not watched.
func Explore(t *testing.T, subjects ...Subject) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	fired, watched := map[string]bool{}, map[string]bool{}
	for _, subject := range subjects {
		x := &explorer{Subject: subject, t: t, visits: map[string]int{}, fired: fired, watched: watched, refused: map[string]bool{}}
		x.explore()
	}
	for table := range subjects[0].Allows {
		if !watched[table] {
			t.Errorf("no row of %s was seen by a watch", table)
		}
	}
	for _, cell := range subjects[0].Cells {
		if !fired[cell] {
			t.Errorf("the row for %s never fired", cell)
		}
	}
}

func (x *explorer) explore() {
	todo := [][]roles.Input{{}}
	for len(todo) > 0 && !x.t.Failed() {
		path := todo[0]
		todo = todo[1:]
		w := x.walk(path)
		if len(path) < x.Grown && x.isNew(w) {
			x.refusals(w, path)
			for _, in := range x.inputs(w) {
				todo = append(todo, append(slices.Clone(path), in))
			}
			x.late(w, path)
		} else if w.machine.Final() {
			x.late(w, path)
		}
		x.done(w)
	}
	if len(x.visits) == 0 || len(x.refused) == 0 {
		x.t.Error("nothing was explored")
	}
}

type explorer struct {
	Subject
	t       *testing.T
	visits  map[string]int
	fired   map[string]bool
	watched map[string]bool // tables
	refused map[string]bool // "State/KIND" tried where the table does not allow it
}

func (x *explorer) walk(path []roles.Input) *walked {
	w := &walked{
		machine: x.New(), state: x.States[0], links: map[roles.Link]asked{}, said: map[roles.Link]bool{},
		items: map[int]bool{}, ended: map[roles.Link]bool{}, hungUp: map[roles.Link]bool{},
	}
	w.machine.Watch(func(moved roles.Transition) {
		if x.watched != nil {
			x.watched[moved.Machine] = true
		}
		if moved.Machine == x.Table {
			x.fired[moved.From+"/"+moved.Event] = true
			w.state = moved.To
		}
		if moved.Machine == x.Table || !w.ended[moved.Link] {
			w.last = append(w.last, moved.Machine+" "+moved.From+"/"+moved.Event)
		}
	})
	for i, in := range path {
		x.step(w, uint64(i), in, path)
	}
	return w
}

// oldRing, as a number in a path, stands for the arming before the current one, and 0 for the
// current one.
const oldRing = 1

func (x *explorer) step(w *walked, random uint64, in roles.Input, path []roles.Input) {
	defer func() {
		if failure := recover(); failure != nil {
			x.t.Fatalf("after %s\n%s: %v", showAll(path), show(in), failure)
		}
	}()
	if ring, is := in.(roles.TimerFired); is {
		in = w.ring(ring)
	}
	w.told(in)
	clear(w.said)
	w.effects = slices.Clone(w.machine.Step(roles.Moment{Now: w.now, Rand: random}, in))
	for _, e := range w.effects {
		w.asked(e)
	}
	if w.machine.Final() && w.held {
		x.t.Fatalf("after %s\n%s: the turn is not ended", showAll(path), show(in))
	}
	waits := len(w.alarms) > 0
	if final := w.machine.Final(); final && len(w.links) > 0 || final == waits {
		x.t.Fatalf("after %s\n%s: in %s, final: %v, links: %v, deadline: %v", showAll(path), show(in), w.state, final, w.links, waits)
	}
}

func (x *explorer) done(w *walked) {
	if x.Done != nil {
		x.Done(w.machine)
	}
}

// isNew reports whether a situation shall be continued. Situations with the same state, the same
// pending requests and the same last rows count as equal; a few of them are continued, because the
// machine may remember more. Of links that go on closing beside others only their number counts, and
// of the others the machines there, but not the numbers of the links.
func (x *explorer) isNew(w *walked) bool {
	if w.machine.Final() {
		return false
	}
	situation := fmt.Sprint(w.state, w.said, w.file, w.turn, w.token, w.admit, w.store, w.inspect, len(w.commit), len(w.alarms), w.last[max(0, len(w.last)-3):])
	closing := 0
	for _, id := range w.open() {
		if table, state := w.on(id); table != "" && w.ended[id] {
			closing++
		} else {
			situation += fmt.Sprint(table, w.links[id], state)
		}
	}
	situation += fmt.Sprint(closing)
	x.visits[situation]++
	return x.visits[situation] <= x.Visits
}

// refusals gives the machine, on each link that hears, one message of each kind that the table does
// not allow there.
func (x *explorer) refusals(w *walked, path []roles.Input) {
	for _, id := range w.open() {
		table, state := w.on(id)
		allows := x.Allows[cmp.Or(table, x.Table)]
		for _, info := range protocol.Kinds {
			if w.links[id].want != hearing || allows(state, info.Kind) {
				continue
			}
			bad := x.walk(path)
			x.refused[state+"/"+info.Name] = true
			x.step(bad, 0, roles.Heard{Link: id, Message: Sample(info.Kind)}, path)
			x.checkRefusal(bad, id, state, info)
			x.done(bad)
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
	from := strings.Index(got, refusal)
	if from < 0 || !strings.Contains(got[from:], rest) {
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
