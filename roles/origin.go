package roles

import (
	"fmt"
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
)

// Origin is what links of one peer have in common: the id that it proves, or, where it proves none, the
// address that it comes from. It holds no pointer, and is a key of maps.
type Origin struct {
	ID   protocol.PeerID
	Host Host // zero where there is an ID
}

// OriginOf returns the origin of a link from an address on which an id was proven; zero: none was.
func OriginOf(from netip.Addr, id protocol.PeerID) Origin {
	if !id.IsZero() {
		return Origin{ID: id}
	}
	return Origin{Host: HostOf(from)}
}

// Bounded reports whether one origin has bounds of its own: see [Host.Bounded]. An id always has.
func (o Origin) Bounded() bool { return !o.ID.IsZero() || o.Host.Bounded() }

// String returns the short form of the id, or the address.
func (o Origin) String() string {
	if !o.ID.IsZero() {
		return o.ID.Short()
	}
	return o.Host.String()
}

// MarshalText returns the text form of the id, or of the address.
func (o Origin) MarshalText() ([]byte, error) {
	if !o.ID.IsZero() {
		return []byte(o.ID.String()), nil
	}
	return o.Host.MarshalText()
}

// UnmarshalText reads a text of MarshalText.
func (o *Origin) UnmarshalText(text []byte) error {
	var host Host
	if host.UnmarshalText(text) == nil {
		*o = Origin{Host: host}
		return nil
	}
	id, err := protocol.ParsePeerID(string(text))
	if err != nil {
		return fmt.Errorf("%q is neither an address nor an id: %w", text, err)
	}
	*o = Origin{ID: id}
	return nil
}
