package roles

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Core is the part that all machines have in common: the state under its table, the state's deadline, and the
// effects of the step that is under way. It is embedded in a machine and owned by it. A machine may have others within
// it: it passes on to them what is told of their links and timers, and hands their effects out as its own.
type Core[S, E ~string] struct {
	table   *Table[S, E]
	referee referee
	timer   Timer  // of its deadlines
	number  uint64 // of the deadline last armed
	armed   bool
	effects []Effect
	watch   func(Transition)
}

// Transition is one fired row, for logs and for the coverage of a simulation.
type Transition struct{ Machine, From, Event, To string }

// NewCore returns a core at the start of the table.
func NewCore[S, E ~string](t *Table[S, E]) Core[S, E] {
	t.compile()
	return Core[S, E]{table: t, referee: newReferee(t)}
}

// Watch has each fired row told to f, or to nobody.
func (c *Core[S, E]) Watch(f func(Transition)) { c.watch = f }

// OnTimer has the deadlines use a timer of their own instead of [Deadline]: for a machine within another one.
func (c *Core[S, E]) OnTimer(t Timer) { c.timer = t }

// State returns the state that the machine is in.
func (c *Core[S, E]) State() S { return S(c.referee.Current()) }

// Final reports whether the machine has come to its end.
func (c *Core[S, E]) Final() bool { return c.table.final[c.State()] }

// Begin starts a step.
func (c *Core[S, E]) Begin() { c.effects = c.effects[:0] }

// Effects returns what the step asked for.
func (c *Core[S, E]) Effects() []Effect { return c.effects }

// Do asks for effects, in this order.
func (c *Core[S, E]) Do(effects ...Effect) { c.effects = append(c.effects, effects...) }

// Reset puts the machine back to the start, for another conversation.
func (c *Core[S, E]) Reset() {
	c.referee.SetState(string(c.table.States[0].Name))
	c.armed, c.watch = false, nil
	clear(c.effects[:cap(c.effects)])
	c.effects = c.effects[:0]
}

// Can reports whether the table has a row for the event in this state.
func (c *Core[S, E]) Can(event E) bool { return c.referee.Can(string(event)) }

// Fire moves along the row for the event, and arms the deadline of the state it leads to. An event without a row
// is a bug of the machine, never of a peer: it panics.
func (c *Core[S, E]) Fire(event E) {
	from := c.State()
	to := c.table.leads[cell[S, E]{from, event}]
	stays := to == ""
	if stays {
		to = from
	}
	if !c.referee.fire(string(event), string(to)) {
		panic(fmt.Sprintf("%s: %s has no row for %s", c.table.Name, from, event))
	}
	if c.watch != nil {
		c.watch(Transition{c.table.Name, string(from), string(event), string(to)})
	}
	if stays {
		return
	}
	if wait := c.table.waits[to]; wait > 0 {
		c.Arm(wait)
	} else {
		c.Disarm()
	}
}

// Arm sets the deadline of this state anew.
func (c *Core[S, E]) Arm(after time.Duration) {
	c.number++
	c.armed = true
	c.Do(Arm{c.timer, c.number, after})
}

// Armed reports whether a deadline runs.
func (c *Core[S, E]) Armed() bool { return c.armed }

// Disarm takes the deadline back, if one runs.
func (c *Core[S, E]) Disarm() {
	if c.armed {
		c.armed = false
		c.Do(Disarm{c.timer})
	}
}

// Due reports whether a timer's ring is the deadline that runs now, and uses it up.
func (c *Core[S, E]) Due(fired TimerFired) bool {
	due := c.armed && fired.Timer == c.timer && fired.Number == c.number
	if due {
		c.armed = false
	}
	return due
}

// Part sends a last ERROR on a link and lets the peer read it: half-close, and throw away what still comes, so
// that the system does not answer the unread rest with a reset that would take the ERROR along.
func (c *Core[S, E]) Reject(link Link, err *protocol.Error) {
	c.Do(Send{link, err}, HalfClose{link}, Discard{link})
}

// Progress counts content bytes against the rule of protocol.MinProgress.
type Progress struct{ since int64 }

// Enough adds bytes and reports whether the deadline may be set anew.
func (p *Progress) Enough(bytes int64) bool {
	if p.since += bytes; p.since < protocol.MinProgress {
		return false
	}
	p.since = 0
	return true
}

// Vary returns d varied by up to so many per cent either way, evenly.
func Vary(d time.Duration, percent int, random uint64) time.Duration {
	span := uint64(d) / 100 * uint64(percent)
	if span == 0 {
		return d
	}
	return d - time.Duration(span) + time.Duration(random%(2*span+1))
}

// Busy is the refusal of a link that there is no room for.
func Busy() *protocol.Error {
	return &protocol.Error{Code: protocol.Busy, Text: "no room for another link", Retry: protocol.ToMillis(protocol.BusyRetry)}
}

// Unexpected is the refusal of a message that the table does not allow.
func Unexpected(kind protocol.Kind, state string) *protocol.Error {
	return &protocol.Error{Code: protocol.Unexpected, Text: fmt.Sprintf("%s is not expected while %s", kind, state)}
}
