package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// report checks what a machine reports.
func (c *checks) report(a *actor, outcome roles.Outcome) {
	if a.kind == readerKind {
		c.readerTold(a, outcome)
		return
	}
	switch outcome := outcome.(type) {
	case client.Result:
		c.concluded(a)
		c.result(a.operation, &outcome)
	case client.QueryResult:
		if a.kind == queryKind {
			c.answered(a.operation, &outcome)
		}
	case client.Page:
		if a.kind == queryKind {
			a.operation.pages = append(a.operation.pages, outcome.Answer)
			c.goodNames(a.operation, outcome.Answer)
		}
	case client.Answered:
		c.itemAnswered(a.operation, &outcome)
	case client.Gathered:
		c.gathered(a, &outcome)
	case client.Hashing:
		if a.kind == gatherKind {
			c.w.coverage.sometimes(GatherHashing)
		}
	case client.Begun:
		if outcome.Other {
			c.w.coverage.sometimes(OtherThere)
		}
	case node.Displaced:
		c.w.coverage.sometimes(Displaced)
	case node.Served:
		if outcome.Code == protocol.Busy {
			c.w.coverage.sometimes(SaidBusy)
		}
		if outcome.Code == protocol.Changed {
			c.w.coverage.sometimes(ChangedMidway)
		}
	}
}

// goodNames checks that no bad name comes out of a list, and counts lists that had some.
func (c *checks) goodNames(o *operation, page protocol.Message) {
	listed, is := page.(*protocol.Listed)
	if !is {
		return
	}
	if listed.LeftOut > 0 {
		c.w.coverage.sometimes(HeardBadEntries)
	}
	for i := range listed.Items {
		if protocol.CheckName(listed.Items[i].Name) != nil {
			c.fail(S15, "%s is told that there is %q", o.op.Who, listed.Items[i].Name)
		}
	}
}

// over checks an operation whose machine is final.
func (c *checks) over(o *operation) {
	switch {
	case o.actor.kind == fetchKind && o.result == nil:
		c.fail(S5, "the fetch of %q by %s ended without a result", o.op.Name, o.op.Who)
	case o.actor.kind == queryKind && o.answer == nil:
		c.fail(S5, "the question of %s ended without a result", o.op.Who)
	case o.actor.kind == readerKind && o.actor.state == string(client.ReaderFailed) && !o.reading.unread:
		c.fail(S5, "the reading of %q by %s ended without a reason", o.op.Name, o.op.Who)
	case o.actor.kind == pipelineKind:
		c.allAnswered(o)
	case o.actor.kind == gatherKind:
		c.allGathered(o)
	case o.op.Do == scenario.DoGather && c.w.beginGather(o):
		return
	}
	for _, s := range o.stores {
		if s != nil {
			s.release(o.actor)
		}
	}
	if o.ended = !o.actor.proc.doomed; o.ended {
		o.done = c.w.now
		c.tookTooLong(o)
		c.l5(o)
		c.l12(o)
		c.l13(o)
	}
}

func (c *checks) result(o *operation, is *client.Result) {
	c.w.note(Line{What: Results, Host: o.actor.proc.host.index, Actor: o.actor.id, N: uint64(is.Outcome), Text: outcomeWords[is.Outcome]})
	if o.result != nil {
		c.fail(S5, "the fetch of %q by %s has a second result", is.Name, o.op.Who)
		return
	}
	copied := *is
	o.result = &copied
	if len(is.Variants) > 0 {
		c.w.coverage.sometimes(OtherVariant)
	}
	switch is.Outcome {
	case client.Fetched:
		c.delivered(o, is)
	case client.NobodyHad:
		c.s2(o, is)
	case client.TooEarly:
		c.w.coverage.sometimes(WasTooEarly)
		if !o.young && !o.indexing {
			c.fail(S2, "the fetch of %q says that it is too early, and neither the relay nor a node said so", is.Name)
		}
	case client.NoRelay, client.Unsure, client.Undelivered, client.DiskFailed, client.Interrupted:
	case client.BadlyNamed:
		if protocol.CheckName(is.Name) == nil {
			c.fail(S5, "%q is a good name, and was refused", is.Name)
		}
	default:
		c.fail(S5, "the fetch of %q ended with outcome %d", is.Name, is.Outcome)
	}
	c.s10(o, is)
	c.allSaid(o, is)
}

var outcomeWords = [...]string{"no result", "fetched", "nobody has it", "too early", "unsure", "undelivered", "no relay", "disk failed", "badly named", "interrupted", "given up"}

// delivered checks a fetched file.
func (c *checks) delivered(o *operation, is *client.Result) {
	s := o.actor.store(0)
	if s == nil || s.final == nil {
		c.fail(S1, "the fetch of %q says that it is there, and nothing is", is.Name)
		return
	}
	c.s1(o, is, s.final)
	c.s16(o, s, is.Hash)
	c.s20(o, s.landing, is.Hash)
	c.resumed(o, is)
	if len(is.Tried) > len(is.From) {
		c.w.coverage.sometimes(SecondNode)
	}
	if len(is.From) > 1 {
		c.w.coverage.sometimes(TwoSources)
	}
	if o.op.Do == scenario.DoMirror && !c.failed() {
		c.w.coverage.sometimes(Mirrored)
		c.w.share(o.actor.proc.host, is.Name, s.final.identity(c.w))
	}
}

// resumed counts the fates of the parts that earlier tries left.
func (c *checks) resumed(o *operation, is *client.Result) {
	switch {
	case o.left.IsZero() || !c.w.pinned(o.op.Pin).IsZero():
	case o.left != is.Hash:
		c.w.coverage.sometimes(PreferredGone)
	case len(is.Variants) > 0:
		c.w.coverage.sometimes(Preferred)
	}
}

