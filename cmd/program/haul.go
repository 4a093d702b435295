package program

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// haul is some files on their way from a node. Apart from its store and machine it is guarded by the gathering's mutex.
type haul struct {
	node      netip.AddrPort
	load      []*task
	came      []bool
	stop      context.CancelFunc
	overtaken bool // it has been stopped, for another node is idle
}

// haul fetches some files from a node and puts them in their places. It reports whether the node may be asked for more.
func (g *gathering) haul(ctx context.Context, node netip.AddrPort, load []*task) bool {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	h := &haul{node: node, load: load, came: make([]bool, len(load)), stop: stop}
	g.mu.Lock()
	g.hauls[h] = true
	g.mu.Unlock()
	code, err := g.bring(ctx, h)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.hauls, h)
	for i, t := range load {
		switch {
		case t.failed != nil:
		case err != nil:
			t.failed = diskFailure(err)
		case h.came[i]:
			t.done = true
		case !h.overtaken || len(t.holders) > 1:
			t.refused = append(t.refused, node)
		}
	}
	if code != 0 && !h.overtaken {
		g.gone[node] = true
	}
	return code == 0 && err == nil
}

// bring runs a haul to its end. The error is one of our disk, for all of its files.
func (g *gathering) bring(ctx context.Context, h *haul) (protocol.Code, error) {
	names, wanted := make([][]string, len(h.load)), make([]client.Wanted, len(h.load))
	for i, t := range h.load {
		names[i], wanted[i] = []string{t.name}, client.Wanted{Name: t.name, Hash: t.hash, Size: t.size}
	}
	batch, err := store.NewBatch(g.root, names)
	if err != nil {
		return 0, err
	}
	defer batch.Close()
	machine := client.NewPipeline(h.node.String(), wanted)
	g.client.run(ctx, machine, batch, func(outcome roles.Outcome) {
		switch o := outcome.(type) {
		case client.Answered:
			if o.Code == 0 {
				g.mu.Lock()
				h.came[o.Item] = true
				g.mu.Unlock()
				g.arrive(h.load[o.Item])
			}
		default:
			if g.watch != nil {
				g.watch(outcome)
			}
		}
	})
	result := machine.Result()
	if result.Code == protocol.Disk {
		return result.Code, errors.New(result.Text)
	}
	var came []roles.Placement
	for i, t := range h.load {
		if h.came[i] {
			came = append(came, roles.Placement{Item: i, Size: t.size})
		}
	}
	var misplaced transport.Misplaced
	if err := batch.Commit(ctx, came...); err != nil && !errors.As(err, &misplaced) {
		return result.Code, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for item, err := range misplaced {
		h.load[item].failed = diskFailure(err)
	}
	return result.Code, nil
}

// overtake is for a node that has nothing more to do: hauls from others of what it has as well are stopped if they take
// their time, and what they lack is fetched from it in the next round.
func (g *gathering) overtake(idle netip.AddrPort) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for h := range g.hauls {
		if h.node != idle && !g.gone[idle] && h.lacks(idle) {
			time.AfterFunc(haulPatience, func() {
				g.mu.Lock()
				defer g.mu.Unlock()
				if g.hauls[h] && h.lacks(idle) {
					h.overtaken = true
					h.stop()
				}
			})
		}
	}
}

// lacks reports whether a node has something that the haul has not brought yet.
func (h *haul) lacks(node netip.AddrPort) bool {
	for i, t := range h.load {
		if !h.came[i] && slices.Contains(t.holders, node) && !slices.Contains(t.refused, node) {
			return true
		}
	}
	return false
}
