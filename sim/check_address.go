package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// oneDead reports whether nothing goes wrong in a scenario but that hosts with an address of each
// family, as the relay and all nodes are, lose that of one and the same family at times.
func oneDead(s *scenario.Scenario) bool {
	if s.Hostile() || !s.Relay.Both || len(s.Faults) == 0 || stopsOrStarts(s) || sharesIDs(s) {
		return false
	}
	for i := range s.Nodes {
		if !s.Nodes[i].Both {
			return false
		}
	}
	return !slices.ContainsFunc(s.Faults, func(f scenario.Fault) bool {
		return f.Class != scenario.Address || f.N%2 != s.Faults[0].N%2
	})
}

// l12 checks that an operation comes to what it would, although addresses are dead. A relay that
// falls silent while it is asked has its time.
func (c *checks) l12(o *operation) {
	if !c.oneDead || o.actor.proc.stopping || o.op.Do == scenario.DoPipeline {
		return
	}
	asked := o.answer != nil && o.answer.Code != 0 && o.answer.Code != protocol.Timeout
	if asked {
		c.fail(L12, "each host has a good address, and the %s of %q by %s ends with %s", o.op.Do, o.op.Name, o.op.Who, o.answer.Code)
	}
	for _, is := range o.outcomes() {
		unheard := is == client.NoRelay && o.result != nil && o.result.Code == protocol.Timeout
		if is != client.Fetched && is != client.NobodyHad && is != client.BadlyNamed && !unheard {
			c.fail(L12, "each host has a good address, and the %s of %q by %s ends as: %s", o.op.Do, o.op.Name, o.op.Who, outcomeWords[is])
		}
	}
}
