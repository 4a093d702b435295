package roles

import "net/netip"

// Family is a family of addresses; 0: either.
type Family uint8

// The families.
const (
	IPv4 Family = 1 + iota
	IPv6
)

// FamilyOf returns the family of an address, an IPv4-mapped one being of IPv4; 0: the address is the
// zero Addr.
func FamilyOf(addr netip.Addr) Family {
	switch {
	case !addr.IsValid():
		return 0
	case addr.Unmap().Is4():
		return IPv4
	}
	return IPv6
}

// Other returns the other family.
func (f Family) Other() Family { return IPv4 + IPv6 - f }

// Has reports whether an address is of the family.
func (f Family) Has(addr netip.Addr) bool { return f == 0 || FamilyOf(addr) == f }

// String returns the family's name.
func (f Family) String() string { return [...]string{"any", "IPv4", "IPv6"}[f] }
