package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// gathered checks the result of one of many files: S5, and S1 and S16 if it has been fetched.
func (c *checks) gathered(a *actor, is *client.Gathered) {
	o := a.operation
	for _, name := range is.Names {
		if _, twice := o.gather.told[name]; twice {
			c.fail(S5, "%q, one of many files of %s, has a second result", name, o.op.Who)
		}
		o.gather.told[name] = is.Result.Outcome
	}
	switch is.Result.Outcome {
	case client.Fetched:
		c.placed(a, is)
		c.countFetched(o, is)
	case client.GivenUp:
		c.w.coverage.sometimes(GatherGivenUp)
	case client.BadlyNamed, client.Running:
		c.fail(S5, "%q, one of many files of %s, ended as: %s", is.Result.Name, o.op.Who, outcomeWords[is.Result.Outcome])
	}
}

// placed checks that a fetched file stands, durable, under all its names.
func (c *checks) placed(a *actor, is *client.Gathered) {
	s := a.store(is.Item)
	if s == nil || s.final == nil || len(s.copies) != len(is.Names)-1 {
		c.fail(S1, "%s is told that %q is there, and it is not", a.operation.op.Who, is.Names)
		return
	}
	one := *a.operation
	for i, t := range append([]*landing{s.landing}, s.copies...) {
		result := is.Result
		result.Name = is.Names[i]
		c.s1(&one, &result, t.final)
		c.s16(&one, &store{landing: t}, result.Hash)
		c.s20(&one, t, result.Hash)
	}
	s.release(a)
	for _, t := range s.copies {
		t.release(a)
	}
}

// countFetched counts the ways in which a file came.
func (c *checks) countFetched(o *operation, is *client.Gathered) {
	r := &is.Result
	seen := func(when bool, counter Counter) {
		if when {
			c.w.coverage.sometimes(counter)
		}
	}
	seen(len(is.Names) > 1, GatherNames)
	seen(slices.ContainsFunc(o.gather.names[:is.Item], func(names []string) bool { return slices.Contains(names, r.Name) }), GatherSpares)
	seen(protocol.Groups(r.Size) >= 64 && len(o.gather.told) > 1, GatherAlone)
	seen(len(r.Tried) == 0 && o.gather.asked[r.Hash] > 1, GatherNextNode)
	seen(len(r.Tried) == 0 && o.gather.asked[r.Hash] > 1 && o.gather.slow[r.Hash], GatherOvertook)
	seen(len(o.gather.lost) > 0, GatherLost)
	seen(slices.ContainsFunc(o.visited, func(v *visit) bool { return v.wrong }), GatherLied)
	for _, pick := range o.gather.picks {
		seen(pick.Name == r.Name && pick.Hash != r.Hash, GatherReplaced)
	}
}

// unplaced counts commits that failed for some of several files.
func (c *checks) unplaced(in roles.StoreCommitted) {
	failed := 0
	for _, item := range in.Items {
		if item.Err != nil {
			failed++
		}
	}
	if failed > 0 && failed < len(in.Items) {
		c.w.coverage.sometimes(GatherUnplaced)
	}
}

// allGathered checks that each name has a result.
func (c *checks) allGathered(o *operation) {
	for _, pick := range o.gather.picks {
		if _, told := o.gather.told[pick.Name]; !told {
			c.fail(S5, "%q, one of many files of %s, has no result", pick.Name, o.op.Who)
		}
	}
}

// allFound compares the results of many files with the files of the nodes: L3.
func (c *checks) allFound(o *operation, expected map[string]hope) {
	if c.w.malformed || o.limited() {
		return
	}
	for _, pick := range o.gather.picks {
		is, got := expected[pick.Name], o.gather.told[pick.Name]
		if is.sound && !is.odd && got != client.Fetched && (!c.liars() && !is.rot || c.honestlyHeld(&pick)) {
			c.fail(L3, "%q, one of many files, can be had from a listed node, and the outcome is: %s", pick.Name, outcomeWords[got])
		}
	}
}

// honestlyHeld reports whether an honest node that is listed has a picked content: a content that only
// liars claim to have is picked like any other, and may not be had.
func (c *checks) honestlyHeld(pick *client.Offer) bool {
	r := c.w.relay
	return slices.ContainsFunc(r.proc.registry.Leases(r.local(c.w.now)), func(l relay.Lease) bool {
		h := c.w.byAddress[l.At]
		if h == nil || h.lie != scenario.Honest || !c.w.findable(h) {
			return false
		}
		f := h.file(pick.Name)
		return f != nil && f.indexed() != nil && f.indexed().hash == pick.Hash && f.indexed().content == f.content
	})
}

// came notes a group of one of many files.
func (c *checks) came(a *actor, in roles.Verified) {
	e := a.end(in.Link)
	if e == nil || a.store(e.body.item) == nil {
		return
	}
	c.hadItem(a, e.body.item).groups.Add(in.Group)
	if v := a.operation.at(in.Link); v != nil {
		v.gave = true
	}
}

