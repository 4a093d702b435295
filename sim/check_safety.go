package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// step checks the effects of a step before they are carried out.
func (c *checks) step(a *actor, in roles.Input, effects []roles.Effect) {
	if a.kind == strangerKind {
		return
	}
	switch in := in.(type) {
	case roles.Heard:
		c.heard(a, in, effects)
		c.s23(a, in, effects)
	case roles.Stopped:
		commits := a.state == string(client.FetchCommitting) || a.state == string(client.GatherStopping)
		if a.operation != nil && !a.final && !commits {
			c.fail(C5, "%s goes on although it was told to stop", c.who(a))
		}
	default:
		if a.operation != nil {
			c.learned(a, in)
		}
	}
	if a.operation != nil {
		if v := a.operation.at(roles.LinkOf(in)); v != nil {
			v.ahead.answered(in)
		}
		if a.operation.reading != nil {
			a.operation.reading.told(in)
		}
	}
	c.s6(a, effects)
	c.s30(a, in, effects)
	c.comesBack(a, in, effects)
	c.s31(a, in, effects)
	c.s28(a, in, effects)
	if a.kind == uploadKind {
		c.inVain(a)
	}
	if a.kind == gatherKind {
		c.s18(a, effects)
	}
	for i, effect := range effects {
		switch effect := effect.(type) {
		case roles.Send:
			c.said(a, effect, effects[i+1:])
		case roles.OpenStore:
			c.s14(a, effect)
			c.s17(a, effect)
		}
	}
}

// said checks a message that a machine sends.
func (c *checks) said(a *actor, send roles.Send, then []roles.Effect) {
	c.s24(a, send)
	switch m := send.Message.(type) {
	case *protocol.Error:
		c.refusal(a, send.Link, m, then)
	case *protocol.Get:
		c.s12(a, send.Link, m)
		c.s26(a, send.Link, m)
	case *protocol.Circuit:
		c.asksThrough(a, send.Link, m)
	case *protocol.Publish:
		a.composes(m, c.w.now)
	}
}

// heard checks S8 for a message that a machine received.
func (c *checks) heard(a *actor, in roles.Heard, effects []roles.Effect) {
	kind, g := in.Message.Kind(), a.grammar(in.Link)
	at := slices.IndexFunc(a.moves, func(t roles.Transition) bool { return t.Machine == g.name && t.Link == in.Link })
	if at < 0 {
		c.fail(S8, "%s heard %s and its table has nothing to say about it", c.who(a), kind)
		return
	}
	state := a.moves[at].From
	allowed, hearing := g.hears[state]
	if !hearing {
		c.fail(S8, "%s heard %s while %s, where it hears nothing", c.who(a), kind, state)
		return
	}
	if !allowed[kind] {
		c.w.coverage.illegal(g.kind, state, kind)
		if !parts(effects, in.Link, protocol.Unexpected) {
			c.fail(S8, "%s heard %s while %s and did not answer ERROR(unexpected) and close", c.who(a), kind, state)
		}
	}
	if refusal, is := in.Message.(*protocol.Error); is && a.kind == uploadKind && refusal.Code == protocol.BadHash {
		a.accuse(c.w.now)
	}
	if a.operation != nil {
		a.operation.heard(in)
		c.walks(a.operation)
	}
}

// walks checks that a walk through the nodes of a relay ends, whatever the relay says.
func (c *checks) walks(o *operation) {
	searches := 1
	if o.reading != nil {
		searches += mostReads
	}
	if o.gather != nil {
		searches += 2 * len(o.gather.names) // by content, and by name alone where nobody delivers that
	}
	if o.op.Do != scenario.DoLocate && o.walked > len(o.listed)+searches*(roles.MaxEmptyPages+2) {
		c.fail(S9, "%s has heard %d pages of %d nodes", o.op.Who, o.walked, len(o.listed))
	}
}

