package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/groups"
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
	relay := net.JoinHostPort(b.crew.host, b.crew.port)
	c := &peer.Client{Network: &transport.TLS{}, Relay: relay, Sources: 1}
	kept := &keptReading{bulk: b, folder: filepath.Join(l.disk, "cache"), client: peer.Client{Network: &transport.TLS{}, Relay: relay, Sources: 1}}
	defer func() { err = errors.Join(err, os.RemoveAll(kept.folder)) }()
	ways := []way{
		{"fetched", b.timed(func() error { return c.Fetch(ctx, peer.Request{Name: "large"}, io.Discard).Err() })},
		{"opened, and copied", b.timed(func() error { return b.readOpen(ctx, c, whole) })},
		{"opened, and read in pieces", b.timed(func() error { return b.readOpen(ctx, c, inPieces) })},
		{"opened, and copied, with an empty cache on a disk", kept.anew},
		{"the same again", kept.again},
	}
	samples, err := l.turns(ctx, 0, func() error { return nil }, ways...)
	if err != nil {
		return nil, err
	}
	speed := func(s []sample) float64 { return rate(s, float64(b.bytes)/mebibyte) }
	for i, way := range ways[1:] {
		r := row{what: l.size.String() + " over TLS " + way.name + ", verified, one node", ours: speed(samples[i+1]), unit: "MiB/s"}
		r.rival, r.theirs = ways[0].name, speed(samples[0])
		if i < 2 {
			r.bar = bar{least: 0.85}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// keptReading reads the file through a cache on a disk.
type keptReading struct {
	*bulk
	folder string
	client peer.Client
}

// anew reads with a cache that is empty.
func (k *keptReading) anew(ctx context.Context) (sample, error) {
	if err := os.RemoveAll(k.folder); err != nil {
		return sample{}, err
	}
	return k.again(ctx)
}

// again reads with what is in the cache: what the disk did not take in time is fetched.
func (k *keptReading) again(ctx context.Context) (s sample, err error) {
	cache, err := groups.Open(k.folder, 2*k.bytes+groups.Least, nil)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, cache.Close()) }()
	k.client.Cache = cache
	return k.timed(func() error { return k.readOpen(ctx, &k.client, whole) })(ctx)
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
