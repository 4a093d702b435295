package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	greedyPiece = 1 << 20  // bytes that the greedy one writes at once
	otherPiece  = 16 << 10 // and the others
)

// fairCircuits has many circuits carry at once, of which one sends in large pieces: what the others get of an even share.
func fairCircuits(ctx context.Context, l *lab) (rows []row, err error) {
	c, err := l.startSwitchboard(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	crowd := max(2, l.few(circuitCrowd))
	open, err := openApart(ctx, c.relayAt(), crowd)
	if err != nil {
		return nil, err
	}
	counts, err := carryAll(ctx, open, l.load)
	if err != nil {
		return nil, err
	}
	sum := int64(0)
	for _, bytes := range counts {
		sum += bytes
	}
	even := float64(sum) / float64(len(counts))
	others := slices.Sorted(slices.Values(counts[1:]))
	of := func(bytes int64) float64 { return float64(bytes) / even }
	what := fmt.Sprintf("%s circuits at once, one of them greedy: of its fair share", number(float64(crowd)))
	return []row{
		{what: what + " the least that another one gets", ours: of(others[0]), bar: bar{least: 0.8}},
		{what: what + " the median of the others", ours: of(others[len(others)/2])},
		{what: what + " the greedy one", ours: of(counts[0])},
		{what: "all of them together", ours: float64(sum) / mebibyte / l.load.Seconds(), unit: "MiB/s"},
	}, nil
}

// openApart opens so many circuits, each between a client and a node of its own.
func openApart(ctx context.Context, at string, number int) (all []circuit, err error) {
	all = make([]circuit, number)
	err = atOnce(secureClients, number, func(n int) error {
		one, err := openCircuits(ctx, at, 1)
		if err == nil {
			all[n] = one[0]
		}
		return err
	})
	if err != nil {
		closeCircuits(slices.DeleteFunc(all, func(c circuit) bool { return c.client == nil }))
		return nil, err
	}
	return all, nil
}

// carryAll sends over all circuits, as much as passes, and returns how many bytes came over each in that time, once all
// carry. The first is the greedy one. It closes them.
func carryAll(ctx context.Context, open []circuit, span time.Duration) (came []int64, err error) {
	counts := make([]atomic.Int64, len(open))
	var carrying sync.WaitGroup
	defer carrying.Wait()
	defer closeCircuits(open)
	for n, c := range open {
		piece := otherPiece
		if n == 0 {
			piece = greedyPiece
		}
		carrying.Go(func() { pourInto(c.node, piece) })
		carrying.Go(func() { tally(c.client, &counts[n]) })
	}
	if err := pause(ctx, span/4); err != nil {
		return nil, err
	}
	before := seen(counts)
	if err := pause(ctx, span); err != nil {
		return nil, err
	}
	came = seen(counts)
	for n := range came {
		came[n] -= before[n]
	}
	if slices.Max(came) == 0 {
		return nil, errors.New("nothing passes over any circuit")
	}
	return came, nil
}

// seen returns the counts as they are now.
func seen(counts []atomic.Int64) []int64 {
	all := make([]int64, len(counts))
	for n := range counts {
		all[n] = counts[n].Load()
	}
	return all
}

// pourInto sends pieces until the connection ends.
func pourInto(w *wire, piece int) {
	bytes := make([]byte, piece)
	for {
		if _, err := w.conn.Write(bytes); err != nil {
			return
		}
	}
}

// tally counts what comes until the connection ends.
func tally(w *wire, count *atomic.Int64) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := w.conn.Read(buffer)
		count.Add(int64(n))
		if err != nil {
			return
		}
	}
}
