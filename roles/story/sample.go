package story

import "github.com/relaypeer/relaypeer/protocol"

// Node returns the n-th of some node ids.
func Node(n byte) protocol.NodeID { return protocol.NodeID{n} }

// Sample returns a message of the kind, as plain as it can be.
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
		return &protocol.Content{Size: 10, Length: 10, Version: []byte{1}}
	default:
		return &protocol.Error{Code: protocol.NotFound, By: protocol.Node}
	}
}
