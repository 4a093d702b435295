package client

import (
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// grant is a circuit that a relay has opened on the link on which it was asked for nodes: that saves the first visit
// the round trips of a link.
type grant struct {
	node  Node
	open  *protocol.Opened // nil: there is none
	at    netip.AddrPort   // of the relay, on the link that gave the ticket
	asked time.Duration    // since when
	given time.Duration    // when
}

// good reports whether the ticket is for a node, and is so young that its JOIN comes in time.
func (g *grant) good(node Node, now time.Duration) bool {
	return g.open != nil && g.node == node && now-g.given < roles.JoinTimeout/2
}

// ahead returns the circuit that is asked for behind a page of nodes: that to the first of them, where all are reached
// through the relay. Such nodes stand behind all others, and no node of an earlier page is left to ask then.
func (f *Fetch) ahead(page *protocol.Located) *protocol.Circuit {
	dialed := func(peer protocol.Peer) bool { return !NodeOf(&peer).Relayed() }
	if f.request.Direct || len(f.candidates)+len(f.behind) > 0 || slices.ContainsFunc(page.Peers, dialed) {
		return nil
	}
	for i := range page.Peers {
		if one := &page.Peers[i]; !f.met(NodeOf(one)) && !f.met(twin(one)) && !f.otherThan(one) && len(f.listed) < roles.MaxWalk {
			return &protocol.Circuit{Node: one.ID}
		}
	}
	return nil
}

// heard evaluates an answer of the relay. A circuit is kept for the first visit to its node.
func (f *Fetch) heard(answer protocol.Message) {
	switch m := answer.(type) {
	case *protocol.Located:
		f.located(m)
		if circuit, is := f.query.ask.(*protocol.Circuit); is {
			f.grant = grant{node: Node{ID: circuit.Node}, asked: f.now.Now}
		}
	case *protocol.Opened:
		f.grant.open, f.grant.at, f.grant.given = m, f.query.at, f.now.Now
	}
}

// refused evaluates what became of a circuit that was asked for behind a page of nodes: that there is none counts as a
// visit to its node, and so does one over which too little may pass. Nobody joins that one, nor any other one: each would
// keep a place from others until it lapses.
func (f *Fetch) refused(r QueryResult) {
	node := f.grant.node
	v := Visited{Busy: r.soon(f.query.retry), Retry: f.query.retry, Broke: r.broke()}
	v.Spent = r.Code == protocol.Quota && !v.Busy
	switch why, useless := f.useless(); {
	case useless:
		v, r, f.grant.open = Visited{Spent: true}, QueryResult{protocol.Quota, protocol.Relay, why}, nil
	case r.Code == 0:
		return
	}
	v.Tried = Tried{Node: node, Code: r.Code, By: r.By, Text: r.Text, Took: f.now.Now - f.grant.asked}
	asked := func(one Node) bool { return one == node }
	f.candidates, f.behind = slices.DeleteFunc(f.candidates, asked), slices.DeleteFunc(f.behind, asked)
	f.visited(v)
}

// useless reports whether too little may pass over the circuit that was opened, whatever becomes of others, and says so.
func (f *Fetch) useless() (why string, is bool) {
	if f.grant.open == nil {
		return "", false
	}
	m := meter{all: &allowance{}, need: f.picker.needs(f.picker.size(f.listed[f.grant.node]))}
	if m.granted(f.grant.open) {
		return "", false
	}
	return m.refuses(), true
}

// take returns the circuit that is kept for a visit, if it is still of use. It is good for one.
func (f *Fetch) take(node Node) (kept grant) {
	if f.grant.node != node {
		return grant{}
	}
	if f.grant.good(node, f.now.Now) {
		kept = f.grant
	}
	f.grant = grant{}
	return kept
}
