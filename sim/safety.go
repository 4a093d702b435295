package sim

import (
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// fetching is what the world and the checks know of one fetch.
type fetching struct {
	op      Op
	actor   *actor
	store   store
	started time.Duration
	result  *client.Result
	listed  []netip.AddrPort // by the relay, as the client heard it
	more    bool             // the last page had a cursor
	dialled []netip.AddrPort // nodes
	denied  []netip.AddrPort // said not-found
	tainted []netip.AddrPort // their connections can't be trusted
}

// step judges what a machine asks for before it is done.
func (c *checks) step(a *actor, state string, in roles.Input, effects []roles.Effect) {
	if a.kind == strangerKind {
		return
	}
	if heard, is := in.(roles.Heard); is {
		c.heard(a, state, heard, effects)
	}
	c.s6(a, effects)
	for i, effect := range effects {
		send, is := effect.(roles.Send)
		if !is {
			continue
		}
		if refusal, is := send.Message.(*protocol.Error); is {
			c.refusal(a, send.Link, refusal, effects[i+1:])
		}
	}
	if _, is := in.(roles.Stopped); is && a.kind == fetchKind && !a.final {
		c.fail(C5, "%s goes on although it was told to stop", c.who(a))
	}
}

// heard notes what a client learns, and holds S8 against what a machine does about a message.
func (c *checks) heard(a *actor, state string, in roles.Heard, effects []roles.Effect) {
	kind := in.Message.Kind()
	allowed, hearing := tables[a.kind].hears[state]
	if !hearing {
		c.fail(S8, "%s heard %s while %s, where it hears nothing", c.who(a), kind, state)
		return
	}
	if !allowed[kind] {
		c.w.coverage.illegal(a.kind, state, kind)
		if !parts(effects, in.Link, protocol.Unexpected) {
			c.fail(S8, "%s heard %s while %s and did not answer ERROR(unexpected) and close", c.who(a), kind, state)
		}
	}
	if a.fetch == nil {
		return
	}
	f, e := a.fetch, a.ends[in.Link]
	switch m := in.Message.(type) {
	case *protocol.Located:
		f.more = m.Cursor != nil
		for i := range m.Peers {
			f.listed = append(f.listed, m.Peers[i].Addr())
		}
	case *protocol.Error:
		if m.Code == protocol.NotFound && in.Link == 1 && len(f.dialled) > 0 {
			f.denied = append(f.denied, f.dialled[len(f.dialled)-1])
		}
	}
	if e != nil && e.conn.tainted {
		c.taint(f, in.Link)
	}
}

func (c *checks) taint(f *fetching, link roles.Link) {
	if n := len(f.dialled); link == 1 && n > 0 && !slices.Contains(f.tainted, f.dialled[n-1]) {
		f.tainted = append(f.tainted, f.dialled[n-1])
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
	}
}

// s6 holds what a machine asks for against the links that it has.
func (c *checks) s6(a *actor, effects []roles.Effect) {
	var has, ended [2]bool
	for i, e := range a.ends {
		has[i], ended[i] = e != nil, e != nil && e.ending
	}
	for _, effect := range effects {
		link, sends := linkOf(effect)
		if link < 0 {
			continue
		}
		if _, dials := effect.(roles.Dial); dials {
			if has[link] {
				c.fail(S7, "%s dials on a link that is open", c.who(a))
			}
			has[link], ended[link] = true, false
			continue
		}
		switch {
		case !has[link]:
			c.fail(S6, "%s asks for %T on link %d, which it has hung up", c.who(a), effect, link)
		case ended[link] && sends:
			c.fail(S6, "%s asks for %T on link %d, which it has half-closed", c.who(a), effect, link)
		}
		switch effect.(type) {
		case roles.HalfClose:
			ended[link] = true
		case roles.HangUp:
			has[link] = false
		}
	}
}

// linkOf returns the link that an effect is about, or -1, and whether it sends anything there.
func linkOf(effect roles.Effect) (roles.Link, bool) {
	switch effect := effect.(type) {
	case roles.Dial:
		return effect.Link, false
	case roles.Send:
		return effect.Link, true
	case roles.SendBody:
		return effect.Link, true
	case roles.HalfClose:
		return effect.Link, true
	case roles.Hear:
		return effect.Link, false
	case roles.ReceiveBody:
		return effect.Link, false
	case roles.Discard:
		return effect.Link, false
	case roles.HangUp:
		return effect.Link, false
	}
	return -1, false
}

// stepped judges a machine after its step has been carried out.
func (c *checks) stepped(a *actor) {
	if a.kind == strangerKind {
		return
	}
	links := 0
	for _, e := range a.ends {
		if e != nil {
			links++
		}
	}
	final := a.final
	if links > 1 || final && links > 0 {
		c.fail(S7, "%s has %d connections (final: %t)", c.who(a), links, final)
	}
	if final && a.armed {
		c.fail(C2, "%s is at its end and has a timer", c.who(a))
	}
}

// dialled notes which node a client turns to.
func (c *checks) dialled(a *actor, to netip.AddrPort) {
	if a.fetch != nil && to != c.w.relay.address {
		a.fetch.dialled = append(a.fetch.dialled, to)
		if h := c.w.byAddress[to]; h == nil || h.proc == nil {
			c.w.coverage.sometimes(StaleEntry)
		}
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
