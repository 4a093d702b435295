package roles

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Core is the common part of all machines: the state under its grammar, the state's deadline, and the
// effects of the current step. A machine keeps it in an unexported field, so that no other code moves
// the machine. A machine may have others within it: it passes the inputs of their links and timers on
// to them, and returns their effects as its own.
type Core[S, E ~string] struct {
	grammar *Grammar[S, E]
	state   S
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
	g.ready()
	return Core[S, E]{grammar: g, state: g.start}
}

// Watch calls f for each fired row; nil: nothing is called.
func (c *Core[S, E]) Watch(f func(Transition)) { c.watch = f }

// Use sets the link that transitions name and the timer of the deadlines, in place of link 0 and
// [Deadline]: for a machine within another one, or one without a link.
func (c *Core[S, E]) Use(link Link, timer Timer) { c.link, c.timer = link, timer }

// Name returns the name of the table, as in "client.Source".
func (c *Core[S, E]) Name() string { return c.grammar.name }

// State returns the state that the machine is in.
func (c *Core[S, E]) State() S { return c.state }

// Final reports whether the machine has come to its end.
func (c *Core[S, E]) Final() bool { return c.grammar.final[c.state] }

// Begin starts a step.
func (c *Core[S, E]) Begin() { c.effects = c.effects[:0] }

// Effects returns the effects of the step.
func (c *Core[S, E]) Effects() []Effect { return c.effects }

// Do adds effects to the step, in this order.
func (c *Core[S, E]) Do(effects ...Effect) { c.effects = append(c.effects, effects...) }

// Reset returns the machine to its start, for another conversation.
func (c *Core[S, E]) Reset() {
	c.state = c.grammar.start
	c.armed, c.watch = false, nil
	clear(c.effects[:cap(c.effects)])
	c.effects = c.effects[:0]
}

// Can reports whether the table has a row for the event in this state.
func (c *Core[S, E]) Can(event E) bool {
	r := c.grammar.lend()
	defer c.grammar.referees.back(r)
	return r.allows(string(c.state), string(event))
}

// Accepts reports whether the table has a row in this state for a message of this kind. A machine refuses
// any other message with [Unexpected], so that the table alone decides which message is expected.
func (c *Core[S, E]) Accepts(kind protocol.Kind) bool {
	return c.grammar.accepts[hearing[S]{c.state, kind}]
}

// Fire moves the state along the row for the event, and arms the deadline of the new state. An event
// without a row is a bug of the machine, never of a peer, and panics.
func (c *Core[S, E]) Fire(event E) {
	from := c.state
	to := c.grammar.leads[cell[S, E]{from, event}]
	stays := to == ""
	if stays {
		to = from
	}
	r := c.grammar.lend()
	moved := r.fire(string(from), string(event))
	if c.grammar.referees.back(r); !moved {
		panic(fmt.Sprintf("%s: %s has no row for %s", c.grammar.name, from, event))
	}
	c.state = to
	if c.watch != nil {
		c.watch(Transition{c.grammar.name, c.link, string(from), string(event), string(to)})
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

// Arm restarts the deadline of this state.
func (c *Core[S, E]) Arm(after time.Duration) {
	c.number++
	c.armed = true
	c.Do(Arm{c.timer, c.number, after})
}

// Armed reports whether a deadline runs.
func (c *Core[S, E]) Armed() bool { return c.armed }

// Disarm cancels the deadline, if one runs.
func (c *Core[S, E]) Disarm() {
	if c.armed {
		c.armed = false
		c.Do(Disarm{c.timer})
	}
}

// Due reports whether a TimerFired is the current deadline's, and ends that deadline.
func (c *Core[S, E]) Due(fired TimerFired) bool {
	due := c.armed && fired.Timer == c.timer && fired.Number == c.number
	if due {
		c.armed = false
	}
	return due
}

// Reject sends a last ERROR on a link, half-closes it, and discards all further bytes: if they stayed
// unread, the system would end the link with a reset, and the ERROR would be lost with it.
func (c *Core[S, E]) Reject(link Link, err *protocol.Error) {
	c.Do(Send{Link: link, Message: err}, HalfClose{link}, Discard{link})
}

// Progress counts content bytes for the rule of MinProgress.
type Progress struct{ since int64 }

// Enough adds bytes and reports whether they suffice to restart the deadline.
func (p *Progress) Enough(bytes int64) bool {
	if p.since += bytes; p.since < MinProgress {
		return false
	}
	p.since = 0
	return true
}

// Vary returns d plus or minus up to percent per cent of it, evenly distributed over random.
func Vary(d time.Duration, percent int, random uint64) time.Duration {
	span := uint64(d) / 100 * uint64(percent)
	if span == 0 {
		return d
	}
	return d - time.Duration(span) + time.Duration(random%(2*span+1))
}

// Millis turns milliseconds from the wire into a duration of at most [MaxWait], so that a peer cannot make
// us wait for ever.
func Millis(ms uint64) time.Duration {
	return time.Duration(min(ms, uint64(MaxWait/time.Millisecond))) * time.Millisecond
}

// Busy returns the refusal of a link for which there is no room.
func Busy() *protocol.Error {
	return &protocol.Error{Code: protocol.Busy, Text: "no room for another link", Retry: protocol.ToMillis(BusyRetry)}
}

// Refusal returns the last word of a server's machine that is told to end: Draining, or Busy if only its
// link has to make room.
func (s Stopped) Refusal(server string) *protocol.Error {
	if s.Scarce {
		refusal := Busy()
		refusal.Text = "others need the room of this link, over which little has passed for long"
		return refusal
	}
	return &protocol.Error{Code: protocol.Draining, Text: "the " + server + " is stopping"}
}

// Unexpected returns the refusal of a message that the table does not allow.
func Unexpected(kind protocol.Kind, state string) *protocol.Error {
	return &protocol.Error{Code: protocol.Unexpected, Text: fmt.Sprintf("%s is not expected while %s", kind, state)}
}
