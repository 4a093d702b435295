package client

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// alternates are the second addresses of nodes, by the first: a node that is listed with one of each
// family is one node, dialed at both.
type alternates map[Node]netip.AddrPort

// note notes a node's second address, if it has one.
func (a alternates) note(peer protocol.Peer) {
	if other := peer.Other(); other.IsValid() && len(a) < roles.MaxWalk {
		a[NodeOf(&peer)] = other
	}
}

// of returns a node's second address as host:port, or "".
func (a alternates) of(node Node) string {
	if other, known := a[node]; known {
		return other.String()
	}
	return ""
}

// AlternatesOf returns the second addresses of those peers that have two, by the first; nil: none has.
func AlternatesOf(peers []protocol.Peer) map[Node]netip.AddrPort {
	var a alternates
	for _, peer := range peers {
		if peer.Also != nil && a == nil {
			a = alternates{}
		}
		a.note(peer)
	}
	return a
}
