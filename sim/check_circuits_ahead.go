package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// asksThrough records which node a client asks the relay for, on a link of its own or behind LOCATED.
func (c *checks) asksThrough(a *actor, link roles.Link, m *protocol.Circuit) {
	o := a.operation
	if o == nil {
		return
	}
	to := client.Node{ID: m.Node}
	c.again(a, to)
	c.w.coverage.sometimes(AskedThrough)
	switch {
	case link >= client.WayLinks:
		o.at(link - client.WayLinks).to = to
	case a.leftOn(link, client.QueryLocating):
		c.asksAhead(a, link, m)
		o.visited = append(o.visited, &visit{to: to, link: roles.NoLink, relayed: true, asked: link})
	default: // the link has broken, and another one was made for the same
		if v := o.ahead(link); v == nil || v.to != to {
			c.fail(S30, "%s asks for a circuit on the link on which it asks for nodes, and not behind them", c.who(a))
		}
	}
	if !m.Before.IsZero() {
		c.w.coverage.sometimes(AskedAgain)
	}
}

// asksAhead checks a CIRCUIT behind LOCATED: it is for a node that the relay has named, where that has named none that can be
// dialed.
func (c *checks) asksAhead(a *actor, link roles.Link, m *protocol.Circuit) {
	page := a.operation.page
	named := slices.ContainsFunc(page, func(p protocol.Peer) bool { return p.ID == m.Node })
	dials := slices.ContainsFunc(page, func(p protocol.Peer) bool { return !client.NodeOf(&p).Relayed() })
	if !named || dials || c.w.proven(a.end(link)).IsZero() {
		c.fail(S30, "%s asks for a circuit to %x behind LOCATED, which has named %v", c.who(a), m.Node[:8], page)
	}
	c.w.coverage.sometimes(AskedAhead)
}

// joinsAhead notes over which link a client joins the circuit that it has asked for behind LOCATED.
func (c *checks) joinsAhead(a *actor, link roles.Link) {
	if !slices.ContainsFunc(a.moves, func(t roles.Transition) bool {
		return t.Machine == tables[wayKind].name && t.Link == link && t.Event == "Started, with a ticket"
	}) {
		return
	}
	v := a.operation.ahead(a.relayLink(link))
	if v == nil || v.refusal != nil {
		c.fail(S30, "%s joins a circuit, and has no ticket", c.who(a))
		return
	}
	v.link = link
	c.w.coverage.sometimes(JoinedAhead)
}

// ahead returns the latest visit for which the relay was asked on a link behind LOCATED, if it has no link yet, or nil.
func (o *operation) ahead(asked roles.Link) *visit {
	for _, v := range slices.Backward(o.visited) {
		if v.link == roles.NoLink && v.asked == asked {
			return v
		}
	}
	return nil
}

// relayLink returns the link on which the fetch asks for nodes that visits one over a link.
func (a *actor) relayLink(link roles.Link) roles.Link {
	if a.kind != gatherKind {
		return 0
	}
	return link - (link-client.PipelineLinks)%client.FetchSpan
}

// leftOn reports whether the first move on a link in this step was that of a query from a state.
func (a *actor) leftOn(link roles.Link, from client.QueryState) bool {
	first := slices.IndexFunc(a.moves, func(t roles.Transition) bool { return t.Link == link })
	return first >= 0 && a.moves[first].Machine == tables[queryKind].name && a.moves[first].From == string(from)
}
