package peer

import (
	"context"
	"net/netip"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
)

// keepListed runs the membership until ctx is done, and a goodbye is said or cannot be.
func (n *Node) keepListed(ctx context.Context, listen netip.AddrPort, catalog *catalog, invite func(roles.Invited)) error {
	log := logger(n.Log).Named("membership")
	network := n.dialsFrom(listen.Addr())
	expects, refusal := n.relay.expected(&n.Trust, network, n.Relay)
	if refusal != nil {
		return refusal
	}
	config := node.Config{Relay: n.Relay, RelayID: expects, ID: n.id(), Entry: n.relay.entry(&n.Trust, network), Epoch: uint64(time.Now().UnixMicro()), Port: listen.Port(), NoCircuits: n.NoCircuits}
	if at := listen.Addr(); at.IsLoopback() {
		config.Listens = protocol.IPOf(at)
	}
	if n.Advertise.IsValid() {
		config.Advertise = protocol.IPOf(n.Advertise.Addr())
		if n.Advertise.Port() != 0 {
			config.Port = n.Advertise.Port()
		}
	}
	_, proves := network.(transport.Authenticated)
	n.standing.change(func(time.Time) { n.standing.id, n.standing.proves, n.standing.catalog = config.ID, proves, catalog })
	m := &member{standing: &n.standing, invite: invite, proves: proves, circuits: !n.NoCircuits, log: log, state: &n.state, relay: n.Relay, listing: Listing{ID: config.ID, Listen: listen}}
	m.met = func(id protocol.PeerID) { n.relay.meet(&n.Trust, n.Relay, id, log) }
	m.entered = func() { n.relay.enter(&n.Trust, log) }
	loop := transport.Loop{Network: n.relay.vouch(network), Report: m.report, Trace: n.meters.traced(traced(log, n.Trace)), Passed: n.meters.passed}
	if catalog != nil {
		config.Catalog, loop.Notify = catalog.Catalog, catalog.news
	}
	// The goodbye is bounded by the machine's own deadlines, and by this for all cases.
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(roles.DrainTimeout, cancel) })()
	membership := &followedMembership{node.NewMembership(config), &n.standing}
	defer n.meters.returned(membership)
	loop.Run(hard, ctx.Done(), n.meters.taken(log, new(conversations), membership))
	return m.displaced
}

// member takes the reports of a node's membership.
type member struct {
	log       hclog.Logger
	state     *readiness
	standing  *standing
	relay     string
	met       func(id protocol.PeerID) // takes note of the relay that was met first
	entered   func()                   // takes note that the relay has admitted us
	invite    func(roles.Invited)
	proves    bool // links prove ids, so that the relay could make circuits
	circuits  bool // clients may come through the relay
	listing   Listing
	wasListed bool
	unreached bool  // nobody is sent here, as was said
	refused   int   // changes of the index that the relay does not keep, as was said
	displaced error // why the membership ended by itself
}

func (m *member) report(outcome roles.Outcome) {
	switch o := outcome.(type) {
	case roles.Met:
		m.met(o.ID)
	case roles.Entered:
		m.entered()
	case node.Leased:
		m.wasListed = true
		m.log.Info("listed", "relay", m.relay, "at", whereabouts(o.Place), "listens", m.listing.Listen, "ttl_ms", o.TTL.Milliseconds())
		m.listed(o.Place, o.TTL)
	case node.Moved:
		what := "moved"
		if was := m.listing.At.Addr(); was == o.At.Addr() || was == o.Also { // there is one more, or one less
			what = "listed"
		}
		m.log.Info(what, "relay", m.relay, "at", whereabouts(o.Place))
		m.listed(o.Place, m.listing.TTL)
	case node.Invited:
		m.log.Debug("a client comes through the relay", "relay", o.Relay)
		m.standing.change(func(time.Time) { m.standing.came++ })
		m.invite(roles.Invited{Relay: o.Relay, Ticket: o.Ticket})
	case node.Awaiting:
		m.awaiting(o.On)
	case node.Hopeless:
		why := m.refusal(o.Code, o.By, o.Text)
		why.Kind = ErrRejected
		m.log.Error(ErrRejected.Error(), "relay", m.relay, "code", o.Code, "by", o.By.String(), "why", why.Text)
		m.displaced = why
		m.standing.fail(why)
		m.state.failed(why)
	case node.ExchangeFailed:
		m.failed(o)
	case node.Displaced:
		m.log.Error(ErrDisplaced.Error())
		m.displaced = ErrDisplaced
		m.standing.leave(ErrDisplaced)
		m.state.failed(ErrDisplaced)
	case node.Published:
		if o.Names > 0 { // before anything is hashed there is nothing to tell
			m.log.Info("published", "relay", m.relay, "names", o.Names)
		}
		if o.Refused > m.refused {
			m.log.Warn("the relay does not keep some names, by its own rules: it lists them for nobody, and who asks for one is sent here in any case",
				"relay", m.relay, "refused", o.Refused)
		}
		m.refused = o.Refused
		m.standing.change(func(time.Time) { m.standing.refused = o.Refused })
	case node.Left:
		m.log.Info("left", "relay", m.relay)
		m.standing.leave(ErrEnded)
		m.state.failed(ErrEnded)
	}
}

// listed takes note of where the relay lists the node, and says if few or none can reach it there.
func (m *member) listed(at node.Place, ttl time.Duration) {
	m.listing.Place, m.listing.TTL = at, ttl
	m.standing.list(m.listing)
	defer func() { m.state.listed(m.listing) }() // whoever waits for it finds the reasons in the log
	was := m.unreached
	m.unreached = at.Nowhere() && !(m.circuits && at.Relayed())
	if was && !m.unreached {
		m.log.Info("reachable from outside now: clients are sent here", "relay", m.relay, "at", whereabouts(at))
	}
	f := reachability{at: at, listen: m.listing.Listen, circuits: m.circuits, proves: m.proves}.find()
	switch {
	case f.level == hclog.NoLevel:
	case f.listen:
		m.log.Log(f.level, f.line(), "listens", m.listing.Listen)
	default:
		m.log.Log(f.level, f.line())
	}
}

// awaiting says whether clients can come through the relay.
func (m *member) awaiting(on bool) {
	m.standing.await(on)
	if on {
		m.log.Debug("clients can come through the relay", "relay", m.relay)
	} else {
		m.log.Debug(noneComes, "relay", m.relay)
	}
}

// noneComes is what is so while the relay has no AWAIT of the node.
const noneComes = "no client can come through the relay for now"

// failed takes the report that an exchange with the relay failed. Unless another try follows it was
// about publishing alone, and the node is listed as before.
func (m *member) failed(o node.ExchangeFailed) {
	why := m.refusal(o.Code, o.By, o.Text)
	say := m.log.Warn
	if m.wasListed && o.Code == protocol.Denied {
		say = m.log.Error
	}
	say("relay", "code", o.Code, "by", o.By.String(), "why", why.Text, "again_ms", o.Again.Milliseconds())
	if o.Again > 0 {
		m.standing.fail(why)
		m.state.failed(why)
		return
	}
	m.standing.change(func(time.Time) { m.standing.unheard = why.Text })
}

// refusal returns the error of an exchange with the relay.
func (m *member) refusal(code protocol.Code, by protocol.Party, text string) *Error {
	why := &Error{Kind: ErrNoRelay, Code: code, By: by, Text: said(by, protocol.Node, text)}
	if by == protocol.Node && (code == protocol.Unexpected || code == protocol.Malformed) { // by us or by one like us
		why.Text = notARelay
	}
	return why
}
