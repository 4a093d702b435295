package sim

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// gatherScenario is a client that fetches many files: small ones, empty ones, some of several
// groups and a large one; one content under two names, two contents under one name, and names that
// clash.
func gatherScenario() *scenario.Scenario {
	small := []scenario.File{
		{Name: "many/0", Content: 1, Size: 300}, {Name: "many/1", Content: 2, Size: 5000}, {Name: "many/2", Content: 3, Size: group},
		{Name: "twin/a", Content: 4, Size: 70}, {Name: "twin/b", Content: 4, Size: 70}, {Name: "empty", Content: 5, Size: 0},
	}
	middle := []scenario.File{{Name: "middle", Content: 6, Size: 3 * group}, {Name: "two", Content: 7, Size: 9}}
	return &scenario.Scenario{
		Seed: 1, Heal: 40 * time.Second, Clients: 1,
		Nodes: []scenario.Node{
			{ID: 0, Files: append(append([]scenario.File{}, small...), middle...)},
			{ID: 1, Files: append([]scenario.File{{Name: "large", Content: 8, Size: 64*group + 1}, {Name: "two", Content: 9, Size: 2 * group}}, small[2:]...)},
			{ID: 2, Files: []scenario.File{small[0], small[3], middle[0], middle[1], {Name: "OWN", Content: 10, Size: 1}, {Name: "own", Content: 11, Size: 11}, {Name: "middle/inside", Content: 11, Size: 11}}},
		},
		Ops: []scenario.Op{{At: 5 * time.Second, Do: scenario.DoGather, Who: "c0", Sources: 2}},
	}
}

// gatherStories are scenarios of many files in which several things coincide.
func gatherStories() []*scenario.Scenario {
	at := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	with := func(faults ...scenario.Fault) *scenario.Scenario {
		s := gatherScenario()
		s.Faults = faults
		return s
	}
	liar := func(node int, lie scenario.Lie) *scenario.Scenario {
		s := gatherScenario()
		s.Nodes[node].Lie = lie
		return s
	}
	aborted := func(ops time.Duration, faults ...scenario.Fault) *scenario.Scenario {
		s := with(faults...)
		s.Ops = append(s.Ops, scenario.Op{At: ops, Do: scenario.DoAbort, Who: "c0"})
		return s
	}
	hang := scenario.Fault{Class: scenario.DiskHang, At: at(5), For: at(30), Who: "c0", N: 1 << 22}
	all := []*scenario.Scenario{
		with(),
		// A node is slow, silent, dead; it hashes, and its files have changed.
		with(scenario.Fault{Class: scenario.Slow, At: at(4), For: at(30), Who: "n0", N: 20}),
		with(scenario.Fault{Class: scenario.Hang, At: at(4), For: at(30), Who: "n0"}),
		with(scenario.Fault{Class: scenario.PowerLoss, At: at(4), For: at(30), Who: "n0"}),
		with(scenario.Fault{Class: scenario.Crash, At: at(4), For: at(30), Who: "n1"}),
		with(scenario.Fault{Class: scenario.SlowHash, For: at(30), Who: "n0", N: 20000}),
		with(scenario.Fault{Class: scenario.FileReplace, At: 4900 * time.Millisecond, Who: "n0", Name: "many/1"}),
		with(scenario.Fault{Class: scenario.FileReplace, At: 4900 * time.Millisecond, Who: "n0", Name: "twin/a"},
			scenario.Fault{Class: scenario.FileReplace, At: 4900 * time.Millisecond, Who: "n0", Name: "twin/b"},
			scenario.Fault{Class: scenario.FileDelete, At: 4900 * time.Millisecond, Who: "n1", Name: "twin/a"},
			scenario.Fault{Class: scenario.FileReplace, At: 4900 * time.Millisecond, Who: "n1", Name: "twin/b"},
			scenario.Fault{Class: scenario.FileReplace, At: 4900 * time.Millisecond, Who: "n2", Name: "twin/a"}),
		// The disk fails for some files, is full, and hangs: for longer than is waited, also when
		// the user has stopped the client.
		with(scenario.Fault{Class: scenario.DiskError, At: at(5), For: at(10), Who: "c0", N: 1}),
		with(scenario.Fault{Class: scenario.DiskFull, At: at(5), For: at(10), Who: "c0", N: 5200}),
		with(scenario.Fault{Class: scenario.DiskFull, At: at(5), For: at(10), Who: "c0", N: -1}),
		with(hang), aborted(at(6), hang, scenario.Fault{Class: scenario.Graceful, At: at(7), Who: "c0", For: at(1)}), aborted(at(6)+time.Millisecond, hang),
		// The user stops the client at once.
		aborted(at(5)), aborted(at(5) + time.Millisecond),
	}
	for _, lie := range scenario.NodeLies {
		all = append(all, liar(0, lie), liar(1, lie))
	}
	all = append(all, stoppedAnywhere()...)
	return append(all, manyDead())
}

