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
func measureRestart(ctx context.Context, l *lab) (rows []row, err error) {
	share, err := l.scratch("shared")
	if err != nil {
		return nil, err
	}
	if err := makeMany(share, l.shared, tinyFile, manyFolder); err != nil {
		return nil, err
	}
	begin := time.Now()
	c, err := l.startCrew(ctx, share, l.shared)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop(), os.RemoveAll(share)) }()
	first := time.Since(begin)
	var ready, known []float64
	for range l.runs {
		if err := c.stopNode(); err != nil {
			return nil, err
		}
		begin := time.Now()
		if err := c.startNode(ctx); err != nil {
			return nil, err
		}
		ready = append(ready, time.Since(begin).Seconds())
		if err := c.indexed(ctx, l.shared); err != nil {
			return nil, err
		}
		known = append(known, time.Since(begin).Seconds())
		fmt.Fprintf(l.log, "  ready after %.3f s, all published after %.3f s\n", ready[len(ready)-1], known[len(known)-1])
	}
	files := number(float64(l.shared))
	return []row{
		{what: "second start of a node over " + files + " files, to ready", ours: median(ready), unit: "s", bar: bar{most: 2}},
		{what: "the same, until all are published at the relay", ours: median(known), unit: "s"},
		{what: "first start over them, until all are hashed and published", ours: first.Seconds(), unit: "s"},
	}, nil
}
