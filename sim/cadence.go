package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// slowest is the time between two renewals of a lease where the relay spaces them and all nodes are there.
const slowest = roles.RenewAfter * 4 / 3

// announceRate returns how many announces a second the relay asks for. In one scenario of four it is so
// few that leases grow longer when the last nodes come. Where strangers register there is no bound on
// how long they grow.
func (w *World) announceRate() float64 {
	if w.scenario.Seed%4 != 1 || len(w.scenario.Nodes) == 0 || w.scenario.AttacksRelay() {
		return roles.AnnounceRate
	}
	return float64(len(w.scenario.Nodes)) / slowest.Seconds()
}

// runs returns for how long a lease runs of which a node is told so now: as long as the relay says. It
// says so by the number of leases, with those of which it has not noticed yet that they have lapsed, and
// while it is young with those that are to come back.
func (o *oracle) runs(now time.Duration, id protocol.PeerID, told uint64) time.Duration {
	live, known := 1, 1
	for other, k := range o.known {
		if other == id {
			continue
		}
		known++
		if k.live(now) {
			live++
		}
	}
	ttl := roles.Millis(told)
	if least, most := o.ttlOf(live), o.ttlOf(max(known, o.earlier)); ttl < least || ttl > most {
		o.w.check.fail(S4, "of %d leases one runs for %v, which is not between %v and %v", live, ttl, least, most)
	}
	if ttl > roles.LeaseTTL {
		o.w.coverage.sometimes(Spaced)
	}
	o.w.longest = max(o.w.longest, ttl)
	return ttl
}

// ttlOf is the TTL of so many leases.
func (o *oracle) ttlOf(leases int) time.Duration {
	spaced := time.Duration(float64(leases) / o.w.announceRate() * float64(time.Second)).Truncate(time.Millisecond)
	const renewals = roles.LeaseTTL / roles.RenewAfter // in a TTL
	return max(roles.LeaseTTL, min(spaced, roles.MaxWait/renewals)*renewals)
}

// converges returns within which time the world converges once all faults have ended. Where leases were
// longer than usual, nodes come back later, and a relay is young for longer.
func (w *World) converges() time.Duration {
	return convergence + max(0, w.longest-roles.LeaseTTL)*106/100
}
