package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// sweepScenario is the small scenario of the sweep: one file at the second node, one at both in two
// contents, and one at none.
func sweepScenario() *scenario.Scenario {
	return &scenario.Scenario{
		Seed: 1, Heal: 34 * time.Second, Clients: 1,
		Relay: scenario.Relay{Page: 1},
		Nodes: []scenario.Node{
			{ID: 0, Files: []scenario.File{{Name: "both", Content: 1, Size: 600000}}},
			{ID: 1, Start: 10 * time.Millisecond, Files: []scenario.File{{Name: "both", Content: 2, Size: 70000}, {Name: "one", Content: 3, Size: 1}}},
		},
		Ops: []scenario.Op{
			{At: time.Second, Do: scenario.DoFetch, Who: "c0", Name: "one"},
			{At: 2 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "both"},
		},
	}
}

// bothScenario is the same, of hosts with an address of each family.
func bothScenario() *scenario.Scenario {
	s := sweepScenario()
	s.Relay.Both = true
	for i := range s.Nodes {
		s.Nodes[i].Both = true
	}
	return s
}

// eachFault calls f with every fault that the sweep tries at an event: every class, target and
// number.
func eachFault(s *scenario.Scenario, f func(scenario.Fault)) {
	servers := []string{"relay"}
	for i := range s.Nodes {
		servers = append(servers, scenario.NodeName(i))
	}
	clients := []string{scenario.ClientName(0)}
	everybody := append(append([]string{}, servers...), clients...)
	for i := range scenario.Classes {
		info := &scenario.Classes[i]
		switch info.Target {
		case scenario.AtAnybody:
			eachNumber(info, everybody, []string{""}, f)
		case scenario.AtPair:
			eachNumber(info, clients, servers, f)
			eachNumber(info, servers[1:], servers[:1], f)
			if info.Class != scenario.Reset && info.Class != scenario.BlackHole { // they strike the dialling side's connections
				eachNumber(info, servers, clients, f)
				eachNumber(info, servers[:1], servers[1:], f)
			}
		case scenario.AtServer:
			eachNumber(info, servers, []string{""}, f)
		case scenario.AtNode:
			eachNumber(info, servers[1:], []string{""}, f)
		case scenario.AtClient:
			eachNumber(info, clients, []string{""}, f)
		}
	}
}

// sweepSpan is how long a condition lasts in the sweep: longer than any one deadline of an
// exchange.
const sweepSpan = roles.ProgressTimeout + 2*time.Second

func eachNumber(info *scenario.ClassInfo, who, with []string, f func(scenario.Fault)) {
	numbers := info.N
	if len(numbers) == 0 {
		numbers = []int{0}
	}
	for _, a := range who {
		for _, b := range with {
			for _, n := range numbers {
				fault := scenario.Fault{Class: info.Class, Who: a, With: b, N: n}
				if info.Lasts {
					fault.For = sweepSpan
				}
				if info.File {
					fault.Name = "both"
				}
				if info.Class == scenario.FileAppear {
					fault.Name = "one"
				}
				if info.Class == scenario.Attack {
					continue // eachAttack covers these
				}
				f(fault)
			}
		}
	}
}
