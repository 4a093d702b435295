package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/relaypeer/relaypeer/protocol"
)

const (
	holderOf = 100_000 // names of each node of publishListed
	pageOf   = 500     // of them in one PUBLISH, which has to be small enough to be sent
)

// measureListed is about a client that lists all names of a relay that knows many.
func measureListed(ctx context.Context, l *lab) (rows []row, err error) {
	c, err := l.startRelay(ctx, "--ttl", "1h")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.publishListed(ctx); err != nil {
		return nil, err
	}
	samples, err := l.turns(ctx, 0, func() error { return nil }, way{"peer-client --list", func(ctx context.Context) (sample, error) {
		return finish(ctx, l.program("peer-client"), "--log-level", "warn", "--list", c.host, c.port)
	}})
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("--list of %s names", number(float64(l.listed)))
	rows = []row{{what: what, ours: medianSeconds(samples[0]), unit: "s", bar: bar{most: 2}}}
	if peak := peakOf(samples[0]); peak > 0 {
		rows = append(rows, row{what: "peak memory of the client of that", ours: float64(peak) / mebibyte, unit: "MiB", bar: bar{most: 64}})
	}
	return rows, nil
}

// publishListed registers nodes at the relay that together have all names that are to be listed.
func (c *crew) publishListed(ctx context.Context) error {
	for base := 0; base < c.lab.listed; base += holderOf {
		if err := c.publish(ctx, base, min(holderOf, c.lab.listed-base)); err != nil {
			return err
		}
	}
	return nil
}

// publish registers a node at the relay that has so many names.
func (c *crew) publish(ctx context.Context, base, names int) error {
	w, err := dialWire(ctx, c.relayAt())
	if err != nil {
		return err
	}
	defer w.close()
	m := &protocol.Publish{Epoch: 1, Index: 1, Latest: uint64(names)}
	binary.BigEndian.PutUint32(m.ID[:], uint32(base+1))
	if _, err := w.ask(&protocol.Register{ID: m.ID, Epoch: 1, Port: 1}); err != nil {
		return err
	}
	for m.To < m.Latest {
		m.From, m.To, m.Changes = m.To, min(m.To+pageOf, m.Latest), m.Changes[:0]
		for i := m.From; i < m.To; i++ {
			e := protocol.Entry{Name: indexName(base + int(i)), Size: smallFile}
			binary.BigEndian.PutUint64(e.Hash[:], uint64(base)+i+1)
			m.Changes = append(m.Changes, e)
		}
		answer, err := w.ask(m)
		if err != nil {
			return err
		}
		if published, is := answer.(*protocol.Published); !is || published.Sequence != m.To {
			return fmt.Errorf("a page of names up to %d was not taken", m.To)
		}
	}
	return nil
}
