package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// brittle reports whether nothing goes wrong in a scenario but that one link of each client to each
// node is reset.
func brittle(s *scenario.Scenario) bool {
	if s.Hostile() || slices.ContainsFunc(s.Ops, func(op scenario.Op) bool {
		return op.Do == scenario.DoStop || op.Do == scenario.DoStart || op.Do == scenario.DoAbort
	}) {
		return false
	}
	type pair struct{ who, with string }
	links, ids := map[pair]bool{}, map[int]bool{}
	for _, f := range s.Faults {
		at := pair{f.Who, f.With}
		if f.Class != scenario.Reset || f.Who[0] != 'c' || f.With[0] != 'n' || links[at] {
			return false
		}
		links[at] = true
	}
	for i := range s.Nodes {
		if ids[s.Nodes[i].ID] {
			return false
		}
		ids[s.Nodes[i].ID] = true
	}
	return true
}

// l5 checks that an operation has all of its files, or is certain that nobody has them, although a
// link was reset.
func (c *checks) l5(o *operation) {
	if !c.brittle || c.w.coverage.Faults[scenario.Reset] == 0 || o.actor.proc.stopping {
		return
	}
	outcomes := []client.Outcome{}
	if o.result != nil {
		outcomes = append(outcomes, o.result.Outcome)
	}
	if o.gather != nil {
		for _, names := range o.gather.names {
			for _, name := range names {
				outcomes = append(outcomes, o.gather.told[name])
			}
		}
	}
	for _, is := range outcomes {
		if is != client.Fetched && is != client.NobodyHad && is != client.BadlyNamed {
			c.fail(L5, "a link was reset once, and the %s of %q by %s ends as: %s", o.op.Do, o.op.Name, o.op.Who, outcomeWords[is])
		}
	}
	if o.reading != nil && o.reading.unread && !o.reading.is.Hash.IsZero() {
		c.fail(L5, "a link was reset once, and %s cannot read %q", o.op.Who, o.op.Name)
	}
}
