package scale

import (
	"fmt"
	"strings"
	"time"
)

// Table returns runs as a table in Markdown: a row for each restart of each run. The times are what the runs took
// by the clock on the wall.
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
