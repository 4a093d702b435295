package sim

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// lastLines is how many lines of the trace a report shows.
const lastLines = 120

// Explain writes a report on a failing scenario: the promise, the observation, a command that
// replays the run, the shrunk scenario, and the end of its trace. seed is the seed that the
// scenario was drawn from, or "".
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
	if last.Violation == nil { // the failure needs the choices of the original chooser: show the original
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
		fmt.Fprintf(out, "replay: go run ./cmd/simulate --seed %s\n", seed)
	}
	fmt.Fprintf(out, "replay what follows, as a file: go run ./cmd/simulate --plan FILE\n\n%s\n", small.Plan())
	var text bytes.Buffer
	last.Trace.Write(&text)
	lines := bytes.SplitAfter(text.Bytes(), []byte("\n"))
	if cut := len(lines) - lastLines; cut > 0 {
		fmt.Fprintf(out, "(%d lines of the trace come before)\n", cut)
		lines = lines[cut:]
	}
	out.Write(bytes.Join(lines, nil))
}

// breaks returns a function that reports whether a run of a scenario breaks one of some promises.
func breaks(o Options, any ...ID) func(*scenario.Scenario) bool {
	o.Trace, o.Chooser = false, nil
	return func(s *scenario.Scenario) bool {
		v := Run(s, o).Violation
		return v != nil && slices.Contains(any, v.ID)
	}
}
