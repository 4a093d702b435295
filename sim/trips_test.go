package sim

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// timed is a machine that notes when something happens to it, since it started and since it dialled last.
type timed struct {
	roles.Machine
	started, dialled time.Duration
	log              map[string][]time.Duration
	refused          int // by nodes, so far
}

func (m *timed) Step(at roles.Moment, in roles.Input) []roles.Effect {
	effects := m.Machine.Step(at, in)
	note := func(what string, since time.Duration) { m.log[what] = append(m.log[what], at.Now-since) }
	switch in := in.(type) {
	case roles.Started:
		m.started = at.Now
	case roles.Heard:
		note(in.Message.Kind().String(), m.started)
		note("then "+in.Message.Kind().String(), m.dialled)
		if in.Message.Kind() == protocol.KindError {
			m.refused++
		}
	case roles.Verified:
		note(fmt.Sprintf("verified after %d", m.refused), m.started)
	case roles.StoreCommitted:
		note(fmt.Sprintf("placed after %d", m.refused), m.started)
	}
	for _, effect := range effects {
		if _, is := effect.(roles.Dial); is {
			m.dialled = at.Now
		}
	}
	if m.Final() {
		note("end", m.started)
		note(fmt.Sprintf("end after %d", m.refused), m.started)
	}
	return effects
}

// tripsOf runs a scenario in which nothing goes wrong, and returns the round trips until something happens
// to machines of a kind, in the order in which it happened.
func tripsOf(t *testing.T, s *scenario.Scenario, kind machineKind, what string) (trips []int) {
	t.Helper()
	log := map[string][]time.Duration{}
	plant := &Plant{Machine: func(k machineKind, m roles.Machine) roles.Machine {
		if k != kind {
			return m
		}
		return &timed{Machine: m, log: log}
	}}
	s.Heal, s.Clients = cmp.Or(s.Heal, 20*time.Second), 1
	for i := range s.Ops {
		s.Ops[i].At, s.Ops[i].Who = 10*time.Second, "c0"
	}
	if v := Run(s, Options{Plant: plant}).Violation; v != nil {
		t.Errorf("%v\n%s", v, s.Plan())
	}
	const trip = 2 * latency
	for _, after := range log[what] {
		trips = append(trips, int((after+trip/2)/trip))
	}
	return trips
}

// ofNodes is a scenario of so many nodes with a file, and as many that do not publish what they have.
func ofNodes(n int, do scenario.Verb, name string, files int) *scenario.Scenario {
	s := &scenario.Scenario{Ops: []scenario.Op{{Do: do, Name: name}}}
	for i := range max(n, 1) {
		one := scenario.Node{ID: i, Quiet: do == scenario.DoFetch && name != "a0"}
		for f := range files {
			one.Files = append(one.Files, scenario.File{Name: fmt.Sprintf("a%d", f), Content: 1 + f, Size: 1000})
		}
		if n > 0 {
			s.Nodes = append(s.Nodes, one)
		}
	}
	return s
}

// passing is a scenario in which nodes say that they do not have the file that one of them has.
func passing(seed uint64, sources int) *scenario.Scenario {
	s := ofNodes(3, scenario.DoFetch, "a0", 1)
	s.Seed, s.Ops[0].Sources = seed, sources
	s.Nodes[0].Lie, s.Nodes[1].Lie = "not-found", "not-found"
	return s
}

// counts are the ways to count the round trips of each phase, with n of what there may be several of.
func counts(t *testing.T) map[string]func(n int) int {
	first := func(trips []int) int {
		if len(trips) == 0 {
			return -1
		}
		return trips[0]
	}
	list := func(n int) *scenario.Scenario { return ofNodes(1, scenario.DoList, "", (n+1)*roles.DefaultPage) }
	locate := func(n int) *scenario.Scenario { // behind full pages comes an empty one
		s := ofNodes(max(n, 1), scenario.DoLocate, "a0", 1)
		s.Relay.Page = min(n, 1)
		return s
	}
	missing := func(n int) *scenario.Scenario { return ofNodes(n, scenario.DoFetch, "missing", 1) }
	one := func(do scenario.Verb) *scenario.Scenario { return ofNodes(1, do, "a0", 1) }
	last := func(trips []int, n int) int { return trips[n] }
	fetch := func(what string) func(n int) int {
		return func(n int) (most int) {
			for seed := range uint64(6) {
				for sources := range 3 {
					if trips := tripsOf(t, passing(seed, sources), fetchKind, fmt.Sprintf("%s after %d", what, n)); len(trips) > 0 {
						most = max(most, trips[0])
					}
				}
			}
			return most
		}
	}
	return map[string]func(n int) int{
		"register: the relay lists the node, and has reached it": func(int) int { return first(tripsOf(t, one(scenario.DoLocate), memberKind, "REGISTERED")) },
		"register: the first page of its index is published":     func(int) int { return first(tripsOf(t, one(scenario.DoLocate), memberKind, "PUBLISHED")) },
		"renew: the lease runs on": func(int) int {
			s := one(scenario.DoLocate)
			s.Heal = time.Minute
			return first(tripsOf(t, s, memberKind, "then RENEWED"))
		},
		"locate: the nodes are known":    func(n int) int { return last(tripsOf(t, locate(n), queryKind, "LOCATED"), n) },
		"locate: the link is closed":     func(n int) int { return first(tripsOf(t, locate(n), queryKind, "end")) },
		"list: the names are known":      func(n int) int { return last(tripsOf(t, list(n), queryKind, "LISTED"), n) },
		"list: the link is closed":       func(n int) int { return first(tripsOf(t, list(n), queryKind, "end")) },
		"fetch: the first verified byte": fetch("verified"),
		"fetch: the first verified byte, if all nodes are reached through the relay": func(int) int {
			s := ofNodes(1, scenario.DoFetch, "a0", 1)
			s.Relay.Circuits, s.Nodes[0].Walled = true, true
			return first(tripsOf(t, s, fetchKind, "verified after 0"))
		},
		"fetch: a small file is in its place": fetch("placed"),
		"fetch: every link is closed":         fetch("end"),
		"not found: the last answer": func(n int) int {
			if n == 0 {
				return first(tripsOf(t, missing(n), fetchKind, "LOCATED"))
			}
			return last(tripsOf(t, missing(n), fetchKind, "ERROR"), n-1)
		},
		"not found: every link is closed":                                     func(n int) int { return first(tripsOf(t, missing(n), fetchKind, "end")) },
		"many small files: the first verified byte, once the names are known": func(int) int { return first(tripsOf(t, one(scenario.DoGather), gatherKind, "verified after 0")) },
		"many small files: every link is closed":                              func(int) int { return first(tripsOf(t, one(scenario.DoGather), gatherKind, "end")) },
	}
}

// TestPhasesTakeTheirRoundTrips counts those of the table, which SPEC has.
func TestPhasesTakeTheirRoundTrips(t *testing.T) {
	counts := counts(t)
	for _, phase := range roles.Phases {
		name := phase.Name + ": " + phase.Until
		f := counts[name]
		if f == nil {
			t.Errorf("%s is not counted", name)
			continue
		}
		several := 0
		if phase.Each > 0 {
			several = 2
		}
		for n := range several + 1 {
			if got := f(n); got != phase.Trips+n*phase.Each {
				t.Errorf("%s: %d round trips and not %d, with %d times %q", name, got, phase.Trips+n*phase.Each, n, phase.Of)
			}
		}
	}
}
