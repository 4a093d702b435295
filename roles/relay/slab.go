package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// lease is one slot. It holds no pointer, so that a million of them cost the garbage collector nothing.
type lease struct {
	id    protocol.NodeID
	epoch uint64 // zero: the slot is free
	until time.Duration
	host  [16]byte
	port  uint16
	next  uint32 // of a free slot: the next free one, plus one
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

const blockSlots = 4096

// slab is a growing array of slots that never moves one: a slot keeps its number while it is used, which is what
// lets a client page through them while others come and go.
type slab struct {
	blocks []*[blockSlots]lease
	top    uint32 // slots ever used
	spare  uint32 // the first free one among them, plus one
}

func (s *slab) size() uint32          { return s.top }
func (s *slab) at(slot uint32) *lease { return &s.blocks[slot/blockSlots][slot%blockSlots] }

func (s *slab) take() uint32 {
	if s.spare != 0 {
		slot := s.spare - 1
		s.spare = s.at(slot).next
		return slot
	}
	if int(s.top) == len(s.blocks)*blockSlots {
		s.blocks = append(s.blocks, new([blockSlots]lease))
	}
	s.top++
	return s.top - 1
}

func (s *slab) free(slot uint32) {
	*s.at(slot) = lease{next: s.spare}
	s.spare = slot + 1
}
