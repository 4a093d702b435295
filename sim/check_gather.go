package sim

import (
	"net/netip"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// gathered checks the result of one of many files: S5, and S1 and S16 if it has been fetched.
func (c *checks) gathered(a *actor, is *client.Gathered) {
	o := a.operation
	for _, name := range is.Names {
		if o.gather.told[name] {
			c.fail(S5, "%q, one of many files of %s, has a second result", name, o.op.Who)
		}
		o.gather.told[name] = true
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
	seen(protocol.Groups(r.Size) >= 64 && len(o.gather.told) > 1, GatherAlone)
	seen(len(r.Tried) == 0 && o.gather.asked[r.Hash] > 1, GatherNextNode)
	seen(len(r.Tried) == 0 && o.gather.asked[r.Hash] > 1 && o.gather.slow[r.Hash], GatherOvertook)
	seen(len(o.gather.lost) > 0, GatherLost)
	seen(slices.ContainsFunc(o.visited, func(v *visit) bool { return v.wrong }), GatherLied)
	for _, pick := range o.gather.picks {
		seen(pick.Name == r.Name && pick.Hash != r.Hash, GatherReplaced)
	}
}

// allGathered checks that each name has a result.
func (c *checks) allGathered(o *operation) {
	for _, pick := range o.gather.picks {
		if !o.gather.told[pick.Name] {
			c.fail(S5, "%q, one of many files of %s, has no result", pick.Name, o.op.Who)
		}
	}
}

// allFound compares the results of many files with the files of the nodes: L3.
func (c *checks) allFound(o *operation, expected map[string]hope) {
	if c.w.malformed {
		return
	}
	for _, pick := range o.gather.picks {
		is := expected[pick.Name]
		fetched := slices.ContainsFunc(o.actor.proc.host.landings, func(t *landing) bool {
			return t.name == pick.Name && !t.reported.IsZero()
		})
		if is.sound && !is.odd && !fetched && !c.liars() {
			c.fail(L3, "%q, one of many files, can be had from a listed node, and was not", pick.Name)
		}
	}
}

// came notes a group of one of many files.
func (c *checks) came(a *actor, in roles.Verified) {
	e := a.end(in.Link)
	if e == nil {
		return
	}
	c.hadItem(a, e.body.item, c.itemHash(a, e.body.item)).groups.Add(in.Group)
}

// itemHash returns the content of an item that is being received.
func (c *checks) itemHash(a *actor, item int) (hash protocol.Hash) {
	if s := a.store(item); s != nil {
		hash = s.hash
	}
	return hash
}

// hadItem returns what has come of an item's content.
func (c *checks) hadItem(a *actor, item int, hash protocol.Hash) *hadItem {
	had := a.operation.gather.had[item]
	if had == nil || had.hash != hash {
		had = &hadItem{hash: hash}
		a.operation.gather.had[item] = had
	}
	return had
}

// s18 checks that no node is asked again over a link for many files after it failed on one, and that
// nothing that has come is received again.
func (c *checks) s18(a *actor, effects []roles.Effect) {
	g := a.operation.gather
	left := netip.AddrPort{}
	for _, effect := range effects {
		switch effect := effect.(type) {
		case roles.Dial:
			to, _ := netip.ParseAddrPort(effect.To)
			if effect.Link < client.MaxPipelines && g.lost[to] {
				c.fail(S18, "%s asks %v again for many files, where it failed", c.who(a), to)
			}
		case roles.Send:
			if get, is := effect.Message.(*protocol.Get); is && effect.Link < client.MaxPipelines {
				g.asked[get.Hash]++
			}
		case roles.HangUp:
			if v := a.operation.at(effect.Link); v != nil && effect.Link < client.MaxPipelines {
				left = v.to
			}
		case roles.Report:
			c.leaves(a, left, effect.Outcome)
			left = netip.AddrPort{}
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
func (c *checks) leaves(a *actor, node netip.AddrPort, outcome roles.Outcome) {
	tried, is := outcome.(client.Tried)
	if !is || tried.Node != node {
		return
	}
	switch tried.Code {
	case 0, protocol.Disk, protocol.Interrupted:
	default:
		a.operation.gather.lost[node] = true
	}
}

// receivedOnce checks that no group that has come is received again. Several nodes that send one file at
// once may send one group each.
func (c *checks) receivedOnce(a *actor, body roles.ReceiveBody) {
	if a.operation.op.Sources > 1 && protocol.Groups(body.Size) >= roles.ManyGroups {
		return
	}
	hash := c.itemHash(a, body.Item)
	if body.Link < client.MaxPipelines {
		hash = body.Values[0]
	}
	had := c.hadItem(a, body.Item, hash)
	for g := range protocol.Groups(body.Length) {
		if had.groups.Has(body.Offset/group + g) {
			c.fail(S18, "%s receives group %d of %q again", c.who(a), body.Offset/group+g, a.operation.gather.names[body.Item])
		}
	}
}

// mostGathering returns how many connections a Gather may have at once.
func (a *actor) mostGathering() int {
	const fetches = 4
	return max(client.MaxPipelines, fetches*max(1, a.operation.op.Sources))
}
