package sim

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// LargeScenario has a file large enough for several sources, at a first node and two more, asked for in turn by a
// client with one source, by one with three, and pipelines of small files from the first node.
func LargeScenario() *Scenario {
	large, small := FilePlan{"large", 1, 9*group + 5}, FilePlan{"small", 2, 300000}
	return &Scenario{
		Seed: 1, Heal: 60 * time.Second, Clients: 3,
		Nodes: []NodePlan{
			{ID: 0, Quiet: true, Files: []FilePlan{large, small, {"late", 3, 100}}},
			{ID: 1, Files: []FilePlan{large}},
			{ID: 2, Files: []FilePlan{large, small}},
		},
		Ops: []Op{
			{At: time.Second, Do: DoFetch, Who: "c0", Name: "large"},
			{At: time.Second, Do: DoFetch, Who: "c1", Name: "large", Sources: 3},
			{At: 2 * time.Second, Do: DoPipeline, Who: "c2", With: "n0"},
			{At: 3 * time.Second, Do: DoFetch, Who: "c2", Name: "late"},
		},
	}
}

// EachAttack calls f with a scenario for each way of breaking the protocol in each state that hears a message.
func EachAttack(f func(name string, s *Scenario)) {
	for _, attack := range Attacks() {
		for _, at := range []string{"relay", "n0"} {
			s := SweepScenario()
			s.Heal = patienceWithStrangers + 20*time.Second
			s.Faults = []Fault{{Class: Attack, At: 1500 * time.Millisecond, Who: at, Name: attack}}
			f(fmt.Sprintf("%s at %s", attack, at), s)
		}
	}
	for _, lie := range NodeLies {
		eachLiar(lie, f)
	}
	for _, lie := range RelayLies {
		s := SweepScenario()
		s.Relay.Lie = lie
		f(fmt.Sprintf("relay: %s", lie), s)
	}
	for i := range protocol.Kinds {
		kind := protocol.Kinds[i].Name
		eachLiar(Lie("say "+kind), f)
		for _, when := range []string{"say ", "later ", "publishing "} {
			s := SweepScenario()
			s.Relay.Lie = Lie(when + kind)
			s.Ops = append(s.Ops, Op{At: 2 * time.Second, Do: DoList, Who: "c0"})
			f("relay: "+when+kind, s)
		}
	}
	eachStage(f)
}

// eachLiar calls f with scenarios in which a node lies so.
func eachLiar(lie Lie, f func(name string, s *Scenario)) {
	for _, s := range []*Scenario{SweepScenario(), LargeScenario()} {
		s.Nodes[0].Lie = lie
		f(fmt.Sprintf("node: %s", lie), s)
	}
}

// eachStage calls f with scenarios in which a node begins to lie at each stage of a visit, and then the node or the
// client ends, or the user loses patience.
func eachStage(f func(name string, s *Scenario)) {
	at := 2500 * time.Millisecond
	for _, lie := range Staged() {
		for _, then := range []Fault{
			{}, {Class: Crash, At: at, Who: "n0"}, {Class: Graceful, At: at, Who: "c0"}, {Class: Graceful, At: at, Who: "c2"},
		} {
			s := LargeScenario()
			s.Nodes[0].Lie = lie
			if then.Class != "" {
				s.Faults = []Fault{then}
			}
			f(fmt.Sprintf("node: %s, then %s %s", lie, then.Class, then.Who), s)
		}
	}
}
