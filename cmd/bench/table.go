package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// row is a line of the table. Without a rival the bar is for our own figure, with one for the ratio.
type row struct {
	what   string
	ours   float64
	unit   string
	rival  string
	theirs float64
	bar    bar
}

// bar is what a row has to reach. The zero bar is none: the row is there to be read.
type bar struct {
	least, most float64
}

// ratio is ours by theirs, or zero where nobody is compared with.
func (r row) ratio() float64 {
	if r.rival == "" || r.theirs == 0 {
		return 0
	}
	return r.ours / r.theirs
}

// judged is the figure that the bar is for.
func (r row) judged() float64 {
	if r.rival != "" {
		return r.ratio()
	}
	return r.ours
}

// met reports whether the row reaches its bar.
func (r row) met() bool {
	return (r.bar.least == 0 || r.judged() >= r.bar.least) && (r.bar.most == 0 || r.judged() <= r.bar.most)
}

// verdict is the bar, and whether it is reached.
func (r row) verdict() string {
	text := ""
	switch {
	case r.bar.least > 0:
		text = "at least " + number(r.bar.least)
	case r.bar.most > 0:
		text = "at most " + number(r.bar.most)
	default:
		return ""
	}
	if r.rival == "" && r.unit != "" {
		text += " " + r.unit
	}
	if !r.met() {
		return text + ": missed"
	}
	return text + ": met"
}

// writeTable writes what was measured where, and the rows, as Markdown.
func writeTable(w io.Writer, about []string, rows []row) error {
	var b strings.Builder
	for _, line := range about {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	b.WriteString("\n| measure | ours | against | ratio | bar |\n|---|--:|---|--:|---|\n")
	for _, r := range rows {
		against, ratio := "", ""
		if r.rival != "" {
			against = fmt.Sprintf("%s: %s", r.rival, figure(r.theirs, r.unit))
			ratio = fmt.Sprintf("%.2f", r.ratio())
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.what, figure(r.ours, r.unit), against, ratio, r.verdict())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func figure(f float64, unit string) string { return strings.TrimSuffix(number(f)+" "+unit, " ") }

// number shows three digits that count, and all digits of what is larger, in groups of three.
func number(f float64) string {
	switch size := math.Abs(f); {
	case f == math.Trunc(f) && size < 1000:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case size < 1:
		return strconv.FormatFloat(f, 'g', 2, 64)
	case size < 10:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case size < 100:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(math.Abs(f), 'f', 0, 64)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	if f < 0 {
		return "-" + digits
	}
	return digits
}
