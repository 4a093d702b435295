package relay

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// spot returns the address at which a node that registers is listed, and whether that stays as it
// is. The zero Addr: no other machine, and no program on the relay's, can reach the node.
func (r *Registry) spot(from From, m *protocol.Register) (host netip.Addr, still bool, refusal protocol.Message) {
	from.Peer, from.Local = plain(from.Peer), plain(from.Local)
	host = from.Peer
	switch {
	case m.Advertise != nil && m.Advertise.Addr() != host:
		if host = m.Advertise.Addr(); !r.policy.AllowAdvertise {
			return host, true, &protocol.Error{
				Code: protocol.Denied,
				Text: fmt.Sprintf("advertising %s from %s is not allowed here", host, from.Peer),
			}
		}
		still = true
	case m.Advertise != nil:
		still = true
	case m.Listens != nil && from.here():
		return m.Listens.Addr(), true, nil
	case m.Listens != nil:
		return netip.Addr{}, true, nil
	}
	if err := protocol.AsError(protocol.CheckAddress(host)); err != nil {
		return host, still, err
	}
	return host, still, nil
}

// addresses is where a lease is listed, in the forms of REGISTERED and RENEWED.
type addresses struct {
	host, also protocol.IP
	reached    protocol.Reached
}

// listed returns where a lease is listed: first at its address of the family over which its node asks, if
// there is one.
func (r *Registry) listed(l *lease, now time.Duration, ipv6 bool) (is addresses) {
	for _, ipv6 := range [...]bool{ipv6, !ipv6} {
		switch addr, reach := l.of(ipv6, now), *l.reachOf(ipv6); {
		case !addr.IsValid():
		case is.host == nil:
			is.host, is.reached.Reach = protocol.IPOf(addr), reach
		default:
			is.also, is.reached.AlsoReach = protocol.IPOf(addr), reach
		}
	}
	if r.policy.Circuits && l.needsWay(now) {
		is.reached.Await = 1
	}
	return is
}

// Awaits implements [Directory].
func (r *Registry) Awaits(at roles.Moment, id protocol.PeerID, until time.Duration) (is protocol.Held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	slot, held := r.slots[id]
	if !held {
		return is
	}
	l := r.leases.At(slot)
	was := l.awaits > at.Now
	if l.awaits = until; !was && until > at.Now { // a walk that has passed it would miss it
		r.moved(slot)
	}
	return r.held(slot)
}
