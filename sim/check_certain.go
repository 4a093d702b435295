package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// s2 checks a not-found: against the answers that the client received, and against the shares of the
// nodes that the relay listed all the time.
func (c *checks) s2(o *operation, is *client.Result) {
	switch {
	case o.more:
		c.fail(S2, "the fetch of %q gave up although the relay had more nodes", is.Name)
	case o.young:
		c.fail(S2, "the fetch of %q says not found, and the relay said that it may lack nodes", is.Name)
	case o.withheld:
		c.fail(S2, "the fetch of %q says not found, and the relay said that there are other nodes", is.Name)
	}
	for _, listed := range o.listed {
		node := client.NodeOf(&listed)
		if !slices.ContainsFunc(o.denied, func(n client.Node) bool { return n == node || !n.ID.IsZero() && n.ID == node.ID }) {
			c.fail(S2, "the fetch of %q says not found, but %v never said so", is.Name, listed.Addr())
		}
	}
	if r := c.w.relay; r.lie != scenario.Honest || r.proc == nil || r.proc.started > o.started || c.garbles() {
		return
	}
	for _, h := range c.w.hosts {
		if h.role == nodeRole && h.lie == scenario.Honest && !c.w.sharesID(h) && c.due(h, o) {
			c.fail(S2, "the fetch of %q says not found, and %s has had it since before", is.Name, h.name)
		}
	}
}

// garbles reports whether a bit of a request flips in the scenario: it may be for another name then.
func (c *checks) garbles() bool {
	return slices.ContainsFunc(c.w.scenario.Faults, func(f scenario.Fault) bool { return f.Class == scenario.BitFlip })
}

// due reports whether a client must find out that a node has what an operation wants. The relay has
// listed the node since before the operation began, and the node had the file by then. Where it has
// told the relay meanwhile what it shares, and that this is all, it had noticed the file before it
// did so; where nothing disturbs the two, it has had the time for that.
func (c *checks) due(h *host, o *operation) bool {
	k := c.w.relay.proc.oracle.known[h.key]
	if !k.live(c.w.relay.local(c.w.now)) || max(k.begun, k.moved) > o.started || !h.has(k.spot(c.w.relay.local(c.w.now))) || h.moved > k.moved {
		return false
	}
	since, has := c.since(h, o)
	if !has || since > o.started {
		return false
	}
	noticed := since + watchDelay
	soon := noticed + time.Second // a new name is told at once, or that there is one
	if o.op.Pin > 0 {
		soon += roles.PublishGap
	}
	if c.undisturbed && o.started > soon {
		return true
	}
	for i, told := range k.told {
		inForce := i+1 == len(k.told) || k.told[i+1].at > o.started
		if inForce && told.whole && noticed >= told.asOf {
			return false
		}
	}
	return true
}

// since returns when a node came by what an operation wants, if it has it.
func (c *checks) since(h *host, o *operation) (time.Duration, bool) {
	want := c.w.pinned(o.op.Pin)
	if want.IsZero() {
		at := slices.IndexFunc(h.files, func(s shared) bool { return s.name == o.op.Name })
		if at < 0 {
			return 0, false
		}
		return h.files[at].since, true
	}
	for i := range h.files {
		f := h.files[i].file
		named := o.op.Name == "" || h.files[i].name == o.op.Name
		if named && f.shut == 0 && !f.isRotten() && c.w.identity(f.content, f.size).hash == want {
			return f.since, true
		}
	}
	return 0, false
}

// composes notes when a node makes a page of its index.
func (a *actor) composes(m *protocol.Publish, now time.Duration) {
	if a.kind != memberKind {
		return
	}
	if a.proc.composed == nil {
		a.proc.composed = map[protocol.Held]time.Duration{}
	}
	a.proc.composed[protocol.Held{Index: m.Index, Sequence: m.To}] = now
}

// undisturbed reports whether nothing goes wrong in a scenario but that files change, or cannot be
// read.
func undisturbed(s *scenario.Scenario) bool {
	return !s.Hostile() && !slices.ContainsFunc(s.Faults, func(f scenario.Fault) bool {
		return !f.Class.Info().File && f.Class != scenario.Deaf && f.Class != scenario.SlowHash
	}) && !slices.ContainsFunc(s.Ops, func(op scenario.Op) bool { return op.Do == scenario.DoStop || op.Do == scenario.DoStart })
}
