package sim

import (
	"cmp"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// sendsFew reports whether a node sends fewer bodies at once than usual.
func sendsFew(s *scenario.Scenario) bool {
	return slices.ContainsFunc(s.Nodes, func(n scenario.Node) bool { return n.Uploads > 0 })
}

// bodies checks S28 after a step of an upload.
func (c *checks) bodies(a *actor) {
	if slices.ContainsFunc(a.moves, func(t roles.Transition) bool { return t.Event == "TurnGiven" }) {
		a.called = false
	}
	state := node.UploadState(a.state)
	sends := state == node.UploadSending || state == node.UploadFinishing
	switch {
	case a.turn == 0 && sends:
		c.fail(S28, "%s sends a body without a turn", c.who(a))
	case a.turn != 0 && !sends && state != node.UploadWaiting:
		c.fail(S28, "%s is %s and has a turn", c.who(a), state)
	case len(a.moves) > 0:
		c.allBodies(a.proc)
	}
}

// inVain checks S28 for a body that has waited for a turn in vain, before it ends the wait.
func (c *checks) inVain(a *actor) {
	if !slices.ContainsFunc(a.moves, func(t roles.Transition) bool {
		return t.From == string(node.UploadWaiting) && t.Event == "Expired"
	}) {
		return
	}
	taken, own := 0, 0
	for _, other := range a.proc.actors {
		state := node.UploadState(other.state)
		if other.kind == uploadKind && !other.gone && (other.called || state == node.UploadSending || state == node.UploadFinishing) {
			if taken++; other.origin == a.origin {
				own++
			}
		}
	}
	_, lapsed, _ := a.proc.sends.Taken()
	if most := cmp.Or(a.proc.host.plan.Uploads, roles.MaxUploads); taken-lapsed < most && own < (most+1)/2 {
		c.fail(S28, "%s waits in vain, and %d of %d turns are taken, %d of them by its peer", c.who(a), taken, most, own)
	}
}

// allBodies compares the turns of a node with its uploads.
func (c *checks) allBodies(p *process) {
	sending, turns := 0, 0
	for _, a := range p.actors {
		if a.kind != uploadKind || a.gone {
			continue
		}
		if a.turn != 0 {
			turns++
		}
		if state := node.UploadState(a.state); state == node.UploadSending || state == node.UploadFinishing {
			sending++
		}
	}
	given, lapsed, waiting := p.sends.Taken()
	if most := cmp.Or(p.host.plan.Uploads, roles.MaxUploads); sending > most+lapsed || turns != given+waiting {
		c.fail(S28, "%s sends %d bodies, of %d that it may and %d that have lapsed; its uploads have %d turns or wait for one, and %d are taken",
			p.host.name, sending, most, lapsed, turns, given+waiting)
	}
}

// l13 checks that an operation that was turned away has its answer, and all of its files, or is certain
// that nobody has them. Nodes that still hash are another matter.
func (c *checks) l13(o *operation) {
	if !c.few || !o.away || o.actor.proc.stopping {
		return
	}
	for _, is := range o.outcomes() {
		switch is {
		case client.Fetched, client.NobodyHad, client.BadlyNamed, client.TooEarly:
		default:
			c.fail(L13, "the %s of %q by %s ends as: %s", o.op.Do, o.op.Name, o.op.Who, outcomeWords[is])
		}
	}
	if o.reading != nil && o.reading.unread && !o.reading.is.Hash.IsZero() {
		c.fail(L13, "%s cannot read %q", o.op.Who, o.op.Name)
	}
}

// s28 checks that a node which is busy is not dialed. Of many files those that come over a link for many
// know of each other.
func (c *checks) s28(a *actor, in roles.Input, effects []roles.Effect) {
	o, now := a.operation, a.proc.host.local(c.w.now)
	if o == nil {
		return
	}
	together := func(link roles.Link) bool { return a.kind != gatherKind || link < client.PipelineLinks }
	said := heardBusy(in)
	o.away = o.away || said != nil
	if said != nil && together(roles.LinkOf(in)) {
		if v := o.at(roles.LinkOf(in)); v != nil {
			if o.busy == nil {
				o.busy = map[client.Node]time.Duration{}
			}
			o.busy[v.to] = now + min(roles.Millis(said.Retry), roles.RetryMost)
			c.w.coverage.sometimes(HeardBusy)
		}
	}
	for _, effect := range effects {
		if dial, is := effect.(roles.Dial); is && together(dial.Link) && now < o.busy[dialed(dial)] {
			c.fail(S29, "%s dials %s, which is busy for another %v", c.who(a), dial.To, o.busy[dialed(dial)]-now)
		}
	}
}

// heardBusy returns a node's word that it is busy, or nil.
func heardBusy(in roles.Input) *protocol.Error {
	heard, _ := in.(roles.Heard)
	said, is := heard.Message.(*protocol.Error)
	if !is || said.Code != protocol.Busy {
		return nil
	}
	return said
}

// busy returns for how long servers that are busy can keep an operation waiting: each node for as often as
// it is asked while it brings nothing, and as often again for each group that it brings.
func (c *checks) busy(groups uint64) (most time.Duration) {
	wait, once := roles.BusyMost*3/2+roles.TurnPatience, time.Duration(1)
	if c.liars() { // who may ask for more
		wait = roles.RetryMost * 3 / 2
	}
	if sendsFew(c.w.scenario) {
		once += time.Duration(groups)
	} else if !c.liars() && !c.turnsAway() {
		return 0
	}
	return wait * (roles.MaxBusy + roles.MaxBusyVisits*once*time.Duration(len(c.w.scenario.Nodes)))
}

// turnsAway reports whether servers refuse links.
func (c *checks) turnsAway() bool {
	return slices.ContainsFunc(c.w.scenario.Faults, func(f scenario.Fault) bool { return f.Class == scenario.Busy })
}
