package main

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// measureOpenRead is about a file that stays with its node and is read in order, against a fetch of it: both by this
// process, from one node over TLS, and to nowhere.
func measureOpenRead(ctx context.Context, l *lab) (rows []row, err error) {
	defer func() { l.overTLS = false }()
	l.overTLS = true
	b, err := l.startBulk(ctx, int64(l.size), l.memory().dir, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	c := &peer.Client{Network: &transport.TLS{}, Relay: net.JoinHostPort(b.crew.host, b.crew.port), Sources: 1}
	ways := []way{
		{"fetched", b.timed(func() error { return c.Fetch(ctx, peer.Request{Name: "large"}, io.Discard).Err() })},
		{"opened, and copied", b.timed(func() error { return b.readOpen(ctx, c, whole) })},
		{"opened, and read in pieces", b.timed(func() error { return b.readOpen(ctx, c, inPieces) })},
	}
	samples, err := l.turns(ctx, 0, func() error { return nil }, ways...)
	if err != nil {
		return nil, err
	}
	speed := func(s []sample) float64 { return rate(s, float64(b.bytes)/mebibyte) }
	for i, way := range ways[1:] {
		rows = append(rows, row{l.size.String() + " over TLS " + way.name + ", verified, one node", speed(samples[i+1]), "MiB/s",
			ways[0].name, speed(samples[0]), bar{least: 0.85}})
	}
	return rows, nil
}

// timed measures something that this process does with the node.
func (b *bulk) timed(do func() error) func(context.Context) (sample, error) {
	return func(context.Context) (sample, error) {
		also, mine, begin := spent(b.crew.node), ownCPU(), time.Now()
		err := do()
		return sample{took: time.Since(begin), cpu: also() + ownCPU() - mine}, err
	}
}

// readOpen opens the file and reads all of it.
func (b *bulk) readOpen(ctx context.Context, c *peer.Client, read func(io.Reader) (int64, error)) error {
	f, err := c.Open(ctx, peer.Request{Name: "large"})
	if err != nil {
		return err
	}
	n, err := read(f)
	if n != b.bytes && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return errors.Join(err, f.Close())
}

func whole(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

// inPieces reads as a server of HTTP does: in pieces of 32 KiB.
func inPieces(r io.Reader) (n int64, err error) {
	for piece := make([]byte, 32<<10); err == nil; {
		var some int
		some, err = r.Read(piece)
		n += int64(some)
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}
