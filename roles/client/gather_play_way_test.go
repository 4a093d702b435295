package client_test

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// brokers answers as a relay that makes four circuits at once.
func (p *play) brokers(link roles.Link, ask protocol.Message) {
	var answer protocol.Message
	switch ask := ask.(type) {
	case *protocol.Circuit:
		open := 0
		for _, wire := range p.links {
			if wire.joins {
				open++
			}
		}
		to := client.Node{ID: ask.Node}
		answer = &protocol.Opened{Ticket: protocol.Ticket(ask.Node[:protocol.TicketSize])}
		if open >= roles.MaxCircuitsFrom {
			answer = &protocol.Error{Code: protocol.Quota, By: protocol.Relay, Retry: 2000}
		} else if node := p.nodes[to]; node == nil || node.gone {
			answer = &protocol.Error{Code: protocol.Unreachable, By: protocol.Relay}
		}
	case *protocol.Join:
		wire := p.links[link]
		copy(wire.node.ID[:], ask.Ticket[:])
		answer = &protocol.Joined{}
		if node := p.nodes[wire.node]; node.absent > 0 {
			node.absent--
			answer = &protocol.Error{Code: protocol.PeerGone, By: protocol.Relay}
		}
	}
	p.post(link, roles.Heard{Link: link, Message: answer})
}

// secure has the node at the other end of a circuit prove its id.
func (p *play) secure(e roles.Secure) {
	wire := p.links[e.Link]
	if wire.node.ID != e.ID {
		p.t.Fatalf("link %d leads to %s, and expects %x", e.Link, wire.node, e.ID)
	}
	wire.to = wire.node
	p.nodes[wire.to].dialled++
	p.post(e.Link, roles.Opened{Link: e.Link, ID: e.ID})
}
