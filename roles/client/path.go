package client

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// path measures a link, to tell how much has to be under way so that its node need never wait for a
// request.
type path struct {
	groups uint64        // that have come, right
	trip   time.Duration // the shortest time from a request to the first word of its answer; 0: none is known
	double int64         // bytes: twice as many as came in such a time, of late at best
	latest int64         // the same by the latest group alone
}

// sent is when a request went out, and how many groups had come by then.
type sent struct {
	at     time.Duration
	groups uint64
}

func (p *path) sends(now time.Duration) sent { return sent{now, p.groups} }

// answered notes the first word of an answer. One that had to wait for the answers before it says
// little, and is no shortest one.
func (p *path) answered(to sent, now time.Duration) {
	if took := now - to.at; p.trip == 0 || took < p.trip {
		p.trip = took
	}
}

// brought counts a right group that answers a request. The rate is the best of late: an eighth of it
// is forgotten with each group.
func (p *path) brought(to sent, now time.Duration) {
	p.groups++
	p.double -= p.double / 8
	if took := now - to.at; took > 0 {
		p.latest = 2 * int64(p.groups-to.groups) * protocol.GroupSize * int64(p.trip) / int64(took)
		p.double = max(p.double, p.latest)
	}
}

// window returns how many groups should be under way: two at first, and beyond those no more than three
// times what the node has delivered, so that a liar costs no more.
func (p *path) window() uint64 {
	return min(2+3*p.groups, max(roles.NearWindow, uint64(p.double))/protocol.GroupSize)
}

func (p *path) pace(relayed bool) Pace {
	return Pace{Window: p.window(), Soon: p.soon(), Near: p.near(), Relayed: relayed}
}

// soon returns how many groups come within two round trips: whoever else were asked for them would
// hardly bring them before.
func (p *path) soon() uint64 { return uint64(p.latest) / protocol.GroupSize }

// near returns how many groups come within CircuitPatience.
func (p *path) near() uint64 {
	return uint64(p.rate() * roles.CircuitPatience.Seconds() / protocol.GroupSize)
}

// rate returns how many bytes come in a second, by the latest group.
func (p *path) rate() float64 {
	if p.trip == 0 {
		return 0
	}
	return float64(p.latest) / 2 / p.trip.Seconds()
}
