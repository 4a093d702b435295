package relay

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// day is the time after which the bytes of a client begin anew.
const day = 24 * time.Hour

// use is what a client has of the circuits.
type use struct {
	open  int
	bytes int64 // of this day
	since time.Duration
	paid  time.Duration // until when what has passed takes, at the client's rate
}

// origin returns under which a client's limits count. Free keys make ids worth nothing where everybody is served.
func (c *Circuits) origin(from From) roles.Origin {
	if c.closed {
		return roles.OriginOf(from.Peer, from.ID)
	}
	return roles.OriginOf(from.Peer, protocol.PeerID{})
}

// one says what has the limits of a client.
func (c *Circuits) one() string {
	if c.closed {
		return "a member"
	}
	return "an address"
}

// today returns what a client has used, of a new day if the old one is over.
func (c *Circuits) today(now time.Duration, of roles.Origin) *use {
	u := c.used[of]
	if u == nil {
		return &use{since: now}
	}
	if now-u.since >= day {
		u.bytes, u.since = 0, now
	}
	return u
}

// left returns how many bytes may pass for a client.
func (c *Circuits) left(u *use, of roles.Origin) int64 {
	if !of.Bounded() || c.limits.BytesFrom == NoLimit {
		return NoLimit
	}
	return max(0, c.limits.BytesFrom-u.bytes)
}

// Open makes a circuit from a client to a node, and invites the node. It answers Opened, or an Error: Unreachable
// if no node of that id waits, Quota with the limit that is used up, Busy if too many wait for that node.
func (c *Circuits) Open(at roles.Moment, from From, m *protocol.Circuit) (answer protocol.Message, wake uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(at.Now)
	a := c.awaits[m.Node]
	if refusal := c.refuse(at.Now, a, c.origin(from)); refusal != nil {
		return refusal, 0
	}
	one := c.make(at, from, m.Node)
	a.pending = append(a.pending, invitation{one.legs[OfNode].ticket, one.due})
	if a.waits {
		wake = a.link
	}
	return c.opened(at.Now, one, m.Before), wake
}

// make makes a circuit, to which its two ends are to come.
func (c *Circuits) make(at roles.Moment, from From, node protocol.PeerID) *circuit {
	c.last++
	one := &circuit{
		number: c.last, node: node, client: from.ID, from: roles.HostOf(from.Peer), origin: c.origin(from),
		due: at.Now + roles.JoinTimeout, moved: at.Now,
	}
	for side := range one.legs {
		one.legs[side] = leg{of: one, side: Side(side), ticket: c.ticket(at.Rand, one.number, Side(side))}
		c.tickets[one.legs[side].ticket] = &one.legs[side]
	}
	c.open[one.number] = one
	c.unjoined = append(c.unjoined, unjoined{one.number, one.due})
	u := c.today(at.Now, one.origin)
	u.open++
	c.used[one.origin] = u
	return one
}

// opened is the answer to a client.
func (c *Circuits) opened(now time.Duration, one *circuit, before protocol.Ticket) *protocol.Opened {
	answer := &protocol.Opened{Ticket: one.legs[OfClient].ticket, Millis: protocol.ToMillis(roles.CircuitIdle)}
	if u := c.used[one.origin]; c.left(u, one.origin) != NoLimit {
		answer.Bytes, answer.Refill = uint64(c.left(u, one.origin)), protocol.ToMillis(refills(now, u))
	}
	if c.limits.Rate != NoLimit {
		answer.Rate = uint64(c.limits.Rate)
	}
	if end, known := c.ended[before]; known {
		answer.Last, answer.LastBytes = end.Code, uint64(end.Bytes)
	}
	return answer
}

