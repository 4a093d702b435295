package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// circuitScenario has two nodes that nobody can dial, and a client that fetches from them through the relay: one file after
// the other, one from both, many, and at several places.
func circuitScenario(seed uint64) *scenario.Scenario {
	return &scenario.Scenario{
		Seed: seed, Heal: 34 * time.Second, Clients: 2, Relay: scenario.Relay{Circuits: true},
		Nodes: []scenario.Node{
			{ID: 0, Walled: true, Files: []scenario.File{{Name: "both", Content: 1, Size: 600_000}}},
			{ID: 1, Walled: true, Start: 10 * time.Millisecond, Files: []scenario.File{{Name: "both", Content: 1, Size: 600_000}, {Name: "one", Content: 3, Size: 1000}}},
		},
		Ops: []scenario.Op{
			{At: 4 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "one"},
			{At: 4500 * time.Millisecond, Do: scenario.DoFetch, Who: "c0", Name: "both", Sources: 2},
			{At: 5 * time.Second, Do: scenario.DoGather, Who: "c1"},
			{At: 5500 * time.Millisecond, Do: scenario.DoRead, Who: "c0", Name: "both"},
		},
	}
}

// longCircuit has one circuit, over which a large file comes slowly.
func longCircuit(seed uint64, faults ...scenario.Fault) *scenario.Scenario {
	s := circuitScenario(seed)
	s.Heal, s.Drain, s.Clients = 2*time.Minute, 40*time.Second, 1
	s.Nodes = []scenario.Node{{ID: 0, Walled: true, Files: []scenario.File{{Name: "large", Content: 1, Size: 12 * group}}}}
	s.Ops = []scenario.Op{{At: 5 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "large"}}
	s.Faults = append(faults, scenario.Fault{Class: scenario.Slow, Who: "c0", At: 5 * time.Second, For: 80 * time.Second, N: 1 << 19})
	return s
}

// comesLater has a large file at nodes that nobody can dial, one or two, and at one that is busy at first.
func comesLater(seed uint64) *scenario.Scenario {
	s := longCircuit(seed)
	s.Nodes = append(s.Nodes, scenario.Node{ID: 1, Files: s.Nodes[0].Files})
	if s.Ops[0].Sources = 2; seed%2 == 1 {
		s.Nodes = append(s.Nodes, scenario.Node{ID: 2, Walled: true, Files: s.Nodes[0].Files})
		s.Nodes[0].Files[0].Size = 40 * group
	}
	s.Relay.Pace = 1 << 20
	s.Faults = []scenario.Fault{{Class: scenario.Busy, Who: "n1", At: 4500 * time.Millisecond, For: tenths(20 + int(seed))}}
	if seed%4 > 1 {
		s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Slow, Who: "n1", At: 4500 * time.Millisecond, For: 80 * time.Second, N: 1 << 21})
	}
	return s
}

// strangersAwait has a stranger that says something else while it waits for clients, or joins where it is not asked to.
func strangersAwait(attack string) func(seed uint64) *scenario.Scenario {
	return func(seed uint64) *scenario.Scenario {
		s := circuitScenario(seed)
		s.Heal, s.Relay.Closed = patienceWithStrangers+20*time.Second, seed%2 == 1
		s.Relay.Unproven = seed%4 >= 2
		s.Faults = []scenario.Fault{{Class: scenario.Attack, At: 500 * time.Millisecond, Who: "relay", Name: attack, N: int(seed / 2 % 2)}}
		return s
	}
}

// circuitLie has a relay, or a node, that lies about circuits.
func circuitLie(relay, node scenario.Lie) *scenario.Scenario {
	s := circuitScenario(3)
	s.Relay.Lie, s.Nodes[0].Lie = relay, node
	return s
}

