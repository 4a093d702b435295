package program

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
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

// haulPatience is how long a haul may still take when another node has nothing to do, and has what is missing in it.
const haulPatience = 3 * time.Second

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
	arrive func(t *task)               // told of each file that has come, by any goroutine
	watch  func(outcome roles.Outcome) // told of what else a haul reports; may be nil

	mu    sync.Mutex
	tasks []*task
	gone  map[netip.AddrPort]bool // nodes that are not asked again
	hauls map[*haul]bool          // under way
	most  int                     // files of a haul, in this round
}

// gather fetches what it can, in rounds: what one node failed to give is in the next one asked of another. What is not
// done afterwards has to be fetched in another way, but for what has failed.
func (g *gathering) gather(ctx context.Context) {
	g.gone, g.hauls = map[netip.AddrPort]bool{}, map[*haul]bool{}
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
		g.most = haulSize(open, haulsOfNode*len(queues))
		g.round(ctx, queues)
	}
}

// haulSize returns how many files a haul has at most, so that all who carry at once end at about the same time.
func haulSize(files, carriers int) int {
	turns := files/(haulMost*carriers) + 1
	return max(haulLeast, files/(turns*carriers)+1)
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
		if len(load) == 0 {
			g.overtake(node)
			return
		}
		if !g.haul(ctx, node, load) {
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
