// Command simulate runs the machines of relaypeer in simulated worlds: random ones by their seeds,
// or one that a plan describes. See package sim.
package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

func main() {
	debug.SetGCPercent(400) // worlds are many, small and short-lived
	os.Exit(cli.Main(command()))
}

func command() *cobra.Command {
	var r runner
	var nodes string
	var span time.Duration
	command := cli.New("simulate [flags]", "Run relay, nodes and clients in simulated worlds",
		"simulate runs random worlds by their seeds, or the one that a plan describes, and checks what is promised of them.\n"+
			"The first that breaks a promise is shrunk and printed.\n\n"+
			"Exit codes: 0 all promises were kept; 1 one was not; 2 usage.",
		cli.Arguments(0, 0), func(c *cobra.Command, _ []string) error {
			r.out, r.news = c.OutOrStdout(), c.ErrOrStderr()
			if nodes != "" {
				defer exitWhenDone(c.Context())()
				return measure(nodes, span, r.seed, r.out, r.news)
			}
			r.seeded = c.Flags().Changed("seed")
			kept, err := r.run(c.Context())
			if err == nil && !kept {
				return &cli.Failure{Code: cli.ExitFailure} // which has been told
			}
			return err
		})
	flags := command.Flags()
	flags.IntVar(&r.seed, "seed", 0, "the first seed; alone: run just this one")
	flags.IntVarP(&r.n, "count", "n", 0, "how many seeds to run (default: without --seed 10000)")
	flags.StringVar(&r.plan, "plan", "", "run the scenario in this FILE instead")
	flags.BoolVar(&r.trace, "trace", false, "print the trace of the failing run, or of the only one")
	flags.BoolVar(&r.diagram, "diagram", false, "print that run as a Mermaid sequence diagram")
	flags.BoolVar(&r.coverage, "coverage", false, "print how often each row, cell, fault and counter was seen")
	flags.StringVar(&nodes, "scale", "", "run the large quiet world with so many NODES instead: 1000,10000, say")
	flags.DurationVar(&span, "span", 2*time.Hour, "with --scale: for so much virtual time")
	return command
}

// exitWhenDone has the process end when ctx is done, before a world that takes long has ended:
// there is nothing to put away. The returned function calls that off.
func exitWhenDone(ctx context.Context) (off func() bool) {
	return context.AfterFunc(ctx, func() { os.Exit(cli.ExitInterrupted) })
}
