package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// report judges what a machine tells its owner.
func (c *checks) report(a *actor, outcome roles.Outcome) {
	switch outcome := outcome.(type) {
	case client.Result:
		c.result(a.errand, &outcome)
	case client.QueryResult:
		if a.kind == queryKind {
			c.answered(a.errand, &outcome)
		}
	case client.Page:
		if a.kind == queryKind {
			a.errand.pages = append(a.errand.pages, outcome.Answer)
		}
	case client.Answered:
		c.itemAnswered(a.errand, &outcome)
	case client.Begun:
		if outcome.Other {
			c.w.coverage.sometimes(OtherThere)
		}
	case node.Displaced:
		c.w.coverage.sometimes(Displaced)
	case node.Served:
		if outcome.Code == protocol.Changed {
			c.w.coverage.sometimes(ChangedMidway)
		}
	}
}

// over judges an errand whose machine has come to its end.
func (c *checks) over(r *errand) {
	switch {
	case r.actor.kind == fetchKind && r.result == nil:
		c.fail(S5, "the fetch of %q by %s ended without a result", r.op.Name, r.op.Who)
	case r.actor.kind == queryKind && r.answer == nil:
		c.fail(S5, "the question of %s ended without a result", r.op.Who)
	case r.actor.kind == pipelineKind:
		c.allAnswered(r)
	}
	for _, s := range r.stores {
		if s != nil {
			s.release(r.actor)
		}
	}
	if r.ended = !r.actor.proc.doomed; r.ended {
		r.done = c.w.now
		c.tookTooLong(r)
	}
}

func (c *checks) result(r *errand, is *client.Result) {
	c.w.note(Line{What: Results, Host: r.actor.proc.host.index, Actor: r.actor.id, N: uint64(is.Outcome), Text: outcomeWords[is.Outcome]})
	if r.result != nil {
		c.fail(S5, "the fetch of %q by %s has a second result", is.Name, r.op.Who)
		return
	}
	copied := *is
	r.result = &copied
	if len(is.Variants) > 0 {
		c.w.coverage.sometimes(OtherVariant)
	}
	switch is.Outcome {
	case client.Fetched:
		c.delivered(r, is)
	case client.NobodyHad:
		c.s2(r, is)
	case client.NoRelay, client.Unsure, client.Undelivered, client.DiskFailed, client.Interrupted:
	case client.BadlyNamed:
		if protocol.CheckName(is.Name) == nil {
			c.fail(S5, "%q is a good name, and was refused", is.Name)
		}
	default:
		c.fail(S5, "the fetch of %q ended with outcome %d", is.Name, is.Outcome)
	}
	c.s10(r, is)
}

var outcomeWords = [...]string{"no result", "fetched", "nobody has it", "unsure", "undelivered", "no relay", "disk failed", "badly named", "interrupted"}

// delivered judges what was fetched.
func (c *checks) delivered(r *errand, is *client.Result) {
	s := r.actor.store(0)
	if s == nil || s.final == nil {
		c.fail(S1, "the fetch of %q says that it is there, and nothing is", is.Name)
		return
	}
	c.s1(r, is, s.final)
	c.s16(r, s, is.Hash)
	c.resumed(r, is)
	if len(is.Tried) > len(is.From) {
		c.w.coverage.sometimes(SecondNode)
	}
	if len(is.From) > 1 {
		c.w.coverage.sometimes(TwoSources)
	}
	if r.op.Do == scenario.DoMirror && !c.failed() {
		c.w.coverage.sometimes(Mirrored)
		c.w.share(r.actor.proc.host, is.Name, s.final.identity(c.w))
	}
}

// resumed counts what became of what an earlier try had left.
func (c *checks) resumed(r *errand, is *client.Result) {
	switch {
	case r.left.IsZero() || !c.w.pinned(r.op.Pin).IsZero():
	case r.left != is.Hash:
		c.w.coverage.sometimes(PreferredGone)
	case len(is.Variants) > 0:
		c.w.coverage.sometimes(Preferred)
	}
}

// s16 holds that what a user is told is there stays there.
func (c *checks) s16(r *errand, s *store, hash protocol.Hash) {
	if !s.durable() {
		c.fail(S16, "%s is told that %q is there, and a power loss can take it away", r.op.Who, s.name)
	}
	s.kept = hash
}

// share puts what a node has fetched among what it shares: it need not hash that again.
func (w *World) share(h *host, name string, id *identity) {
	f := w.place(h, name, id.content, id.size)
	f.hashed, f.known = f.version, id
	w.publish(h, name)
}

