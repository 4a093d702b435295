package main

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// The file of the examples, of six groups: that of a tree vector, under a name that is not all ASCII.
const (
	exampleName     = "verse/größe.txt"
	exampleSize     = 5*protocol.GroupSize + 12_345
	exampleFirst    = 4 // the group from which on it is fetched
	exampleIndex    = 0x5eed
	exampleDate     = 1580702706 // when it was last changed, in seconds
	exampleModified = exampleDate * 1_000_000_000
	exampleEpoch    = 1795409521243900
)

// exampleTree returns the hash of the examples' file, and its tree.
func exampleTree() (protocol.Hash, []byte) {
	data := make([]byte, exampleSize)
	for i := range data {
		data[i] = byte(i % 251)
	}
	var values []protocol.Hash
	for at := 0; at < len(data); at += protocol.GroupSize {
		group := data[at:min(at+protocol.GroupSize, len(data))]
		values = append(values, content.ChainingValue(uint64(len(values)), group, false))
	}
	return content.Build(values)
}

// exampleInvite is the first one of the vectors.
func exampleInvite() *protocol.Invite {
	invite := &protocol.Invite{Token: protocol.TokenID{1, 2, 3, 4, 5}}
	for i := range invite.Secret {
		invite.Secret[i] = byte(i)
	}
	return invite
}

// exampleTicket returns a ticket of consecutive bytes.
func exampleTicket(first byte) (t protocol.Ticket) {
	for i := range t {
		t[i] = first + byte(i)
	}
	return t
}

// examples are one message of each kind.
func examples() []protocol.Message {
	const offset, groups = exampleFirst * protocol.GroupSize, 6
	id := exampleID()
	hash, tree := exampleTree()
	held := protocol.Held{Index: exampleIndex, Sequence: 2500}
	host := protocol.IP{192, 0, 2, 7}
	ipv6 := protocol.IP{0x20, 0x01, 0x0d, 0xb8, 15: 0x07}
	return []protocol.Message{
		&protocol.Register{ID: id, Epoch: exampleEpoch, Port: 40123},
		&protocol.Registered{TTL: 90_000, Renew: 30_000, Host: host, Port: 40123},
		&protocol.Renew{ID: id, Epoch: exampleEpoch},
		&protocol.Renewed{TTL: 90_000, Renew: 30_000, Held: held},
		&protocol.Leave{ID: id, Epoch: exampleEpoch},
		&protocol.Left{},
		&protocol.Publish{ID: id, Epoch: exampleEpoch, Index: exampleIndex, From: 2500, To: 2502, Latest: 2502, Changes: []protocol.Entry{
			{Name: exampleName, Size: exampleSize, Hash: hash, Modified: exampleDate}, {Name: "old.txt"},
		}},
		&protocol.Published{Index: exampleIndex, Sequence: 2502},
		&protocol.Locate{Name: exampleName},
		&protocol.Located{Peers: []protocol.Peer{
			{Host: host, Port: 40123, Hash: hash, Size: exampleSize}, {Host: ipv6, Port: 4000},
		}, Cursor: []byte{1, 2, 3, 4}},
		&protocol.List{Pattern: "verse/**/*.txt", Holders: 2},
		&protocol.Listed{
			Items: []protocol.Item{{Name: exampleName, Size: exampleSize, Hash: hash, Count: 1, Holders: []uint64{0}, Modified: exampleDate}},
			Peers: []protocol.Peer{{Host: host, Port: 40123}},
		},
		exampleInvite().Enter([protocol.ExporterSize]byte{31: 1}, id),
		&protocol.Entered{Role: protocol.NodeRole},
		&protocol.Await{ID: id, Epoch: exampleEpoch, Wait: 20_000},
		&protocol.Awaited{
			Renewed:     protocol.Renewed{TTL: 90_000, Renew: 30_000, Held: held, Reached: protocol.Reached{Await: 1}},
			Invitations: []protocol.Invitation{{Ticket: exampleTicket(0x40)}},
		},
		&protocol.Circuit{Node: id},
		&protocol.Opened{Ticket: exampleTicket(0x50), Bytes: 1 << 30, Millis: 60_000},
		&protocol.Join{Ticket: exampleTicket(0x50)},
		&protocol.Joined{},
		&protocol.Get{Name: exampleName, Hash: hash, Offset: offset, Length: exampleSize - offset},
		&protocol.Content{Size: exampleSize, Offset: offset, Length: exampleSize - offset, Hash: hash, Modified: exampleModified},
		&protocol.Tree{Name: exampleName, First: exampleFirst},
		&protocol.Outboard{
			Size: exampleSize, Hash: hash, First: exampleFirst, Count: groups - exampleFirst,
			Nodes:    content.Slice(tree, groups, exampleFirst, groups-exampleFirst),
			Modified: exampleModified, Executable: true,
		},
		&protocol.Hashing{Done: 3 * protocol.GroupSize, Size: exampleSize},
		&protocol.Error{Code: protocol.Busy, By: protocol.Relay, Text: "no room for another link", Retry: 2000},
	}
}
