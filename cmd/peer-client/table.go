package main

import (
	"bufio"
	"cmp"
	"io"
	"iter"
	"strings"
)

// cells returns the columns of each of some things.
func cells[T any](all iter.Seq2[T, error], of func(T) []string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for one, err := range all {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(of(one), nil) {
				return
			}
		}
	}
}

// printTable writes rows below a head, in columns that are as wide as their widest cell. It reads the
// rows twice and keeps none: package text/tabwriter has them all in memory.
func printTable(out io.Writer, head []string, rows iter.Seq2[[]string, error]) error {
	const between = 2
	widths := make([]int, len(head)-1) // the last column is as wide as it is
	widen := func(row []string) {
		for i := range widths {
			widths[i] = max(widths[i], len(row[i])+between)
		}
	}
	widen(head)
	for row, err := range rows {
		if err != nil {
			return err
		}
		widen(row)
	}
	printing := bufio.NewWriter(out)
	printRow := func(row []string) error {
		for i, width := range widths {
			printing.WriteString(row[i])
			printing.WriteString(strings.Repeat(" ", width-len(row[i])))
		}
		printing.WriteString(row[len(widths)])
		return printing.WriteByte('\n')
	}
	if err := printRow(head); err != nil {
		return err
	}
	for row, err := range rows {
		if err == nil {
			err = printRow(row)
		}
		if err != nil {
			return cmp.Or(printing.Flush(), err)
		}
	}
	return printing.Flush()
}
