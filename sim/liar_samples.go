package sim

import "github.com/relaypeer/relaypeer/protocol"

// sample returns a well-formed message of a kind.
func sample(kind protocol.Kind) protocol.Message {
	id, ip, hash := sampleKey, protocol.IP{10, 9, 9, 9}, protocol.Hash{9}
	switch kind {
	case protocol.KindRegister:
		return &protocol.Register{ID: id, Epoch: 1, Port: 1}
	case protocol.KindRenew:
		return &protocol.Renew{ID: id, Epoch: 1}
	case protocol.KindLeave:
		return &protocol.Leave{ID: id, Epoch: 1}
	case protocol.KindPublish:
		return &protocol.Publish{ID: id, Epoch: 1, Index: 1, To: 1, Latest: 1}
	case protocol.KindLocate:
		return &protocol.Locate{}
	case protocol.KindList:
		return &protocol.List{}
	case protocol.KindGet:
		return &protocol.Get{Name: "x"}
	case protocol.KindTree:
		return &protocol.Tree{Name: "x"}
	case protocol.KindRegistered:
		return &protocol.Registered{TTL: 90000, Renew: 30000, Host: ip, Port: 1}
	case protocol.KindRenewed:
		return &protocol.Renewed{TTL: 90000, Renew: 30000}
	case protocol.KindLeft:
		return &protocol.Left{}
	case protocol.KindPublished:
		return &protocol.Published{Index: 1, Sequence: 1}
	case protocol.KindLocated:
		return &protocol.Located{}
	case protocol.KindListed:
		return &protocol.Listed{}
	case protocol.KindContent:
		return &protocol.Content{Size: 3, Length: 3, Hash: hash}
	case protocol.KindOutboard:
		return &protocol.Outboard{Size: 3, Hash: hash, Count: 1}
	case protocol.KindHashing:
		return &protocol.Hashing{Done: 1, Size: 3}
	case protocol.KindEnter:
		return &protocol.Enter{Token: protocol.TokenID{9}}
	case protocol.KindEntered:
		return &protocol.Entered{Role: protocol.BothRoles}
	case protocol.KindAwait:
		return &protocol.Await{ID: id, Epoch: 1, Wait: 5000}
	case protocol.KindAwaited:
		return &protocol.Awaited{Renewed: protocol.Renewed{TTL: 90000, Renew: 30000}}
	case protocol.KindCircuit:
		return &protocol.Circuit{Node: id}
	case protocol.KindOpened:
		return &protocol.Opened{Ticket: protocol.Ticket{9}}
	case protocol.KindJoin:
		return &protocol.Join{Ticket: protocol.Ticket{9}}
	case protocol.KindJoined:
		return &protocol.Joined{}
	default:
		return &protocol.Error{Code: protocol.Denied, By: protocol.Node}
	}
}

// kindNamed returns the kind with a name.
func kindNamed(name string) (protocol.Kind, bool) {
	for i := range protocol.Kinds {
		if protocol.Kinds[i].Name == name {
			return protocol.Kinds[i].Kind, true
		}
	}
	return 0, false
}

// nonsense returns bytes that are not a message, by name.
func nonsense(name string) ([]byte, bool) {
	switch name {
	case "junk":
		return []byte("GET / HTTP/1.1\r\n\r\n"), true
	case "large":
		return []byte{'R', 'P', protocol.Version, byte(protocol.KindLeft), 0x7f, 0xff, 0xff, 0xff}, true
	case "version":
		return []byte{'R', 'P', 99, byte(protocol.KindLeft), 0, 0, 0, 1, 0xa0}, true
	case "unknown":
		return []byte{'R', 'P', protocol.Version, 0x55, 0, 0, 0, 1, 0xa0}, true
	case "badcbor":
		return []byte{'R', 'P', protocol.Version, byte(protocol.KindLeft), 0, 0, 0, 2, 0xa0, 0xa0}, true
	}
	return nil, false
}
