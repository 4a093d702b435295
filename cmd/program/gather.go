package program

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/netip"
	"os"
	"slices"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Small files come many over one link, in hauls: as many of them as share the work well among the nodes, between haulLeast
// and haulMost, and up to haulBytes; from up to haulsAtOnce nodes side by side. From each node the next haul comes in while
// the one before is made durable.
const (
	haulLeast   = 256
	haulMost    = 4096
	haulBytes   = 64 << 20
	haulsAtOnce = 8
	haulsOfNode = 2
)

// task is a file that is being gathered.
type task struct {
	pick
	taken   bool             // it is in a haul, or was in one of this round
	done    bool             // it is in its place
	here    bool             // it was there before
	refused []netip.AddrPort // nodes that did not give it
	failed  *Failure         // it cannot be fetched from anywhere
}

// gathering fetches small files from the nodes that have them.
type gathering struct {
	client Client
	root   *os.Root
	arrive func(t *task)     // told of each file that is in its place; one at a time
	watch  func(outcome any) // told of what else a haul reports; may be nil

	mu    sync.Mutex
	tasks []*task
	gone  map[netip.AddrPort]bool // nodes that are not asked again
	most  int                     // files of a haul, in this round
}

// gather fetches what it can, in rounds: what one node failed to give is in the next one asked of another. What is not
// done afterwards has to be fetched in another way, but for what has failed.
func (g *gathering) gather(ctx context.Context) {
	g.gone = map[netip.AddrPort]bool{}
	for ctx.Err() == nil {
		queues := map[netip.AddrPort]*queue{}
		open := 0
		for _, t := range g.tasks {
			if t.done || t.failed != nil {
				continue
			}
			t.taken = false
			open++
			for _, node := range t.holders {
				if g.gone[node] || slices.Contains(t.refused, node) {
					continue
				}
				if queues[node] == nil {
					queues[node] = &queue{}
				}
				queues[node].tasks = append(queues[node].tasks, t)
			}
		}
		if len(queues) == 0 {
			return
		}
		g.most = max(haulLeast, min(haulMost, open/(haulsOfNode*len(queues))+1))
		g.round(ctx, queues)
	}
}

// round has each node asked for what is in its queue and nobody else has brought yet.
func (g *gathering) round(ctx context.Context, queues map[netip.AddrPort]*queue) {
	nodes := slices.SortedFunc(maps.Keys(queues), func(a, b netip.AddrPort) int {
		return cmp.Or(len(queues[b].tasks)-len(queues[a].tasks), a.Compare(b))
	})
	var carrying sync.WaitGroup
	slots := make(chan struct{}, haulsAtOnce)
	for range haulsOfNode {
		for _, node := range nodes {
			slots <- struct{}{}
			carrying.Go(func() {
				defer func() { <-slots }()
				g.carry(ctx, node, queues[node])
			})
		}
	}
	carrying.Wait()
}

// queue is what one node has, in order.
type queue struct {
	tasks []*task
	next  int
}

// carry makes hauls from a node until there is nothing more to fetch from it, or it fails.
func (g *gathering) carry(ctx context.Context, node netip.AddrPort, from *queue) {
	for ctx.Err() == nil {
		load := g.take(node, from)
		if len(load) == 0 || !g.haul(ctx, node, load) {
			return
		}
	}
}

// take takes the next haul's tasks.
func (g *gathering) take(node netip.AddrPort, from *queue) (load []*task) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gone[node] {
		return nil
	}
	for bytes := uint64(0); from.next < len(from.tasks) && len(load) < g.most && bytes < haulBytes; from.next++ {
		if t := from.tasks[from.next]; !t.taken {
			t.taken = true
			load, bytes = append(load, t), bytes+t.size
		}
	}
	return load
}

// haul fetches some files from a node and puts them in their places. It reports whether the node may be asked for more.
func (g *gathering) haul(ctx context.Context, node netip.AddrPort, load []*task) bool {
	names, wanted := make([]string, len(load)), make([]client.Wanted, len(load))
	for i, t := range load {
		names[i], wanted[i] = t.name, client.Wanted{Name: t.name, Hash: t.hash, Size: t.size}
	}
	batch, err := disk.NewBatch(g.root, names)
	if err != nil {
		g.fail(load, err)
		return false
	}
	defer batch.Close()
	haul := client.NewHaul(node.String(), wanted)
	came := make([]bool, len(load))
	g.client.run(ctx, haul, batch, func(outcome any) {
		if item, is := outcome.(client.Hauled); is {
			if came[item.Item] = item.Code == 0; item.Code == 0 {
				g.arrive(load[item.Item])
			}
		} else if g.watch != nil {
			g.watch(outcome)
		}
	})
	if haul.Result().Code == protocol.Disk {
		g.fail(load, errors.New(haul.Result().Text))
		return false
	}
	for i, t := range load {
		if came[i] && t.size == 0 {
			err = errors.Join(err, batch.Empty(i))
		}
	}
	misplaced, failed := batch.Commit()
	if err = errors.Join(err, failed); err != nil {
		g.fail(load, err)
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range misplaced {
		load[m.Item].failed = diskFailure(m.Err)
	}
	for i, t := range load {
		switch {
		case t.failed != nil:
		case came[i]:
			t.done = true
		default:
			t.refused = append(t.refused, node)
		}
	}
	if haul.Result().Code != 0 {
		g.gone[node] = true
	}
	return !g.gone[node]
}

// fail gives some files up: our own disk can't take them.
func (g *gathering) fail(load []*task, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range load {
		t.failed = diskFailure(err)
	}
}
