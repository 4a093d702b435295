package relay

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// mostEnded bounds the ends of circuits that a relay remembers.
const mostEnded = 1 << 14

// Joined reports whether both ends of a circuit are there, and whether it is there at all.
func (c *Circuits) Joined(number uint64) (both, there bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.open[number]
	return one != nil && one.joined(), one != nil
}

// Grant returns how many bytes may pass next from one end, and after which time. Without any, the bytes of the client
// are used up.
//
// What other directions of the client's circuits have been granted at the same time is not taken off, so that a client may
// pass a piece more for each of them. To reserve it would be no better: a direction in which nothing passes keeps what it
// was granted for as long as its circuit is open, and another one would be cut before its client has had its bytes.
func (c *Circuits) Grant(at roles.Moment, number uint64) (bytes uint64, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.open[number]
	if one == nil {
		return 0, 0
	}
	piece := min(roles.CircuitPiece, c.left(c.today(at.Now, one.origin), one.origin))
	if rate := c.limits.Rate; rate != NoLimit {
		piece = min(piece, max(leastPiece, rate/paces))
		wait = max(0, *c.paid(one)-at.Now)
		one.rests = at.Now + wait
	}
	return uint64(piece), wait
}

// paid returns until when what has passed for a circuit's client takes. Who has no limits has a rate for each circuit.
func (c *Circuits) paid(one *circuit) *time.Duration {
	if one.origin.Bounded() {
		return &c.used[one.origin].paid
	}
	return &one.paid
}

// A client with a rate passes what it may in a second in so many pieces, or fewer of the least size.
const (
	paces      = 8
	leastPiece = 4 << 10
)

// Moved counts bytes that have passed.
func (c *Circuits) Moved(at roles.Moment, number uint64, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.open[number]
	if one == nil {
		return
	}
	c.now = max(c.now, at.Now)
	one.bytes += bytes
	one.moved = at.Now
	u := c.today(at.Now, one.origin)
	u.bytes += bytes
	if rate := c.limits.Rate; rate != NoLimit && rate > 0 {
		paid := c.paid(one)
		*paid = max(*paid, at.Now) + time.Duration(float64(bytes)/float64(rate)*float64(time.Second))
		one.rests = *paid
	}
}

// Quiet returns for how long nothing has passed that might have: a piece that waits for its time is none.
func (c *Circuits) Quiet(at roles.Moment, number uint64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one := c.open[number]; one != nil {
		return at.Now - max(one.moved, one.rests)
	}
	return roles.CircuitIdle
}

// Ended notes that the peer of one end has half-closed. Over reports that both have: the circuit is at its end, and
// the other link is to be woken.
func (c *Circuits) Ended(at roles.Moment, number uint64, side Side) (over bool, other uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.open[number]
	if one == nil {
		return true, 0
	}
	one.legs[side].ended, one.moved = true, at.Now
	if !one.legs[1-side].ended {
		return false, 0
	}
	c.end(at.Now, one, 0)
	return true, one.legs[1-side].link
}

// Cut ends a circuit for a reason, and returns the other link, which is to be woken; 0: there is none. A time that
// is not known is the latest.
func (c *Circuits) Cut(at roles.Moment, number uint64, side Side, why protocol.Code) (other uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one := c.open[number]
	if one == nil {
		return 0
	}
	if c.now = max(c.now, at.Now); c.now >= one.due {
		c.miss(one)
	}
	c.end(c.now, one, why)
	return one.legs[1-side].link
}

// end takes a circuit out, and remembers why it ended.
func (c *Circuits) end(now time.Duration, one *circuit, why protocol.Code) {
	delete(c.open, one.number)
	for side := range one.legs {
		delete(c.tickets, one.legs[side].ticket)
	}
	c.uninvite(one)
	u := c.used[one.origin]
	if u.open--; u.open == 0 && u.bytes == 0 {
		delete(c.used, one.origin)
	}
	if len(c.order) >= mostEnded {
		delete(c.ended, c.order[0])
		c.order = c.order[1:]
	}
	ticket := one.legs[OfClient].ticket
	c.ended[ticket] = End{why, one.bytes, now}
	c.order = append(c.order, ticket)
	if c.Over == nil {
		return
	}
	over := Over{Node: one.node, Client: one.client, From: one.from, Joined: one.joined(), Code: why, Bytes: one.bytes}
	if why == protocol.Quota {
		over.Text = c.usedUp(now, c.today(now, one.origin), one.origin).Text
	}
	c.Over(over)
}

// Expel cuts the circuits of all ids that are not to be kept, and returns the links that are to be woken: theirs, and
// those on which such nodes wait. Others have their turn while it asks.
func (c *Circuits) Expel(now time.Duration, keep func(id protocol.PeerID) bool) (wake []uint64) {
	expelled := c.ids()
	for id := range expelled {
		if keep(id) {
			delete(expelled, id)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range expelled {
		if a := c.awaits[id]; a != nil {
			wake = append(wake, a.link)
		}
	}
	for _, one := range c.open {
		if expelled[one.node] || expelled[one.client] {
			wake = append(wake, one.links()...)
			c.end(now, one, protocol.Denied)
		}
	}
	return wake
}

// ids returns those that wait, and those of the ends of circuits.
func (c *Circuits) ids() map[protocol.PeerID]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make(map[protocol.PeerID]bool, len(c.awaits)+len(c.open))
	for id := range c.awaits {
		ids[id] = true
	}
	for _, one := range c.open {
		ids[one.node], ids[one.client] = true, true
	}
	return ids
}

// links returns those of the ends that have joined.
func (o *circuit) links() (numbers []uint64) {
	for side := range o.legs {
		if number := o.legs[side].link; number != 0 {
			numbers = append(numbers, number)
		}
	}
	return numbers
}
