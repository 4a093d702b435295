package sim

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Many calls f for the numbers below n, in no particular order, from one goroutine for each
// processor. The options that f receives are the usual ones. Many ends early when ctx is done.
func Many(ctx context.Context, n int, f func(i int, o Options)) {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // runs leave much garbage and hold little
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				f(i, Options{})
			}
		})
	}
	wait.Wait()
}

// Tally sums up the outcomes of runs. It is safe for concurrent use.
type Tally struct {
	mu       sync.Mutex
	coverage *Coverage
	runs     int
	steps    int
	events   int
}

// NewTally returns an empty Tally.
func NewTally() *Tally { return &Tally{coverage: NewCoverage()} }

// Add adds a run.
func (t *Tally) Add(o *Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.coverage.Add(o.Coverage)
	t.steps += o.Steps
	t.events += o.Events
	t.runs++
}

// Join adds the sums of another tally, which is not in use any more.
func (t *Tally) Join(o *Tally) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.coverage.Add(o.coverage)
	t.runs, t.steps, t.events = t.runs+o.runs, t.steps+o.steps, t.events+o.events
}

// Counts returns the number of runs, and of the steps that machines took in them.
func (t *Tally) Counts() (runs, steps int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.runs, t.steps
}

// Coverage returns the coverage of all runs.
func (t *Tally) Coverage() *Coverage {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := NewCoverage()
	all.Add(t.coverage)
	return all
}
