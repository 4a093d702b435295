package sim

import (
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// linkUse is what a machine has done with a link, while its effects are checked.
type linkUse struct{ has, ended bool }

// s6 compares the effects of a step with the links that the machine has, one effect after the other.
func (c *checks) s6(a *actor, effects []roles.Effect) {
	c.uses = c.uses[:0]
	for _, e := range a.ends {
		c.uses = append(c.uses, linkUse{e != nil, e != nil && e.ending})
	}
	for _, effect := range effects {
		link, sends := linkOf(effect)
		if link < 0 {
			continue
		}
		for slotOf(link) >= len(c.uses) {
			c.uses = append(c.uses, linkUse{})
		}
		use := &c.uses[slotOf(link)]
		if _, dials := effect.(roles.Dial); dials {
			if use.has {
				c.fail(S7, "%s dials on a link that is open", c.who(a))
			}
			*use = linkUse{has: true}
			c.s7(a)
			continue
		}
		switch {
		case !use.has:
			c.fail(S6, "%s asks for %T on link %d, which it has hung up", c.who(a), effect, link)
		case use.ended && sends:
			c.fail(S6, "%s asks for %T on link %d, which it has half-closed", c.who(a), effect, link)
		}
		switch effect.(type) {
		case roles.HalfClose:
			use.ended = true
		case roles.HangUp:
			use.has = false
		}
	}
}

// s7 checks, for a machine that dials, how many links it has then.
func (c *checks) s7(a *actor) {
	all, open := 0, 0
	for _, use := range c.uses {
		if use.has {
			all++
		}
		if use.has && !use.ended {
			open++
		}
	}
	mostOpen, most := a.mostLinks()
	if open > mostOpen || all > most {
		c.fail(S7, "%s has %d connections, %d of which it has not half-closed", c.who(a), all, open)
	}
	if all > open {
		c.w.coverage.sometimes(DialledWhileClosing)
	}
	if a.kind == fetchKind && all-open == roles.MaxClosing-1 {
		c.w.coverage.sometimes(ManyClosing)
	}
}

// concluded checks that a fetch reports its result when its links are closed.
func (c *checks) concluded(a *actor) {
	for _, e := range a.ends {
		if e != nil {
			c.fail(S7, "%s has its result before its links are closed", c.who(a))
		}
	}
}

// linkOf returns the link of an effect, or -1, and whether the effect sends data.
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
	case roles.Secure:
		return effect.Link, true
	case roles.Splice:
		return effect.Link, false
	}
	return -1, false
}

// stepped checks a machine after the effects of its step.
func (c *checks) stepped(a *actor) {
	if a.kind == strangerKind {
		return
	}
	if a.kind == sessionKind {
		c.longAnswers(a)
	}
	if a.kind == uploadKind {
		c.bodies(a)
	}
	links := 0
	for _, e := range a.ends {
		if e != nil {
			links++
		}
	}
	switch {
	case a.final && links > 0:
		c.fail(S7, "%s is at its end and has %d connections", c.who(a), links)
	case a.final && a.waits():
		c.fail(C2, "%s is at its end and has a timer", c.who(a))
	case a.final && a.operation != nil:
		c.over(a.operation)
	}
}

// mostSources returns how many nodes one file may come from at once: beside those that bring nothing
// others may be asked, but not in the reference mode.
func mostSources(sources int) int {
	if sources <= 1 {
		return 1
	}
	return max(sources, roles.MaxBeside)
}

// mostLinks returns how many connections a machine may have at once that it has not half-closed, and
// how many in all.
func (a *actor) mostLinks() (open, all int) {
	switch a.kind {
	case gatherKind:
		open, all = a.mostGathering()
		return open, all + int(client.PipelineLinks) + open // and those over which the relay was asked for ways
	case memberKind: // one over each family, and one on which it awaits invitations
		return 3, 3
	case sessionKind: // the one that was accepted, and one for a proof
		return 2, 2
	case readerKind: // one to the relay, two to nodes, and two over which the relay was asked for a way
		return 1, 5
	case pipelineKind: // and that over which the relay was asked for a way
		return 1, 2
	case fetchKind:
		open = 1
		if !a.operation.op.Once {
			open = mostSources(a.operation.op.Sources)
		}
		return open, open + roles.MaxClosing + open
	}
	return 1, 1
}
