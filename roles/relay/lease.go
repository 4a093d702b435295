package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// lease is a node's entry in the registry; its number in the slab is its slot. It holds no pointer,
// so that a million of them cost the garbage collector nothing.
type lease struct {
	id        protocol.NodeID
	epoch     uint64 // zero: the slot is free
	until     time.Duration
	host      [16]byte
	port      uint16
	doubt     uint8 // renewals until the index of an earlier registration is dropped; 0: confirmed, or none
	publishes bool  // it has said that it will, or has published
	class     class
	number    uint32 // among the leases of its class

	publisher uint32 // plus one; 0: nothing is held of its index
}

func (l *lease) used() bool { return l.epoch != 0 }

func (l *lease) addr() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(l.host).Unmap(), l.port)
}

// appendHost appends the address in the form of protocol.IP.
func (l *lease) appendHost(hosts []byte) []byte {
	if netip.AddrFrom16(l.host).Is4In6() {
		return append(hosts, l.host[12:]...)
	}
	return append(hosts, l.host[:]...)
}
