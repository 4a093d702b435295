package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

const (
	fewNames   = 10_000
	locates    = 200_000 // of each counted run, at most
	namesANode = 100 * protocol.MaxPage
)

// measureLocate is about the relay's index, in this process: asked as a client asks, over a link, and by a loop of calls.
func measureLocate(ctx context.Context, l *lab) ([]row, error) {
	few, _, err := fill(ctx, min(fewNames, l.names))
	if err != nil {
		return nil, err
	}
	many, bytes, err := fill(ctx, l.names)
	if err != nil {
		return nil, err
	}
	asked, linked := min(locates, 10*l.names), min(linkLocates, l.names)
	ask := func(registry *relay.Registry, names int) func(context.Context) (sample, error) {
		return func(context.Context) (sample, error) { return locate(registry, names, asked) }
	}
	samples, err := l.turns(ctx, 0, func() error { return nil },
		way{"many", ask(many, l.names)}, way{"few", ask(few, min(fewNames, l.names))})
	if err != nil {
		return nil, err
	}
	each := func(s []sample, asked int) float64 { return medianSeconds(s) * 1e9 / float64(asked) }
	link := func(registry *relay.Registry, names int) func(context.Context) (sample, error) {
		return func(ctx context.Context) (sample, error) { return overLink(ctx, registry, names, linked) }
	}
	overLinks, err := l.turns(ctx, 0, func() error { return nil },
		way{"many, over a link", link(many, l.names)}, way{"few, over a link", link(few, min(fewNames, l.names))})
	if err != nil {
		return nil, err
	}
	among := fmt.Sprintf("among %s", number(float64(min(fewNames, l.names))))
	return []row{
		{fmt.Sprintf("LOCATE by name among %s entries, asked and answered over a kept link", number(float64(l.names))),
			each(overLinks[0], linked), "ns", among, each(overLinks[1], linked), bar{most: 1.5}},
		{fmt.Sprintf("the same in the registry alone, %s entries", number(float64(l.names))),
			each(samples[0], asked), "ns", among, each(samples[1], asked), bar{}},
		{what: "an index entry in the relay's memory, beyond its name", ours: bytes, unit: "bytes", bar: bar{most: 120}},
	}, nil
}

// fill returns a registry in which nodes have published so many names, and the bytes that each takes beyond its name.
func fill(ctx context.Context, names int) (*relay.Registry, float64, error) {
	registry := relay.NewRegistry(relay.Policy{MaxEntries: namesANode, MaxIndex: max(names, roles.MaxIndex)})
	before, nameBytes := heap(), 0
	at := roles.Moment{Rand: 11}
	for base := 0; base < names; base += namesANode {
		m := &protocol.Publish{Epoch: 1, Index: 1, Latest: uint64(min(namesANode, names-base))}
		node := uint32(base/namesANode + 1)
		binary.BigEndian.PutUint32(m.ID[:], node)
		host := netip.AddrFrom4([4]byte{10, byte(node >> 16), byte(node >> 8), byte(node)})
		registry.Register(at, relay.From{Peer: host}, &protocol.Register{ID: m.ID, Epoch: 1, Port: 1})
		for m.To < m.Latest {
			m.From, m.To, m.Changes = m.To, min(m.To+protocol.MaxPage, m.Latest), m.Changes[:0]
			for i := m.From; i < m.To; i++ {
				e := protocol.Entry{Name: indexName(base + int(i)), Size: smallFile}
				binary.BigEndian.PutUint64(e.Hash[:], uint64(base)+i+1)
				nameBytes += len(e.Name)
				m.Changes = append(m.Changes, e)
			}
			if answer, is := registry.Publish(at, m).(*protocol.Published); !is || answer.Sequence != m.To {
				return nil, 0, fmt.Errorf("a page of names up to %d was not taken", m.To)
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
	}
	return registry, (heap() - before - float64(nameBytes)) / float64(names), nil
}

func indexName(i int) string { return fmt.Sprintf("folder-%03d/file-%08d.bin", i%997, i) }

// locate asks so many times for names all over the registry. That they are there is part of it.
func locate(registry *relay.Registry, names, times int) (sample, error) {
	asked := make([]string, 1024)
	stride := names/len(asked) + 1
	random, found := uint64(1), 0
	took := time.Duration(0)
	for done := 0; done < times; {
		for i := range asked { // new ones each time, so that no cache holds their way
			random = random*6364136223846793005 + 1442695040888963407
			asked[i] = indexName((i*stride + int(random>>33)) % names)
		}
		begin := time.Now()
		for _, name := range asked[:min(len(asked), times-done)] {
			random++
			answer := registry.Locate(roles.Moment{Now: time.Second, Rand: random}, relay.From{}, &protocol.Locate{Name: name})
			if located, is := answer.(*protocol.Located); is {
				found += len(located.Peers)
			}
			done++
		}
		took += time.Since(begin)
	}
	if found != times {
		return sample{}, fmt.Errorf("%d nodes were found for %d names", found, times)
	}
	return sample{took: took}, nil
}

func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools held is gone after the second
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
