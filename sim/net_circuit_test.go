package sim

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// TestNodesFollowInvitations checks that a node awaits clients at a relay that makes circuits, and that an upload
// follows each invitation and comes to its end: here with a ticket that nobody has given.
func TestNodesFollowInvitations(t *testing.T) {
	for _, fault := range []scenario.Class{"", scenario.Busy, scenario.Graceful} {
		t.Run(string(fault), func(t *testing.T) {
			s := &scenario.Scenario{Seed: 1, Heal: time.Minute, Relay: scenario.Relay{Circuits: true}, Nodes: []scenario.Node{{}}}
			w := newWorld(s, scenario.NewSeeded(s.Seed))
			w.build()
			n := w.byName[scenario.NodeName(0)]
			w.until(10 * time.Second)
			if awaits, _ := w.relay.proc.circuits.Counts(); awaits != 1 {
				t.Errorf("%d nodes await clients", awaits)
			}
			if fault != "" {
				w.beginFault(scenario.Fault{Class: fault, At: w.now, Who: n.name, For: time.Second})
			}
			before := len(w.actors)
			w.invite(n.proc, node.Invited{Relay: w.relay.address.String(), Ticket: protocol.Ticket{1}})
			if fault == scenario.Graceful {
				if len(w.actors) != before {
					t.Error("a node that stops follows an invitation")
				}
				return
			}
			upload := w.actors[before]
			w.until(20 * time.Second)
			if !upload.final || upload.kind != uploadKind || upload.full != (fault == scenario.Busy) || len(w.conns) < 2 {
				t.Errorf("a machine %q is left in %s", tables[upload.kind].name, upload.state)
			}
			w.heal()
			w.shutDown()
			if v := w.check.violation; v != nil {
				t.Error(v)
			}
		})
	}
}
