package sim

import (
	"bytes"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// randomRuns is how many random scenarios the tests run; a long run is cmd/simulate's business.
const randomRuns = 10_000

// TestPromisesHoldEverywhere runs random scenarios, the sweep of single faults and every way of breaking the
// protocol, and then asks whether every row, cell, fault and counter has been seen.
func TestPromisesHoldEverywhere(t *testing.T) {
	total := NewTally()
	var failures atomic.Int64
	t.Run("random", func(t *testing.T) {
		start := time.Now()
		Many(t.Context(), randomRuns, func(seed int, o Options) {
			s := Draw(NewSeeded(uint64(seed)))
			o.Hasty = seed%2 == 1
			out := Run(s, o)
			total.Add(&out)
			if out.Violation != nil {
				explain(t, &failures, s, o, strconv.Itoa(seed))
			}
		})
		rate(t, start, total)
	})
	t.Run("attacks", func(t *testing.T) {
		EachAttack(func(name string, s *Scenario) {
			out := Run(s, Options{})
			total.Add(&out)
			if out.Violation != nil {
				explain(t, &failures, s, Options{}, "")
			}
		})
	})
	t.Run("stories", func(t *testing.T) {
		for _, s := range Stories() {
			out := Run(s, Options{})
			total.Add(&out)
			if out.Violation != nil {
				explain(t, &failures, s, Options{}, "")
			}
		}
	})
	t.Run("sweep", func(t *testing.T) { sweep(t, total, &failures) })
	if missing := total.coverage.Missing(); len(missing) > 0 {
		t.Errorf("never seen: %q", missing)
	}
	var table bytes.Buffer
	total.coverage.Write(&table)
	t.Log("\n" + table.String())
}

func rate(t *testing.T, start time.Time, c *Tally) {
	took := time.Since(start).Seconds()
	t.Logf("%d runs in %.1f s on %d processors: %.0f scenarios/s, %.0f steps/s, %.0f events/s",
		c.runs, took, runtime.GOMAXPROCS(0), float64(c.runs)/took, float64(c.steps)/took, float64(c.events)/took)
}

// sweep tries every fault at every event of the small scenario.
func sweep(t *testing.T, total *Tally, failures *atomic.Int64) {
	plain := Run(SweepScenario(), Options{})
	if plain.Violation != nil {
		t.Fatal(plain.Violation)
	}
	var faults []Fault
	SweepScenario().EachFault(func(f Fault) { faults = append(faults, f) })
	start, own := time.Now(), NewTally()
	Many(t.Context(), plain.Faulty*len(faults), func(i int, o Options) {
		s := SweepScenario()
		fault := faults[i%len(faults)]
		fault.Event = 1 + i/len(faults)
		s.Faults = []Fault{fault}
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
