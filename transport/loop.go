package transport

import (
	"context"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// Loop runs machines. One Loop may run any number of them at once. Its zero value works: a machine
// that requests something of a nil field gets a refusal.
type Loop struct {
	Network Network // nil: each Dial ends in Lost(Unreachable)
	Share   Share   // nil: each OpenFile ends in FileRefused(Internal)
	Store   Store   // nil: it holds nothing, and every other request to it fails
	Gate    Gate    // nil: no token is found, and each Admit ends in Admitted with Internal
	Turns   Turns   // nil: each AskTurn ends in TurnGiven
	Shape   *Shape  // of the bodies that are sent; nil: they go out as fast as peers take them
	Switch  *Switch // of the links that it serves; nil: they have no number, and each Splice ends in Lost
	// Notify says that something has changed which a machine watches: the machine gets a
	// roles.Notified for each value. A closed channel gives none. It is for a Loop that runs one
	// machine. Nil: nothing is watched.
	Notify <-chan struct{}
	// Inputs are what the owner tells the machine, as roles.Wanted: each value is an input of its
	// own. It is for a Loop that runs one machine. Nil: the owner tells it nothing.
	Inputs <-chan roles.Input
	// Start is the zero of a machine's time. Machines that share something share it. Zero: each
	// Run, and each Serve of a Server, starts at zero.
	Start time.Time
	// Report is called for each roles.Report, one at a time for each machine.
	Report func(outcome roles.Outcome)
	// Trace is called for each event of a link, from any goroutine. Nil: events are not traced.
	Trace func(Event)
	// Passed is called as bytes of a body pass, long before the event that tells of the whole body, from any
	// goroutine: with What that event will be, and so many Bytes. Bytes of a body that comes to no end count as well.
	// Nil: they are not counted.
	Passed func(Event)

	encoding sync.Mutex // held while a long message is encoded
}

// Run runs a machine that begins by itself, from Started to its end. When stop is closed the
// machine gets one Stopped and ends gracefully. When ctx is done its links are closed at once and
// Run returns. It returns nil if the machine came to its end, and otherwise the cause of ctx: the
// machine may then be in any state, if it has begun at all.
func (l *Loop) Run(ctx context.Context, stop <-chan struct{}, m roles.Machine) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r := newRun(l, ctx, m)
	return r.await(ctx, stop, func() { r.post(letter{input: roles.Started{}}) })
}

// Serve runs a machine that serves an accepted link, its link 0, from Opened to its end, and closes
// the link. It ends as Run does.
func (l *Loop) Serve(ctx context.Context, stop <-chan struct{}, m roles.Machine, conn Conn) error {
	r := newRun(l, ctx, m)
	k := r.accept(conn)
	r.enter()
	return r.await(ctx, stop, func() {
		go func() {
			defer r.leave()
			k.serve()
		}()
	})
}

// await begins a machine and waits for its end. The error says that ctx cut it off.
func (r *run) await(ctx context.Context, stop <-chan struct{}, begin func()) error {
	r.enter() // this goroutine, and the one that ctx starts
	r.enter()
	unwatch := context.AfterFunc(ctx, func() {
		defer r.leave()
		r.cut()
	})
	begin()
	for notify, over := r.loop.Notify, false; !over; {
		select {
		case <-stop:
			r.post(letter{input: roles.Stopped{}})
			stop = nil
		case _, more := <-notify:
			if !more {
				notify = nil
				continue
			}
			r.post(letter{input: roles.Notified{}})
		case in := <-r.loop.Inputs:
			r.post(letter{input: in})
		case <-r.final:
			over = true
		}
	}
	if unwatch() {
		r.leave()
	}
	r.leave()
	r.awaitIdle()
	if r.machine.Final() {
		return nil
	}
	return context.Cause(ctx)
}

// start returns the zero of the time of a machine that begins now.
func (l *Loop) start() time.Time {
	if l.Start.IsZero() {
		return time.Now()
	}
	return l.Start
}
