package rolestest

import "github.com/relaypeer/relaypeer/protocol"

// Node returns the n-th of 256 node ids.
func Node(n byte) protocol.PeerID { return protocol.PeerID{n} }

// Hash returns the n-th of 256 hashes.
func Hash(n byte) protocol.Hash { return protocol.Hash{n} }

// Ticket returns the n-th of 256 tickets; Ticket(0) is none.
func Ticket(n byte) protocol.Ticket { return protocol.Ticket{n} }

// Invite returns an invite of the relay Node(9).
func Invite() *protocol.Invite {
	return &protocol.Invite{Addresses: []string{"relay:4000"}, Relay: Node(9), Token: protocol.TokenID{7}, Role: protocol.BothRoles, Expires: 1}
}

// Sample returns the simplest valid message of a kind.
func Sample(kind protocol.Kind) protocol.Message {
	switch kind {
	case protocol.KindRegister:
		return &protocol.Register{ID: Node(1), Epoch: 1, Port: 4000}
	case protocol.KindRenew:
		return &protocol.Renew{ID: Node(1), Epoch: 1}
	case protocol.KindLeave:
		return &protocol.Leave{ID: Node(1), Epoch: 1}
	case protocol.KindLocate:
		return &protocol.Locate{}
	case protocol.KindGet:
		return &protocol.Get{Name: "a.txt"}
	case protocol.KindRegistered:
		return &protocol.Registered{TTL: 90_000, Renew: 30_000, Host: protocol.IP{192, 0, 2, 1}, Port: 4000}
	case protocol.KindRenewed:
		return &protocol.Renewed{TTL: 90_000, Renew: 30_000}
	case protocol.KindLeft:
		return &protocol.Left{}
	case protocol.KindLocated:
		return &protocol.Located{}
	case protocol.KindContent:
		return &protocol.Content{Size: 10, Length: 10, Hash: Hash(1)}
	case protocol.KindTree:
		return &protocol.Tree{Name: "a.txt"}
	case protocol.KindOutboard:
		return &protocol.Outboard{Size: 10, Hash: Hash(1), Count: 1}
	case protocol.KindHashing:
		return &protocol.Hashing{Done: 5, Size: 10}
	case protocol.KindPublish:
		return &protocol.Publish{ID: Node(1), Epoch: 1, Index: 1}
	case protocol.KindPublished:
		return &protocol.Published{Index: 1}
	case protocol.KindList:
		return &protocol.List{}
	case protocol.KindListed:
		return &protocol.Listed{}
	case protocol.KindEnter:
		return Invite().Enter([protocol.ExporterSize]byte{}, Node(1))
	case protocol.KindEntered:
		return &protocol.Entered{Role: protocol.BothRoles}
	case protocol.KindAwait:
		return &protocol.Await{ID: Node(1), Epoch: 1, Wait: 20_000}
	case protocol.KindAwaited:
		return &protocol.Awaited{Renewed: protocol.Renewed{TTL: 90_000, Renew: 30_000, Reached: protocol.Reached{Await: 1}}}
	case protocol.KindCircuit:
		return &protocol.Circuit{Node: Node(9)} // Node(1) is a weak key
	case protocol.KindOpened:
		return &protocol.Opened{Ticket: Ticket(1)}
	case protocol.KindJoin:
		return &protocol.Join{Ticket: Ticket(1)}
	case protocol.KindJoined:
		return &protocol.Joined{}
	default:
		return &protocol.Error{Code: protocol.NotFound, By: protocol.Node}
	}
}
