package scale

import (
	"fmt"
	"strings"
	"time"
)

// Table returns the figures of runs as a Markdown table, with a row for each restart. The times are
// the real durations of the runs.
func Table(runs []Figures, times []time.Duration) string {
	var b strings.Builder
	b.WriteString("| nodes | announces/s: mean | largest second, quiet | relay away | largest second after | of the mean | all back in | stale handed out | virtual hours/s |\n")
	b.WriteString("|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, f := range runs {
		for _, r := range f.Returns {
			fmt.Fprintf(&b, "| %d | %.1f | %d | %v | %d | %.2f | %.1f s | %.2f %% | %.3g |\n", f.Nodes, f.Mean, f.Largest, r.Down,
				r.Largest, f.Ratio(r), r.Took.Seconds(), 100*f.StaleShare(), f.For.Hours()/times[i].Seconds())
		}
	}
	return b.String()
}
