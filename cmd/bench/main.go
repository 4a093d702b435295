// Command bench measures relaypeer and other ways to move files, on this machine, over loopback, in turns, and
// writes a table of medians, ratios and bars.
//
//	go run ./cmd/bench                      everything, some minutes
//	go run ./cmd/bench -only 'fetch|many'   some measures
//	go run ./cmd/bench -o table.md          the table into a file
//
// nginx, curl and rsync are measured if they are installed; the table says so if they are not. What it makes on
// disk is gone afterwards, whether it ends by itself or is told to.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer restore()
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(ctx, o, os.Args[1:], os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run makes the folders and our programs, and then measures: in a network namespace of its own where it may have
// one, so that the congestion control can be chosen for everybody alike, or else here.
func run(ctx context.Context, o options, args []string, stdout, stderr io.Writer) error {
	if dirs, inside := insideDirs(); inside {
		if err := settle(); err != nil {
			return err
		}
		return measureAll(ctx, o, dirs, stdout, stderr)
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
	if err := build(ctx, dirs.programs()); err != nil {
		return err
	}
	if done, err := runInside(ctx, dirs, args, stdout, stderr); done {
		return err
	}
	return measureAll(ctx, o, dirs, stdout, stderr)
}

// measureAll measures what was asked for, and writes the table.
func measureAll(ctx context.Context, o options, d dirs, stdout, stderr io.Writer) error {
	l := newLab(o, d, stderr)
	var rows []row
	for _, m := range measures {
		if !o.only.MatchString(m.name) {
			continue
		}
		fmt.Fprintf(stderr, "%s: %s\n", m.name, m.about)
		more, err := m.run(ctx, l)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		rows = append(rows, more...)
	}
	if len(rows) == 0 {
		return fmt.Errorf("no measure is called %q", o.only)
	}
	if o.out == "" {
		return writeTable(stdout, l.about(), rows)
	}
	file, err := os.Create(o.out)
	if err != nil {
		return err
	}
	return errors.Join(writeTable(file, l.about(), rows), file.Close())
}
