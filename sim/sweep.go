package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// SweepScenario is the small scenario that the sweep spoils at every event in every way: a file that the first
// node lacks, one that both have in two versions, and one that nobody has.
func SweepScenario() *Scenario {
	return &Scenario{
		Seed: 1, Heal: 34 * time.Second, Clients: 1,
		Relay: RelayPlan{Page: 1},
		Nodes: []NodePlan{
			{ID: 0, Files: []FilePlan{{"both", 1, 600000}}},
			{ID: 1, Start: 10 * time.Millisecond, Files: []FilePlan{{"both", 2, 70000}, {"one", 3, 1}}},
		},
		Ops: []Op{
			{At: time.Second, Do: DoFetch, Who: "c0", Name: "one"},
			{At: 2 * time.Second, Do: DoFetch, Who: "c0", Name: "both"},
		},
	}
}

// EachFault calls f with every fault that a sweep tries at one event: every class, every target, every number.
func (s *Scenario) EachFault(f func(Fault)) {
	servers := []string{"relay"}
	for i := range s.Nodes {
		servers = append(servers, nodeName(i))
	}
	clients := []string{clientName(0)}
	everybody := append(append([]string{}, servers...), clients...)
	for i := range Classes {
		info := &Classes[i]
		switch info.Target {
		case atAnybody:
			s.eachNumber(info, everybody, []string{""}, f)
		case atPair:
			s.eachNumber(info, clients, servers, f)
			s.eachNumber(info, servers[1:], servers[:1], f)
			if info.Class != Reset && info.Class != BlackHole { // they are about who dials
				s.eachNumber(info, servers, clients, f)
				s.eachNumber(info, servers[:1], servers[1:], f)
			}
		case atServer:
			s.eachNumber(info, servers, []string{""}, f)
		case atNode:
			s.eachNumber(info, servers[1:], []string{""}, f)
		case atClient:
			s.eachNumber(info, clients, []string{""}, f)
		}
	}
}

// sweepSpan is how long a condition lasts in the sweep: longer than any one deadline of an exchange.
const sweepSpan = roles.ProgressTimeout + 2*time.Second

func (s *Scenario) eachNumber(info *ClassInfo, who, with []string, f func(Fault)) {
	numbers := info.N
	if len(numbers) == 0 {
		numbers = []int{0}
	}
	for _, a := range who {
		for _, b := range with {
			for _, n := range numbers {
				fault := Fault{Class: info.Class, Who: a, With: b, N: n}
				if info.lasts {
					fault.For = sweepSpan
				}
				if info.file {
					fault.Name = "both"
				}
				if info.Class == Attack {
					continue // attacks have an enumeration of their own
				}
				f(fault)
			}
		}
	}
}
