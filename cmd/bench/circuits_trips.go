package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// tripsByCircuit counts the round trips from LOCATED to the first verified byte: those between client and node, who have
// as long a way to the relay each.
func tripsByCircuit(ctx context.Context, l *lab) (rows []row, err error) {
	share, err := l.scratch("relayed")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(share)) }()
	if err := errors.Join(makeFile(filepath.Join(share, "large"), manyGroups, 1), makeFile(filepath.Join(share, "small"), oneGroup, 2)); err != nil {
		return nil, err
	}
	leg := newRoad(ctx, longTrip*l.trip/2, 0)
	defer leg.close()
	near, stop, err := l.startRemote(ctx, leg, share)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, one := range []struct{ name, what string }{
		{"small", fmt.Sprintf("a file of %d KiB", oneGroup>>10)}, {"large", fmt.Sprintf("%d MiB", manyGroups>>20)},
	} {
		var figures []float64
		for range l.runs {
			took, err := sinceLocated(ctx, near, one.name)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(l.log, "  first byte of %s through the relay after %v\n", one.name, took)
			figures = append(figures, leg.trips(took)/2)
		}
		middle := median(figures)
		rows = append(rows, row{what: "round trips between client and node through the relay, from LOCATED to the first verified byte of " + one.what,
			ours: middle, bar: bar{most: 4}})
	}
	return rows, nil
}

// startRemote starts a relay, and a node with a long way to it. It returns where the same way begins for a client.
func (l *lab) startRemote(ctx context.Context, leg *road, share string) (near string, stop func() error, err error) {
	c, err := l.startRelay(ctx)
	if err != nil {
		return "", nil, err
	}
	if near, err = leg.to(c.relayAt()); err != nil {
		return "", nil, errors.Join(err, c.stop())
	}
	far := *c // the same relay, as the node has it
	far.folder = share
	if far.host, far.port, err = net.SplitHostPort(near); err != nil {
		return "", nil, errors.Join(err, c.stop())
	}
	if err := far.startNode(ctx, "--listen", ":0", "--advertise", nowhere); err != nil {
		return "", nil, errors.Join(err, c.stop())
	}
	if err := far.indexed(ctx, 2); err != nil {
		return "", nil, errors.Join(err, far.stop())
	}
	return near, far.stop, nil
}

// sinceLocated fetches a file, and returns how long its first byte took from the answer of the relay to who has it.
func sinceLocated(ctx context.Context, relay, name string) (time.Duration, error) {
	var watch stopwatch
	client := &peer.Client{Relay: relay, Sources: 1, Trace: func(e transport.Event) {
		if _, is := e.Message.(*protocol.Located); is && e.What == transport.HeardMessage {
			watch.begin()
		}
	}}
	if err := client.Fetch(ctx, peer.Request{Name: name}, &watch).Err(); err != nil {
		return 0, err
	}
	return watch.took()
}

// stopwatch runs until the first byte is written to it.
type stopwatch struct {
	mu         sync.Mutex
	began, end time.Time
}

func (w *stopwatch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = time.Now()
}

func (w *stopwatch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end.IsZero() {
		w.end = time.Now()
	}
	return len(p), nil
}

func (w *stopwatch) took() (time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.began.IsZero() || w.end.Before(w.began) {
		return 0, errors.New("no byte came behind LOCATED")
	}
	return w.end.Sub(w.began), nil
}
