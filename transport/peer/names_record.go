package peer

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// A record of a name is the name, a zero, hash and size, and then, inverted so that more comes first,
// the number of nodes, the date, and some of the nodes: so names are sorted, and the same contents come
// together. That of a content within a name begins with whether it is unknown, and the number of nodes.
const (
	identitySize = protocol.HashSize + 8
	countSize    = 8
	dateSize     = len(protocol.PackedDate{})
	unknownSize  = 1
)

var errNoRecord = errors.New("the temporary file is not what was written")

// appendByCount appends the record of a content within its name.
func appendByCount(b, content []byte) []byte {
	identity, count := content[:identitySize], content[identitySize:identitySize+countSize]
	b = append(b, byte(unknown(protocol.Hash(identity))))
	b = append(append(b, count...), identity...)
	return append(b, content[identitySize+countSize:]...)
}

func contentOf(name string, record []byte) (client.Offer, error) {
	offer := client.Offer{Name: name, Count: ^binary.BigEndian.Uint64(record[unknownSize:])}
	record = record[unknownSize+countSize:]
	offer.Hash, offer.Size = protocol.Hash(record[:protocol.HashSize]), binary.BigEndian.Uint64(record[protocol.HashSize:])
	record = record[identitySize:]
	offer.Modified = protocol.PackedDate(record[:dateSize]).Seconds()
	for record = record[dateSize:]; len(record) > 0; {
		node, rest, is := cutNode(record)
		if !is {
			return offer, errNoRecord
		}
		offer.Holders, record = append(offer.Holders, node), rest
	}
	return offer, nil
}

// unknown returns 1 for the hash of no content, which comes last, and 0 otherwise.
func unknown(hash protocol.Hash) int {
	if hash.IsZero() {
		return 1
	}
	return 0
}

// appendNode appends a node, so that those with an id, or without, are sorted as [client.Node.Compare]
// does: the size of the address and whether there is an id, address, port, id.
func appendNode(b []byte, node client.Node) []byte {
	address, head := node.Addr().AsSlice(), byte(0)
	if !node.ID.IsZero() {
		head = withID
	}
	b = append(append(b, head|byte(len(address))), address...)
	b = binary.BigEndian.AppendUint16(b, node.Port())
	if head == withID {
		b = append(b, node.ID[:]...)
	}
	return b
}

const withID = 0x80

// cutNode returns the first node of a record, and what is behind it.
func cutNode(b []byte) (node client.Node, rest []byte, is bool) {
	if len(b) == 0 {
		return node, nil, false
	}
	size, known := int(b[0]&^withID), b[0]&withID != 0
	if b = b[1:]; len(b) < size+2 {
		return node, nil, false
	}
	address, is := netip.AddrFromSlice(b[:size])
	node.AddrPort, rest = netip.AddrPortFrom(address, binary.BigEndian.Uint16(b[size:])), b[size+2:]
	if known {
		if len(rest) < protocol.PeerIDSize {
			return node, nil, false
		}
		node.ID, rest = protocol.PeerID(rest), rest[protocol.PeerIDSize:]
	}
	return node, rest, is || size == 0 // a node that is reached through the relay has no address
}
