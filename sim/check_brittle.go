package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// brittle reports whether nothing goes wrong in a scenario but that one link of each client to each
// node, and of each client and node to the relay, is reset.
func brittle(s *scenario.Scenario) bool {
	if s.Hostile() || stopsOrStarts(s) || sharesIDs(s) {
		return false
	}
	type pair struct{ who, with string }
	links := map[pair]bool{}
	for _, f := range s.Faults {
		at := pair{f.Who, f.With}
		if f.Class != scenario.Reset || f.Who[0] != 'c' && f.With != "relay" || links[at] {
			return false
		}
		links[at] = true
	}
	return true
}

// stopsOrStarts reports whether a user stops or starts anything.
func stopsOrStarts(s *scenario.Scenario) bool {
	return slices.ContainsFunc(s.Ops, func(op scenario.Op) bool {
		return op.Do == scenario.DoStop || op.Do == scenario.DoStart || op.Do == scenario.DoAbort
	})
}

// sharesIDs reports whether two nodes have one id.
func sharesIDs(s *scenario.Scenario) bool {
	ids := map[int]bool{}
	for i := range s.Nodes {
		if ids[s.Nodes[i].ID] || s.Nodes[i].Lone || s.Nodes[i].Walled && !(s.Relay.Circuits && s.Relay.Ways == 0 && s.Relay.Passes == 0) {
			return true
		}
		ids[s.Nodes[i].ID] = true
	}
	return false
}

// outcomes returns what came of the files of an operation.
func (o *operation) outcomes() (all []client.Outcome) {
	if o.result != nil {
		all = append(all, o.result.Outcome)
	}
	if o.gather != nil {
		for _, names := range o.gather.names {
			for _, name := range names {
				all = append(all, o.gather.told[name])
			}
		}
	}
	return all
}

// l5 checks that an operation has its answer, and all of its files, or is certain that nobody has
// them, although a link was reset.
func (c *checks) l5(o *operation) {
	if !c.brittle || c.w.coverage.Faults[scenario.Reset] == 0 || o.actor.proc.stopping || o.started < c.absent && o.missed() || c.sentToWalls(o) {
		return
	}
	if o.answer != nil && o.answer.Code != 0 {
		c.fail(L5, "a link was reset once, and the %s of %q by %s ends with %s", o.op.Do, o.op.Name, o.op.Who, o.answer.Code)
	}
	for _, is := range o.outcomes() {
		if is != client.Fetched && is != client.NobodyHad && is != client.BadlyNamed {
			c.fail(L5, "a link was reset once, and the %s of %q by %s ends as: %s", o.op.Do, o.op.Name, o.op.Who, outcomeWords[is])
		}
	}
	if o.reading != nil && o.reading.unread && !o.reading.is.Hash.IsZero() {
		c.fail(L5, "a link was reset once, and %s cannot read %q", o.op.Who, o.op.Name)
	}
}

// sentToWalls reports whether a relay that has not found out yet that nobody can connect to a node has sent an operation there.
func (c *checks) sentToWalls(o *operation) bool {
	return slices.ContainsFunc(o.listed, func(p protocol.Peer) bool {
		h := c.w.hostAt(spotOf(&p))
		return p.Host != nil && h != nil && h.walled()
	})
}

// cuts notes that the link on which a node waits for clients is reset: it makes another one, after a while.
func (c *checks) cuts(e *end) {
	if e.actor != nil && e.actor.kind == memberKind && e.link == awaitLink {
		c.absent = c.w.now + roles.DialTimeout + roles.AwaitRetry*106/100
	}
}

// missed reports whether the relay has said that a node does not wait for clients, or has not come.
func (o *operation) missed() bool {
	return slices.ContainsFunc(o.visited, func(v *visit) bool {
		return v.refusal != nil && (v.refusal.Code == protocol.Unreachable || v.refusal.Code == protocol.PeerGone)
	})
}
