package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// lease is a node's entry in the registry; its number in the slab is its slot. It holds no pointer,
// so that a million of them cost the garbage collector nothing.
type lease struct {
	id         protocol.PeerID
	epoch      uint64 // zero: the slot is free
	until      time.Duration
	ipv4       [4]byte
	ipv6       [16]byte
	moved      uint32        // the number of its latest move, modulo 2^32
	until4     time.Duration // then the IPv4 address lapses by itself; 0: there is none
	until6     time.Duration
	port       uint16
	proven     bool              // the id is a key that the node has proven, and no secret
	still      bool              // the addresses do not move: they were advertised, or are the only ones where the node listens
	lone       bool              // the address is a loopback one, at which alone the node listens
	advertised bool              // where, the node has said, and is believed
	doubt      uint8             // renewals until the index of an earlier registration is dropped; 0: confirmed, or none
	publishes  bool              // it has said that it will, or has published
	awaits     time.Duration     // until then it can be reached through the relay
	reach      [2]protocol.Reach // of the IPv4 and the IPv6 address; 0: nobody is to find out
	class      class
	number     uint32 // among the leases of its class

	publisher uint32 // plus one; 0: nothing is held of its index
	source    uint32 // where it was registered, plus one; 0: on loopback

	since instant // it is listed, without a gap
	heard instant // the relay has heard of it last
}

// instant is a time in seconds, which takes half the room of a time.Duration.
type instant uint32

func instantOf(now time.Duration) instant { return instant(now / time.Second) }

func (i instant) time() time.Duration { return time.Duration(i) * time.Second }

func (l *lease) used() bool { return l.epoch != 0 }

// hears takes note of a node's address, in place of the one of its family, and reports whether it is
// another.
func (l *lease) hears(addr netip.Addr, until time.Duration) (moved bool) {
	switch {
	case addr.Is4():
		moved = l.ipv4 != addr.As4()
		l.ipv4, l.until4 = addr.As4(), until
	case addr.Is6():
		moved = l.ipv6 != addr.As16()
		l.ipv6, l.until6 = addr.As16(), until
	}
	return moved
}

// renewed takes note of a renewal that came from an address, and reports whether that is new.
func (l *lease) renewed(addr netip.Addr, until time.Duration) (moved bool) {
	l.until = until
	switch {
	case !l.still:
		return l.hears(addr, until)
	case l.until4 > 0:
		l.until4 = until
	case l.until6 > 0:
		l.until6 = until
	}
	return false
}

// of returns the lease's address of a family, as it was heard of; the zero Addr: there is none.
func (l *lease) of(ipv6 bool, now time.Duration) netip.Addr {
	switch {
	case !ipv6 && l.until4 > now:
		return netip.AddrFrom4(l.ipv4)
	case ipv6 && l.until6 > now:
		return netip.AddrFrom16(l.ipv6)
	}
	return netip.Addr{}
}

// reachOf returns what is known of the address of a family.
func (l *lease) reachOf(ipv6 bool) *protocol.Reach {
	if ipv6 {
		return &l.reach[1]
	}
	return &l.reach[0]
}

// needsWay reports whether some clients can reach the node through the relay alone, as far as is known: it has not
// answered at all of its addresses, or they are not of everywhere. One that listens on loopback alone is for that machine.
func (l *lease) needsWay(now time.Duration) bool {
	if !l.proven || l.advertised || l.lone {
		return false
	}
	open := false
	for _, ipv6 := range [...]bool{false, true} {
		addr := l.of(ipv6, now)
		if !addr.IsValid() {
			continue
		}
		if !openTo(addr, *l.reachOf(ipv6)) {
			return true
		}
		open = true
	}
	return !open
}

// openTo reports whether everybody can connect to an address.
func openTo(addr netip.Addr, reach protocol.Reach) bool {
	return reach == protocol.ReachDirect && protocol.ScopeOf(addr) == protocol.Global
}

// reached returns the addresses at which a peer reaches the node, as far as that is known: that of the family
// of the peer's own link first. A node on the relay's machine, which was heard of over loopback, is reached by
// others where they reach the relay. Both are zero: the peer cannot reach the node. Proven reports whether it is
// known of one of them that somebody can.
func (l *lease) reached(by From, now time.Duration) (first, also netip.Addr, proven bool) {
	for _, ipv6 := range [...]bool{by.Peer.Is6(), !by.Peer.Is6()} {
		addr, reach := l.of(ipv6, now), *l.reachOf(ipv6)
		if reach.Failed() || !addr.IsLoopback() && !by.here() && !protocol.MeansTo(addr, by.Peer) {
			continue
		}
		if addr.IsLoopback() && !by.here() {
			if addr = by.Local; l.lone || addr.IsLoopback() {
				continue
			}
		}
		switch {
		case !addr.IsValid():
			continue
		case !first.IsValid():
			first = addr
		case addr.Is6() != first.Is6():
			also = addr
		}
		proven = proven || reach != protocol.ReachPending
	}
	return first, also, proven
}

// found reports whether a peer can reach the node: at an address, or through the relay.
func (l *lease) found(by From, now time.Duration) bool {
	first, _, _ := l.reached(by, now)
	return first.IsValid() || l.relayed(by, now)
}

// relayed reports whether a peer can reach the node through the relay. In plain nobody has an id, and no way there.
func (l *lease) relayed(by From, now time.Duration) bool {
	return l.awaits > now && l.proven && !by.ID.IsZero()
}

// addr returns where a node is, as it was heard of last: for the operator.
func (l *lease) addr() netip.AddrPort {
	addr := l.of(false, 0)
	if l.until6 > l.until4 {
		addr = l.of(true, 0)
	}
	return netip.AddrPortFrom(addr, l.port)
}
