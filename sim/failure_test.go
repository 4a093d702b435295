package sim

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// explain fails the test, with a full report for the first few failures.
func explain(t *testing.T, failures *atomic.Int64, s *scenario.Scenario, o Options, seed string) {
	t.Helper()
	if failures.Add(1) > 3 {
		t.Fail()
		return
	}
	var text bytes.Buffer
	Explain(&text, s, Options{Hasty: o.Hasty}, seed)
	t.Error(text.String())
}
