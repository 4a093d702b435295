package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
)

// report judges what a machine tells its owner.
func (c *checks) report(a *actor, outcome any) {
	switch outcome := outcome.(type) {
	case client.Result:
		c.result(a.fetch, &outcome)
	case node.Ousted:
		c.w.coverage.sometimes(Displaced)
	case node.Served:
		if outcome.Code == protocol.Changed {
			c.w.coverage.sometimes(ChangedMidway)
		}
	}
}

func (c *checks) result(f *fetching, r *client.Result) {
	c.w.note(Line{What: Results, Host: f.actor.proc.host.index, Actor: f.actor.id, N: uint64(r.Outcome), Text: outcomeWords[r.Outcome]})
	if f.result != nil {
		c.fail(S5, "the fetch of %q by %s has a second result", r.Name, f.op.Who)
		return
	}
	copied := *r
	f.result = &copied
	switch r.Outcome {
	case client.Fetched:
		c.s1(f, r)
		if len(r.Tried) > 1 {
			c.w.coverage.sometimes(SecondNode)
		}
	case client.NobodyHad:
		c.s2(f, r)
	case client.NoRelay, client.Unsure, client.Undelivered, client.DiskFailed, client.Interrupted:
	case client.BadlyNamed:
		if protocol.CheckName(r.Name) == nil {
			c.fail(S5, "%q is a good name, and was refused", r.Name)
		}
	default:
		c.fail(S5, "the fetch of %q ended with outcome %d", r.Name, r.Outcome)
	}
	c.s10(f, r)
	c.tookTooLong(f)
}

var outcomeWords = [...]string{"no result", "fetched", "nobody has it", "unsure", "undelivered", "no relay", "disk failed", "badly named", "interrupted"}

// s1 compares what was delivered with what the node had.
func (c *checks) s1(f *fetching, r *client.Result) {
	h := c.w.byAddress[r.From]
	if slices.Contains(f.tainted, r.From) || h != nil && (c.w.rotten[placement{host: h, name: r.Name}] || h.lie != Honest) {
		c.w.coverage.sometimes(Untrusted)
		return
	}
	for i := range c.w.placed {
		p := &c.w.placed[i]
		if p.host == h && p.name == r.Name && p.size == r.Size && f.store.holds(p.content, p.size) {
			return
		}
	}
	c.fail(S1, "%s was given %d bytes as %q from %v that are no content it had under that name", f.op.Who, r.Size, r.Name, r.From)
}

// s2 holds a not-found against what the client heard.
func (c *checks) s2(f *fetching, r *client.Result) {
	if f.more {
		c.fail(S2, "the fetch of %q gave up although the relay had more nodes", r.Name)
	}
	for _, listed := range f.listed {
		if !slices.Contains(f.denied, listed) {
			c.fail(S2, "the fetch of %q says not found, but %v never said so", r.Name, listed)
		}
	}
}

// s10 holds a result against the nodes that were asked.
func (c *checks) s10(f *fetching, r *client.Result) {
	for i, tried := range r.Tried {
		delivered := r.Outcome == client.Fetched && i == len(r.Tried)-1
		if delivered != (tried.Code == 0) {
			c.fail(S10, "the result for %q says of %v: code %d", r.Name, tried.Node, tried.Code)
		}
	}
	named := len(r.Tried)
	if r.Outcome == client.Interrupted || r.Outcome == client.DiskFailed {
		named = max(named, len(f.dialled)-1) // the one that was being asked is no news
	}
	if named < len(f.dialled) && !(named == len(f.dialled)-1 && (r.Outcome == client.Interrupted || r.Outcome == client.DiskFailed)) {
		c.fail(S10, "the result for %q names %d of %d nodes that were asked", r.Name, len(r.Tried), len(f.dialled))
	}
	for i := range min(len(r.Tried), len(f.dialled)) {
		if r.Tried[i].Node != f.dialled[i] {
			c.fail(S10, "the result for %q names %v, but %v was asked", r.Name, r.Tried[i].Node, f.dialled[i])
		}
	}
}

// tookTooLong holds L1 against a fetch whose client was never hung: each state has its deadline, so that the whole
// has one too, whatever the others do.
func (c *checks) tookTooLong(f *fetching) {
	for i := range c.w.scenario.Faults {
		if fault := &c.w.scenario.Faults[i]; fault.Who == f.op.Who && (fault.Class == Hang || fault.Class == StallReader) {
			return
		}
	}
	h := f.actor.proc.host
	if took, most := h.local(c.w.now)-h.local(f.started), c.bound(f); took > most {
		c.fail(L1, "the fetch of %q took %v, more than %v", f.op.Name, took, most)
	}
}

// bound is how long a fetch may take in the worst case, on its own clock.
func (c *checks) bound(f *fetching) time.Duration {
	const relayVisit = protocol.DialTimeout + protocol.ReplyTimeout + protocol.CloseTimeout
	const nodeVisit = protocol.DialTimeout + protocol.ReplyTimeout + protocol.CloseTimeout
	most := uint64(0)
	for i := range c.w.placed {
		most = max(most, c.w.placed[i].size)
	}
	stretches := time.Duration(most/protocol.MaxRange + 2)
	moving := time.Duration(most/protocol.MinProgress+2) * protocol.ProgressTimeout
	pages := time.Duration(len(f.listed) + 60)
	visits := time.Duration(len(f.dialled) + 1)
	return pages*relayVisit + visits*(nodeVisit+stretches*(protocol.ReplyTimeout+protocol.ProgressTimeout)+moving)
}
