package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// awaits follows the AWAITs of a session: each is answered once, before anything that comes behind it, with all that wait
// for its node.
func (c *checks) awaits(a *actor, in roles.Input, effects []roles.Effect) {
	x := a.proc.crossings
	owed, answered, refused := 0, 0, 0
	before := x.waits[a]
	if before != nil {
		owed++
	}
	heard, _ := in.(roles.Heard)
	m, asks := heard.Message.(*protocol.Await)
	if asks {
		owed++
	}
	if owed == 0 {
		c.leavesAwait(a, in)
		return
	}
	delete(x.waits, a)
	for _, effect := range effects {
		send, is := effect.(roles.Send)
		switch said := send.Message.(type) {
		case *protocol.Awaited:
			if answered++; answered > owed {
				c.fail(S30, "%s answers an AWAIT twice", c.who(a))
			}
			c.invites(a, said)
		case *protocol.Error:
			refused++
		default:
			if is && before != nil && answered == 0 {
				c.fail(S30, "%s answers what comes behind an AWAIT before that: %s", c.who(a), describe(send.Message))
			}
		}
	}
	waits := a.state == string(relay.SessionAwaiting)
	_, lost := in.(roles.Lost)
	if waits {
		owed--
	}
	if owed > answered+refused && !lost {
		c.fail(S30, "%s does not answer an AWAIT", c.who(a))
	}
	switch {
	case waits && asks:
		x.waits[a] = &wait{m.ID, c.w.relay.local(c.w.now) + min(roles.AwaitMost, roles.Millis(m.Wait))}
	case waits:
		x.waits[a] = before
	}
	if asks && refused == 0 {
		x.links[m.ID] = a
	}
	c.leavesAwait(a, in)
}

// invites compares the invitations of an AWAITED with those who wait for the node.
func (c *checks) invites(a *actor, m *protocol.Awaited) {
	x, now, id := a.proc.crossings, c.w.relay.local(c.w.now), c.w.proven(a.end(0))
	come := slices.DeleteFunc(x.pending[id], func(one *crossing) bool { return one.over || one.due <= now })
	x.pending[id] = come
	if len(m.Invitations) == 0 && (len(come) == 0 || x.links[id] != a) {
		return
	}
	x.pending[id] = nil
	if len(come) != len(m.Invitations) {
		c.fail(S30, "%s says that %d clients wait for its node, and %d do", c.who(a), len(m.Invitations), len(come))
		return
	}
	for i, one := range m.Invitations {
		if x.legs[one.Ticket] != nil {
			c.fail(S30, "%s gives a ticket again", c.who(a))
		}
		x.legs[one.Ticket] = &come[i].legs[1]
	}
}

// leavesAwait notes that the link on which a node has waited is its no longer: who waits for it waits in vain.
func (c *checks) leavesAwait(a *actor, in roles.Input) {
	e := a.end(0)
	if e == nil {
		return
	}
	x, id := a.proc.crossings, c.w.proven(e)
	heard, _ := in.(roles.Heard)
	_, leaves := heard.Message.(*protocol.Leave)
	if x.links[id] == a && (leaves || a.state == string(relay.SessionRejecting) || a.state == string(relay.SessionClosed)) {
		delete(x.links, id)
		delete(x.pending, id)
		if k, now := a.proc.oracle.known[id], c.w.relay.local(c.w.now); k.live(now) && k.awaits > now {
			c.fail(S30, "%s leaves its node among those that are reached through the relay, and it has no other link", c.who(a))
		}
	}
}
