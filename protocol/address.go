package protocol

import (
	"fmt"
	"net/netip"
)

// Addr returns the peer's address.
func (p Peer) Addr() netip.AddrPort { return netip.AddrPortFrom(p.Host.Addr(), p.Port) }

// Other returns the peer's address of the other family, or the zero AddrPort.
func (p Peer) Other() netip.AddrPort {
	if p.Also == nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.Also.Addr(), p.Port)
}

// PeerAt returns the peer at an address, without its IPv6 zone, which means nothing elsewhere.
func PeerAt(at netip.AddrPort) Peer { return Peer{Host: IPOf(at.Addr()), Port: at.Port()} }

// IP is an IPv4 (4 bytes) or IPv6 (16 bytes) address as a CBOR byte string.
type IP []byte

// IPOf returns the bytes of an address; an IPv4-mapped one has 4.
func IPOf(addr netip.Addr) IP { return addr.Unmap().AsSlice() }

// Addr returns the address, or the zero Addr for other than 4 or 16 bytes.
func (ip IP) Addr() netip.Addr {
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}

func (ip IP) check(field string) *Error {
	if len(ip) != 4 && len(ip) != 16 {
		return malformed("%s: an address has 4 or 16 bytes, not %d", field, len(ip))
	}
	if len(ip) == 16 && netip.AddrFrom16([16]byte(ip)).Is4In6() {
		return malformed("%s: an IPv4 address in IPv6 form", field)
	}
	if addr := ip.Addr(); nobodys(addr) {
		return malformed("%s: %s is nobody's address", field, addr)
	}
	return nil
}

// checkAlso checks an address of the other family than a first one, which must be there.
func (ip IP) checkAlso(field string, first IP) *Error {
	if ip == nil {
		return nil
	}
	if len(first) == 0 || len(ip) == len(first) {
		return malformed("%s: two addresses of one family, or only the second", field)
	}
	return ip.check(field)
}

// nobodys reports whether an address can be no machine's.
func nobodys(addr netip.Addr) bool {
	return addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// CheckAddress returns why no peer could be sent to an address, or nil. The error is an [*Error].
func CheckAddress(addr netip.Addr) error {
	switch addr = addr.Unmap(); {
	case !addr.IsValid() || nobodys(addr):
		return &Error{Code: Denied, Text: fmt.Sprintf("%s is nobody's address", addr)}
	case addr.Is6() && addr.IsLinkLocalUnicast():
		return &Error{Code: Denied, Text: fmt.Sprintf("%s is of one link alone, and means nothing without the name of that: use another address", addr)}
	}
	return nil
}