// circuitSweep has each of some faults after each of some events.
func circuitSweep(step int, closed bool) (all []*scenario.Scenario) {
	one := func(seed int) *scenario.Scenario {
		s := circuitScenario(uint64(seed))
		s.Relay.Closed = closed
		return s
	}
	at := 0
	for event := 60; event < 900; event += step {
		for _, f := range []scenario.Fault{
			{Class: scenario.Graceful, Who: "c0"}, {Class: scenario.Graceful, Who: "c1"}, {Class: scenario.Graceful, Who: "n0", For: time.Second},
			{Class: scenario.Graceful, Who: "n1", For: time.Second}, {Class: scenario.Graceful, Who: "relay", For: time.Second},
			{Class: scenario.Crash, Who: "relay", For: time.Second, N: event % 2}, {Class: scenario.PowerLoss, Who: "relay", For: 12 * time.Second},
			{Class: scenario.Hang, Who: "relay", For: 16 * time.Second}, {Class: scenario.Hang, Who: "n0", For: 12 * time.Second}, {Class: scenario.Crash, Who: "n1", N: event % 2, For: time.Second},
			{Class: scenario.Reset, Who: "c0", With: "relay", N: at % 200}, {Class: scenario.Reset, Who: "n0", With: "relay", N: at % 200},
			{Class: scenario.BlackHole, Who: "c0", With: "relay", N: at % 300}, {Class: scenario.Busy, Who: "relay", For: time.Second}, {Class: scenario.Revoke, Who: "n1", For: 5 * time.Second},
			{Class: scenario.Revoke, Who: "c0", For: 5 * time.Second},
		} {
			at++
			if f.Class == scenario.Revoke && !closed {
				continue
			}
			s := one(event)
			f.Event = event
			s.Faults = []scenario.Fault{f}
			all = append(all, s)
		}
	}
	return all
}

// legResets resets each link of a circuit, and that on which its node awaits clients, at each of some bytes.
func legResets() (all []*scenario.Scenario) {
	at := []time.Duration{4400 * time.Millisecond, 4503 * time.Millisecond, 4511 * time.Millisecond, 4520 * time.Millisecond}
	bytes := []int{100_000, 300_000, 599_000}
	for n := 0; n < 1300; n += 31 {
		bytes = append(bytes, n)
	}
	for i, n := range bytes {
		for _, who := range []string{"c0", "n0"} {
			s := circuitScenario(uint64(n))
			s.Nodes, s.Ops, s.Clients = s.Nodes[:1], []scenario.Op{{At: 4500 * time.Millisecond, Do: scenario.DoFetch, Who: "c0", Name: "both", Sources: n % 3}}, 1
			if i%5 == 4 {
				s.Ops[0].Do = scenario.DoGather
			}
			s.Faults = []scenario.Fault{{Class: scenario.Reset, Who: who, With: "relay", At: at[i%len(at)], N: n}}
			all = append(all, s)
		}
	}
	return all
}

// quotas has a client pass just so many bytes: from one to all of a small file's exchange, and to some of many.
func quotas() (all []*scenario.Scenario) {
	for passes := 1; passes < 2600; passes += 37 {
		s := circuitScenario(uint64(passes))
		s.Relay.Passes = passes
		all = append(all, s)
	}
	for _, passes := range []int{4000, 5000, 70_000, 300_000, 599_000, 601_000, 603_000, 1_200_000} {
		for seed := range uint64(4) {
			s := circuitScenario(seed)
			s.Relay.Passes, s.Relay.Closed, s.Behind = passes, seed%2 == 1, seed > 1
			all = append(all, s)
		}
	}
	return all
}

// scarce has an address pass just so many bytes of a file of many groups, of one node, or two.
func scarce() (all []*scenario.Scenario) {
	for n := range uint64(24) {
		s := longCircuit(n)
		s.Faults, s.Relay.Passes = nil, 1<<19*(1+int(n))+1000*int(n)
		if n%2 == 1 {
			s.Nodes = append(s.Nodes, scenario.Node{ID: 1, Walled: true, Files: s.Nodes[0].Files})
			s.Ops[0].Sources = 2
		}
		if n%3 == 2 {
			s.Ops[0].Do = scenario.DoGather
		}
		all = append(all, s)
	}
	return all
}

