package client

import (
	"bytes"
	"cmp"
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
)

// Node is a node as a relay names it: where it is dialed, and which id it has to prove there. Two at one
// address are two nodes, of which one answers.
type Node struct {
	netip.AddrPort
	ID protocol.PeerID // zero: it is reached in plain
}

// NodeOf returns the node that a relay names.
func NodeOf(peer *protocol.Peer) Node { return Node{peer.Addr(), peer.ID} }

// twin returns the node at its other address, or the zero Node.
func twin(peer *protocol.Peer) Node {
	if peer.Also == nil {
		return Node{}
	}
	return Node{peer.Other(), peer.ID}
}

// Compare orders nodes by their addresses, and those of one address by their ids.
func (n Node) Compare(other Node) int {
	return cmp.Or(n.AddrPort.Compare(other.AddrPort), bytes.Compare(n.ID[:], other.ID[:]))
}
