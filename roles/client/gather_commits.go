package client

import (
	"errors"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// commit has the store put items in their places.
func (g *Gather) commit(at roles.Moment, slot *pipelineSlot, items []roles.Placement) {
	if len(items) == 0 {
		g.goOn(slot)
		return
	}
	slot.placing, slot.due = items, at.Now+roles.CommitTimeout
	g.core.Do(roles.CommitStore{Items: items})
}

// goOn has a node asked for more, if it did what was asked of it.
func (g *Gather) goOn(slot *pipelineSlot) {
	slot.placing = nil
	slot.more = slot.machine.Result().Code == 0 && g.State() == GatherPipelining
}

// committed reports the items of a commit, of a Pipeline or of a Fetch.
func (g *Gather) committed(at roles.Moment, in roles.StoreCommitted) {
	if len(in.Items) == 0 {
		return
	}
	first := in.Items[0].Item
	if slot := g.fetching(first); slot != nil {
		g.tellFetch(at, slot, in)
		return
	}
	for i := range g.pipelines {
		slot := &g.pipelines[i]
		if len(slot.placing) == 0 || slot.placing[0].Item != first {
			continue // it was given up
		}
		g.core.Fire(gatherCommitted)
		for _, placed := range in.Items {
			g.place(slot, placed)
		}
		g.goOn(slot)
		return
	}
}

var errDiskHangs = errors.New("the disk does not answer")

// commitLate gives up items that the store has had for too long.
func (g *Gather) commitLate(at roles.Moment, slot *pipelineSlot) {
	g.core.Fire(gatherCommitLate)
	for _, item := range slot.placing {
		g.place(slot, roles.Placed{Item: item.Item, Err: errDiskHangs})
	}
	g.goOn(slot)
}

// place reports an item that the store has put in its place, or could not.
func (g *Gather) place(slot *pipelineSlot, placed roles.Placed) {
	i := &g.items[placed.Item]
	if placed.Err != nil {
		g.conclude(placed.Item, diskFailure(placed.Err))
		return
	}
	r := Result{Outcome: Fetched, Hash: i.Hash, Size: i.Size}
	if i.Size > 0 {
		r.From = []Node{slot.node}
	}
	g.conclude(placed.Item, r)
}

func diskFailure(err error) Result {
	return Result{Outcome: DiskFailed, Code: protocol.Disk, By: protocol.Client, Text: err.Error(), Cause: err}
}

// storeFailed passes a failure of the disk on. A Pipeline ends over it, and what has not come of
// its load has failed.
func (g *Gather) storeFailed(at roles.Moment, in roles.StoreFailed) {
	if slot := g.fetching(in.Item); slot != nil {
		g.tellFetch(at, slot, in)
		return
	}
	for n := range g.pipelines {
		slot := &g.pipelines[n]
		if !slot.busy || !slices.Contains(slot.load, in.Item) {
			continue
		}
		g.core.Fire(gatherStoreFailed)
		for i, item := range slot.load {
			if !slot.came[i] || item == in.Item {
				g.conclude(item, diskFailure(in.Err))
			}
		}
		g.tell(at, slot, slot.machine, in)
		return
	}
}
