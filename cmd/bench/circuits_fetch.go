package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// byCircuit is the way that is measured.
const byCircuit = "through the relay"

// carrier is what stands between a client and a node, with both.
type carrier struct {
	name  string
	crew  *crew
	proxy *server   // nil: the crew's relay, or nothing
	costs []float64 // CPU seconds of what stands there, of each run
}

func (c *carrier) stop() error {
	if c.proxy == nil {
		return c.crew.stop()
	}
	return errors.Join(c.crew.stop(), c.proxy.stop())
}

// passes returns the server that passes bytes on; nil: none does.
func (c *carrier) passes() *server {
	switch {
	case c.proxy != nil:
		return c.proxy
	case c.name == byCircuit:
		return c.crew.relay
	}
	return nil
}

// fetchByCircuit is about a large file that comes through the relay, beside the same programs with a bare TCP proxy
// between them, and with nothing.
func fetchByCircuit(ctx context.Context, l *lab) (rows []row, err error) {
	share, err := l.scratch("relayed")
	if err != nil {
		return nil, err
	}
	p := l.memory()
	b := &bulk{bytes: int64(l.size), source: filepath.Join(share, "large"), target: filepath.Join(p.dir, "copy")}
	defer func() { err = errors.Join(err, b.clear(), os.RemoveAll(share)) }()
	if err := makeFile(b.source, b.bytes, 1); err != nil {
		return nil, err
	}
	carriers, err := l.startCarriers(ctx, share)
	defer func() {
		for _, c := range carriers {
			err = errors.Join(err, c.stop())
		}
	}()
	if err != nil {
		return nil, err
	}
	var ways []way
	for _, c := range carriers {
		ways = append(ways, way{c.name, b.same(b.over(c))})
	}
	samples, err := l.turns(ctx, b.bytes, func() error { return p.settled(b.target) }, ways...)
	if err != nil {
		return nil, err
	}
	what := "fetch of " + l.size.String() + " through the relay to a file " + p.name + ", verified, one node"
	return append(b.carriedRows(what, carriers, samples), b.carrierCosts(carriers)...), nil
}

// over fetches past a carrier.
func (b *bulk) over(c *carrier) func(context.Context) (sample, error) {
	return func(ctx context.Context) (sample, error) {
		var passing []*server
		if passes := c.passes(); passes != nil {
			passing = append(passing, passes)
		}
		cost := spent(passing...)
		s, err := c.crew.fetch(ctx, b.target, "--sources", "1", "large")
		c.costs = append(c.costs, cost().Seconds())
		return s, err
	}
}

// startCarriers starts all that there are: the first is ours. Those that it returns with an error are to be stopped, too.
func (l *lab) startCarriers(ctx context.Context, share string) (all []*carrier, err error) {
	ours, err := l.startCrew(ctx, share, 1, "--listen", ":0", "--advertise", nowhere)
	if err != nil {
		return nil, err
	}
	all = append(all, &carrier{name: byCircuit, crew: ours})
	if ours.reach != "await" {
		return all, fmt.Errorf("a node that cannot be dialed is ready as %q", ours.reach)
	}
	for _, proxy := range proxies {
		c, err := l.startProxied(ctx, share, proxy)
		if err != nil {
			return all, err
		}
		if c != nil {
			all = append(all, c)
		}
	}
	direct, err := l.startCrew(ctx, share, 1, "--index", share+".direct.index")
	if err != nil {
		return all, err
	}
	return append(all, &carrier{name: "directly", crew: direct}), nil
}

// startProxied starts a node that is listed where a proxy listens; nil: there is no such proxy here.
func (l *lab) startProxied(ctx context.Context, share string, p proxy) (*carrier, error) {
	at, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	server, near, err := p.start(ctx, l, at)
	if server == nil || err != nil {
		return nil, err
	}
	c, err := l.startCrew(ctx, share, 1, "--listen", at, "--advertise", near, "--index", share+"."+p.name+".index")
	if err != nil {
		return nil, errors.Join(err, server.stop())
	}
	if c.at != near {
		err = fmt.Errorf("a node behind %s at %s is listed at %s", p.name, near, c.at)
		return nil, errors.Join(err, c.stop(), server.stop())
	}
	return &carrier{name: p.name, crew: c, proxy: server}, nil
}

// carriedRows compares the first carrier with the others; the bar is for the fastest proxy.
func (b *bulk) carriedRows(what string, carriers []*carrier, samples [][]sample) (rows []row) {
	speed := func(i int) float64 { return rate(samples[i], float64(b.bytes)/mebibyte) }
	fastest := 0.0
	for i, c := range carriers {
		if c.proxy != nil {
			fastest = max(fastest, speed(i))
		}
	}
	for i, c := range carriers[1:] {
		r := row{what: what, ours: speed(0), unit: "MiB/s", rival: c.name, theirs: speed(i + 1)}
		if c.proxy != nil {
			r.rival += " between the same two"
		}
		if c.proxy != nil && speed(i+1) == fastest {
			r.bar = bar{least: 0.8}
		}
		rows = append(rows, r)
	}
	return rows
}

// carrierCosts is about the CPU time of what stands between.
func (b *bulk) carrierCosts(carriers []*carrier) (rows []row) {
	for _, c := range carriers {
		if c.passes() == nil {
			continue
		}
		r := row{what: "CPU of " + c.name + " for that", ours: median(c.costs[1:]) * (1 << 30) / float64(b.bytes), unit: "s/GiB"}
		if c.name == byCircuit {
			r.what, r.bar = "CPU of the relay for that", bar{most: 0.25}
		}
		if r.ours > 0 || c.name == byCircuit { // of children that have ended nothing is known
			rows = append(rows, r)
		}
	}
	return rows
}
