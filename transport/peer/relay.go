package peer

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// Policy is what a relay's owner decides. The zero value is of use.
type Policy = relay.Policy

// Relay keeps the list of active nodes and of what they publish, and answers clients from it. Its
// fields are the options and are left alone once it serves; the zero value is of use.
type Relay struct {
	Policy    Policy
	Directory relay.Directory // answers in place of a registry under the policy; nil: that registry
	MaxLinks  int             // connections of a listener at once; 0: roles.MaxLinks
	Log       hclog.Logger    // may be nil
	// Trace is called for each event of a link, from any goroutine. Nil: it is not called.
	Trace func(transport.Event)

	begin     sync.Once
	start     time.Time
	directory relay.Directory
	logged    *loggedDirectory
	answers   relay.Answers
}

// Serve serves the links that a listener accepts until ctx is done. It then closes the listener,
// lets each conversation come to its end, for roles.DrainTimeout at most, and returns nil. An error
// says why it could not accept links any more, or that ctx was done before. It may be called for
// several listeners, at once as well: they share the registry.
func (r *Relay) Serve(ctx context.Context, listener transport.Listener) error {
	if ctx.Err() != nil {
		listener.Close()
		return interrupted(ctx)
	}
	log := logger(r.Log)
	r.begin.Do(func() { r.open(log.Named("registry")) })
	defer r.logged.flush()
	sessions := roles.NewPool(func() *relay.Session { return relay.NewSession(r.directory, &r.answers) })
	log = log.Named("server")
	server := transport.Server{
		Loop:     &transport.Loop{Start: r.start, Trace: traced(log, r.Trace)},
		Listener: listener, Limit: cmp.Or(r.MaxLinks, roles.MaxLinks), By: protocol.Relay, Log: log,
		New: watched(log, sessions.Take), Free: sessions.Return,
	}
	return server.Serve(ctx)
}

func (r *Relay) open(log hclog.Logger) {
	r.start = time.Now()
	r.directory = r.Directory
	if r.directory == nil {
		r.directory = relay.NewRegistry(r.Policy)
	}
	r.logged = &loggedDirectory{Directory: r.directory, sampler: sampler{log: log}}
	r.directory = r.logged
}
