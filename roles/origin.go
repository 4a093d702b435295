package roles

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
)

// Origin is what links of one peer have in common: the id that it proves, or, where it proves none, the
// address that it comes from.
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
