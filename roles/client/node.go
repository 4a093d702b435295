package client

import (
	"bytes"
	"cmp"
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
)

// Node is a node as a relay names it: where it is dialed, and which id it has to prove there. Two at one
// address are two nodes, of which one answers. Without an address it is reached through the relay.
type Node struct {
	netip.AddrPort
	ID protocol.PeerID // zero: it is reached in plain
}

// NodeOf returns the node that a relay names.
func NodeOf(peer *protocol.Peer) Node { return Node{peer.Addr(), peer.ID} }

// Relayed reports whether the node is reached through the relay.
func (n Node) Relayed() bool { return !n.AddrPort.IsValid() && !n.ID.IsZero() }

// one returns what all visits to a node have in common, at whatever address or through the relay: its id, if it has one.
func (n Node) one() Node {
	if n.ID.IsZero() {
		return n
	}
	return n.relayed()
}

// relayed returns the same node, reached through the relay.
func (n Node) relayed() Node { return Node{ID: n.ID} }

// String returns the node's address, or, of one that is reached through the relay, the begin of its id.
func (n Node) String() string {
	if n.Relayed() {
		return n.ID.Short() + " (through the relay)"
	}
	return n.AddrPort.String()
}

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
