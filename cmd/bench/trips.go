package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// longTrip is how many times as long the round trips are that are counted: so long that all else of a
// fetch of a small file takes less than one of them.
const longTrip = 2

const (
	oneGroup   = 16 << 10 // a file of one group
	manyGroups = 8 << 20  // one that has a tree
)

// measureTrips counts the round trips of a fetch, as its time by that of a round trip.
func measureTrips(ctx context.Context, l *lab) (rows []row, err error) {
	share, err := l.scratch("trips")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(share)) }()
	if err := errors.Join(makeFile(filepath.Join(share, "large"), manyGroups, 1), makeFile(filepath.Join(share, "small"), oneGroup, 2)); err != nil {
		return nil, err
	}
	r := newRoad(ctx, longTrip*l.trip, 0)
	defer r.close()
	d, err := l.startDistant(ctx, r, share, "small", 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	if err := d.held(ctx, "large", 1); err != nil {
		return nil, err
	}
	var first, placed, ended []float64
	for range l.runs {
		head, _, err := d.firstOf(ctx, "large")
		if err != nil {
			return nil, err
		}
		there, all, err := d.placed(ctx, "small", filepath.Join(l.quick, "copy"))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(l.log, "  first byte %v, in its place %v, ended %v\n", head, there, all)
		first, placed, ended = append(first, r.trips(head)), append(placed, r.trips(there)), append(ended, r.trips(all))
	}
	return []row{
		tripRow(fmt.Sprintf("the first verified byte of %d MiB", manyGroups>>20), first, 4),
		tripRow(fmt.Sprintf("a file of %d KiB is in its place", oneGroup>>10), placed, 4),
		tripRow("peer-client that fetched it has ended", ended, 5),
	}, nil
}

// tripRow shows the median, rounded down: what is left of it is no round trip.
func tripRow(what string, figures []float64, most float64) row {
	middle := median(figures)
	return row{what: fmt.Sprintf("round trips until %s (%.2f, rounded down)", what, middle), ours: float64(int(middle)), bar: bar{most: most}}
}

// trips returns a time in round trips.
func (r *road) trips(d time.Duration) float64 { return float64(d) / float64(r.trip) }

// firstOf has a file fetched to standard output, and returns after what time its first byte came there, and the end.
func (d *distant) firstOf(ctx context.Context, name string) (first, all time.Duration, err error) {
	command, stderr := newCommand(ctx, d.lab.program("peer-client"), d.client("-", name)...)
	out, err := command.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	if err := command.Start(); err != nil {
		return 0, 0, err
	}
	_, err = io.ReadFull(out, make([]byte, 1))
	first = time.Since(begin)
	_, more := io.Copy(io.Discard, out)
	err = errors.Join(err, more, command.Wait())
	if err != nil {
		err = stderr.explain(command.Path, err)
	}
	return first, time.Since(begin), err
}

// lookEvery is how often it is looked whether a file is there.
const lookEvery = time.Millisecond

// placed has a file fetched to another, and returns after what time that was there, and the end.
func (d *distant) placed(ctx context.Context, name, target string) (there, all time.Duration, err error) {
	if err := os.RemoveAll(target); err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(target)
	begin := time.Now()
	watching, stop := context.WithCancel(ctx)
	seen := make(chan time.Duration, 1)
	go func() {
		defer close(seen)
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		for watching.Err() == nil {
			if _, err := os.Lstat(target); err == nil {
				seen <- time.Since(begin)
				return
			}
			select {
			case <-look.C:
			case <-watching.Done():
			}
		}
	}()
	s, err := finish(ctx, d.lab.program("peer-client"), d.client(target, name)...)
	stop()
	there, was := <-seen
	if !was {
		there = s.took // it came with the end
	}
	return there, s.took, err
}
