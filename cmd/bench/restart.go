package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

const tinyFile = 64

// measureRestart is about a node that starts over a share that it has hashed before: the time to its ready line.
func measureRestart(ctx context.Context, l *lab) ([]row, error) {
	rows, _, err := l.restart(ctx, l.shared, l.runs, bar{most: 2})
	return rows, err
}

// measureHuge is about a node of so many files that they have to be asked for.
func measureHuge(ctx context.Context, l *lab) ([]row, error) {
	if l.huge == 0 {
		l.note("a node of 1,000,000 files was not measured: --huge 1000000")
		return nil, nil
	}
	rows, resident, err := l.restart(ctx, l.huge, min(l.runs, 2), bar{most: 5})
	if resident > 0 {
		rows = append(rows, row{what: "memory of that node, once all are published", ours: float64(resident) / mebibyte, unit: "MiB", bar: bar{most: 300}})
	}
	return rows, err
}

// restart starts a node over a share again and again. It returns the most memory that the node had at such a time.
func (l *lab) restart(ctx context.Context, files, runs int, ready bar) (rows []row, resident int64, err error) {
	share, err := l.scratch("shared")
	if err != nil {
		return nil, 0, err
	}
	if err := makeMany(share, files, tinyFile, manyFolder); err != nil {
		return nil, 0, err
	}
	begin := time.Now()
	c, err := l.startCrew(ctx, share, files)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, c.stop(), os.RemoveAll(share), os.RemoveAll(share+".index")) }()
	first := time.Since(begin)
	var usable, known []float64
	for range runs {
		if err := c.stopNode(); err != nil {
			return nil, 0, err
		}
		begin := time.Now()
		if err := c.startNode(ctx); err != nil {
			return nil, 0, err
		}
		usable = append(usable, time.Since(begin).Seconds())
		if err := c.indexed(ctx, files); err != nil {
			return nil, 0, err
		}
		known = append(known, time.Since(begin).Seconds())
		resident = max(resident, residentMemory(c.node.Process.Pid))
		fmt.Fprintf(l.log, "  ready after %.3f s, all published after %.3f s\n", usable[len(usable)-1], known[len(known)-1])
	}
	return []row{
		{what: "second start of a node over " + number(float64(files)) + " files, to ready", ours: median(usable), unit: "s", bar: ready},
		{what: "the same, until all are published at the relay", ours: median(known), unit: "s"},
		{what: "first start over them, until all are hashed and published", ours: first.Seconds(), unit: "s"},
	}, resident, nil
}