// s16 checks that a reported file is durable, and notes it: the file has to stay.
func (c *checks) s16(o *operation, s *store, hash protocol.Hash) {
	if !s.durable() {
		c.fail(S16, "%s is told that %q is there, and a power loss can take it away", o.op.Who, s.name)
	}
	s.reported = hash
}

// s20 checks that a file has the attributes of a file with its content.
func (c *checks) s20(o *operation, t *landing, hash protocol.Hash) {
	if c.honest && !c.w.hadBy(hash, t.about) {
		c.fail(S20, "%s is given %q with attributes of no node's file with this content", o.op.Who, t.name)
	}
}

// share adds a fetched file to the share of a node. It needs no hashing.
func (w *World) share(h *host, name string, id *identity) {
	f := w.place(h, name, id.content, id.size)
	f.hashed, f.known = f.version, id
	w.notice(h.proc, name)
}

// s1 compares the delivered content with its hash, and among honest nodes with the placed files.
func (c *checks) s1(o *operation, is *client.Result, file *grown) {
	id := file.identity(c.w)
	switch pin := c.w.pinned(o.op.Pin); {
	case id == nil:
		c.fail(S1, "%s was given %d bytes as %q that are of no one content", o.op.Who, file.size(), is.Name)
	case id.hash != is.Hash || id.size != is.Size:
		c.fail(S1, "%s was given content %d of %d bytes as %q, and the result says %d bytes and another hash", o.op.Who, id.content, id.size, is.Name, is.Size)
	case !pin.IsZero() && id.hash != pin:
		c.fail(S1, "%s was given content %d as %q, and had asked for content %d", o.op.Who, id.content, is.Name, o.op.Pin)
	case c.liars(), o.gather != nil && !c.honest: // a bit of a listed name may have flipped
	case !slices.ContainsFunc(c.w.placed, func(p placement) bool {
		return (p.name == is.Name || is.Name == "") && p.size == id.size && (p.content == id.content || id.size == 0)
	}):
		c.fail(S1, "%s was given content %d of %d bytes as %q, which nobody had under that name", o.op.Who, id.content, id.size, is.Name)
	}
}

// liars reports whether a node or the relay lies.
func (c *checks) liars() bool {
	s := c.w.scenario
	return s.Relay.Lie != scenario.Honest || slices.ContainsFunc(s.Nodes, func(n scenario.Node) bool { return n.Lie != scenario.Honest })
}

// s10 compares a result with the nodes that were asked.
func (c *checks) s10(o *operation, is *client.Result) {
	cut := is.Outcome == client.Interrupted || is.Outcome == client.DiskFailed // the nodes that were being asked then need no mention
	unasked := 0                                                               // visits to nodes through a relay that could not be asked
	for i, v := range o.visited {
		if v.to == (client.Node{}) {
			unasked++
			continue
		}
		named := slices.ContainsFunc(is.Tried, func(t client.Tried) bool { return t.Node == v.to })
		// A complete fetch does not wait for the nodes that are still being asked.
		excused := is.Outcome == client.Fetched && (o.op.Sources > 1 || i == len(o.visited)-1)
		if !named && !cut && !excused {
			c.fail(S10, "the result for %q does not name %v, which was asked", is.Name, v.to)
		}
	}
	for _, t := range is.Tried {
		asked := slices.ContainsFunc(o.visited, func(v *visit) bool { return v.to == t.Node })
		if !asked && t.Node.Relayed() && unasked > 0 {
			unasked--
		} else if !asked && !(t.Code == protocol.Quota && t.Node.Relayed() && o.limited()) { // then nobody else need be asked through the relay
			c.fail(S10, "the result for %q names %v, which was not asked", is.Name, t.Node)
		}
		if t.Code == 0 && !t.Had {
			c.fail(S10, "the result for %q says of %v neither that it helped nor why not", is.Name, t.Node)
		}
	}
}

// answered records the result of a query.
func (c *checks) answered(o *operation, is *client.QueryResult) {
	if o.answer != nil {
		c.fail(S5, "the question of %s has a second result", o.op.Who)
	}
	copied := *is
	o.answer = &copied
	c.listRefused(o)
}

// itemAnswered checks the result of one item of a pipeline.
func (c *checks) itemAnswered(o *operation, is *client.Answered) {
	if _, twice := o.answered[is.Item]; twice || is.Item >= len(o.wanted) {
		c.fail(S5, "item %d of a pipeline by %s has a second result, or is none", is.Item, o.op.Who)
		return
	}
	o.answered[is.Item] = is.Code
	if is.Code != 0 {
		return
	}
	if o.wanted[is.Item].Size == 0 {
		return
	}
	s := o.actor.store(is.Item)
	if s == nil || s.part == nil {
		c.fail(S1, "item %d of a pipeline by %s is said to be there, and is not", is.Item, o.op.Who)
		return
	}
	s.said = is.Attributes
	if done, err := c.w.commit(o.actor, s); !done || err != nil {
		return
	}
	if id := s.final.identity(c.w); id == nil || id.hash != o.wanted[is.Item].Hash {
		c.fail(S1, "item %d of a pipeline by %s is not what was asked for", is.Item, o.op.Who)
	}
	c.s16(o, s, o.wanted[is.Item].Hash)
	c.s20(o, s.landing, o.wanted[is.Item].Hash)
}

// allAnswered checks that each item has a result or is left.
func (c *checks) allAnswered(o *operation) {
	left := o.actor.bare.(*client.Pipeline).Left()
	for i := range o.wanted {
		_, told := o.answered[i]
		if told == slices.Contains(left, i) {
			c.fail(S5, "item %d of a pipeline by %s has a result: %t, and is left: %t", i, o.op.Who, told, !told)
		}
	}
}
