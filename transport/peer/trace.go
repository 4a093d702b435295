package peer

import (
	"sync/atomic"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// logger returns the log, or one that says nothing.
func logger(log hclog.Logger) hclog.Logger {
	if log == nil {
		return hclog.NewNullLogger()
	}
	return log
}

// traced returns a trace of links that goes to the log, where that is to be detailed, and to also,
// if there is one.
func traced(log hclog.Logger, also func(transport.Event)) func(transport.Event) {
	if !log.IsDebug() {
		return also
	}
	return func(e transport.Event) {
		log.Debug(e.String(), "local", e.Local, "peer", e.Peer)
		if also != nil {
			also(e)
		}
	}
}

// watchable is a machine that reports its transitions. Every machine of relay and node is.
type watchable interface {
	roles.Machine
	Watch(func(roles.Transition))
}

// conversations numbers the machines whose transitions are logged.
type conversations struct{ atomic.Uint64 }

// watch has a machine's transitions logged, where the log is to have them.
func (c *conversations) watch(log hclog.Logger, m roles.Machine) roles.Machine {
	if w, is := m.(watchable); is && log.IsTrace() {
		w.Watch(c.logged(log))
	}
	return m
}

// watchAlso is watch, and also is called for each transition.
func (c *conversations) watchAlso(log hclog.Logger, w watchable, also func(roles.Transition)) {
	if !log.IsTrace() {
		w.Watch(also)
		return
	}
	logged := c.logged(log)
	w.Watch(func(t roles.Transition) {
		also(t)
		logged(t)
	})
}

// logged returns what logs the transitions of another machine.
func (c *conversations) logged(log hclog.Logger) func(roles.Transition) {
	number := c.Add(1)
	return func(t roles.Transition) {
		log.Trace("transition", "machine", t.Machine, "conversation", number, "link", int(t.Link),
			"from", t.From, "event", t.Event, "to", t.To)
	}
}
