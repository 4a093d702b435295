package sim

import (
	"cmp"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// tookTooLong checks L1 for an operation whose client never hung: each state has a deadline, so the
// whole has one, too.
func (c *checks) tookTooLong(o *operation) {
	for i := range c.w.scenario.Faults {
		if fault := &c.w.scenario.Faults[i]; fault.Who == o.op.Who && (fault.Class == scenario.Hang || fault.Class == scenario.StallReader) {
			return
		}
	}
	h := o.actor.proc.host
	if took, most := h.local(c.w.now)-h.local(o.started), c.bound(o); took > most {
		c.fail(L1, "%s %q took %v, more than %v", o.op.Do, o.op.Name, took, most)
	} else if most, is := c.turns(o); is && took > most {
		c.fail(L7, "%s %q took %v, and the turns of all nodes take %v", o.op.Do, o.op.Name, took, most)
	}
}

// turns returns how long it takes at most until a node that delivers has its turn, where no others
// than these are in the way: nodes that hash for ever, trickle, or do not end their links. Each of several small files may
// have to wait for its own.
func (c *checks) turns(o *operation) (most time.Duration, is bool) {
	s, sound, linger, slow := c.w.scenario, false, false, o.op.Do != scenario.DoFetch
	if len(s.Faults) > 0 || sendsFew(s) || s.Relay.Lie != scenario.Honest || o.started < settled {
		return 0, false
	}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		switch n.Lie {
		case scenario.Honest:
			if n.Lone || n.Walled {
				return 0, false
			}
			sound = sound || n.Start == 0 && serves(n, o)
		case "lingers":
			linger = true
		case "hash-forever", "trickle":
			slow = true
		default:
			return 0, false
		}
	}
	for i := range s.Ops {
		if do := s.Ops[i].Do; do == scenario.DoAbort || do == scenario.DoStop || do == scenario.DoMirror {
			return 0, false
		}
	}
	most = time.Duration(len(s.Nodes)+2)*roles.GroupPatience + roles.CloseTimeout
	if linger && !slow { // only as many as may close at once are waited for together, and the last of them
		most = time.Duration(len(s.Nodes)/roles.MaxClosing+2) * roles.CloseTimeout
	}
	if o.gather != nil {
		most += roles.FetchPatience
	}
	if o.reading != nil {
		most += o.reading.paused
	}
	return most, sound
}

// settled is the time after which an index that nothing disturbs is published.
const settled = 4 * time.Second

// serves reports whether a node has what an operation wants: of one file the only content that
// anybody has.
func serves(n *scenario.Node, o *operation) bool {
	switch o.op.Do {
	case scenario.DoFetch, scenario.DoRead:
		return o.op.Pin == 0 && slices.ContainsFunc(n.Files, func(f scenario.File) bool { return f.Name == o.op.Name })
	case scenario.DoGather:
		return o.gather != nil && !slices.ContainsFunc(slices.Concat(o.gather.names...), func(name string) bool {
			return !slices.ContainsFunc(n.Files, func(f scenario.File) bool { return f.Name == name })
		})
	}
	return false
}

// bound returns the longest time that an operation may take, on its own clock.
func (c *checks) bound(o *operation) time.Duration {
	visit := roles.DialTimeout + 2*roles.ReplyTimeout + roles.HoldTimeout + roles.CloseTimeout + roles.DiskTimeout
	if c.w.circuits() { // the relay is asked, once more if that link breaks, and then the circuit is joined
		visit += 2*(roles.DialTimeout+roles.ReplyTimeout) + roles.CloseTimeout + roles.JoinTimeout + roles.CloseTimeout + roles.HandshakeTimeout + roles.CircuitPatience
	}
	most := uint64(0)
	for i := range c.w.placed {
		most = max(most, c.w.placed[i].size)
	}
	stretches := time.Duration(protocol.Groups(most) + 2)
	moving := time.Duration(most/roles.MinProgress+2) * roles.ProgressTimeout
	pages := time.Duration(max(o.walked, len(o.listed)+len(o.pages)) + 60)
	visits := time.Duration(len(o.visited) + 1)
	disk := roles.DiskTimeout + roles.CommitTimeout
	if o.gather != nil {
		items := time.Duration(len(o.gather.names) + 1)
		disk, pages = items*disk, pages+items
	}
	if o.reading != nil {
		disk, pages = disk+o.reading.paused, mostReads*pages
	}
	return disk + c.busy(protocol.Groups(most)) + pages*visit + visits*(visit+stretches*(roles.ReplyTimeout+roles.ProgressTimeout)+moving+c.hashing())
}

// hashing returns the longest time for which a node, or a liar, can keep a client waiting for a
// hash.
func (c *checks) hashing() (most time.Duration) {
	for i := range c.w.scenario.Faults {
		if f := &c.w.scenario.Faults[i]; f.Class == scenario.SlowHash || f.Class == scenario.DiskHang {
			most += f.For + time.Minute
		}
	}
	if c.liars() {
		most += 2 * time.Minute
	}
	return most
}

// longAnswers checks S25 after a step of a session that has, or had, a long answer on its way.
func (c *checks) longAnswers(a *actor) {
	const answering = string(relay.SessionAnswering)
	if !slices.ContainsFunc(a.moves, func(t roles.Transition) bool { return t.From == answering || t.To == answering }) {
		return
	}
	p, going := a.proc, 0
	for _, other := range p.actors {
		if other.kind == sessionKind && !other.over() && other.state == answering {
			going++
		}
	}
	taken := p.answers.Taken(relay.LongList) + p.answers.Taken(relay.LongLocate)
	if most := cmp.Or(c.w.scenario.Relay.Lists, roles.MaxLists) + roles.MaxLongPages; going != taken || going > most {
		c.fail(S25, "%d long answers are on their way, with room taken for %d, of %d", going, taken, most)
	}
}

// listRefused checks L9 for the answer to a LIST: it is not refused, and where nothing goes wrong but
// that strangers break the protocol it comes in time.
func (c *checks) listRefused(o *operation) {
	attacked := true
	for i := range c.w.scenario.Faults {
		if c.w.scenario.Faults[i].Class == scenario.Busy {
			return
		}
		attacked = attacked && c.w.scenario.Faults[i].Class == scenario.Attack
	}
	list := (o.op.Do == scenario.DoList || o.op.Do == scenario.DoGather) && c.w.relay.lie == scenario.Honest
	if code := o.answer.Code; list && (code == protocol.Busy || attacked && code == protocol.Timeout) {
		c.fail(L9, "%s got no list: %s", o.op.Who, o.answer.Text)
	}
}
