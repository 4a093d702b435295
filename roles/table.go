package roles

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Table is the grammar of a conversation as data: in this state, on this event, go there, because.
type Table[S, E ~string] struct {
	Name   string // as in "relay.Session"
	States []State[S]
	Events []Event[E]
	Rows   []Row[S, E]
}

// State documents a state. A machine starts in the first one of its table, and leaves it with its first
// input.
type State[S ~string] struct {
	Name  S
	Means string // what it means, why one is in it, how one leaves it
	Final bool
	// Passing marks a state that is left in the step that entered it: it waits for nothing.
	Passing bool
	// Wait is the state's deadline. If it is zero in a state that waits, the machine arms the deadline
	// itself; WaitFrom tells with which time.
	Wait     time.Duration
	WaitFrom string
	// Nested marks a state that waits for machines within this one, which end by deadlines of their own.
	Nested bool
}

// Event documents an event. A message is an event under the name of its kind; the same message with a
// different consequence (a guard) is an event of its own with the same kind.
type Event[E ~string] struct {
	Name  E
	Means string
	Kind  protocol.Kind // of the message that it is, or 0
	// Deadline marks an event that the state's deadline causes.
	Deadline bool
}

// Row says: in any of these states, on this event, go there, because. Without To the machine stays in
// its state and its deadline runs on; To the same state enters it again, with a new deadline.
type Row[S, E ~string] struct {
	From    []S
	On      E
	To      S
	Because string
}

// Check returns the faults of the table, or nil: a name that is declared twice, not declared or not used;
// a cell with two rows; a row or state without a reason; a state that cannot be reached, from which no
// end can be reached, or that waits without a deadline.
func (t *Table[S, E]) Check() error {
	c := checker[S, E]{Table: t, next: map[S][]S{}, cells: map[cell[S, E]]bool{}}
	c.declarations()
	c.rows()
	c.deadlines()
	c.paths()
	return errors.Join(c.wrong...)
}

type cell[S, E ~string] struct {
	state S
	event E
}

type checker[S, E ~string] struct {
	*Table[S, E]
	next  map[S][]S
	cells map[cell[S, E]]bool
	wrong []error
}

func (c *checker[S, E]) bad(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Errorf(c.Name+": "+format, args...))
}

func (c *checker[S, E]) declarations() {
	states, events := map[S]bool{}, map[E]bool{}
	for _, s := range c.States {
		if states[s.Name] || s.Name == "" || s.Means == "" {
			c.bad("state %q stands twice, or has no name or meaning", s.Name)
		}
		states[s.Name] = true
	}
	for _, e := range c.Events {
		if events[e.Name] || e.Name == "" || e.Means == "" {
			c.bad("event %q stands twice, or has no name or meaning", e.Name)
		}
		events[e.Name] = true
		if !slices.ContainsFunc(c.Rows, func(r Row[S, E]) bool { return r.On == e.Name }) {
			c.bad("event %s is in no row", e.Name)
		}
	}
	for _, r := range c.Rows {
		if !events[r.On] {
			c.bad("event %s is not declared", r.On)
		}
		for _, s := range append(slices.Clone(r.From), r.To) {
			if s != "" && !states[s] {
				c.bad("state %s is not declared", s)
			}
		}
	}
}

func (c *checker[S, E]) rows() {
	for _, r := range c.Rows {
		if r.Because == "" || len(r.From) == 0 {
			c.bad("the row on %s has no reason or no state", r.On)
		}
		for _, from := range r.From {
			if c.cells[cell[S, E]{from, r.On}] {
				c.bad("two rows for %s in %s", r.On, from)
			}
			c.cells[cell[S, E]{from, r.On}] = true
			if r.To != "" {
				c.next[from] = append(c.next[from], r.To)
			}
		}
	}
}

func (c *checker[S, E]) deadlines() {
	for i, s := range c.States {
		waits := !s.Final && !s.Passing && i > 0
		switch {
		case waits && s.Wait == 0 && s.WaitFrom == "":
			c.bad("%s waits without a deadline", s.Name)
		case waits && !s.Nested && !c.leavesOnDeadline(s.Name):
			c.bad("the deadline of %s leads nowhere", s.Name)
		case !waits && (s.Wait != 0 || s.Nested):
			c.bad("%s has a deadline, but does not wait", s.Name)
		case s.Final && len(c.next[s.Name]) > 0:
			c.bad("%s is final, but goes on", s.Name)
		}
	}
}

func (c *checker[S, E]) leavesOnDeadline(from S) bool {
	return slices.ContainsFunc(c.Rows, func(r Row[S, E]) bool {
		fires := slices.ContainsFunc(c.Events, func(e Event[E]) bool { return e.Deadline && e.Name == r.On })
		return fires && r.To != "" && slices.Contains(r.From, from)
	})
}

func (c *checker[S, E]) paths() {
	if len(c.States) == 0 {
		c.bad("no states")
		return
	}
	reached := c.from(c.States[0].Name)
	for _, s := range c.States {
		if !reached[s.Name] {
			c.bad("%s can't be reached", s.Name)
		}
		ends := c.from(s.Name)
		if !slices.ContainsFunc(c.States, func(f State[S]) bool { return f.Final && ends[f.Name] }) {
			c.bad("no end can be reached from %s", s.Name)
		}
	}
}

func (c *checker[S, E]) from(start S) map[S]bool {
	reached := map[S]bool{start: true}
	for todo := []S{start}; len(todo) > 0; {
		next := c.next[todo[0]]
		todo = todo[1:]
		for _, s := range next {
			if !reached[s] {
				reached[s] = true
				todo = append(todo, s)
			}
		}
	}
	return reached
}

// NewRow returns a row in one line.
func NewRow[S, E ~string](from []S, on E, to S, because string) Row[S, E] {
	return Row[S, E]{From: from, On: on, To: to, Because: because}
}
