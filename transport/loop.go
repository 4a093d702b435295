package transport

import (
	"context"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// Loop runs machines. One Loop may run any number of them at once. The zero value works: a machine that asks for what is
// nil hears so.
type Loop struct {
	Network Network // nil: each Dial ends in Lost(Unreachable)
	Share   Share   // nil: each OpenFile ends in FileRefused(Internal)
	Store   Store   // nil: it holds nothing, and all else that is asked of it fails
	// Nudge is where a Run hears that something its machine watches has changed: each value is told as roles.Notified.
	// Closed, it says nothing more. It is for a Loop that runs one machine; nil: nothing is watched.
	Notify <-chan struct{}
	// Start is the moment that a machine's time counts from. Machines that share something share it. Zero: each Run, and
	// each Serve of a Server, counts from its own begin.
	Start time.Time
	// Report is called for each roles.Report, one at a time for each machine.
	Report func(outcome roles.Outcome)
	// Trace is called for each thing that happens on a link, from any goroutine. Nil: nobody looks.
	Trace func(Event)
}

// Run takes a machine that begins by itself from Started to its end. When stop is closed the machine is told
// once, and ends in its own way; when ctx is done its links are closed at once and Run returns. It returns nil if the
// machine came to its end, and otherwise why ctx was done: the machine may then be in any state, if it has begun at all.
func (l *Loop) Run(ctx context.Context, stop <-chan struct{}, m roles.Machine) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r := newRun(l, ctx, m)
	return r.await(ctx, stop, func() { r.post(letter{input: roles.Started{}}) })
}

// Serve takes a machine that serves an accepted link, its link 0, from Opened to its end, and closes the link.
// It ends as Run does.
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

// await has a machine begun and waits for its end. The error says that ctx cut it off.
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

// start returns the moment that time counts from, for a machine that begins now.
func (l *Loop) start() time.Time {
	if l.Start.IsZero() {
		return time.Now()
	}
	return l.Start
}