// stoppedAnywhere is a client that fetches the only file there is, and is stopped at each event: also
// between the end of its list and the start of the fetch.
func stoppedAnywhere() (all []*scenario.Scenario) {
	alone := func() *scenario.Scenario {
		return &scenario.Scenario{
			Seed: 1, Heal: 3 * time.Second, Clients: 1, Nodes: []scenario.Node{{ID: 0, Files: []scenario.File{{Name: "a", Content: 1, Size: 9}}}},
			Ops: []scenario.Op{{At: time.Second, Do: scenario.DoGather, Who: "c0"}},
		}
	}
	for event := range Run(alone(), Options{}).Faulty {
		s := alone()
		s.Faults = []scenario.Fault{{Class: scenario.Graceful, Event: event + 1, Who: "c0"}}
		all = append(all, s)
	}
	return all
}

// manyDead has more files of a dead node than are tried.
func manyDead() *scenario.Scenario {
	s := &scenario.Scenario{
		Seed: 1, Heal: 60 * time.Second, Clients: 1, Nodes: []scenario.Node{{ID: 0}},
		Ops:    []scenario.Op{{At: 5 * time.Second, Do: scenario.DoGather, Who: "c0"}},
		Faults: []scenario.Fault{{Class: scenario.PowerLoss, At: 4 * time.Second, For: 50 * time.Second, Who: "n0"}},
	}
	for i := range 16 {
		s.Nodes[0].Files = append(s.Nodes[0].Files, scenario.File{Name: "f" + string(rune('a'+i)), Content: i + 1, Size: 2 * group})
	}
	return s
}

// sweepMany ends the client that fetches many files just before each access to its disk, and has
// its user stop it at each moment.
func sweepMany(t *testing.T, total *Tally, failures *atomic.Int64) {
	var all []*scenario.Scenario
	for _, class := range []scenario.Class{scenario.KillWriting, scenario.CutWriting} {
		for n := 1; n <= 60; n++ {
			s := gatherScenario()
			s.Nodes[1].Files[0].Size = 2 * group // each of its groups is alike
			s.Faults = []scenario.Fault{{Class: class, At: 5 * time.Second, For: 20 * time.Second, Who: "c0", N: n}}
			all = append(all, s)
		}
	}
	plain := gatherScenario()
	first := eventAt(plain, 5*time.Second)
	for event := first; event < first+260; event += 2 {
		s := gatherScenario()
		s.Faults = []scenario.Fault{
			{Class: scenario.Graceful, Event: event, Who: "c0", For: time.Second},
			{Class: scenario.DiskHang, At: 5 * time.Second, For: 6 * time.Second, Who: "c0", N: 3000},
		}
		all = append(all, s)
	}
	Many(t.Context(), len(all), func(i int, o Options) {
		out := Run(all[i], o)
		total.Add(&out)
		if out.Violation != nil {
			explain(t, failures, all[i], o, "")
		}
	})
}

// eventAt returns the number of events of a scenario before a moment.
func eventAt(s *scenario.Scenario, at time.Duration) int {
	w := newWorld(s, scenario.NewSeeded(s.Seed))
	w.build()
	w.until(at)
	return w.events
}

func TestManyFilesOfAllKinds(t *testing.T) {
	for _, s := range gatherStories() {
		if v := Run(s, Options{}).Violation; v != nil {
			t.Errorf("%v\n%s", v, s.Plan())
		}
	}
}