// circuitStories are worlds in which clients reach nodes through the relay.
func circuitStories() (all []*scenario.Scenario) {
	return slices.Concat(circuitLies(), circuitSweep(11, false), circuitSweep(19, true), legResets(), quotas(), drains(), hangs(), waits(), laters(), scarce())
}

// laters have a node that can be dialed come later than one that cannot.
func laters() (all []*scenario.Scenario) {
	for seed := range uint64(12) {
		all = append(all, comesLater(seed))
	}
	return all
}

func tenths(n int) time.Duration { return time.Duration(n) * time.Second / 10 }

// circuitLies are strangers, relays and nodes that lie about circuits.
func circuitLies() (all []*scenario.Scenario) {
	for _, attack := range append(scenario.Awaiting(), scenario.JoinUnknown, scenario.JoinStolen, scenario.InPlain) {
		for seed := range uint64(4) {
			all = append(all, strangersAwait(attack)(seed))
		}
	}
	for _, lie := range scenario.Carried() {
		all = append(all, circuitLie(lie, scenario.Honest))
	}
	for tenth := range 4 { // the node stops while it rests
		s := circuitLie(scenario.StageAwaiting+" "+scenario.ActAtOnce, scenario.Honest)
		s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Graceful, Who: "n0", At: tenths(80 + tenth)})
		all = append(all, s)
	}
	for _, lie := range scenario.CircuitLies {
		for seed := range uint64(3) {
			s := circuitLie(scenario.Honest, lie)
			s.Seed = seed
			all = append(all, s)
		}
	}
	return all
}

// drains has relays that stop while they carry a circuit, which comes to its end, or does not; twice; while the circuit is
// reset, or has passed all that it may.
func drains() (all []*scenario.Scenario) {
	pace := func(passes int, faults ...scenario.Fault) *scenario.Scenario {
		s := longCircuit(1, faults...)
		s.Relay.Pace, s.Relay.Passes = 1<<19, passes
		return s
	}
	stop := scenario.Fault{Class: scenario.Graceful, Who: "relay", At: tenths(70), For: tenths(200)}
	again := scenario.Fault{Class: scenario.Graceful, Who: "relay", At: tenths(90)}
	all = append(all, longCircuit(1, stop), longCircuit(2, stop, again), pace(0, stop), pace(3<<20, stop), pace(0), pace(2<<20),
		longCircuit(3, stop, scenario.Fault{Class: scenario.Reset, Who: "c0", With: "relay", At: tenths(80), N: 3000}),
		longCircuit(4, stop, scenario.Fault{Class: scenario.Crash, Who: "c0", At: tenths(80), For: tenths(10)}))
	for passes := 2; passes < 8; passes++ { // of two files, each of which may have all of it
		both := pace(passes<<20, stop)
		both.Ops = append(both.Ops, both.Ops[0])
		both.Ops[1].Do = scenario.DoGather
		all = append(all, both)
	}
	for seed := range uint64(12) { // whose clock runs fast or slow
		s := longCircuit(seed, stop)
		s.Relay.Drift = []int{20000, -20000, 100, -100, 77, -13}[seed%6]
		all = append(all, s)
	}
	return all
}

