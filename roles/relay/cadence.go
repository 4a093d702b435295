package relay

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// cadence returns for how long a lease runs that is granted or renewed now, and after how long its
// node is to renew it. The more leases there are the longer both are, so that all nodes together
// announce themselves no more often than the policy says: a renewal costs a handshake. While the
// relay is young the nodes that are to come back count as if they were there; otherwise the first of
// them would soon come again, among those that are still on their way.
func (r *Registry) cadence(now time.Duration) (ttl, renew time.Duration) {
	leases := len(r.slots)
	if r.young(now) > 0 {
		leases = max(leases, r.expected())
	}
	return r.cadenceOf(leases)
}

// cadenceOf is the cadence of so many leases.
func (r *Registry) cadenceOf(leases int) (ttl, renew time.Duration) {
	const renewals = roles.LeaseTTL / roles.RenewAfter // in a TTL
	renew = r.policy.TTL / renewals
	spaced := min(float64(leases)/r.policy.AnnounceRate, (roles.MaxWait / renewals).Seconds())
	if slow := time.Duration(spaced * float64(time.Second)).Truncate(time.Millisecond); slow > renew {
		return slow * renewals, slow
	}
	return r.policy.TTL, renew
}

// expected returns how many nodes were listed before the relay was started, or 0 where nobody can
// tell: there were no more than the relay takes.
func (r *Registry) expected() int {
	if r.policy.Earlier > r.policy.MaxLeases {
		return 0
	}
	return r.policy.Earlier
}

// times returns a lease's two times in milliseconds, as they stand in responses.
func times(ttl, renew time.Duration) (ttlMillis, renewMillis uint64) {
	return protocol.ToMillis(ttl), protocol.ToMillis(renew)
}
