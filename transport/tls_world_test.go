package transport_test

import (
	"context"
	"net/netip"
	"sync"

	"github.com/relaypeer/relaypeer/transport"
)

// keyed is a network of TLS on which each listener has a key of its own, as if it were of another
// program. All dials are one peer's.
type keyed struct {
	*transport.TLS
	mu   sync.Mutex
	keys map[netip.AddrPort]*transport.TLS
}

func overTLS(below transport.Network) *keyed {
	return &keyed{TLS: &transport.TLS{Network: below}, keys: map[netip.AddrPort]*transport.TLS{}}
}

func (k *keyed) Listen(ctx context.Context, address string) (transport.Listener, error) {
	own := k.peer()
	l, err := own.Listen(ctx, address)
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.keys[l.Addr()] = own
	}
	return l, err
}

// peer returns the network of a peer with a key of its own.
func (k *keyed) peer() *transport.TLS { return &transport.TLS{Network: k.Below()} }

// at returns the network of the peer that listens at an address, or of one with a key of its own.
func (k *keyed) at(at netip.AddrPort) *transport.TLS {
	k.mu.Lock()
	defer k.mu.Unlock()
	if own := k.keys[at]; own != nil {
		return own
	}
	return k.peer()
}
