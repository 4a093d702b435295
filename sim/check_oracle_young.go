package sim

import (
	"time"
)

// relayMark is what a relay leaves on its disk for its next start: how many nodes it had.
type relayMark struct {
	nodes int
	at    time.Duration // when it was written, or became due
}

// A relay writes its mark when nodes have come, within markSoon, and otherwise each markEvery.
const (
	markSoon  = time.Second
	markEvery = time.Minute
)

// remember has the relay write its mark if that is due.
func (o *oracle) remember(now time.Duration) {
	if o.soon.nodes > 0 && now-o.soon.at >= markSoon {
		o.mark, o.soon = o.soon, relayMark{}
	}
	o.young(now) // as the registry, which is over it once it was asked
	switch nodes := o.registry.Expected(now); {
	case nodes > max(o.mark.nodes, o.soon.nodes):
		o.soon = relayMark{nodes, now}
	case now-o.mark.at >= markEvery:
		o.mark = relayMark{nodes, now}
	}
}

// leaves returns how many nodes a relay that ends now will find that it had. One that is killed has
// not noticed the last moments.
func (o *oracle) leaves(now time.Duration, killed bool) int {
	o.remember(now)
	if killed {
		return o.mark.nodes
	}
	return o.registry.Expected(now)
}

// young reports whether the relay may lack nodes that were there before its start, as they come back
// within the TTL of so many: until as many are back.
func (o *oracle) young(now time.Duration) bool {
	back := 0
	for _, k := range o.known {
		if !k.left {
			back++
		}
	}
	if back >= o.earlier || now >= o.start+o.ttlOf(o.earlier) {
		o.earlier = 0
	}
	return o.earlier > 0
}

// saidYoung checks S21 for an answer.
func (o *oracle) saidYoung(said uint64, is bool) {
	if is {
		o.w.coverage.sometimes(WasYoung)
	}
	if said > 0 != is {
		o.w.check.fail(S21, "a relay that is young: %t, says that it is so for %d ms", is, said)
	}
}

// telling is a page that a relay took from a node: it tells of the node's share as of a moment, and
// whether that is all.
type telling struct {
	at, asOf time.Duration
	whole    bool
}
