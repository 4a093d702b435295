package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
)

// restingCircuits tells what a circuit over which nothing passes takes of the relay's memory and of its descriptors, beyond
// that of the kernel: the difference between a few of them and many.
func restingCircuits(ctx context.Context, l *lab) (rows []row, err error) {
	c, err := l.startSwitchboard(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	var open []circuit
	defer func() { closeCircuits(open) }()
	var memory, files [2]float64
	idle := l.few(circuitIdle)
	for n, more := range []int{l.few(circuitFew), idle} {
		added, err := openCircuits(ctx, c.relayAt(), more)
		if err != nil {
			return nil, err
		}
		open = append(open, added...)
		if err := restAll(ctx, open, circuitRounds*idle/circuitIdle); err != nil {
			return nil, err
		}
		memory[n], files[n] = float64(residentMemory(c.relay.Process.Pid)), float64(openFiles(c.relay.Process.Pid))
	}
	what := fmt.Sprintf("an open circuit that rests, of %s", number(float64(idle)))
	return []row{
		{what: what + ", of the relay's memory", ours: (memory[1] - memory[0]) / float64(idle) / 1024, unit: "KiB", bar: bar{most: 8}},
		{what: what + ", of the relay's descriptors", ours: math.Round((files[1] - files[0]) / float64(idle)), bar: bar{most: 2}},
	}, nil
}

// restAll has something pass over each circuit, and lets them rest; so many times.
func restAll(ctx context.Context, open []circuit, rounds int) error {
	for range rounds {
		if err := errors.Join(passAll(open), pause(ctx, circuitRest)); err != nil {
			return err
		}
	}
	return nil
}

// passAll has a byte pass over each circuit, both ways.
func passAll(open []circuit) error {
	for _, c := range open {
		if err := errors.Join(pass(c.client, c.node), pass(c.node, c.client)); err != nil {
			return err
		}
	}
	return nil
}

// pass has a byte pass over a circuit.
func pass(from, to *wire) error {
	if _, err := from.conn.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(to.conn, make([]byte, 1))
	return err
}