// refuse returns why there is no circuit to a node, or nil.
func (c *Circuits) refuse(now time.Duration, a *await, client roles.Origin) *protocol.Error {
	u := c.today(now, client)
	if a != nil {
		a.lapse(now)
	}
	switch {
	case !c.On():
		return noCircuits()
	case a == nil || !a.waits && now-a.since >= roles.AwaitGap || a.missed >= roles.MaxMissed:
		return &protocol.Error{Code: protocol.Unreachable, Text: "no node of that id waits for clients here"}
	case len(c.open) >= c.limits.Circuits:
		return quota(roles.BusyRetry, "the relay makes %d circuits at once, and all are in use", c.limits.Circuits)
	case client.Bounded() && u.open >= c.limits.CircuitsFrom:
		return c.taken(client)
	case c.left(u, client) == 0:
		return c.usedUp(now, u, client)
	case c.used[client] == nil && len(c.used) >= roles.MaxRated && !c.forget(now):
		return quota(roles.RetryMost, "the relay counts for %d clients a day, and has so many", roles.MaxRated)
	case len(a.pending) >= protocol.MaxInvitations:
		return &protocol.Error{Code: protocol.Busy, Text: "many clients wait for that node", Retry: protocol.ToMillis(roles.BusyRetry)}
	}
	return nil
}

// taken returns the refusal of a client that has as many circuits at once as it may.
func (c *Circuits) taken(client roles.Origin) *protocol.Error {
	most := c.limits.CircuitsFrom
	if most == 0 {
		return quota(freed(most), "%s may have no circuit through this relay", c.one())
	}
	return quota(freed(most), "%s has %d circuits at once, and %s has them", c.one(), most, client)
}

// freed returns when to ask again for one of so many that are in use: for one of none soon is in vain.
func freed(most int) time.Duration {
	if most == 0 {
		return day
	}
	return roles.BusyRetry
}

// usedUp returns the refusal of a client that has had its bytes.
func (c *Circuits) usedUp(now time.Duration, u *use, client roles.Origin) *protocol.Error {
	refills := refills(now, u)
	return quota(refills, "%s passes %d bytes a day through this relay, and %s has passed them; it may pass more in %v",
		c.one(), c.limits.BytesFrom, client, refills.Round(time.Second))
}

// refills returns after which time the bytes of a client begin anew.
func refills(now time.Duration, u *use) time.Duration { return max(time.Second, u.since+day-now) }

func quota(refills time.Duration, format string, args ...any) *protocol.Error {
	return &protocol.Error{Code: protocol.Quota, Text: fmt.Sprintf(format, args...), Retry: protocol.ToMillis(refills)}
}

// forget forgets the clients whose day is over, and reports whether there is room for another one. It looks through
// all of them, and so once in a while only.
func (c *Circuits) forget(now time.Duration) bool {
	if c.forgot > 0 && now-c.forgot < forgetEvery {
		return false
	}
	c.forgot = now
	for client, u := range c.used {
		if u.open == 0 && now-u.since >= day {
			delete(c.used, client)
		}
	}
	return len(c.used) < roles.MaxRated
}

const forgetEvery = time.Second

// Joining is what became of a JOIN.
type Joining struct {
	Circuit uint64 // 0: there is none for that ticket
	Side    Side
	Client  protocol.PeerID
	Both    bool          // the other end is there, on the link Other
	Other   uint64        // that is to be woken
	Wait    time.Duration // for the other end
}

// Join makes a link the end of a circuit that a ticket is for. A ticket is good once.
func (c *Circuits) Join(at roles.Moment, link uint64, ticket protocol.Ticket) Joining {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(at.Now)
	mine := c.tickets[ticket]
	if mine == nil {
		return Joining{}
	}
	delete(c.tickets, ticket)
	mine.link = link
	one := mine.of
	if mine.side == OfNode {
		if a := c.awaits[one.node]; a != nil {
			a.missed = 0
		}
	}
	one.moved = at.Now
	other := &one.legs[1-mine.side]
	return Joining{Circuit: one.number, Side: mine.side, Client: one.client, Both: one.joined(), Other: other.link, Wait: one.due - at.Now}
}
