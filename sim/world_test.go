package sim

import (
	"bytes"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// randomRuns is how many random scenarios the tests run. cmd/simulate runs more.
const randomRuns = 10_000

// TestPromisesHoldEverywhere runs random scenarios, the sweeps of single faults and all attacks. If
// all parts have run, it checks that every row, cell, fault and counter has occurred. If -run or
// -short left parts out, coverage cannot be judged, and the test is skipped.
func TestPromisesHoldEverywhere(t *testing.T) {
	total := NewTally()
	var failures atomic.Int64
	parts := []struct {
		name string
		long bool // left out by -short
		run  func(t *testing.T, total *Tally, failures *atomic.Int64)
	}{
		{"random", false, random}, {"attacks", false, attacks}, {"stories", false, stories},
		{"sweep", true, sweep}, {"large sweep", true, sweepLarge}, {"sweep of many files", true, sweepMany},
	}
	var left []string
	for _, part := range parts {
		ran := false
		t.Run(part.name, func(t *testing.T) {
			if part.long && testing.Short() {
				t.Skip("not with -short")
			}
			part.run(t, total, &failures)
			ran = true
		})
		if !ran {
			left = append(left, part.name)
		}
	}
	if len(left) > 0 {
		t.Skipf("coverage is not judged: %q did not run", left)
	}
	if missing := total.coverage.Missing(); len(missing) > 0 {
		t.Errorf("never seen: %q", missing)
	}
	var table bytes.Buffer
	total.coverage.Write(&table)
	t.Log("\n" + table.String())
}

// random runs random scenarios, every other one in haste.
func random(t *testing.T, total *Tally, failures *atomic.Int64) {
	start := time.Now()
	runs := randomRuns
	if testing.Short() {
		runs /= 10
	}
	Many(t.Context(), runs, func(seed int, o Options) {
		s := scenario.Draw(scenario.NewSeeded(uint64(seed)))
		o.Hasty = seed%2 == 1
		out := Run(s, o)
		total.Add(&out)
		if out.Violation != nil {
			explain(t, failures, s, o, strconv.Itoa(seed))
		}
	})
	rate(t, start, total)
}

// attacks runs every way of breaking the protocol.
func attacks(t *testing.T, total *Tally, failures *atomic.Int64) {
	eachAttack(func(s *scenario.Scenario) { holds(t, s, total, failures) })
}

// stories runs the scenarios in which several things coincide.
func stories(t *testing.T, total *Tally, failures *atomic.Int64) {
	for _, s := range allStories() {
		holds(t, s, total, failures)
	}
}

func holds(t *testing.T, s *scenario.Scenario, total *Tally, failures *atomic.Int64) {
	t.Helper()
	out := Run(s, Options{})
	total.Add(&out)
	if out.Violation != nil {
		explain(t, failures, s, Options{}, "")
	}
}

func rate(t *testing.T, start time.Time, c *Tally) {
	took := time.Since(start).Seconds()
	t.Logf("%d runs in %.1f s on %d processors: %.0f scenarios/s, %.0f steps/s, %.0f events/s",
		c.runs, took, runtime.GOMAXPROCS(0), float64(c.runs)/took, float64(c.steps)/took, float64(c.events)/took)
}

// sweep runs every fault at every event of the small scenario.
func sweep(t *testing.T, total *Tally, failures *atomic.Int64) {
	plain := Run(sweepScenario(), Options{})
	if plain.Violation != nil {
		t.Fatal(plain.Violation)
	}
	var faults []scenario.Fault
	eachFault(sweepScenario(), func(f scenario.Fault) { faults = append(faults, f) })
	start, own := time.Now(), NewTally()
	Many(t.Context(), plain.Faulty*len(faults), func(i int, o Options) {
		s := sweepScenario()
		fault := faults[i%len(faults)]
		fault.Event = 1 + i/len(faults)
		s.Faults = []scenario.Fault{fault}
		o.Hasty = i%16 != 0
		out := Run(s, o)
		own.Add(&out)
		if out.Violation != nil {
			explain(t, failures, s, o, "")
		}
	})
	total.Join(own)
	t.Logf("%d events x %d faults", plain.Faulty, len(faults))
	rate(t, start, own)
}

// largeClasses are the faults of nodes, disks and links, for the sweep of a fetch from several
// sources.
var largeClasses = []scenario.Class{
	scenario.Crash, scenario.PowerLoss, scenario.Hang, scenario.StallReader, scenario.BlackHole, scenario.Reset, scenario.Busy, scenario.Refuse, scenario.FileChange, scenario.FileShorten, scenario.FileDelete, scenario.BitRot, scenario.DiskError,
	scenario.DiskHang, scenario.KillWriting, scenario.CutWriting,
}

// sweepLarge runs these at every eighth event of a fetch from three sources.
func sweepLarge(t *testing.T, total *Tally, failures *atomic.Int64) {
	const every = 8
	several := func() *scenario.Scenario {
		s := largeScenario()
		s.Nodes[0].Quiet, s.Ops, s.Heal, s.Clients = false, s.Ops[1:2], 30*time.Second, 1
		s.Ops[0].Who = "c0"
		return s
	}
	var faults []scenario.Fault
	eachFault(several(), func(f scenario.Fault) {
		if f.Who != "relay" && f.With != "relay" && slices.Contains(largeClasses, f.Class) {
			if f.Name != "" {
				f.Name = "large"
			}
			faults = append(faults, f)
		}
	})
	events := Run(several(), Options{}).Faulty / every
	start, own := time.Now(), NewTally()
	Many(t.Context(), events*len(faults), func(i int, o Options) {
		s := several()
		fault := faults[i%len(faults)]
		fault.Event = 1 + i/len(faults)*every + i%every
		s.Faults = []scenario.Fault{fault}
		o.Hasty = true
		out := Run(s, o)
		own.Add(&out)
		if out.Violation != nil {
			explain(t, failures, s, o, "")
		}
	})
	total.Join(own)
	t.Logf("%d events x %d faults", events, len(faults))
	rate(t, start, own)
}
