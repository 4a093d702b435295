package sim

import (
	"net/netip"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// step judges what a machine asks for before it is done.
func (c *checks) step(a *actor, in roles.Input, effects []roles.Effect) {
	if a.kind == strangerKind {
		return
	}
	switch in := in.(type) {
	case roles.Heard:
		c.heard(a, in, effects)
	case roles.Stopped:
		if a.errand != nil && !a.final && a.state != string(client.FetchCommitting) {
			c.fail(C5, "%s goes on although it was told to stop", c.who(a))
		}
	default:
		if a.errand != nil {
			c.learned(a, in)
		}
	}
	c.s6(a, effects)
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

// said judges a message that a machine sends.
func (c *checks) said(a *actor, send roles.Send, then []roles.Effect) {
	switch m := send.Message.(type) {
	case *protocol.Error:
		c.refusal(a, send.Link, m, then)
	case *protocol.Get:
		c.s12(a, m)
	}
}

// heard notes what a machine learns, and holds S8 against what it does about a message.
func (c *checks) heard(a *actor, in roles.Heard, effects []roles.Effect) {
	kind, g := in.Message.Kind(), a.grammar(in.Link)
	at := slices.IndexFunc(a.moves, func(t roles.Transition) bool { return t.Machine == g.name })
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
	if a.errand != nil {
		a.errand.heard(in)
	}
}

// heard notes what an errand is told.
func (r *errand) heard(in roles.Heard) {
	switch m := in.Message.(type) {
	case *protocol.Located:
		r.more = m.Cursor != nil
		for i := range m.Peers {
			if at := m.Peers[i].Addr(); !slices.ContainsFunc(r.listed, func(p protocol.Peer) bool { return p.Addr() == at }) {
				r.listed = append(r.listed, m.Peers[i])
			}
		}
	case *protocol.Error:
		v := r.at(in.Link)
		if v == nil {
			return
		}
		if m.Code == protocol.NotFound || m.Code == protocol.Changed && r.op.Pin > 0 {
			r.denied = append(r.denied, v.to)
		}
		if v.wrong && (m.Code == protocol.Changed || m.Code == protocol.Internal) {
			v.wrong = false // its file changed under it
		}
	}
}

// learned notes what an errand learns of its bytes: S13.
func (c *checks) learned(a *actor, in roles.Input) {
	r := a.errand
	switch in := in.(type) {
	case roles.Verified:
		r.had.Add(in.Group)
		r.firm = r.op.Once
	case roles.BodyWrong:
		c.w.coverage.sometimes(WrongGroup)
		v := r.at(in.Link)
		if v == nil {
			return
		}
		if v.wrong {
			c.fail(S13, "a second wrong group from %v was received for %q", v.to, r.op.Name)
		}
		v.wrong = true
	}
}

// ready notes what a store has of a content.
func (c *checks) ready(r *errand, want roles.OpenStore, has roles.Groups) {
	r.had, r.begun = slices.Clone(has), want.Hash
}

// s12 holds that nothing is asked for that is there.
func (c *checks) s12(a *actor, get *protocol.Get) {
	if a.kind != fetchKind || len(a.errand.stores) == 0 {
		return
	}
	for g := get.Offset / group; g*group < get.Offset+get.Length; g++ {
		if a.errand.had.Has(g) {
			c.fail(S12, "%s asks for group %d of %q, which is there", c.who(a), g, a.errand.op.Name)
		}
	}
}

// s14 holds that one content is delivered: what a user asked for by its hash, and what has been given out once.
func (c *checks) s14(a *actor, want roles.OpenStore) {
	r := a.errand
	if r == nil || a.kind != fetchKind {
		return
	}
	if pin := c.w.pinned(r.op.Pin); !pin.IsZero() && want.Hash != pin {
		c.fail(S14, "%s begins another content of %q than was asked for", c.who(a), r.op.Name)
	}
	if r.firm && want.Hash != r.begun {
		c.fail(S14, "%s begins another content of %q when some of the first has been given out", c.who(a), r.op.Name)
	}
}

// s17 holds that what an earlier try left is given up only when nobody is left to ask who may have its content.
func (c *checks) s17(a *actor, want roles.OpenStore) {
	r := a.errand
	pin := c.w.pinned(r.op.Pin)
	if r.left.IsZero() || want.Hash == r.left || !pin.IsZero() && pin != r.left || c.w.relay.lie != scenario.Honest {
		return
	}
	for i := range r.listed {
		p := &r.listed[i]
		other := !p.Hash.IsZero() && p.Hash != r.left
		if !other && !slices.ContainsFunc(r.visited, func(v *visit) bool { return v.to == p.Addr() }) {
			c.fail(S17, "%s begins another content of %q than that of which it has a part, and has not asked %v for that", c.who(a), r.op.Name, p.Addr())
		}
	}
}

// parts reports whether the effects send an ERROR with the code and then end the link.
func parts(effects []roles.Effect, link roles.Link, code protocol.Code) bool {
	for i, effect := range effects {
		if send, is := effect.(roles.Send); is && send.Link == link {
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

// refusal holds S8 against an ERROR that a machine sends.
func (c *checks) refusal(a *actor, link roles.Link, refusal *protocol.Error, then []roles.Effect) {
	if refusal.Code.Closes() && !ends(then, link) {
		c.fail(S8, "%s sent ERROR(%s), after which the sender ends the link, and did not", c.who(a), refusal.Code)
	}
	switch refusal.Code {
	case protocol.Unexpected, protocol.Malformed, protocol.TooLarge, protocol.BadVersion, protocol.UnknownKind:
		if c.honest {
			c.fail(S8, "%s sent %v, although everybody is honest and no bit flipped", c.who(a), refusal)
		}
	case protocol.BadHash:
		if c.honest {
			c.fail(S13, "%s sent %v, although everybody is honest and no bit flipped or rotted", c.who(a), refusal)
		}
	}
}

// dialled notes which node a client turns to.
func (c *checks) dialled(a *actor, link roles.Link, to netip.AddrPort) {
	r := a.errand
	if r == nil || to == c.w.relay.address {
		return
	}
	for _, v := range r.visited {
		if v.to == to && v.wrong {
			c.fail(S13, "%v, which sent a wrong group, is asked again for %q", to, r.op.Name)
		}
	}
	r.visited = append(r.visited, &visit{to: to, link: link})
	if h := c.w.byAddress[to]; h == nil || h.proc == nil {
		c.w.coverage.sometimes(StaleEntry)
	}
}

const mostQueued = 2 * (protocol.HeaderSize + protocol.MaxList)

// queued holds S9 against what a machine has handed over and the network has not taken.
func (c *checks) queued(e *end) {
	if e.actor.kind != strangerKind && e.out.size > mostQueued {
		c.fail(S9, "%s has %d bytes waiting to be sent", c.who(e.actor), e.out.size)
	}
}

// arrived holds S9 against what has arrived and has not been read.
func (c *checks) arrived(e *end) {
	if e.in.size > window {
		c.fail(S9, "%s has %d bytes waiting to be read", e.host.name, e.in.size)
	}
}
