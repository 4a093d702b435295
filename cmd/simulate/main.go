// Simulate runs the machines of relaypeer in simulated worlds: random ones by their seeds, or one that a plan
// describes. See package sim.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"time"
)

func main() {
	debug.SetGCPercent(400) // worlds are many, small and short-lived
	r := runner{out: os.Stdout, news: os.Stderr}
	flag.IntVar(&r.seed, "seed", 0, "the `first` seed; alone: run just this one")
	flag.IntVar(&r.n, "n", 0, "how `many` seeds to run (without -seed: 10000)")
	flag.StringVar(&r.plan, "plan", "", "run the scenario in this `file` instead")
	flag.BoolVar(&r.trace, "trace", false, "print the trace of the failing run, or of the only one")
	flag.BoolVar(&r.diagram, "diagram", false, "print that run as a Mermaid sequence diagram")
	flag.BoolVar(&r.coverage, "coverage", false, "print how often each row, cell, fault and counter was seen")
	nodes := flag.String("scale", "", "run the large quiet world with so many `nodes` instead: 1000,10000, say")
	span := flag.Duration("span", 2*time.Hour, "with -scale: for so much virtual `time`")
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { r.seeded = r.seeded || f.Name == "seed" })
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "simulate: %q is not understood; see -help\n", flag.Args())
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	sound, err := true, error(nil)
	if *nodes != "" {
		err = measure(*nodes, *span, r.seed, r.out, r.news)
	} else {
		sound, err = r.run(ctx)
	}
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "simulate: %v\n", err)
		os.Exit(2)
	case !sound:
		os.Exit(1)
	}
}
