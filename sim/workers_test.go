package sim

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
)

// each calls f for the numbers below n, on all processors, with a pool of machines for each.
func each(n int, f func(i int, o Options)) {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // runs leave much behind and hold little
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			o := Options{pool: newPool()}
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i, o)
			}
		})
	}
	wait.Wait()
}

// tally adds up coverage from several goroutines.
type tally struct {
	mu       sync.Mutex
	coverage *Coverage
	steps    int
	events   int
	runs     int
}

func newTally() *tally { return &tally{coverage: NewCoverage()} }

func (c *tally) add(o *Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.coverage.Add(o.Coverage)
	c.steps += o.Steps
	c.events += o.Events
	c.runs++
}

// explain fails the test with all there is to know, for the first few failures.
func explain(t *testing.T, failures *atomic.Int64, s *Scenario, o Options, seed string) {
	t.Helper()
	if failures.Add(1) > 3 {
		t.Fail()
		return
	}
	var text bytes.Buffer
	Explain(&text, s, Options{Hasty: o.Hasty}, seed)
	t.Error(text.String())
}
