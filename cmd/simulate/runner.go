package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/sim"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// runner is what the flags ask for.
type runner struct {
	out, news io.Writer // what was asked for; progress
	seed, n   int
	seeded    bool
	plan      string
	trace     bool
	diagram   bool
	coverage  bool
}

// usualRuns is how many seeds are run if nothing says how many.
const usualRuns = 10_000

// run reports whether all promises were kept.
func (r *runner) run(ctx context.Context) (bool, error) {
	if r.plan != "" {
		text, err := os.ReadFile(r.plan)
		if err != nil {
			return false, cli.Usage("--plan: %v", err)
		}
		s, err := scenario.Parse(string(text))
		if err != nil {
			return false, cli.Usage("%s: %v", r.plan, err)
		}
		return r.one(ctx, s, "", false), nil
	}
	if r.n == 0 {
		if r.seeded {
			return r.one(ctx, scenario.Draw(scenario.NewSeeded(uint64(r.seed))), strconv.Itoa(r.seed), hasty(r.seed)), nil
		}
		r.n = usualRuns
	}
	kept := r.many(ctx)
	if kept && ctx.Err() != nil {
		return false, &cli.Failure{Code: cli.ExitInterrupted, Text: "interrupted"}
	}
	return kept, nil
}

// hasty reports whether the world of a seed is judged as soon as it looks converged: one in two is,
// so that more of them can be run.
func hasty(seed int) bool { return seed%2 == 1 }

// one runs one scenario and shows what was asked for.
func (r *runner) one(ctx context.Context, s *scenario.Scenario, seed string, hasty bool) bool {
	defer exitWhenDone(ctx)()
	out := sim.Run(s, sim.Options{Trace: r.trace || r.diagram, Hasty: hasty})
	switch {
	case r.diagram:
		out.Trace.Diagram(r.out)
	case r.trace:
		fmt.Fprintf(r.out, "%s\n", s.Plan())
		out.Trace.Write(r.out)
	}
	if out.Violation != nil {
		if !r.diagram && !r.trace {
			sim.Explain(r.out, s, sim.Options{Hasty: hasty}, seed)
		}
		fmt.Fprintf(r.news, "%v\n", out.Violation)
		return false
	}
	if r.coverage {
		out.Coverage.Write(r.out)
	}
	fmt.Fprintf(r.news, "all promises were kept: %d events, %d steps, trace hash %016x\n", out.Events, out.Steps, out.Hash)
	return true
}

// many runs seeds on all processors and shows the first failure.
func (r *runner) many(ctx context.Context) bool {
	enough, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	failed := -1
	tally, start := sim.NewTally(), time.Now()
	stop := r.progress(enough, tally, start)
	sim.Many(enough, r.n, func(i int, o sim.Options) {
		o.Hasty = hasty(r.seed + i)
		out := sim.Run(scenario.Draw(scenario.NewSeeded(uint64(r.seed+i))), o)
		tally.Add(&out)
		if out.Violation == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if failed < 0 || r.seed+i < failed {
			failed = r.seed + i
		}
		cancel()
	})
	stop()
	r.rate(tally, start, "\n")
	if r.coverage {
		tally.Coverage().Write(r.out)
	}
	if failed < 0 {
		return true
	}
	r.one(ctx, scenario.Draw(scenario.NewSeeded(uint64(failed))), strconv.Itoa(failed), hasty(failed))
	return false
}

// progress shows how far the runs are, on a terminal, until the returned function is called.
func (r *runner) progress(ctx context.Context, tally *sim.Tally, start time.Time) func() {
	if !cli.IsTerminal(r.news) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				r.rate(tally, start, "\r")
			}
		}
	})
	return func() {
		cancel()
		wait.Wait()
	}
}

func (r *runner) rate(tally *sim.Tally, start time.Time, end string) {
	runs, steps := tally.Counts()
	took := time.Since(start).Seconds()
	fmt.Fprintf(r.news, "%d of %d scenarios, %.0f scenarios/s, %.0f steps/s%s", runs, r.n, float64(runs)/took, float64(steps)/took, end)
}
