package relay

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Waiting is what has become of a node's wait for invitations on a link.
type Waiting struct {
	Come      []protocol.Invitation
	Missed    bool   // the node has followed none of its latest MaxMissed invitations: it waits in vain
	Elsewhere bool   // it waits on another link since
	Other     uint64 // the link on which it has waited before, which is to be woken; 0: none
}

// Await notes that a node waits for invitations on a link, in place of any link before, and returns those that
// wait for it: then it waits no longer. It refuses a link for which there is no room.
func (c *Circuits) Await(at roles.Moment, node protocol.PeerID, host roles.Host, link uint64) (is Waiting, refusal *protocol.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(at.Now)
	a := c.awaits[node]
	if a == nil || a.link != link {
		if refusal := c.admit(a, host); refusal != nil {
			return is, refusal
		}
		if a != nil {
			is.Other = a.link
		}
		a = c.replace(a, node, host, link)
	}
	if is.Missed = a.missed >= roles.MaxMissed; is.Missed {
		return is, nil
	}
	a.waits, a.since = true, at.Now
	is.Come = a.take(at.Now)
	return is, nil
}

// admit refuses a link for which there is no room. A node that moves takes the room of no other one.
func (c *Circuits) admit(before *await, host roles.Host) *protocol.Error {
	switch {
	case !c.On():
		return noCircuits()
	case before != nil && before.host == host:
	case before == nil && len(c.awaits) >= c.limits.Awaits, host.Bounded() && c.hosts[host] >= roles.MaxAwaitsFrom:
		return &protocol.Error{Code: protocol.Busy, Text: "no room for another node that waits for clients", Retry: protocol.ToMillis(roles.RetryMost)}
	}
	return nil
}

func noCircuits() *protocol.Error {
	return &protocol.Error{Code: protocol.Denied, Text: "this relay makes no circuits"}
}

// replace has a node wait on another link than before, if it did. Invitations that wait go on.
func (c *Circuits) replace(before *await, node protocol.PeerID, host roles.Host, link uint64) *await {
	a := &await{link: link, host: host}
	if before != nil {
		a.pending = before.pending
		c.uncount(before.host)
	}
	c.hosts[host]++
	c.awaits[node] = a
	return a
}

func (c *Circuits) uncount(host roles.Host) {
	if c.hosts[host]--; c.hosts[host] == 0 {
		delete(c.hosts, host)
	}
}

// lapse drops the invitations that are of no use any more.
func (a *await) lapse(now time.Duration) {
	for len(a.pending) > 0 && a.pending[0].due <= now {
		a.pending = a.pending[1:]
	}
}

// uninvite takes an invitation back whose circuit is over: it would take the place of another one, and lead nowhere.
func (c *Circuits) uninvite(one *circuit) {
	if a := c.awaits[one.node]; a != nil && one.legs[OfNode].link == 0 {
		a.pending = slices.DeleteFunc(a.pending, func(i invitation) bool { return i.ticket == one.legs[OfNode].ticket })
	}
}

// take takes the invitations that wait for a node.
func (a *await) take(now time.Duration) (come []protocol.Invitation) {
	a.lapse(now)
	for _, one := range a.pending {
		come = append(come, protocol.Invitation{Ticket: one.ticket})
	}
	if a.pending = nil; len(come) > 0 {
		a.waits = false
	}
	return come
}

// Come returns the invitations that have come to a node while it waited on a link. With a reason for the wait to
// be over, it waits no longer even if nobody has come.
func (c *Circuits) Come(at roles.Moment, node protocol.PeerID, link uint64, over bool) (is Waiting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(at.Now)
	a := c.awaits[node]
	if a == nil || a.link != link {
		is.Elsewhere = a != nil
		return is
	}
	is.Come, is.Missed = a.take(at.Now), a.missed >= roles.MaxMissed
	if over {
		a.waits = false
	}
	a.since = at.Now
	return is
}

// Left notes that a node's link is gone. If it has no newer one, gone is called, before the node can wait on another: it
// must not call back.
func (c *Circuits) Left(node protocol.PeerID, link uint64, gone func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.awaits[node]; a != nil && a.link == link {
		c.uncount(a.host)
		delete(c.awaits, node)
		gone()
	}
}