// heard records what an operation learns from a message.
func (o *operation) heard(in roles.Heard) {
	switch m := in.Message.(type) {
	case *protocol.Located:
		o.more, o.page = m.Cursor != nil, m.Peers
		o.walked++
		o.young, o.withheld = o.young || m.Young > 0, o.withheld || m.Withheld > 0 || m.LeftOut > 0
		for i := range m.Peers {
			peer := &m.Peers[i]
			is := spotOf(peer)
			if !slices.ContainsFunc(o.listed, func(p protocol.Peer) bool {
				return p.ID == peer.ID && (p.Host == nil && peer.Host == nil || spotOf(&p).meets(is))
			}) {
				o.listed = append(o.listed, *peer)
			}
		}
	case *protocol.Error:
		v := o.at(in.Link)
		if v == nil {
			return
		}
		if m.Code == protocol.NotFound || m.Code == protocol.Changed && o.op.Pin > 0 {
			o.denied = append(o.denied, v.to)
		}
		o.indexing = o.indexing || m.Code == protocol.Indexing
		if v.wrong && (m.Code == protocol.Changed || m.Code == protocol.Internal) {
			v.wrong = false // its file changed during the transfer
		}
	}
}

// learned records what an operation learns of its content: S13.
func (c *checks) learned(a *actor, in roles.Input) {
	o := a.operation
	switch in := in.(type) {
	case roles.Verified:
		if o.gather != nil {
			c.came(a, in)
			return
		}
		o.firm = o.firm || o.op.Once && !o.had.Has(in.Group) // what an earlier try left is not given out again
		o.had.Add(in.Group)
	case roles.StoreCommitted:
		c.unplaced(in)
	case roles.BodyWrong:
		c.w.coverage.sometimes(WrongGroup)
		v := o.at(in.Link)
		if v == nil {
			return
		}
		if v.wrong {
			c.fail(S13, "a second wrong group from %v was received for %q", v.to, o.op.Name)
		}
		v.wrong = true
	}
}

// ready records the groups that a store has from the start.
func (c *checks) ready(o *operation, want roles.OpenStore, has roles.Groups) {
	o.had, o.begun = slices.Clone(has), want.Hash
}

// s12 checks that no request is for a group that is there.
func (c *checks) s12(a *actor, link roles.Link, get *protocol.Get) {
	if a.operation != nil && a.operation.reading != nil {
		c.asksAsWanted(a, link, get)
		return
	}
	if a.kind != fetchKind || len(a.operation.stores) == 0 || get.Hash != a.operation.begun {
		return
	}
	for g := get.Offset / group; g*group < get.Offset+get.Length; g++ {
		if a.operation.had.Has(g) {
			c.fail(S12, "%s asks for group %d of %q, which is there", c.who(a), g, a.operation.op.Name)
		}
	}
}

// s14 checks that a fetch delivers one content: the one that was pinned, or the one of which bytes
// have been delivered for good.
func (c *checks) s14(a *actor, want roles.OpenStore) {
	o := a.operation
	if o == nil || a.kind != fetchKind {
		return
	}
	if pin := c.w.pinned(o.op.Pin); !pin.IsZero() && want.Hash != pin {
		c.fail(S14, "%s begins another content of %q than was asked for", c.who(a), o.op.Name)
	}
	if o.firm && want.Hash != o.begun {
		c.fail(S14, "%s begins another content of %q when some of the first has been given out", c.who(a), o.op.Name)
	}
}

// s17 checks that a fetch asks all listed nodes that may have the content of its part before it
// begins another content.
func (c *checks) s17(a *actor, want roles.OpenStore) {
	o := a.operation
	pin := c.w.pinned(o.op.Pin)
	if o.gather != nil {
		return
	}
	if o.left.IsZero() || want.Hash == o.left || !pin.IsZero() && pin != o.left || c.w.relay.lie != scenario.Honest {
		return
	}
	for i := range o.listed {
		p := &o.listed[i]
		other := !p.Hash.IsZero() && p.Hash != o.left
		if !other && !slices.ContainsFunc(o.visited, func(v *visit) bool { return v.to == client.NodeOf(p) }) {
			c.fail(S17, "%s gives up its part of %q for another content, and has not asked %v", c.who(a), o.op.Name, p.Addr())
		}
	}
}

