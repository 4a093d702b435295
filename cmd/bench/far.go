package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

const gigabit = 1e9 / 8 // bytes a second

// distant is a relay and nodes that share one folder, all at the far end of a road.
type distant struct {
	*crew
	road               *road
	nodes              []*server
	nearHost, nearPort string // the relay's, from where the road begins
}

// startDistant starts a relay and nodes, and returns once each node has published a name.
func (l *lab) startDistant(ctx context.Context, r *road, folder, name string, nodes int) (d *distant, err error) {
	c, err := l.startRelay(ctx)
	if err != nil {
		return nil, err
	}
	c.folder = folder
	d = &distant{crew: c, road: r}
	near, err := r.to(net.JoinHostPort(d.host, d.port))
	if err != nil {
		return nil, errors.Join(err, d.stop())
	}
	if d.nearHost, d.nearPort, err = net.SplitHostPort(near); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	for i := range nodes {
		if err := d.addNode(ctx, i); err != nil {
			return nil, errors.Join(err, d.stop())
		}
	}
	if err := d.held(ctx, name, nodes); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return d, nil
}

// addNode starts a node that is listed at the near end of the road.
func (d *distant) addNode(ctx context.Context, number int) error {
	at, err := freePort(ctx)
	if err != nil {
		return err
	}
	near, err := d.road.to(at)
	if err != nil {
		return err
	}
	node, _, err := serve(ctx, "ready ", d.lab.program("peer-node"), "--log-level", "warn", "--listen", at, "--advertise", near,
		"--share", d.folder, "--index", fmt.Sprintf("%s.%d.index", d.folder, number), d.host, d.port)
	if err == nil {
		d.nodes = append(d.nodes, node)
	}
	return err
}

func (d *distant) stop() (err error) {
	for _, node := range d.nodes {
		err = errors.Join(err, node.stop())
	}
	return errors.Join(err, d.crew.stop())
}

// client returns what has peer-client fetch over the road.
func (d *distant) client(target, name string) []string {
	return []string{"--log-level", "warn", "-o", target, d.nearHost, d.nearPort, name}
}

// measureFar is about a large file over a long way: once as wide as many have it, and once of any width.
func measureFar(ctx context.Context, l *lab) (rows []row, err error) {
	share, err := l.scratch("far")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(share)) }()
	b := &bulk{bytes: int64(l.far), source: filepath.Join(share, "large"), target: filepath.Join(l.memory().dir, "copy")}
	defer func() { err = errors.Join(err, b.clear()) }()
	if err := makeFile(b.source, b.bytes, 1); err != nil {
		return nil, err
	}
	r := newRoad(ctx, l.trip, 0)
	defer r.close()
	var ways []way
	for _, nodes := range []int{1, 4} {
		var d *distant
		if d, err = l.startDistant(ctx, r, share, "large", nodes); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		ways = append(ways, way{fmt.Sprintf("peer-client, nodes: %d", nodes), b.same(func(ctx context.Context) (sample, error) {
			return finish(ctx, l.program("peer-client"), d.client(b.target, "large")...)
		})})
	}
	if b.curl = l.find("curl"); b.curl != "" {
		if b.web, err = l.startWeb(ctx, share); err != nil {
			return nil, err
		}
	}
	if b.web != nil {
		defer func() { err = errors.Join(err, b.web.stop()) }()
		near, err := r.to(b.web.at)
		if err != nil {
			return nil, err
		}
		ways = append(ways, way{curlAlone, b.same(func(ctx context.Context) (sample, error) {
			return finish(ctx, b.curl, "-sSf", "-o", b.target, "http://"+near+"/large")
		})})
	}
	for _, rate := range []int64{gigabit, 0} {
		r.limit(rate)
		samples, err := l.turns(ctx, b.bytes, b.clear, ways...)
		if err != nil {
			return nil, err
		}
		rows = append(rows, l.farRows(rate, samples)...)
	}
	return rows, nil
}

// farRows compares one node and four, the first and the second samples, with curl, the third.
func (l *lab) farRows(rate int64, samples [][]sample) (rows []row) {
	speed := func(i int) float64 { return float64(l.far) / mebibyte / medianSeconds(samples[i]) }
	wide := "without a rate limit"
	if rate > 0 {
		wide = "1 Gbit/s"
	}
	for i, r := range []row{{what: "one node", bar: bar{least: 0.85}}, {what: "four nodes", bar: bar{least: 0.9}}} {
		r.what = fmt.Sprintf("fetch of %s at a round trip of %v, %s, %s", l.far.String(), l.trip, wide, r.what)
		r.ours, r.unit = speed(i), "MiB/s"
		if rate == 0 || len(samples) < 3 {
			r.bar = bar{}
		}
		if len(samples) == 3 {
			r.rival, r.theirs = curlAlone+", not verified", speed(2)
		}
		rows = append(rows, r)
	}
	return rows
}

func medianSeconds(samples []sample) float64 { return 1 / rate(samples, 1) }

// same is a way that fails if the copy is another than the source.
func (b *bulk) same(once func(context.Context) (sample, error)) func(context.Context) (sample, error) {
	return func(ctx context.Context) (sample, error) {
		s, err := once(ctx)
		if err == nil {
			err = sameFile(b.source, b.target)
		}
		return s, err
	}
}
