package main

import "github.com/relaypeer/relaypeer/protocol"

// examples are one message of each kind.
func examples() []protocol.Message {
	id := protocol.NodeID{}
	for i := range id {
		id[i] = byte(i)
	}
	version := []byte{0xc0, 0xff, 0xee, 0x01}
	host := protocol.IP{192, 0, 2, 7}
	ipv6 := protocol.IP{0x20, 0x01, 0x0d, 0xb8, 15: 0x07}
	return []protocol.Message{
		&protocol.Register{ID: id, Epoch: 1795409521243900, Port: 40123},
		&protocol.Registered{TTL: 90_000, Renew: 30_000, Host: host, Port: 40123},
		&protocol.Renew{ID: id, Epoch: 1795409521243900},
		&protocol.Renewed{TTL: 90_000, Renew: 30_000},
		&protocol.Leave{ID: id, Epoch: 1795409521243900},
		&protocol.Left{},
		&protocol.Locate{Name: "verse/größe.txt"},
		&protocol.Located{Peers: []protocol.Peer{{Host: host, Port: 40123}, {Host: ipv6, Port: 4000}}, Cursor: []byte{1, 2, 3, 4}},
		&protocol.Get{Name: "verse/größe.txt", Offset: protocol.MaxRange, Version: version},
		&protocol.Content{Size: 20_000_000, Offset: protocol.MaxRange, Length: 20_000_000 - protocol.MaxRange, Version: version},
		&protocol.Error{Code: protocol.Busy, By: protocol.Relay, Text: "no room for another link", Retry: 2000},
	}
}
