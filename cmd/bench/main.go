// Command bench measures relaypeer and other ways to move files, on this machine, over loopback, in
// turns, and writes a table of medians, ratios and bars.
//
//	go run ./cmd/bench                       everything, a quarter of an hour
//	go run ./cmd/bench --only 'fetch|many'   some measures
//	go run ./cmd/bench -o table.md           the table into a file
//
// nginx, curl, rsync and socat are measured if they are installed; the table says so if they are not. The
// files on disk are removed at the end, also of a run that is interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

func main() { os.Exit(cli.Main(command())) }

func command() *cobra.Command {
	var o *options
	command := cli.New("bench [flags]", "Measure relaypeer and other ways to move files",
		"bench measures, on this machine and over loopback, relaypeer and other ways to move files, in turns, and writes a table\n"+
			"of medians, ratios and bars. nginx, curl, rsync and socat are measured if they are installed.",
		cli.Arguments(0, 0), func(c *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return run(c.Context(), *o, os.Args[1:], c.OutOrStdout(), c.ErrOrStderr())
		})
	o = newOptions(command.Flags())
	return command
}

// run makes the folders and our programs, and then measures: in a network namespace of its own where it may have
// one, so that the congestion control can be chosen for everybody alike, or else here.
func run(ctx context.Context, o options, args []string, stdout, stderr io.Writer) error {
	switch {
	case o.strangers != "":
		return beStrangers(ctx, o.strangers, stdout)
	case o.busy != "":
		return beBusy(ctx, o.busy, stdout)
	}
	if dirs, inside := insideDirs(); inside {
		if err := enterNamespace(); err != nil {
			return err
		}
		return measureAll(ctx, newLab(o, dirs, true, stderr), stdout)
	}
	dirs, err := makeDirs(o)
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(stderr, "kept:", dirs.quick, dirs.disk)
	} else {
		defer dirs.remove()
	}
	if err := build(ctx, dirs.programs(), o.noWide); err != nil {
		return err
	}
	if done, err := runInside(ctx, dirs, args, stdout, stderr); done {
		return err
	}
	return measureAll(ctx, newLab(o, dirs, false, stderr), stdout)
}

// measureAll measures what was asked for, and writes the table.
func measureAll(ctx context.Context, l *lab, stdout io.Writer) error {
	defer speakPlain()()
	var rows []row
	for _, m := range measures {
		if !l.only.matches(m.name) {
			continue
		}
		fmt.Fprintf(l.log, "%s: %s\n", m.name, m.about)
		if err := l.under(l.calm()); err != nil {
			return err
		}
		begin := time.Now()
		more, err := m.run(ctx, l)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(l.log, "  %s took %v\n", m.name, time.Since(begin).Round(time.Second))
		rows = append(rows, more...)
	}
	if len(rows) == 0 {
		return errors.New("nothing was measured")
	}
	if l.out == "" {
		return writeTable(stdout, l.about(), rows)
	}
	file, err := os.Create(l.out)
	if err != nil {
		return err
	}
	return errors.Join(writeTable(file, l.about(), rows), file.Close())
}
