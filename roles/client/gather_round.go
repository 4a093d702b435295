package client

import (
	"cmp"
	"maps"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// round is one pass over all nodes: each is asked for what it has and no other node has brought.
type round struct {
	queues   map[Node]*queue
	carriers []Node // links to be made yet, in this order
	most     int    // items of one Pipeline
	ceiling  bool   // the relay makes no further circuit, until one has ended
}

// queue is what one node has, in order.
type queue struct {
	items []int
	next  int
}

// ready returns which of the nodes of a round gets the next link: one that is reached through the relay waits while the
// relay makes no further circuit; -1: none.
func (g *Gather) ready() int {
	kept := g.round.ceiling && g.circuits() > 0
	return slices.IndexFunc(g.round.carriers, func(node Node) bool { return !kept || !node.Relayed() })
}

// circuits counts the Pipelines of nodes that are reached through the relay.
func (g *Gather) circuits() (n int) {
	for i := range g.pipelines {
		if slot := &g.pipelines[i]; slot.busy && slot.node.Relayed() {
			n++
		}
	}
	return n
}

// hits has a node wait to which the relay makes no circuit, as long as others lead to nodes: its turn comes in this
// round, with what it was to bring.
func (g *Gather) hits(slot *pipelineSlot) bool {
	if m := slot.machine; !m.busy || m.tried.Code != protocol.Quota || g.circuits() == 0 {
		return false
	}
	q := g.round.queues[slot.node]
	q.next = slices.Index(q.items, slot.load[0])
	for _, item := range slot.load {
		g.items[item].taken = false
	}
	g.round.ceiling, g.round.carriers = true, append(g.round.carriers, slot.node)
	return true
}

// usedUp reports whether a node is to be asked again after a visit that ended for what may pass over circuits: if it brought
// something. Otherwise no Pipeline of this Gather asks for another one through the relay.
func (g *Gather) usedUp(slot *pipelineSlot, brought bool) bool {
	if m := slot.machine; !m.scant || m.tried.Code != protocol.Quota {
		return false
	}
	if !brought {
		g.round.carriers = slices.DeleteFunc(g.round.carriers, func(node Node) bool {
			if node.Relayed() {
				g.lost[node] = true
			}
			return node.Relayed()
		})
	}
	return brought
}

// missing reports whether an item is for a Pipeline, and none has brought it.
func (g *Gather) missing(item int) bool {
	i := &g.items[item]
	return !i.dormant && !i.concluded && g.small(item)
}

// resting reports whether nothing is left of a round.
func (g *Gather) resting() bool {
	return g.State() == GatherPipelining && g.busyPipelines() == 0 && len(g.round.carriers) == 0
}

// nextRound makes the queues of another round, and reports whether there is one; if not, whether there
// will be one, with nodes that are busy now.
func (g *Gather) nextRound(at roles.Moment) (some, busy bool) {
	g.busy.over(at)
	queues, open := map[Node]*queue{}, 0
	for item := range g.items {
		if !g.missing(item) {
			continue
		}
		i := &g.items[item]
		i.taken = false
		open++
		for _, node := range i.holders {
			if !g.askable(i, node) {
				continue
			}
			if g.busy.waits(node) {
				busy = true
				continue
			}
			if queues[node] == nil {
				queues[node] = &queue{}
			}
			queues[node].items = append(queues[node].items, item)
		}
	}
	if len(queues) == 0 {
		return false, busy
	}
	relayed := func(node Node) int { // those that can be dialed come first
		if node.Relayed() {
			return 1
		}
		return 0
	}
	nodes := slices.SortedFunc(maps.Keys(queues), func(a, b Node) int {
		return cmp.Or(g.patience[a]-g.patience[b], relayed(a)-relayed(b), len(queues[b].items)-len(queues[a].items), a.Compare(b))
	})
	g.round = round{queues: queues, most: pipelineSize(open, pipelinesOfNode*len(queues))}
	for again := range pipelinesOfNode {
		for _, node := range nodes {
			if again == 0 || !node.Relayed() { // one circuit of a node is enough: the relay makes few for each client
				g.round.carriers = append(g.round.carriers, node)
			}
		}
	}
	return true, busy
}

// askable reports whether a node may be asked for an item: through the relay only if no other holder can be dialed.
func (g *Gather) askable(i *gathering, node Node) bool {
	open := func(node Node) bool { return !g.lost[node] && !slices.Contains(i.refused, node) }
	if !node.Relayed() {
		return open(node)
	}
	dialed := func(other Node) bool { return !other.Relayed() && open(other) }
	return !g.request.Direct && open(node) && !slices.ContainsFunc(i.holders, dialed)
}

// pipelineSize returns how many items a Pipeline has at most, so that all links end at about the
// same time.
func pipelineSize(items, links int) int {
	turns := items/(mostPipelined*links) + 1
	return max(leastPipelined, items/(turns*links)+1)
}

// take takes the items of the next Pipeline out of a node's queue.
func (g *Gather) take(node Node) (load []int) {
	q := g.round.queues[node]
	if g.lost[node] || g.busy.waits(node) {
		return nil
	}
	for bytes := uint64(0); q.next < len(q.items) && len(load) < g.round.most && bytes < pipelinedBytes; q.next++ {
		if i := &g.items[q.items[q.next]]; !i.taken {
			i.taken = true
			load, bytes = append(load, q.items[q.next]), bytes+i.Size
		}
	}
	return load
}
