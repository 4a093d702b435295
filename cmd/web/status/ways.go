package status

import (
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/transport/peer"
)

const (
	// mostCounted is how many nodes are counted by the ways to them.
	mostCounted = 10_000
	// countEvery is how old these numbers may be: each costs a walk through the nodes, page by page.
	countEvery = 10 * time.Second
)

// wayCounts are the ways to nodes, counted now and then for all who look.
type wayCounts struct {
	mu   sync.Mutex
	at   time.Time
	kept ways
}

// of returns the ways to the nodes of a relay.
func (c *wayCounts) of(r relaySource, now time.Time) ways {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.at); c.at.IsZero() || age < 0 || age >= countEvery {
		c.at, c.kept = now, countWays(r)
	}
	return c.kept
}

func countWays(r relaySource) (counted ways) {
	q := peer.PageQuery{Limit: peer.MostPageLimit}
	for range mostCounted/peer.MostPageLimit + 1 {
		page := r.Nodes(q)
		for _, node := range page.Nodes {
			if node.Left || counted.Counted == mostCounted {
				return counted // those that have left stand behind all others
			}
			counted.add(node.Way)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	return counted
}

func (w *ways) add(way string) {
	w.Counted++
	switch way {
	case peer.WayDirect:
		w.Direct++
	case peer.WayCircuit:
		w.Circuit++
	case peer.WayPending:
		w.Pending++
	case peer.WayUnproven:
		w.Unproven++
	case peer.WayNowhere:
		w.Nowhere++
	}
}
