package sim

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// unending is a story of clients that want a file which, as the relay says, many nodes have: all but
// one say that they do not, and never end their links.
func unending(seed uint64) *scenario.Scenario {
	s := &scenario.Scenario{Seed: seed, Heal: 10 * time.Minute, Clients: 4}
	for i := range 2*roles.MaxClosing + 1 {
		s.Nodes = append(s.Nodes, scenario.Node{ID: i, Lie: "lingers", Files: []scenario.File{{Name: "small", Content: 1, Size: 90_000}}})
	}
	s.Nodes[seed%uint64(len(s.Nodes))].Lie = scenario.Honest
	at := 6 * time.Second
	s.Ops = []scenario.Op{
		{At: at, Do: scenario.DoFetch, Who: "c0", Name: "small", Sources: 1}, {At: at, Do: scenario.DoFetch, Who: "c1", Name: "small", Sources: 4},
		{At: at, Do: scenario.DoRead, Who: "c2", Name: "small"}, {At: at, Do: scenario.DoGather, Who: "c3", Sources: 1},
	}
	return s
}

func unendingStories() (all []*scenario.Scenario) {
	for seed := range uint64(9) {
		all = append(all, unending(seed))
	}
	return all
}

// TestNodesThatDoNotEndTheirLinksHoldNobodyUp holds the stories against the promises: L7, for the next
// node is dialled while a link closes, and S7, for not too many links close at once.
func TestNodesThatDoNotEndTheirLinksHoldNobodyUp(t *testing.T) {
	total := NewTally()
	for _, s := range unendingStories() {
		out := Run(s, Options{})
		total.Add(&out)
		if out.Violation != nil {
			t.Errorf("%v\n%s", out.Violation, s.Plan())
		}
	}
	if total.coverage.Counters[ManyClosing] == 0 {
		t.Error("never were as many links closing as may")
	}
}
