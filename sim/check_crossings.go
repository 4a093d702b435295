package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// crossings are the circuits of a relay's process in the simplest form, as they follow from what its sessions hear
// and say: S30, and of S31 the relay's part.
type crossings struct {
	limits  relay.Limits
	closed  bool
	open    []*crossing // and those that have just ended, in the order in which they were opened
	legs    map[protocol.Ticket]*leg
	ends    map[*actor]*leg
	numbers map[uint64]*crossing
	passed  map[roles.Origin]int64          // bytes, by the client's id in a closed relay, and else by its address
	waits   map[*actor]*wait                // AWAITs that are outstanding
	links   map[protocol.PeerID]*actor      // the latest on which a node has waited
	pending map[protocol.PeerID][]*crossing // whose nodes have not been told
}

// crossing is a circuit.
type crossing struct {
	node, client protocol.PeerID
	from         roles.Origin // of the client
	due          time.Duration
	legs         [2]leg // the client's and the node's
	number       uint64 // 0: nothing was spliced
	passed       int64
	moved        time.Duration
	over         bool
	late         bool            // it is over because its ends have not come in time
	why          []protocol.Code // one of these
	since        time.Duration   // it is over, at the earliest
}

// leg is one end of a crossing.
type leg struct {
	of    *crossing
	actor *actor // nil: it has not joined
	told  bool   // JOINED was said
	ended bool   // its peer has half-closed
}

// wait is an AWAIT that is outstanding.
type wait struct {
	node protocol.PeerID
	due  time.Duration
}

// tick is longer than the error of a clock that runs fast or slow, in any deadline of a circuit.
const tick = time.Millisecond

func newCrossings(limits relay.Limits, closed bool) *crossings {
	return &crossings{
		limits: limits, closed: closed, legs: map[protocol.Ticket]*leg{}, ends: map[*actor]*leg{}, numbers: map[uint64]*crossing{}, passed: map[roles.Origin]int64{},
		waits: map[*actor]*wait{}, links: map[protocol.PeerID]*actor{}, pending: map[protocol.PeerID][]*crossing{},
	}
}

func (o *crossing) joined() bool { return o.legs[0].actor != nil && o.legs[1].actor != nil }

func (o *crossing) end(now time.Duration, why ...protocol.Code) {
	if !o.over {
		o.over, o.since, o.why = true, now, why
	}
}

// tidy ends what its ends have not joined in time.
func (x *crossings) tidy(now time.Duration) {
	for _, one := range x.open {
		if !one.over && !one.joined() && one.due <= now {
			one.late = true
			one.end(now, protocol.PeerGone)
		}
	}
}

// counts returns how many circuits there are, and how many of them a client has.
func (x *crossings) counts(of roles.Origin) (all, from int) {
	for _, one := range x.open {
		if one.over {
			continue
		}
		if all++; one.from == of {
			from++
		}
	}
	return all, from
}

// left returns how many bytes a client may pass.
func (x *crossings) left(from roles.Origin) int64 {
	if !from.Bounded() || x.limits.BytesFrom == relay.NoLimit {
		return relay.NoLimit
	}
	return max(0, x.limits.BytesFrom-x.passed[from])
}

// expel ends the circuits of those who are revoked.
func (x *crossings) expel(now time.Duration, admitted func(protocol.PeerID) bool) {
	for _, one := range x.open {
		if !admitted(one.node) || !admitted(one.client) {
			one.end(now, protocol.Denied)
		}
	}
}

// whyEnded are the reasons of a relay for the end of a circuit, by the event of the session that ends it.
var whyEnded = map[string][]protocol.Code{
	"QuotaUsed": {protocol.Quota}, "Lost": {protocol.PeerGone}, "Scarce": {protocol.Busy}, "PeerEnded, and the other end": {0},
	"Expired": {protocol.PeerGone}, "Stopped": {protocol.Draining, protocol.Busy},
}

// ending ends a circuit with the first session that ends it.
func (x *crossings) ending(a *actor, t roles.Transition, now time.Duration) {
	l := x.ends[a]
	why, ends := whyEnded[t.Event]
	if l == nil || !ends || t.Machine != tables[sessionKind].name {
		return
	}
	switch relay.SessionState(t.From) {
	case relay.SessionCarrying, relay.SessionDraining:
		if t.Event == "Stopped" {
			return
		}
		if t.Event == "Expired" {
			why = []protocol.Code{protocol.Idle, protocol.Draining}
		}
	case relay.SessionJoining:
	default:
		return
	}
	l.of.end(now, why...)
}
