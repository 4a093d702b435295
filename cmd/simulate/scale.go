package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/sim/scale"
)

// measure runs the large quiet world once for each of the numbers of nodes, which commas part, and prints as a table
// what the relay saw.
func measure(nodes string, span time.Duration, seed int, out, news io.Writer) error {
	var runs []scale.Figures
	var times []time.Duration
	if span < time.Hour {
		return cli.Usage("--span: %v is less than an hour", span)
	}
	for text := range strings.SplitSeq(nodes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > scale.Most {
			return cli.Usage("--scale: %q is no number of nodes from 1 to %d", cli.ForDisplay(text), scale.Most)
		}
		p := scale.Typical(uint64(seed), n, span)
		began := time.Now()
		runs = append(runs, scale.Run(p))
		times = append(times, time.Since(began))
		fmt.Fprintf(news, "%d nodes: %v of virtual time in %v, %d steps of machines\n",
			n, p.For, times[len(times)-1].Round(time.Second/10), runs[len(runs)-1].Steps)
	}
	fmt.Fprint(out, scale.Table(runs, times))
	return nil
}