// s1 holds what is delivered against its hash, and among honest nodes against what was placed.
func (c *checks) s1(r *errand, is *client.Result, file *grown) {
	id := file.identity(c.w)
	switch pin := c.w.pinned(r.op.Pin); {
	case id == nil:
		c.fail(S1, "%s was given %d bytes as %q that are of no one content", r.op.Who, file.size(), is.Name)
	case id.hash != is.Hash || id.size != is.Size:
		c.fail(S1, "%s was given content %d of %d bytes as %q, and the result says %d bytes and another hash", r.op.Who, id.content, id.size, is.Name, is.Size)
	case !pin.IsZero() && id.hash != pin:
		c.fail(S1, "%s was given content %d as %q, and had asked for content %d", r.op.Who, id.content, is.Name, r.op.Pin)
	case c.liars():
	case !slices.ContainsFunc(c.w.placed, func(p placement) bool {
		return (p.name == is.Name || is.Name == "") && p.content == id.content && p.size == id.size || id.size == 0 && p.size == 0 && p.name == is.Name
	}):
		c.fail(S1, "%s was given content %d of %d bytes as %q, which nobody had under that name", r.op.Who, id.content, id.size, is.Name)
	}
}

// liars reports whether a node or the relay lies.
func (c *checks) liars() bool {
	s := c.w.scenario
	return s.Relay.Lie != scenario.Honest || slices.ContainsFunc(s.Nodes, func(n scenario.Node) bool { return n.Lie != scenario.Honest })
}

// s2 holds a not-found against what the client heard.
func (c *checks) s2(r *errand, is *client.Result) {
	if r.more {
		c.fail(S2, "the fetch of %q gave up although the relay had more nodes", is.Name)
	}
	for _, listed := range r.listed {
		if !slices.Contains(r.denied, listed.Addr()) {
			c.fail(S2, "the fetch of %q says not found, but %v never said so", is.Name, listed.Addr())
		}
	}
}

// s10 holds a result against the nodes that were asked.
func (c *checks) s10(r *errand, is *client.Result) {
	cut := is.Outcome == client.Interrupted || is.Outcome == client.DiskFailed // those that were being asked then are no news
	for i, v := range r.visited {
		named := slices.ContainsFunc(is.Tried, func(t client.Tried) bool { return t.Node == v.to })
		// When the file is there nobody waits for those who are still being asked.
		excused := is.Outcome == client.Fetched && (r.op.Sources > 1 || i == len(r.visited)-1)
		if !named && !cut && !excused {
			c.fail(S10, "the result for %q does not name %v, which was asked", is.Name, v.to)
		}
	}
	for _, t := range is.Tried {
		if !slices.ContainsFunc(r.visited, func(v *visit) bool { return v.to == t.Node }) {
			c.fail(S10, "the result for %q names %v, which was not asked", is.Name, t.Node)
		}
		if t.Code == 0 && !t.Had {
			c.fail(S10, "the result for %q says of %v neither that it helped nor why not", is.Name, t.Node)
		}
	}
}

// answered notes what came of a question.
func (c *checks) answered(r *errand, is *client.QueryResult) {
	if r.answer != nil {
		c.fail(S5, "the question of %s has a second result", r.op.Who)
	}
	copied := *is
	r.answer = &copied
}

// itemAnswered judges an item of a pipeline.
func (c *checks) itemAnswered(r *errand, is *client.Answered) {
	if _, twice := r.answered[is.Item]; twice || is.Item >= len(r.wanted) {
		c.fail(S5, "item %d of a pipeline by %s has a second result, or is none", is.Item, r.op.Who)
		return
	}
	r.answered[is.Item] = is.Code
	if is.Code != 0 {
		return
	}
	if r.wanted[is.Item].Size == 0 {
		return
	}
	s := r.actor.store(is.Item)
	if s == nil || s.part == nil {
		c.fail(S1, "item %d of a pipeline by %s is said to be there, and is not", is.Item, r.op.Who)
		return
	}
	if done, err := c.w.keep(r.actor, s); !done || err != nil {
		return
	}
	if id := s.final.identity(c.w); id == nil || id.hash != r.wanted[is.Item].Hash {
		c.fail(S1, "item %d of a pipeline by %s is not what was asked for", is.Item, r.op.Who)
	}
	c.s16(r, s, r.wanted[is.Item].Hash)
}

// allAnswered holds that each item has its result, or is left.
func (c *checks) allAnswered(r *errand) {
	left := r.actor.bare.(*client.Pipeline).Left()
	for i := range r.wanted {
		_, told := r.answered[i]
		if told == slices.Contains(left, i) {
			c.fail(S5, "item %d of a pipeline by %s has a result: %t, and is left: %t", i, r.op.Who, told, !told)
		}
	}
}
