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
func (n *Node) keepListed(ctx context.Context, listen netip.AddrPort, catalog *catalog) error {
	log := logger(n.Log).Named("membership")
	config := node.Config{Relay: n.Relay, ID: n.id(), Epoch: uint64(time.Now().UnixMicro()), Port: listen.Port()}
	if n.Advertise.IsValid() {
		config.Advertise = protocol.IPOf(n.Advertise.Addr())
		if n.Advertise.Port() != 0 {
			config.Port = n.Advertise.Port()
		}
	}
	m := &member{log: log, state: &n.state, relay: n.Relay, listing: Listing{ID: config.ID, Listen: listen}}
	loop := transport.Loop{Network: n.network(), Report: m.report, Trace: traced(log, n.Trace)}
	if catalog != nil {
		config.Catalog, loop.Notify = catalog.Catalog, catalog.news
	}
	// The goodbye is bounded by the machine's own deadlines, and by this for all cases.
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(roles.DrainTimeout, cancel) })()
	loop.Run(hard, ctx.Done(), new(conversations).watch(log, node.NewMembership(config)))
	return m.displaced
}

// member takes the reports of a node's membership.
type member struct {
	log       hclog.Logger
	state     *state
	relay     string
	listing   Listing
	displaced error
}

func (m *member) report(outcome roles.Outcome) {
	switch o := outcome.(type) {
	case node.Leased:
		m.log.Info("listed", "relay", m.relay, "at", o.At, "ttl_ms", o.TTL.Milliseconds())
		m.listing.At, m.listing.TTL = o.At, o.TTL
		m.state.listed(m.listing)
	case node.ExchangeFailed:
		m.failed(o)
	case node.Displaced:
		m.log.Error(ErrDisplaced.Error())
		m.displaced = ErrDisplaced
		m.state.failed(ErrDisplaced)
	case node.Published:
		if o.Names > 0 { // before anything is hashed there is nothing to tell
			m.log.Info("published", "relay", m.relay, "names", o.Names)
		}
	case node.Left:
		m.log.Info("left", "relay", m.relay)
		m.state.failed(ErrEnded)
	}
}

// failed takes the report that an exchange with the relay failed. Unless another try follows it was
// about publishing alone, and the node is listed as before.
func (m *member) failed(o node.ExchangeFailed) {
	why := &Error{Kind: ErrNoRelay, Code: o.Code, By: o.By, Text: protocol.Printable(o.Text, mostText)}
	if o.By == protocol.Node && o.Code == protocol.Unexpected { // by us or by one like us
		why.Text = notARelay
	}
	m.log.Warn("relay", "code", o.Code, "by", o.By.String(), "why", why.Text, "again_ms", o.Again.Milliseconds())
	if o.Again > 0 {
		m.state.failed(why)
	}
}
