package roles

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Host is what counts as one address where something is bounded for each: an IPv4 address, or an IPv6
// /64, which one machine may have. It holds no pointer, and is a key of maps.
type Host struct {
	bits [8]byte
	ipv6 bool
}

// HostOf returns what an address counts as. An IPv4-mapped one is IPv4.
func HostOf(addr netip.Addr) (h Host) {
	switch addr = addr.Unmap(); {
	case addr.Is4():
		four := addr.As4()
		copy(h.bits[:], four[:])
	case addr.Is6():
		six := addr.As16()
		copy(h.bits[:], six[:])
		h.ipv6 = true
	}
	return h
}

// Bounded reports whether one address has bounds of its own: all but loopback do, behind which are the
// programs of the same machine. The IPv6 /64 of loopback has no other address.
func (h Host) Bounded() bool {
	if h.ipv6 {
		return binary.BigEndian.Uint64(h.bits[:]) != 0
	}
	return h.bits[0] != 127
}

// String returns the address, or the prefix of an IPv6 one.
func (h Host) String() string {
	if !h.ipv6 {
		return netip.AddrFrom4([4]byte(h.bits[:4])).String()
	}
	var six [16]byte
	copy(six[:], h.bits[:])
	return netip.PrefixFrom(netip.AddrFrom16(six), 64).String()
}

// MarshalText returns String's text.
func (h Host) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads a text of MarshalText.
func (h *Host) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddr(string(text)); err == nil && addr.Is4() {
		*h = HostOf(addr)
		return nil
	}
	if prefix, err := netip.ParsePrefix(string(text)); err == nil && prefix.Addr().Is6() && prefix.Bits() == 64 {
		*h = HostOf(prefix.Addr())
		return nil
	}
	return fmt.Errorf("%q is neither an IPv4 address nor an IPv6 /64", text)
}
