package sim

import (
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// cutForBytes checks S32 where a session ends a circuit over which no more may pass.
func (c *checks) cutForBytes(a *actor, t roles.Transition) {
	x := a.proc.crossings
	l := x.ends[a]
	if t.Event != "QuotaUsed" || l == nil || l.of.over || !c.honest {
		return
	}
	for _, other := range x.legs {
		if other.of.from == l.of.from && other.of.client != l.of.client {
			return
		}
	}
	var only *operation
	for _, o := range c.w.operations {
		switch {
		case o.actor.proc.host.key != l.of.client || !o.relayed():
		case only != nil:
			return
		default:
			only = o
		}
	}
	if only != nil {
		c.fail(S32, "%s cuts a circuit of %s for its bytes, which is alone with it and has heard how many may pass", c.who(a), only.op.Who)
	}
}

// relayed reports whether an operation has asked for a way to a node.
func (o *operation) relayed() bool {
	for _, v := range o.visited {
		if v.relayed && v.to != (client.Node{}) {
			return true
		}
	}
	return false
}

// oneToEach checks that a fetch, or a reader, has no other circuit to a node whose circuit is there.
func (c *checks) oneToEach(a *actor, s roles.Secure) {
	if a.kind != fetchKind && a.kind != readerKind {
		return
	}
	for _, v := range a.operation.visited {
		e := a.end(v.link)
		if v.relayed && v.to.ID == s.ID && v.link != s.Link && a.operation.at(v.link) == v && e != nil && e.tls != nil && !e.ending {
			c.fail(S32, "%s has a second circuit to %v", c.who(a), v.to)
		}
	}
}
