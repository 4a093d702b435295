package client

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// others are the second addresses of nodes, by the first: a node that is listed with one of each
// family is one node, dialed at both.
type others map[netip.AddrPort]netip.AddrPort

// note notes a node's second address, if it has one.
func (o others) note(peer protocol.Peer) {
	if other := peer.Other(); other.IsValid() && len(o) < roles.MaxWalk {
		o[peer.Addr()] = other
	}
}

// of returns a node's second address as host:port, or "".
func (o others) of(node netip.AddrPort) string {
	if other, known := o[node]; known {
		return other.String()
	}
	return ""
}

// OthersOf returns the second addresses of those peers that have two, by the first; nil: none has.
func OthersOf(peers []protocol.Peer) map[netip.AddrPort]netip.AddrPort {
	var o others
	for _, peer := range peers {
		if peer.Also != nil && o == nil {
			o = others{}
		}
		o.note(peer)
	}
	return o
}
