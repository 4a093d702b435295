package peer

import (
	"context"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// Client gets files from the nodes that a relay knows. Its fields are the options and are left alone
// once it is used; Relay is needed, the zero values of the others are of use. Its methods may be
// called from any goroutine, at once as well.
type Client struct {
	Network transport.Network // nil: a transport.TLS of its own over TCP, with a new key
	Relay   string            // host:port
	Trust   Trust             // which relay it takes for the one there
	// NoCircuits has no node reached through the relay: those that cannot be dialed are not asked.
	NoCircuits bool
	NoTimes    bool          // fetched files keep the time of their fetch: see store.Options
	Sources    int           // nodes that one file comes from at once; 0: DefaultSources; 1: strictly one after the other
	Wait       time.Duration // for so long a call asks again what may change by itself: see ErrTooEarly
	// Waiting is called before each pause of a call that waits, from its goroutine. It may change Wait for later calls.
	// Nil: it is not called.
	Waiting func(Awaited)
	// Cache has groups that files which are open need not fetch, and gets those that they fetch. Nil: there is none.
	Cache Cache
	Log   hclog.Logger // may be nil
	// Trace is called for each event of a link, from any goroutine. Nil: it is not called.
	Trace func(transport.Event)

	own   transport.TLS // the network where none is given
	relay relayPin
	ahead aheadBudget
}

// DefaultSources is the number of nodes that one file comes from at once, if so many have it.
const DefaultSources = 4

// Request is a file that is wanted: by its name, its content, or both.
type Request struct {
	Name string
	Hash protocol.Hash // zero: the content that the first node has
	// Report is called with what happens (client.Locating, Begun, Checking, Hashing, Had, Tried and,
	// at the end, Result), from one goroutine at a time. Nil: it is not called.
	Report func(roles.Outcome)
}

// Result is the result of a fetch.
type Result struct{ client.Result }

// Err returns nil if the file was fetched and is in its place, and otherwise an error that errors.Is
// knows: one of this package's, the [protocol.Code], or that of our own disk.
func (r Result) Err() error { return resultError(r.Result) }

// Fetch gets a file and writes it to w, in order, as it is verified, in constant memory. What has been
// written stays written: if the nodes fail in the middle, the output ends there. A w that does not take
// what comes is waited for until ctx is done; a Write that hangs then is left to itself.
func (c *Client) Fetch(ctx context.Context, request Request, w io.Writer) Result {
	stream := store.NewStream(w)
	result := c.fetch(ctx, c.wanted(request, true), stream, request.Report)
	err := stream.Flush(ctx) // of what has come, also if that is not all
	switch closed := stream.Close(); {
	case err != nil && ctx.Err() != nil:
		result = Result{stopped(result.Result)}
	case err != nil:
		result = diskFailed(result, err)
	case closed != nil && result.Outcome == client.Fetched:
		result = diskFailed(result, closed)
	}
	return result
}

// FetchInto gets a file into a store, which the caller closes.
func (c *Client) FetchInto(ctx context.Context, request Request, to transport.Store) Result {
	return c.fetch(ctx, c.wanted(request, false), to, request.Report)
}

// wanted returns a request as the machine takes it.
func (c *Client) wanted(request Request, once bool) client.Request {
	return client.Request{Relay: c.Relay, Name: request.Name, Hash: request.Hash, Sources: c.sources(), Once: once, Direct: c.NoCircuits}
}

func (c *Client) sources() int {
	if c.Sources == 0 {
		return DefaultSources
	}
	return c.Sources
}

func (c *Client) fetch(ctx context.Context, request client.Request, to transport.Store, report func(roles.Outcome)) Result {
	if _, refusal := c.expected(); refusal != nil {
		return Result{client.Result{Name: request.Name, Outcome: client.NoRelay, Code: refusal.Code, By: refusal.By, Text: refusal.Text}}
	}
	request.RelayID, request.Entry = c.relay.current(), c.entry()
	fetch := client.NewFetch(request)
	err := c.Await(ctx, func() Awaited {
		if fetch.Final() {
			request.RelayID, request.Entry = c.relay.current(), c.entry()
			fetch.Reset(request)
		}
		c.run(ctx, fetch, to, report)
		return AwaitedOf(fetch.Result())
	})
	if bad := fetch.Result().Unasked.LeftOut; bad > 0 {
		c.sayBad(int(bad))
	}
	if err != nil {
		return Result{stopped(fetch.Result())}
	}
	return Result{fetch.Result()}
}

// stopped returns the result of a fetch that would have gone on.
func stopped(r client.Result) client.Result {
	r.Outcome, r.Code, r.By, r.Text = client.Interrupted, protocol.Interrupted, protocol.Client, "told to stop"
	return r
}

// sayBad logs that entries of a relay's answer are left out.
func (c *Client) sayBad(entries int) {
	logger(c.Log).Warn("the relay's answer has bad entries", "left_out", entries)
}

func (c *Client) network() transport.Network {
	if c.Network == nil {
		return &c.own
	}
	return c.Network
}

// expected returns the id that the relay has to prove, or why it is not to be asked.
func (c *Client) expected() (protocol.PeerID, *Error) {
	id, err := c.relay.expected(&c.Trust, c.network(), c.Relay)
	return id, err
}

// entry returns what a machine needs to enter a closed relay.
func (c *Client) entry() roles.Entry { return c.relay.entry(&c.Trust, c.network()) }

// run takes a machine to its end. It is told to stop when ctx is done, and ends by itself then.
func (c *Client) run(ctx context.Context, m roles.Machine, to transport.Store, report func(roles.Outcome)) {
	c.carry(ctx, &transport.Loop{Store: to, Report: report}, m)
}

// carry runs a machine as run does, on a loop that lacks what the client has.
func (c *Client) carry(ctx context.Context, loop *transport.Loop, m roles.Machine) {
	log, report := logger(c.Log), loop.Report
	loop.Network, loop.Start, loop.Trace = c.relay.vouch(c.network()), time.Now(), traced(log, c.Trace)
	loop.Report = func(outcome roles.Outcome) {
		if met, is := outcome.(roles.Met); is {
			c.relay.meet(&c.Trust, c.Relay, met.ID, log)
		} else if _, is := outcome.(roles.Entered); is {
			c.relay.enter(&c.Trust, log)
		} else if report != nil {
			report(outcome)
		}
	}
	loop.Run(context.WithoutCancel(ctx), ctx.Done(), new(conversations).watch(log, m))
}

func diskFailed(r Result, err error) Result {
	r.Outcome, r.Code, r.By, r.Text, r.Cause = client.DiskFailed, protocol.Disk, protocol.Client, err.Error(), err
	return r
}
