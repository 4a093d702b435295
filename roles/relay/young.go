package relay

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// young returns for how many milliseconds the registry may still lack nodes that are there, since
// the relay was restarted: they come back within the TTL that leases had of which there were so many.
// It is over before when as many are back as there were. 0: it is not young.
func (r *Registry) young(now time.Duration) uint64 {
	ttl, _ := r.cadenceOf(r.expected())
	until := r.policy.Start + ttl
	if r.policy.Earlier <= len(r.slots) || now >= until {
		r.policy.Earlier = 0 // a relay does not become young again
		return 0
	}
	return protocol.ToMillis(until - now)
}

// Expected returns how many nodes are listed, or, while the registry is young, how many were before:
// the Earlier of the policy with which a relay that ends now has to start again.
func (r *Registry) Expected(now time.Duration) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young(now) > 0 {
		return r.policy.Earlier
	}
	return len(r.slots)
}
