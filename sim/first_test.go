package sim

import (
	"testing"
	"time"
)

func TestFirst(t *testing.T) {
	start := time.Now()
	cov := NewCoverage()
	steps, events := 0, 0
	p := newPool()
	n := 10000
	bad := map[ID]int{}
	for seed := range n {
		s := Draw(NewSeeded(uint64(seed)))
		o := Run(s, Options{pool: p})
		cov.Add(o.Coverage)
		steps += o.Steps
		events += o.Events
		if o.Violation != nil {
			bad[o.Violation.ID]++
			if bad[o.Violation.ID] < 4 {
				t.Errorf("seed %d: %v", seed, o.Violation)
			}
		}
	}
	took := time.Since(start).Seconds()
	t.Logf("%.0f scenarios/s, %.0f steps/s, %.0f events/s %v", float64(n)/took, float64(steps)/took, float64(events)/took, bad)
	t.Log(cov.Missing())
}
