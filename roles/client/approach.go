package client

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// approach makes the link of a visit, for a Source or a Pipeline: it dials the node, or has a Way lead to it.
type approach struct {
	link   roles.Link
	also   string          // another address of the node; empty: there is none
	last   netip.Addr      // that is to be tried last
	broker Broker          // through which it is reached if it has no address
	before protocol.Ticket // of the last circuit to it, which was cut
	grant  grant           // a circuit to it that is there already
	way    *Way
	meter  meter
	watch  func(roles.Transition)
}

// bare returns the approach of another visit on a link.
func (a *approach) bare(link roles.Link) approach {
	a.way.use(link)
	a.way.reset(Broker{}, Node{}, protocol.Ticket{})
	return approach{link: link, way: a.way}
}

// connect dials the node, or makes a way to it through the relay.
func (a *approach) connect(at roles.Moment, node Node) []roles.Effect {
	if !node.Relayed() {
		return []roles.Effect{roles.Dial{Link: a.link, To: node.String(), ID: node.ID, Also: a.also, Last: a.last}}
	}
	a.way.reset(a.broker, node, a.before)
	if a.grant.open != nil && a.meter.granted(a.grant.open) { // otherwise the relay says anew that too little may pass
		a.way.holds(a.grant)
	}
	a.way.meter = &a.meter
	a.way.watch(a.watch)
	return a.way.Step(at, roles.Started{})
}

// pass passes an input on to the way, and returns what that means for the visit: Opened, or nil. Failed says that there
// will be no way.
func (a *approach) pass(at roles.Moment, in roles.Input) (effects []roles.Effect, is roles.Input, failed bool) {
	making := a.way.making()
	effects = a.way.Step(at, in)
	switch {
	case !making || a.way.making():
		return effects, nil, false
	case a.way.State() == WayThere:
		return effects, a.way.there, false
	}
	return effects, nil, true
}

// ticket returns that of the circuit over which the link leads; zero: there is none.
func (a *approach) ticket() (t protocol.Ticket) {
	if a.way.State() == WayThere {
		t = a.way.open.Ticket
	}
	return t
}

// made reports whether the link is there, or was. The link of a circuit may be there before its way is.
func (a *approach) made(relaying bool) bool { return !relaying || a.way.dialed }

// leastRate is how many bytes a second a node has to send at least.
const leastRate = uint64(roles.MinProgress / (roles.ProgressTimeout / time.Second))

// groupPatience returns for how long a node is waited for at first that is to send groups of so many bytes. Where the
// relay lets so many bytes a second pass, for all circuits of the client together, that is twice as long as a group takes
// over each of so many: who is left before brings nothing, what has passed counts all the same, and the next node is no
// faster. A rate below that which is demanded of a node is taken for that one, so that no relay's word makes a node be
// waited for without an end.
func (a *approach) groupPatience(unit uint64, circuits int) time.Duration {
	if a.way.State() != WayThere || a.way.open.Rate == 0 {
		return roles.GroupPatience
	}
	takes := unit * uint64(max(1, circuits)) * uint64(time.Second) / max(leastRate, a.way.open.Rate)
	return max(roles.GroupPatience, 2*time.Duration(takes))
}