// hangs has clients and nodes that hang: the node until it is too late for all of its clients, and both, so that nothing
// passes for long, until the relay is stopping.
func hangs() (all []*scenario.Scenario) {
	for seed := range uint64(4) {
		s := circuitScenario(seed)
		s.Clients, s.Ops = 4, nil
		for i := range 4 {
			s.Ops = append(s.Ops, scenario.Op{At: tenths(60 + 3*i), Do: scenario.DoFetch, Who: scenario.ClientName(i), Name: "both"})
		}
		s.Nodes = s.Nodes[:1]
		s.Faults = []scenario.Fault{{Class: scenario.Hang, Who: "n0", At: tenths(59), For: tenths(80 + 5*int(seed))}}
		all = append(all, s)
	}
	dark := func(seed uint64, span int, then ...scenario.Fault) *scenario.Scenario {
		for _, who := range []string{"c0", "n0"} {
			then = append(then, scenario.Fault{Class: scenario.Hang, Who: who, At: tenths(70), For: tenths(span)})
		}
		return longCircuit(seed, then...)
	}
	return append(all, dark(1, 700), dark(2, 560, scenario.Fault{Class: scenario.Graceful, Who: "relay", At: tenths(615), For: tenths(200)}))
}

// waits has clients and nodes that wait at the relay, and something happens meanwhile.
func waits() (all []*scenario.Scenario) {
	for at := 38; at < 120; at += 3 { // one of them is revoked
		s := circuitLie(scenario.Honest, "never-joins")
		s.Relay.Closed = true
		s.Faults = []scenario.Fault{{Class: scenario.Revoke, Who: []string{"c0", "n0"}[at/2%2], At: tenths(at), For: tenths(30)}}
		all = append(all, s)
	}
	for n := range 24 { // the link over which a client asks for a circuit is reset, twice
		first := scenario.Fault{Class: scenario.Reset, Who: "c0", With: "relay", At: tenths(40) + 4500*time.Microsecond + time.Duration(n%4)*time.Millisecond}
		second := first
		second.At += time.Duration(1+n/4) * 500 * time.Microsecond
		s := circuitScenario(uint64(n))
		s.Ops, s.Faults = s.Ops[:1], []scenario.Fault{first, second}
		all = append(all, s)
	}
	for n := range 6 { // a client has no list, and asks for nodes that it knows from elsewhere before it has entered the relay
		s := circuitScenario(uint64(n))
		s.Relay.Closed, s.Ops = true, []scenario.Op{{At: tenths(50), Do: scenario.DoGather, Who: "c1"}}
		for _, at := range []time.Duration{tenths(40), tenths(50) + 500*time.Microsecond, tenths(50) + time.Duration(n)*time.Millisecond} {
			s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Reset, Who: "c1", With: "relay", At: at})
		}
		all = append(all, s)
	}
	crowd := strangersAwait("awaiting crowd")(0) // more nodes than a short page has
	for i := 2; i < 53; i++ {
		crowd.Nodes = append(crowd.Nodes, scenario.Node{ID: i, Quiet: true})
	}
	lists := strangersAwait("awaiting LIST")(0) // lists wait for room
	lists.Relay.Lists, lists.Ops = 1, nil
	lists.Faults = append(lists.Faults, scenario.Fault{Class: scenario.Attack, At: tenths(4), Who: "relay", Name: scenario.DeafLists})
	return append(all, crowd, lists)
}

// TestCircuitsCarry holds stories of quotas, of links that are reset and of nodes that come later against the promises, and
// checks what came of them.
func TestCircuitsCarry(t *testing.T) {
	total := NewTally()
	stories := slices.Concat(quotas(), legResets(), laters(), scarce())
	Many(t.Context(), len(stories), func(i int, o Options) {
		out := Run(stories[i], o)
		total.Add(&out)
		if out.Violation != nil {
			t.Errorf("%d: %v\n%s", i, out.Violation, stories[i].Plan())
		}
	})
	if total.coverage.Rows[rowKey{sourceKind, string(client.SourceReceiving), "Relieved"}] == 0 {
		t.Error("no circuit has left its place to a node that can be dialed")
	}
	for _, counter := range []Counter{AskedThrough, AskedAhead, JoinedAhead, CameThrough, AskedAgain, TakenBack, ToldWhy} {
		if total.coverage.Counters[counter] == 0 {
			t.Errorf("never: %s", counter)
		}
	}
}