// parts reports whether the effects send an ERROR with the code and then end the link.
func parts(effects []roles.Effect, link roles.Link, code protocol.Code) bool {
	for i, effect := range effects {
		if send, is := effect.(roles.Send); is && send.Link == link {
			if _, waited := send.Message.(*protocol.Awaited); waited { // the answer to what was outstanding
				continue
			}
			refusal, is := send.Message.(*protocol.Error)
			return is && refusal.Code == code && ends(effects[i+1:], link)
		}
	}
	return false
}

// ends reports whether the effects half-close or close the link.
func ends(effects []roles.Effect, link roles.Link) bool {
	for _, effect := range effects {
		switch effect := effect.(type) {
		case roles.HalfClose:
			if effect.Link == link {
				return true
			}
		case roles.HangUp:
			if effect.Link == link {
				return true
			}
		}
	}
	return false
}

// refusal checks S8 for an ERROR that a machine sends.
func (c *checks) refusal(a *actor, link roles.Link, refusal *protocol.Error, then []roles.Effect) {
	if refusal.Code.Closes() && !ends(then, link) {
		c.fail(S8, "%s sent ERROR(%s), after which the sender ends the link, and did not", c.who(a), refusal.Code)
	}
	switch refusal.Code {
	case protocol.Unexpected, protocol.Malformed, protocol.TooLarge, protocol.BadVersion, protocol.UnknownKind:
		if c.honest {
			c.fail(S8, "%s sent %v, although all hosts are honest and no bit flipped", c.who(a), refusal)
		}
	case protocol.BadHash:
		if c.honest {
			c.fail(S13, "%s sent %v, although all hosts are honest and no bit flipped or rotted", c.who(a), refusal)
		}
	}
}

// dialled records which node a client visits.
func (c *checks) dialled(a *actor, d roles.Dial) {
	c.expects(a, d)
	o, link := a.operation, d.Link
	switch {
	case o != nil && d.Plain:
		c.joinsAhead(a, d.Link)
		return
	case o == nil:
		return
	case link >= client.WayLinks: // to whom becomes known with the CIRCUIT
		o.visited = append(o.visited, &visit{link: link - client.WayLinks, relayed: true})
		return
	case d.To == c.w.relay.dialledAs():
		return
	}
	to := dialed(d)
	c.again(a, to)
	o.visited = append(o.visited, &visit{to: to, link: link})
	if h := c.w.byAddress[to.AddrPort]; h == nil || h.proc == nil {
		c.w.coverage.sometimes(StaleEntry)
	}
}

// again checks S13: a liar is not asked again.
func (c *checks) again(a *actor, to client.Node) {
	o := a.operation
	for _, v := range o.visited {
		if v.to == to && v.wrong && o.gather == nil {
			c.fail(S13, "%v, which sent a wrong group, is asked again for %q", to, o.op.Name)
		}
	}
}

const mostQueued = 2 * (protocol.HeaderSize + protocol.MaxList)

// queued checks S9 for data that the network has not taken yet.
func (c *checks) queued(e *end) {
	if e.actor.kind != strangerKind && e.out.size > mostQueued {
		c.fail(S9, "%s has %d bytes waiting to be sent", c.who(e.actor), e.out.size)
	}
}

// arrived checks S9 for data that the machine has not read yet.
func (c *checks) arrived(e *end) {
	if e.in.size > window {
		c.fail(S9, "%s has %d bytes waiting to be read", e.host.name, e.in.size)
	}
}
