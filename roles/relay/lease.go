package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// lease is one slot. It holds no pointer, so that a million of them cost the garbage collector nothing.
type lease struct {
	id        protocol.NodeID
	epoch     uint64 // zero: the slot is free
	until     time.Duration
	host      [16]byte
	port      uint16
	doubt     uint8  // renewals until what an earlier registration published is dropped; 0: nothing of that is held
	unindexed uint32 // its place among those whose index is not all held, plus one

	publisher uint32 // what is held of its index, plus one
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
