package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// lab is where the measures are taken.
type lab struct {
	options
	dirs
	controls []string  // congestion controls to measure under; the last is for what is measured under one
	log      io.Writer // how far it is
	notes    []string  // what the reader of the table has to know
	overTLS  bool      // our programs, and nginx, are started so
}

func newLab(o options, d dirs, inside bool, log io.Writer) *lab {
	l := &lab{options: o, dirs: d, log: log}
	l.note("shared files lie %s (%s), copies there or on %s (%s), as the rows say; peer-client ends once a copy on a disk is safe there",
		l.memory().name, fileSystemType(l.quick), fileSystem(l.disk), fileSystemType(l.disk))
	l.findControls(inside)
	return l
}

// note keeps a line for the table, once.
func (l *lab) note(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !slices.Contains(l.notes, line) {
		l.notes = append(l.notes, line)
		fmt.Fprintln(l.log, "  "+line)
	}
}

// about says when and on what the table was made.
func (l *lab) about() []string {
	what := fmt.Sprintf("%s, %s (%s), %d cores, %s of memory, %s, %s", time.Now().Format(time.DateOnly), processor(), wideRegisters(l.noWide),
		runtime.NumCPU(), memorySize(), kernel(), runtime.Version())
	runs := fmt.Sprintf("medians of %d runs of each way, in turns; TCP over loopback, congestion control %s: the last one where a row names none",
		l.runs, strings.Join(l.controls, " and "))
	return append([]string{what, runs}, l.notes...)
}

// program returns the path of one of ours.
func (l *lab) program(name string) string { return filepath.Join(l.programs(), name) }

// scratch returns an empty folder of that name in the quick folder.
func (l *lab) scratch(name string) (string, error) {
	dir := filepath.Join(l.quick, name)
	return dir, remake(dir)
}

func remake(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}

// way is one way to do what a measure is about.
type way struct {
	name string
	once func(context.Context) (sample, error)
}

// turns runs the ways in turns, each as often as asked for and once before that, uncounted. Before each run what it
// needs is made ready, and as much memory as it will fill is touched: a machine that is itself a guest gets it only then.
func (l *lab) turns(ctx context.Context, memory int64, ready func() error, ways ...way) ([][]sample, error) {
	samples := make([][]sample, len(ways))
	for run := range l.runs + 1 {
		for i, w := range ways {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := ready(); err != nil {
				return nil, err
			}
			touch(ctx, memory)
			s, err := w.once(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			fmt.Fprintf(l.log, "  %d %s: %v, CPU %v\n", run, w.name, s.took.Round(time.Microsecond), s.cpu.Round(time.Millisecond))
			if run > 0 {
				samples[i] = append(samples[i], s)
			}
		}
	}
	return samples, nil
}
