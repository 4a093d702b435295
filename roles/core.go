package roles

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Core is the part that all machines have in common: the state under its grammar, the state's deadline, and the effects
// of the current step. A machine keeps it in an unexported field, so that nobody else moves the machine. A machine may
// have others within it: it passes the inputs of their links and timers on to them, and returns their effects as its own.
type Core[S, E ~string] struct {
	grammar *Grammar[S, E]
	referee referee
	link    Link   // that it speaks on, for Transition
	timer   Timer  // of its deadlines
	number  uint64 // of the deadline last armed
	armed   bool
	effects []Effect
	watch   func(Transition)
}

// Transition is one fired row, for logs and for the coverage of a simulation.
type Transition struct {
	Machine         string // the table's name
	Link            Link   // that the machine speaks on; NoLink: a machine that has others speak for it
	From, Event, To string
}

// NewCore returns a core at the start of the grammar's table.
func NewCore[S, E ~string](g *Grammar[S, E]) Core[S, E] {
	return Core[S, E]{grammar: g, referee: newReferee(&g.table)}
}

// Watch calls f for each fired row; nil: nothing is called.
func (c *Core[S, E]) Watch(f func(Transition)) { c.watch = f }

// Use sets the link that transitions name and the timer of the deadlines, in place of link 0 and [Deadline]: for a
// machine within another one, or one without a link.
func (c *Core[S, E]) Use(link Link, timer Timer) { c.link, c.timer = link, timer }

// Name returns the name of the table, as in "client.Source".
func (c *Core[S, E]) Name() string { return c.grammar.table.Name }

// State returns the state that the machine is in.
func (c *Core[S, E]) State() S { return S(c.referee.Current()) }

// Final reports whether the machine has come to its end.
func (c *Core[S, E]) Final() bool { return c.grammar.final[c.State()] }

// Begin starts a step.
func (c *Core[S, E]) Begin() { c.effects = c.effects[:0] }

// Effects returns what the step asked for.
func (c *Core[S, E]) Effects() []Effect { return c.effects }

// Do asks for effects, in this order.
func (c *Core[S, E]) Do(effects ...Effect) { c.effects = append(c.effects, effects...) }

// Reset puts the machine back to the start, for another conversation.
func (c *Core[S, E]) Reset() {
	c.referee.SetState(string(c.grammar.table.States[0].Name))
	c.armed, c.watch = false, nil
	clear(c.effects[:cap(c.effects)])
	c.effects = c.effects[:0]
}

// Can reports whether the table has a row for the event in this state.
func (c *Core[S, E]) Can(event E) bool { return c.referee.Can(string(event)) }

// Accepts reports whether the table has a row in this state for an event that is a message of this kind. A message that
// it does not accept is refused with [Unexpected]: the table alone decides what a peer may say.
func (c *Core[S, E]) Accepts(kind protocol.Kind) bool {
	return c.grammar.accepts[hearing[S]{c.State(), kind}]
}

// Fire moves along the row for the event, and arms the deadline of the state it leads to. An event without a row
// is a bug of the machine, never of a peer: it panics.
func (c *Core[S, E]) Fire(event E) {
	from := c.State()
	to := c.grammar.leads[cell[S, E]{from, event}]
	stays := to == ""
	if stays {
		to = from
	}
	if !c.referee.fire(string(event)) {
		panic(fmt.Sprintf("%s: %s has no row for %s", c.grammar.table.Name, from, event))
	}
	if c.watch != nil {
		c.watch(Transition{c.grammar.table.Name, c.link, string(from), string(event), string(to)})
	}
	if stays {
		return
	}
	if wait := c.grammar.waits[to]; wait > 0 {
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

// Progress counts content bytes against the rule of MinProgress.
type Progress struct{ since int64 }

// Enough adds bytes and reports whether the deadline may be set anew.
func (p *Progress) Enough(bytes int64) bool {
	if p.since += bytes; p.since < MinProgress {
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

// Millis turns milliseconds off the wire into a duration, at most [MaxWait]: a peer cannot make us wait for ever.
func Millis(ms uint64) time.Duration {
	return time.Duration(min(ms, uint64(MaxWait/time.Millisecond))) * time.Millisecond
}

// Busy is the refusal of a link that there is no room for.
func Busy() *protocol.Error {
	return &protocol.Error{Code: protocol.Busy, Text: "no room for another link", Retry: protocol.ToMillis(BusyRetry)}
}

// Unexpected is the refusal of a message that the table does not allow.
func Unexpected(kind protocol.Kind, state string) *protocol.Error {
	return &protocol.Error{Code: protocol.Unexpected, Text: fmt.Sprintf("%s is not expected while %s", kind, state)}
}
