package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// swarm is a world of many nodes. The first has a file; all others mirror it, one after the other
// at an even pace.
func swarm(nodes int, size uint64, up int, pace time.Duration) *scenario.Scenario {
	s := &scenario.Scenario{Seed: 1, Clients: 1, Heal: 2*time.Second + time.Duration(nodes)*pace + time.Minute}
	for i := range nodes {
		n := scenario.Node{ID: i, Start: time.Duration(i) * time.Millisecond, Up: up}
		if i == 0 {
			n.Files = []scenario.File{{Name: "popular", Content: 1, Size: size}}
		} else {
			at := 2*time.Second + time.Duration(i)*pace
			s.Ops = append(s.Ops, scenario.Op{At: at, Do: scenario.DoMirror, Who: scenario.NodeName(i), Name: "popular", Sources: 4})
		}
		s.Nodes = append(s.Nodes, n)
	}
	return s
}

// took returns the times of all mirrors, sorted, and how many ended without the file.
func (w *World) took() (times []time.Duration, failed int) {
	for _, o := range w.operations {
		switch {
		case o.op.Do != scenario.DoMirror:
		case o.result == nil || o.result.Outcome != client.Fetched:
			failed++
		default:
			times = append(times, o.done-o.started)
		}
	}
	slices.Sort(times)
	return times, failed
}

// TestAPopularFileSpreads runs 400 nodes that send 10 MiB a second each. The first node alone would
// need more than five minutes to serve all.
func TestAPopularFileSpreads(t *testing.T) {
	const (
		nodes = 400
		size  = 8 * group
		up    = 10 << 20
		pace  = 200 * time.Millisecond
	)
	s := swarm(nodes, size, up, pace)
	w := newWorld(s, scenario.NewSeeded(s.Seed))
	w.build()
	w.until(s.Heal)
	if w.check.failed() {
		t.Fatal(w.check.violation)
	}
	times, failed := w.took()
	if failed > 0 || len(times) != nodes-1 {
		t.Fatalf("%d of %d have the file, %d failed", len(times), nodes-1, failed)
	}
	last := time.Duration(0)
	for _, o := range w.operations {
		last = max(last, o.done)
	}
	served := 0
	for _, c := range w.conns {
		if c.ends[1].host == w.byName["n0"] {
			served++
		}
	}
	first := 2*time.Second + pace
	alone := time.Duration(nodes-1) * size * time.Second / up
	t.Logf("%d nodes, %d MiB each, %d MiB/s up: half had it after %v, the slowest after %v, all within %v; from one node alone it takes %v; %d came to the first node; %d events",
		nodes, size>>20, up>>20, times[len(times)/2], times[len(times)-1], last-first, alone, served, w.events)
	if slowest := times[len(times)-1]; slowest > alone/4 {
		t.Errorf("the slowest waited for %v", slowest)
	}
}

// fetched runs a scenario and returns how long its fetch took.
func fetched(t *testing.T, s *scenario.Scenario) time.Duration {
	t.Helper()
	w := newWorld(s, scenario.NewSeeded(s.Seed))
	w.build()
	w.until(s.Heal)
	if w.check.failed() {
		t.Fatal(w.check.violation)
	}
	o := w.operations[0]
	if o.result == nil || o.result.Outcome != client.Fetched {
		t.Fatalf("the fetch is %s: %+v", o.actor.state, o.result)
	}
	return o.done - o.started
}

// TestASlowNodeIsNotWaitedForWhereThereAreOthers: with several sources a stalled node is overtaken,
// and a dead one is dialled in parallel to the rest. In the reference mode each has
// GroupPatience for its turn.
func TestASlowNodeIsNotWaitedForWhereThereAreOthers(t *testing.T) {
	for what, spoil := range map[string]func(s *scenario.Scenario){
		"falls silent": func(s *scenario.Scenario) { s.Nodes[0].Lie, s.Nodes[0].Quiet = "asking silence", false },
		"is dead": func(s *scenario.Scenario) {
			s.Nodes[0].Quiet = false
			s.Faults = []scenario.Fault{{Class: scenario.PowerLoss, At: 900 * time.Millisecond, For: 50 * time.Second, Who: "n0"}}
		},
	} {
		var worst [2]time.Duration
		for seed := range uint64(20) { // the seed decides whether it comes first
			for i, op := range largeScenario().Ops[:2] {
				s := largeScenario()
				s.Seed, s.Ops = seed, []scenario.Op{op}
				spoil(s)
				worst[i] = max(worst[i], fetched(t, s))
			}
		}
		t.Logf("a node that %s: %v with one source at a time, %v with three", what, worst[0], worst[1])
		if worst[0] < roles.GroupPatience || worst[0] > 2*roles.GroupPatience || worst[1] > 2*roles.DialPatience {
			t.Errorf("a node that %s costs %v with one source at a time, %v with three", what, worst[0], worst[1])
		}
	}
}
