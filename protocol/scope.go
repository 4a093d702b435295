package protocol

import (
	"encoding/binary"
	"net/netip"
)

// Scope is how far an address means the same machine: the larger, the farther. SPEC "Addresses".
type Scope uint8

// The scopes.
const (
	Loopback  Scope = iota // one machine
	LinkLocal              // one link
	Private                // one site: what the registries call not globally reachable
	Global                 // everywhere
)

// site returns how many bits of a private address all addresses of its site begin with; 0: the address is global.
// 10.0.0.0/8 and the carriers' 100.64.0.0/10 are one network where they are used at all; of the other blocks each
// /16 is one, and of IPv6 each /48 (RFC 4193, 3.1). Private is what the registries of RFC 6890 call not globally
// reachable. It is asked for each node that a relay hands out.
func site(addr netip.Addr) int {
	if addr.Is4() {
		return siteOf4(addr.As4())
	}
	return siteOf6(addr.As16())
}

func siteOf4(b [4]byte) int {
	private := false
	switch b[0] {
	case 10:
		return 8
	case 100:
		if b[1]&0xc0 == 64 {
			return 10
		}
	case 172:
		private = b[1]&0xf0 == 16
	case 192:
		private = b[1] == 168 || b[1] == 0 && (b[2] == 0 || b[2] == 2)
	case 198:
		private = b[1]&0xfe == 18 || b[1] == 51 && b[2] == 100
	case 203:
		private = b[1] == 0 && b[2] == 113
	default:
		private = b[0] == 0 || b[0] >= 240
	}
	if private {
		return 16
	}
	return 0
}

func siteOf6(b [16]byte) int {
	private := false
	switch binary.BigEndian.Uint16(b[:]) {
	case 0x0064: // 64:ff9b:1::/48, of translators
		private = binary.BigEndian.Uint32(b[2:]) == 0xff9b0001
	case 0x0100: // 100::/64, which discards
		private = binary.BigEndian.Uint64(b[:]) == 0x0100<<48
	case 0x2001: // 2001:2::/48 for benchmarks, 2001:db8::/32 for documents
		private = binary.BigEndian.Uint16(b[2:]) == 0x0db8 || binary.BigEndian.Uint32(b[2:]) == 0x00020000
	case 0x5f00: // segment routing
		private = true
	default: // fc00::/7, and 3fff::/20 for documents
		private = b[0]&0xfe == 0xfc || b[0] == 0x3f && b[1] == 0xff && b[2]&0xf0 == 0
	}
	if private {
		return 48
	}
	return 0
}

// share reports whether two addresses of one family begin with the same bits.
func share(a, b netip.Addr, bits int) bool {
	if a.Is4() {
		x, y := a.As4(), b.As4()
		return (binary.BigEndian.Uint32(x[:])^binary.BigEndian.Uint32(y[:]))>>(32-bits) == 0
	}
	x, y := a.As16(), b.As16()
	return (binary.BigEndian.Uint64(x[:])^binary.BigEndian.Uint64(y[:]))>>(64-bits) == 0
}

// ScopeOf returns the scope of an address.
func ScopeOf(addr netip.Addr) Scope {
	addr = addr.Unmap()
	switch {
	case addr.IsLoopback():
		return Loopback
	case addr.IsLinkLocalUnicast():
		return LinkLocal
	case site(addr) > 0:
		return Private
	}
	return Global
}

// Names returns the scope that an address has at least if a relay may name it to a client: that of the relay's
// own address, as the client has dialed it from another one. A relay of the Internet has nothing to say about the
// client's private network, or its machine; one in that network has, also where the two speak over global
// IPv6 addresses of one site, and one on that machine.
func Names(relay, client netip.Addr) Scope {
	relay, client = relay.Unmap(), client.Unmap()
	switch scope := ScopeOf(relay); {
	case !relay.IsValid() || relay == client || client.IsLoopback():
		return Loopback
	case scope == Global && relay.Is6() && client.Is6() && share(relay, client, homeBits):
		return Private
	default:
		return scope
	}
}

// homeBits is how many bits the global IPv6 addresses of a home have in common: it gets a /56 at most (RFC 6177).
const homeBits = 56

// MeansTo reports whether an address may mean the same machine to a peer that is seen at another one. What
// cannot be judged counts as yes: a private address says nothing about a peer that is seen at an address of the
// other family.
func MeansTo(addr, peer netip.Addr) bool {
	addr, peer = addr.Unmap(), peer.Unmap()
	switch scope := ScopeOf(addr); {
	case scope == Global || addr == peer:
		return true
	case scope == Loopback:
		return peer.IsLoopback()
	case addr.Is4() != peer.Is4():
		return true
	case scope == LinkLocal:
		return peer.IsLinkLocalUnicast()
	}
	return share(addr, peer, site(addr))
}
