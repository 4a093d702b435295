package sim

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// lastLines is how much of a trace a failure shows.
const lastLines = 120

// Explain writes what there is to know of a failing scenario: the promise, what was seen, a command that replays
// it, the scenario shrunk, and the end of the shrunk run's trace. With a seed, it is the one it was drawn from.
func Explain(out io.Writer, s *scenario.Scenario, o Options, seed string) {
	first := Run(s, o)
	if first.Violation == nil {
		fmt.Fprintln(out, "all promises were kept")
		return
	}
	kept := o
	kept.Chooser = nil
	small := scenario.Shrink(s, 600, breaks(kept, first.Violation.ID))
	kept.Trace = true
	last := Run(small, kept)
	if last.Violation == nil { // the failure was of a chooser's making: show it as it was
		small, kept = s, o
		kept.Trace = true
		last = Run(s, kept)
	}
	v := last.Violation
	if v == nil {
		v = first.Violation
	}
	fmt.Fprintf(out, "%v\n", v)
	for _, promise := range Invariants {
		if promise.ID == v.ID {
			fmt.Fprintf(out, "the promise %s: %s\n", promise.ID, promise.Says)
		}
	}
	if seed != "" {
		fmt.Fprintf(out, "replay: go run ./cmd/simulate -seed %s\n", seed)
	}
	fmt.Fprintf(out, "replay what follows, as a file: go run ./cmd/simulate -plan FILE\n\n%s\n", small.Plan())
	var text bytes.Buffer
	last.Trace.Write(&text)
	lines := bytes.SplitAfter(text.Bytes(), []byte("\n"))
	if cut := len(lines) - lastLines; cut > 0 {
		fmt.Fprintf(out, "(%d lines of the trace come before)\n", cut)
		lines = lines[cut:]
	}
	out.Write(bytes.Join(lines, nil))
}

// breaks returns a function that reports whether a run of a scenario breaks one of the promises.
func breaks(o Options, any ...ID) func(*scenario.Scenario) bool {
	o.Trace, o.Chooser = false, nil
	return func(s *scenario.Scenario) bool {
		v := Run(s, o).Violation
		return v != nil && slices.Contains(any, v.ID)
	}
}
