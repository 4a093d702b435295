package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Active returns the number of leases that run at that time. It looks at all leases.
func (r *Registry) Active(now time.Duration) int {
	return len(r.Leases(now))
}

// Lease is a listed node, as Leases returns it.
type Lease struct {
	ID    protocol.PeerID
	Epoch uint64
	At    netip.AddrPort // as it was heard of last
	Also  netip.Addr     // of the other family; zero: there is none
	Until time.Duration
	protocol.Reached
}

func (l *lease) lease(now time.Duration) Lease {
	at := l.addr()
	is := Lease{ID: l.id, Epoch: l.epoch, At: at, Also: l.of(at.Addr().Is4(), now), Until: l.until}
	is.Reach = *l.reachOf(at.Addr().Is6())
	if is.Also.IsValid() {
		is.AlsoReach = *l.reachOf(at.Addr().Is4())
	}
	return is
}

// Leases returns the leases that run at that time, in no particular order. It looks at all leases.
func (r *Registry) Leases(now time.Duration) []Lease {
	r.mu.Lock()
	defer r.mu.Unlock()
	leases := []Lease{}
	for slot := range r.leases.Size() {
		if l := r.leases.At(slot); l.used() && l.until > now {
			leases = append(leases, l.lease(now))
		}
	}
	return leases
}

// LastSeen returns the nodes that were listed lately and are no longer, the latest last.
func (r *Registry) LastSeen(now time.Duration) []Sighting {
	r.mu.Lock()
	defer r.mu.Unlock()
	for slot := range r.leases.Size() { // a lapsed lease counts as ended even before its slot is swept
		if l := r.leases.At(slot); l.used() && l.until <= now {
			r.release(slot, now)
		}
	}
	return r.seen.all(now)
}
