package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// s24 checks what a closed relay says to a peer: nothing but denied, and the answer to ENTER, to one that
// it has not admitted, or whom its owner has revoked. Whoever has been told that he is admitted is so until then.
func (c *checks) s24(a *actor, send roles.Send) {
	e := a.end(send.Link)
	if c.w.gate == nil || a.kind != sessionKind || e == nil {
		return
	}
	g, id := c.w.gate, c.w.proven(e)
	_, is := g.members[id]
	if g.entered[id] && !is {
		c.fail(S24, "%s has told %x that it is admitted, and has lost that", c.who(a), id[:8])
	}
	switch m := send.Message.(type) {
	case *protocol.Error:
		if m.Code == protocol.Denied && !is {
			c.w.coverage.sometimes(Stranger)
		}
	case *protocol.Entered:
		c.w.coverage.sometimes(Entered)
		g.entered[id] = true
		if !is {
			c.fail(S24, "%s says that it has admitted %x, which is not durable", c.who(a), id[:8])
		}
	case *protocol.Joined: // to one that has shown a ticket, which members alone are given
	default:
		if !g.admitted(id) {
			c.fail(S24, "%s says %s to %x, which it has not admitted, or not any more", c.who(a), m.Kind(), id[:8])
		}
	}
}

// s24Admits checks that a token admits those who have its invite, and no more than it may.
func (c *checks) s24Admits(a *actor, e roles.Admit) {
	t := c.w.gate.tokens[e.Token]
	if !c.w.gate.holds[holding{e.ID, e.Token}] {
		c.fail(S24, "%s admits %x by the invite of %s", c.who(a), e.ID[:8], t.of)
	}
	if _, is := c.w.gate.members[e.ID]; !is && c.w.gate.used(e.Token) >= t.uses {
		c.fail(S24, "%s admits %x by an invite that is used up", c.who(a), e.ID[:8])
	}
}
