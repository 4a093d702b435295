package sim

import (
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// largeScenario has a file that is large enough for several sources, at three nodes. One client
// fetches it from one source at a time, one from three; a third client fetches small files over one
// link.
func largeScenario() *scenario.Scenario {
	large, small := scenario.File{Name: "large", Content: 1, Size: 9*group + 5}, scenario.File{Name: "small", Content: 2, Size: 300000}
	return &scenario.Scenario{
		Seed: 1, Heal: 60 * time.Second, Clients: 3,
		Nodes: []scenario.Node{
			{ID: 0, Quiet: true, Files: []scenario.File{large, small, {Name: "late", Content: 3, Size: 100}}},
			{ID: 1, Files: []scenario.File{large}},
			{ID: 2, Files: []scenario.File{large, small}},
		},
		Ops: []scenario.Op{
			{At: time.Second, Do: scenario.DoFetch, Who: "c0", Name: "large"},
			{At: time.Second, Do: scenario.DoFetch, Who: "c1", Name: "large", Sources: 3},
			{At: 2 * time.Second, Do: scenario.DoPipeline, Who: "c2", With: "n0"},
			{At: 3 * time.Second, Do: scenario.DoFetch, Who: "c2", Name: "late"},
		},
	}
}

// longer makes the large file so long that one GET is for several groups of it, and has node 0 asked
// first.
func longer(s *scenario.Scenario) {
	for _, n := range s.Nodes {
		if len(n.Files) > 0 {
			n.Files[0].Size = 24 * group
		}
	}
	s.Nodes[0].Quiet = false
}

// eachAttack calls f with scenarios that break the protocol in every way, in every state that waits
// for a message.
func eachAttack(f func(s *scenario.Scenario)) {
	for _, attack := range scenario.Attacks() {
		for _, at := range []string{"relay", "n0"} {
			s := sweepScenario()
			s.Heal = patienceWithStrangers + 20*time.Second
			s.Faults = []scenario.Fault{{Class: scenario.Attack, At: 1500 * time.Millisecond, Who: at, Name: attack}}
			f(s)
		}
	}
	for seed := range uint64(3) {
		f(deafLists(seed))
		f(fullIndex(seed))
	}
	for _, lie := range scenario.NodeLies {
		eachLiar(lie, f)
	}
	for _, lie := range scenario.RelayLies {
		s := sweepScenario()
		s.Relay.Lie = lie
		f(s)
	}
	for i := range protocol.Kinds {
		kind := protocol.Kinds[i].Name
		eachLiar(scenario.Lie("say "+kind), f)
		for _, when := range []string{"say ", "later ", "publishing "} {
			s := sweepScenario()
			s.Relay.Lie = scenario.Lie(when + kind)
			s.Ops = append(s.Ops, scenario.Op{At: 2 * time.Second, Do: scenario.DoList, Who: "c0"})
			f(s)
		}
		later(kind, f)
	}
	later(scenario.ActEnd, f)
	later(scenario.ActJunk, f)
	eachStage(f)
}

// later calls f with a scenario in which the relay lies to nodes that renew over both families.
func later(act string, f func(s *scenario.Scenario)) {
	s := bothScenario()
	s.Relay.Lie = scenario.Lie("later " + act)
	f(s)
}

// badNamesScenario has a stranger that publishes a bad name among good ones, and a client that asks for what
// nobody has told of.
func badNamesScenario(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Heal = seed, patienceWithStrangers+20*time.Second
	s.Faults = []scenario.Fault{{Class: scenario.Attack, At: 1500 * time.Millisecond, Who: "relay", Name: scenario.BadNames}}
	s.Ops = append(s.Ops, scenario.Op{At: 3 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "untold"})
	return s
}

// TestABadNameCostsThatNameAlone: a stranger that publishes one among others is served, counts as one
// that may have anything, and takes nothing from others.
func TestABadNameCostsThatNameAlone(t *testing.T) {
	for seed := range uint64(20) {
		if v := Run(badNamesScenario(seed), Options{}).Violation; v != nil {
			t.Fatalf("seed %d: %v", seed, v)
		}
	}
}

// eachLiar calls f with scenarios in which a node tells a lie.
func eachLiar(lie scenario.Lie, f func(s *scenario.Scenario)) {
	for _, s := range []*scenario.Scenario{sweepScenario(), largeScenario()} {
		s.Nodes[0].Lie = lie
		f(s)
	}
}

// eachStage calls f with scenarios in which a node starts to lie at each stage of a visit; then the
// node dies, the client is stopped, or nothing happens.
func eachStage(f func(s *scenario.Scenario)) {
	at := 2500 * time.Millisecond
	for _, lie := range scenario.Staged() {
		for _, then := range []scenario.Fault{
			{}, {Class: scenario.Crash, At: at, Who: "n0"}, {Class: scenario.Graceful, At: at, Who: "c0"}, {Class: scenario.Graceful, At: at, Who: "c2"},
		} {
			s := largeScenario()
			if s.Nodes[0].Lie = lie; strings.HasPrefix(string(lie), scenario.StageDoubting) {
				longer(s)
			}
			if then.Class != "" {
				s.Faults = []scenario.Fault{then}
			}
			f(s)
		}
	}
}
