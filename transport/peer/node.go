package peer

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
)

// Node serves a share, and keeps itself listed at a relay. Its fields are the options and are left
// alone once it runs; Relay and Share are needed, the zero values of the others are of use.
type Node struct {
	Network   transport.Network  // nil: a transport.TLS of its own over TCP, with a new key
	Relay     string             // host:port
	Trust     Trust              // which relay it takes for the one there
	Listen    string             // host:port to serve on; port 0 picks one; "": ":0"
	Listener  transport.Listener // to serve on in place of one at Listen; Run closes it
	Share     transport.Share    // what it serves; the owner closes it, after Run
	ID        protocol.PeerID    // its secret where the network proves no ids; zero: one is drawn
	Advertise netip.AddrPort     // where to be listed; zero: at the address that the relay sees
	// Allow reports whether a peer is served, by its id; in plain nobody is. Nil: everybody is.
	Allow func(id protocol.PeerID) bool
	// Terms are what clients may take of it. Bad ones have Run fail with what is wrong with them.
	Terms node.Terms
	// NoCircuits has no client come through the relay, whether or not the node can be dialed.
	NoCircuits bool
	NoPublish  bool         // what a transport.Lister has is not published
	MaxLinks   int          // connections at once; 0: roles.MaxLinks
	MaxFrom    int          // of these, those of one address, of IPv6 of one /64; 0: a quarter, roles.MaxLinksFrom at most
	LinkRate   float64      // of these of one address in a second, after a burst; 0: roles.LinkRateFrom
	Log        hclog.Logger // may be nil
	// Trace is called for each event of a link, from any goroutine. Nil: it is not called.
	Trace func(transport.Event)

	state    readiness
	meters   Meters
	standing standing
	own      transport.TLS // the network where none is given
	relay    relayPin
}

// Run registers at the relay and serves until ctx is done; then it leaves gracefully, within
// roles.DrainTimeout or a little more, and returns nil. A relay that is away is tried again for
// ever. An error says why the node could not be used, or that another one took its id:
// [ErrDisplaced]; or that a relay which has never listed it refuses what trying again would not change:
// [ErrRejected]. A Node runs once.
func (n *Node) Run(ctx context.Context) error {
	if !n.state.begin() {
		return ErrUsed
	}
	n.standing.begin()
	err := n.run(ctx)
	n.standing.end()
	n.state.end(err)
	return err
}

func (n *Node) run(ctx context.Context) error {
	n.own.By = protocol.Node
	n.meters.begin(nodeTables())
	defer n.meters.history.keep(ctx)()
	listener, err := n.listen(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	var served error
	n.standing.change(func(time.Time) { n.standing.listen = listener.Addr() })
	server, flush := n.server(listener)
	defer flush()
	beside.Go(func() {
		defer cancel()
		served = server.Serve(ctx)
	})
	displaced := n.keepListed(ctx, listener.Addr(), n.follow(ctx, &beside), server.Invite)
	cancel()
	beside.Wait()
	return errors.Join(displaced, served)
}

// listen returns what the node serves on, unless it cannot run. A listener that it was given is
// closed then.
func (n *Node) listen(ctx context.Context) (transport.Listener, error) {
	err := error(nil)
	switch {
	case n.Relay == "" || n.Share == nil:
		err = errIncomplete
	case n.Terms.Check() != nil:
		err = n.Terms.Check()
	case ctx.Err() != nil:
		err = interrupted(ctx)
	case n.Advertise.IsValid() && protocol.CheckAddress(n.Advertise.Addr()) != nil:
		err = protocol.CheckAddress(n.Advertise.Addr())
	case n.Listener == nil:
		return n.network().Listen(ctx, cmp.Or(n.Listen, ":0"))
	}
	if err != nil && n.Listener != nil {
		n.Listener.Close()
	}
	return n.Listener, err
}

func (n *Node) network() transport.Network {
	if n.Network == nil {
		return &n.own
	}
	return n.Network
}

// dialsFrom returns the network over which the relay is dialed: from the address where the node
// listens, if that is one, so that the relay sees where the node can be reached.
func (n *Node) dialsFrom(listen netip.Addr) transport.Network {
	switch over := n.network().(type) {
	case transport.TCP:
		return from(over, listen)
	case *transport.TLS:
		if below, is := over.Below().(transport.TCP); is {
			return over.Over(from(below, listen))
		}
	}
	return n.network()
}

func from(tcp transport.TCP, listen netip.Addr) transport.TCP {
	if !tcp.From.IsValid() {
		tcp.From = listen
	}
	return tcp
}

// id returns the id that the node proves, or its secret, which is drawn if there is none.
func (n *Node) id() protocol.PeerID {
	if proves, is := n.network().(transport.Authenticated); is {
		return proves.ID()
	}
	id := n.ID
	if id == (protocol.PeerID{}) {
		rand.Read(id[:])
	}
	return id
}

func (n *Node) maxLinks() int { return cmp.Or(n.MaxLinks, roles.MaxLinks) }

// linksFrom returns how many links of all one address may have: so many as its owner says, or else a share that
// leaves room for others however few there are.
func linksFrom(asked, all int) int {
	if asked > 0 {
		return asked
	}
	return max(min(fewLinks, all), min(roles.MaxLinksFrom, all/4))
}

// fewLinks are what one address may have in any case: those of a node, and of a client or two beside it.
const fewLinks = 4

// server returns the server of the node's links, and what is to be called when it has served.
func (n *Node) server(listener transport.Listener) (server *transport.Server, flush func()) {
	log := logger(n.Log).Named("server")
	log.Debug("serving", "on", listener.Addr())
	access := &accessLog{sampler{log: log}}
	table, turns := newUploads(), n.Terms.Turns()
	n.standing.change(func(time.Time) { n.standing.uploads, n.standing.turns = table, turns })
	uploads := table.pool(n.Allow)
	take, back := n.meters.counted(log, uploads.Take, uploads.Return)
	return &transport.Server{
		Loop: &transport.Loop{
			Network: n.dialsFrom(listener.Addr().Addr()),
			Share:   n.Share, Turns: turns, Shape: &transport.Shape{All: n.Terms.Rate, Each: n.Terms.Each},
			Report: access.served, Trace: n.meters.traced(traced(log, n.Trace)), Passed: n.meters.passed,
		},
		Listener: listener, Limit: n.maxLinks(), From: linksFrom(n.MaxFrom, n.maxLinks()), By: protocol.Node, Log: log,
		LinkRate: cmp.Or(n.LinkRate, roles.LinkRateFrom),
		New:      take, Free: back,
	}, access.flush
}
