package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// s23 checks that a relay refuses a request about the lease of an id over a link that has proven another
// one.
func (c *checks) s23(a *actor, in roles.Input, effects []roles.Effect) {
	heard, is := in.(roles.Heard)
	e := a.end(heard.Link)
	if a.kind != sessionKind || !is || e == nil || c.w.scenario.Relay.Plain {
		return
	}
	id := protocol.Claims(heard.Message)
	if id.IsZero() || id == c.w.proven(e) {
		return
	}
	c.w.coverage.sometimes(NotTheirs)
	refuses := func(effect roles.Effect) bool {
		send, is := effect.(roles.Send)
		if !is {
			return false
		}
		refusal, is := send.Message.(*protocol.Error)
		return is && refusal.By == protocol.Relay
	}
	if !slices.ContainsFunc(effects, refuses) {
		c.fail(S23, "%s answered %s of node %x over a link of %x", c.who(a), heard.Message.Kind(), id[:8], c.w.proven(e))
	}
}

// opened checks that nobody goes on with a peer that has proven nothing, where all peers have keys.
func (c *checks) opened(e *end) {
	if c.w.hasTLS(e) && c.w.proven(e).IsZero() {
		c.fail(S23, "%s goes on with a peer that answers in plain", c.who(e.actor))
	}
}

// expects checks that a machine expects the id of the relay that its host has met, and of a node the
// one with which the relay has named it.
func (c *checks) expects(a *actor, d roles.Dial) {
	h, relay, since := a.proc.host, d.To == c.w.relay.dialledAs(), a.proc.started
	if a.operation != nil {
		since = a.operation.started
	}
	if c.w.scenario.Relay.Plain || a.kind == strangerKind || !d.ID.IsZero() || d.Plain {
		return
	}
	if relay && !h.pin.IsZero() && (a.met || since > h.met) {
		c.fail(S23, "%s dials the relay and expects nobody, although it knows its id", c.who(a))
	}
	if o := a.operation; !relay && o != nil && slices.ContainsFunc(o.listed, func(p protocol.Peer) bool { return !p.ID.IsZero() && p.Addr().String() == d.To }) {
		c.fail(S23, "%s dials %s and expects nobody, although the relay has named its id", c.who(a), d.To)
	}
}
