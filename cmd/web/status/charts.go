package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/cmd/web/status/drawing"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// counted is a number with the name of what was counted.
type counted struct {
	Name  string
	Count uint64
}

// countedOf returns numbers by their names, the largest first.
func countedOf(all map[string]uint64) (rows []counted) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, counted{name, all[name]})
	}
	slices.SortStableFunc(rows, func(a, b counted) int { return cmp.Compare(b.Count, a.Count) })
	return rows
}

// chart is a drawing of the last hour with the words around it.
type chart struct {
	*drawing.Chart
	ID, Title, About string
	Sums             []sums
}

// UpText returns where the texts of the upright axis end.
func (c chart) UpText() float64 { return c.Left - 6 }

// sums is a row of the table in place of the drawing.
type sums struct {
	From, To time.Time
	Texts    []string
}

// chartKind is what a chart shows.
type chartKind struct {
	title, one, many string
	bytes            bool // they are shown by the second
}

var chartKinds = map[string]chartKind{
	"announces": {title: "Announces", one: "announce", many: "announces"},
	"locates":   {title: "Searches", one: "search", many: "searches"},
	"gets":      {title: "Requests for files", one: "request", many: "requests"},
	"bytes":     {title: "Bytes of files", bytes: true},
	"circuits":  {title: "Circuits opened", one: "circuit", many: "circuits"},
	"errors":    {title: "Refusals by code", one: "refusal", many: "refusals"},
}

// mostCodes is how many codes of refusals have a colour of their own; the others share one.
const mostCodes = 5

// chartsOf returns the charts of a history that have these names.
func chartsOf(h peer.History, names ...string) (all []chart) {
	step := cmp.Or(h.Step, peer.HistoryStep)
	for _, name := range names {
		kind := chartKinds[name]
		c := chart{ID: name, Title: kind.title}
		curves := curvesOf(h, name)
		if kind.bytes {
			for n, one := range curves { // of each step the speed
				curves[n].Values = each(one.Values, func(bytes float64) float64 { return bytes / step.Seconds() })
			}
		}
		c.Chart = drawing.Plot(curves, h.End, step, kind.axis)
		c.About = kind.about(c.Chart, step)
		for _, row := range c.Rows {
			c.Sums = append(c.Sums, sums{row.From, row.To, each(row.Sums, func(sum float64) string { return kind.sum(sum, step) })})
		}
		all = append(all, c)
	}
	return all
}

// curvesOf returns the series of a chart: one, or of refusals one for each code.
func curvesOf(h peer.History, name string) (curves []drawing.Curve) {
	for _, s := range h.Series {
		code, isError := strings.CutPrefix(s.Name, peer.SeriesErrors)
		switch {
		case name == "errors" && isError:
			curves = append(curves, drawing.Curve{Name: code, Values: floats(s.Values)})
		case s.Name == name:
			curves = append(curves, drawing.Curve{Name: chartKinds[name].title, Values: floats(s.Values)})
		}
	}
	if len(curves) <= mostCodes {
		return curves
	}
	slices.SortStableFunc(curves, func(a, b drawing.Curve) int { return cmp.Compare(total(b.Values), total(a.Values)) })
	others := drawing.Curve{Name: "others", Values: make([]float64, len(curves[0].Values))}
	for _, one := range curves[mostCodes:] {
		for n, value := range one.Values[:min(len(one.Values), len(others.Values))] {
			others.Values[n] += value
		}
	}
	return append(curves[:mostCodes:mostCodes], others)
}

func floats(values []uint64) []float64 {
	return each(values, func(n uint64) float64 { return float64(n) })
}

func total(values []float64) (sum float64) {
	for _, value := range values {
		sum += value
	}
	return sum
}

// axis writes a value at the axis.
func (k chartKind) axis(value float64) string {
	if k.bytes {
		return strings.Replace(cli.Bytes(uint64(value)), "bytes", "B", 1) + "/s"
	}
	return cli.Grouped(int(value))
}

// sum writes what some steps have together.
func (k chartKind) sum(value float64, step time.Duration) string {
	if k.bytes {
		return cli.Bytes(uint64(value*step.Seconds() + 0.5))
	}
	return cli.Grouped(int(value))
}

// about says in words what the drawing shows.
func (k chartKind) about(c *drawing.Chart, step time.Duration) string {
	switch {
	case c.Sum == 0 && k.bytes:
		return "None in the last hour."
	case c.Sum == 0:
		return "No " + k.many + " in the last hour."
	case k.bytes:
		return fmt.Sprintf("%s in the last hour; at most %s/s, at %s UTC; %s/s now.",
			k.sum(c.Sum, step), cli.Bytes(uint64(c.Most)), c.MostAt.UTC().Format("15:04"), cli.Bytes(uint64(c.Last)))
	}
	word := k.many
	if c.Sum == 1 {
		word = k.one
	}
	return fmt.Sprintf("%s %s in the last hour; at most %s in %v, at %s UTC.", cli.Grouped(int(c.Sum)), word, cli.Grouped(int(c.Most)), step, c.MostAt.UTC().Format("15:04"))
}
