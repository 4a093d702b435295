package drawing

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Curve is one of the series of a chart: a value for each step, the oldest first.
type Curve struct {
	Name   string
	Values []float64
}

// Chart is the drawing of some series over time, one upon the other.
type Chart struct {
	Width, Height            int
	Left, Top, Right, Bottom float64 // of the plot within
	Areas                    []Area
	Up, Along                []Tick
	Sum, Most, Last          float64 // of all series together: in all, in a step, and in the last one
	MostAt                   time.Time
	Rows                     []Row
	Names                    []string // of the columns of the rows
}

// Area is a series of a chart.
type Area struct {
	Name  string
	Class int    // from 1; the colour
	Path  string // of SVG: what lies between the series and those below it
	Line  string // of SVG: its upper edge
}

// Tick is a mark at an axis, with its text.
type Tick struct {
	At   float64
	Text string
}

// Row is a stretch of time in the table of a chart: the sum of each series.
type Row struct {
	From, To time.Time
	Sums     []float64
}

// The measures of a chart, in pixels.
const (
	chartWidth  = 640
	chartHeight = 170
	plotLeft    = 64.0
	plotTop     = 10.0
	plotRight   = 10.0 // from the right
	plotBottom  = 24.0 // from below
	ticksUp     = 3    // marks at the upright axis, at most and above 0
	ticksAlong  = 4    // stretches between the marks of the other one
	tableRows   = 12
)

// Plot draws series of steps that end at a time. Text writes a value at the upright axis.
func Plot(curves []Curve, end time.Time, step time.Duration, text func(float64) string) *Chart {
	c := &Chart{Width: chartWidth, Height: chartHeight, Left: plotLeft, Top: plotTop, Right: chartWidth - plotRight, Bottom: chartHeight - plotBottom}
	steps := 0
	for _, one := range curves {
		steps = max(steps, len(one.Values))
		c.Names = append(c.Names, one.Name)
	}
	stacked := make([]float64, steps)
	layers := make([][]float64, len(curves)+1)
	layers[0] = slices.Clone(stacked)
	for n, one := range curves {
		for k, value := range one.Values {
			stacked[k+steps-len(one.Values)] += max(0, value)
		}
		layers[n+1] = slices.Clone(stacked)
	}
	c.count(stacked, end, step)
	top, marks := scale(c.Most)
	for _, mark := range marks {
		c.Up = append(c.Up, Tick{round(c.Bottom - (c.Bottom-c.Top)*mark/top), text(mark)})
	}
	for n := range ticksAlong + 1 {
		back := time.Duration(steps) * step * time.Duration(ticksAlong-n) / ticksAlong
		label := "now"
		if back > 0 {
			label = fmt.Sprintf("−%d min", int(back.Minutes()+0.5))
		}
		c.Along = append(c.Along, Tick{round(c.Left + (c.Right-c.Left)*float64(n)/ticksAlong), label})
	}
	for n, one := range curves {
		lower, upper := c.line(layers[n], top), c.line(layers[n+1], top)
		slices.Reverse(lower)
		c.Areas = append(c.Areas, Area{Name: one.Name, Class: n + 1, Line: path(upper), Path: path(append(slices.Clone(upper), lower...)) + " Z"})
	}
	c.tabulate(curves, steps, end, step)
	return c
}

// count finds out what the text beside the picture says.
func (c *Chart) count(values []float64, end time.Time, step time.Duration) {
	for n, value := range values {
		c.Sum += value
		c.Last = value
		if value > c.Most {
			c.Most, c.MostAt = value, end.Add(-step*time.Duration(len(values)-n-1))
		}
	}
}

// scale returns the upper end of an axis for values up to most, and its marks: round ones.
func scale(most float64) (top float64, marks []float64) {
	if !(most > 0) {
		return 1, []float64{0}
	}
	mark := math.Pow(10, math.Floor(math.Log10(most/ticksUp)))
	for _, times := range []float64{1, 2, 5, 10} {
		if most/(mark*times) <= ticksUp {
			mark *= times
			break
		}
	}
	mark = max(mark, 1) // all that is counted comes in whole numbers
	for value := 0.0; value <= most; value += mark {
		marks = append(marks, value)
	}
	return max(most*1.05, 1), marks
}

// line returns the corners of a series: a step is as wide as its time. Stretches of one value are two points.
func (c *Chart) line(values []float64, top float64) (all []point) {
	wide := (c.Right - c.Left) / float64(max(1, len(values)))
	for n, value := range values {
		y := round(c.Bottom - (c.Bottom-c.Top)*value/top)
		from, to := point{round(c.Left + wide*float64(n)), y}, point{round(c.Left + wide*float64(n+1)), y}
		if last := len(all) - 1; last > 0 && all[last].y == y {
			all[last] = to
			continue
		}
		all = append(all, from, to)
	}
	return all
}

func path(all []point) string {
	if len(all) == 0 {
		return "M0,0"
	}
	return "M" + strings.ReplaceAll(points(all...), " ", " L")
}

// tabulate sums the series up in a few stretches of time, for whoever cannot see the picture.
func (c *Chart) tabulate(curves []Curve, steps int, end time.Time, step time.Duration) {
	for row := range tableRows {
		from, to := steps*row/tableRows, steps*(row+1)/tableRows
		if from == to {
			continue
		}
		r := Row{From: end.Add(-step * time.Duration(steps-from)), To: end.Add(-step * time.Duration(steps-to))}
		for _, one := range curves {
			sum, skip := 0.0, steps-len(one.Values)
			for k := max(from, skip); k < to; k++ {
				sum += one.Values[k-skip]
			}
			r.Sums = append(r.Sums, sum)
		}
		c.Rows = append(c.Rows, r)
	}
}