// hadItem returns what has come of an item's content. A store elsewhere begins anew.
func (c *checks) hadItem(a *actor, item int) *hadItem {
	had, s := a.operation.gather.had[item], a.store(item)
	if had == nil || had.hash != s.hash || had.landing != s.landing {
		had = &hadItem{hash: s.hash, landing: s.landing}
		a.operation.gather.had[item] = had
	}
	return had
}

// s18 checks that no node is asked again over a link for many files after it failed on one, and
// that nothing that has come is received again.
func (c *checks) s18(a *actor, effects []roles.Effect) {
	g := a.operation.gather
	left := client.Node{}
	for _, effect := range effects {
		switch effect := effect.(type) {
		case roles.Dial:
			to := dialed(effect)
			if effect.Link < client.PipelineLinks && g.lost[to] {
				c.fail(S18, "%s asks %v again for many files, where it failed", c.who(a), to)
			}
		case roles.Send:
			if get, is := effect.Message.(*protocol.Get); is && effect.Link < client.PipelineLinks {
				g.asked[get.Hash]++
			}
		case roles.HalfClose, roles.HangUp:
			link, _ := linkOf(effect)
			if v := a.operation.at(link); v != nil && link < client.PipelineLinks {
				left, v.left = v.to, true
			}
		case roles.Report:
			c.leaves(a, left, effect.Outcome)
			left = client.Node{}
		case roles.ReceiveBody:
			c.receivedOnce(a, effect)
		case roles.CommitStore:
			if len(effect.Items) > 1 {
				c.w.coverage.sometimes(GatherTogether)
			}
		}
	}
	if slices.ContainsFunc(a.moves, func(t roles.Transition) bool { return t.Event == "Overtaken" && t.Machine == tables[gatherKind].name }) {
		for hash := range g.asked {
			g.slow[hash] = true
		}
	}
}

// leaves notes that a node has been left, on a link for many files.
func (c *checks) leaves(a *actor, node client.Node, outcome roles.Outcome) {
	tried, is := outcome.(client.Tried)
	if !is || tried.Node != node {
		return
	}
	g, gave, h := a.operation.gather, a.operation.gave(node), c.w.byAddress[node.AddrPort]
	elsewhere := h != nil && h.second.IsValid() // if it is silent it may be asked at its other address
	switch tried.Code {
	case 0, protocol.Disk, protocol.Interrupted:
	case protocol.Lost, protocol.Timeout:
		g.lost[node] = g.lost[node] || !gave && (g.idle[node] || tried.Code == protocol.Timeout && !elsewhere)
		g.idle[node] = !gave
	case protocol.Busy: // two links at once count once
		if g.busy[node]++; gave {
			g.busy[node] = 0
		}
		g.lost[node] = g.lost[node] || g.busy[node] >= 2*roles.MaxBusyVisits
	default:
		g.lost[node] = true
	}
}

// gave reports whether a link for many files to a node, the latest of those that are half-closed or closed now,
// brought something.
func (o *operation) gave(node client.Node) bool {
	for _, v := range slices.Backward(o.visited) {
		if v.to == node && v.left {
			return v.gave
		}
	}
	return false
}

// receivedOnce checks that no group that has come is received again. Several nodes that send one
// file at once may send one group each; of a small file it is so where one is late.
func (c *checks) receivedOnce(a *actor, body roles.ReceiveBody) {
	several := a.operation.op.Sources > 1 && (protocol.Groups(body.Size) >= roles.ManyGroups || a.besides(body.Link))
	if several || a.store(body.Item) == nil { // of one that comes over a link for many nothing has come before
		return
	}
	had := c.hadItem(a, body.Item)
	for g := range protocol.Groups(body.Length) {
		if had.groups.Has(body.Offset/group + g) {
			c.fail(S18, "%s receives group %d of %q again", c.who(a), body.Offset/group+g, a.operation.gather.names[body.Item])
		}
	}
}

// besides reports whether the fetch whose link it is has another one to a node.
func (a *actor) besides(link roles.Link) bool {
	of := func(link roles.Link) roles.Link { return (link - client.PipelineLinks) / client.FetchSpan }
	for _, v := range a.operation.visited {
		if v.link >= client.PipelineLinks && v.link != link && of(v.link) == of(link) && a.operation.at(v.link) == v && a.end(v.link) != nil {
			return true
		}
	}
	return false
}

// mostGathering returns how many connections a Gather may have at once that it has not half-closed,
// and how many in all.
func (a *actor) mostGathering() (open, all int) {
	const fetches = 4
	of := mostSources(a.operation.op.Sources)
	return max(roles.MaxPipelines, fetches*of), int(client.PipelineLinks) + 2*fetches*(of+roles.MaxClosing)
}
