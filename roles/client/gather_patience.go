package client

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// pace is how a Pipeline gets on: it is late if from one mark to the next more than its time
// passes.
type pace struct {
	since time.Duration
	files int
	bytes uint64
}

// brought sets the next mark after PacedFiles files, or the bytes of a group.
func (p *pace) brought(at roles.Moment, came bool, size uint64) {
	if p.files++; came {
		p.bytes += size
	}
	if p.files >= roles.PacedFiles || p.bytes >= protocol.GroupSize {
		*p = pace{since: at.Now}
	}
}

// mostDismissals is how often a node is dismissed as that of Pipelines.
const mostDismissals = 3

// turn returns when a Pipeline has had its time.
func (g *Gather) turn(slot *pipelineSlot) time.Duration {
	return slot.pace.since + g.patience.with(slot.node, slot.machine.groupPatience(protocol.GroupSize, g.circuits()))
}

// fetchTurn returns when a Fetch has had its time.
func (g *Gather) fetchTurn(slot *fetchSlot) time.Duration {
	return slot.moved + roles.FetchPatience<<min(2*g.turns[slot.item], mostPatience)
}

// others reports whether files wait for a turn of a Fetch.
func (g *Gather) others() bool { return len(g.few)+len(g.alone) > 0 }

// putOff has an item fetched last.
func (g *Gather) putOff(item int) {
	g.turns[item]++
	g.alone = append(g.alone, item)
}

// dismiss stops Pipelines and Fetches that have had their time while others wait, and reports
// whether it stopped any.
func (g *Gather) dismiss(at roles.Moment) bool {
	switch {
	case g.State() == GatherPipelining && len(g.round.carriers) > 0:
		direct := g.ready() >= 0 // otherwise only the end of a circuit helps
		for i := range g.pipelines {
			if slot := &g.pipelines[i]; slot.busy && g.turn(slot) <= at.Now && (direct || slot.node.Relayed()) {
				g.dismissNode(at, slot, mostDismissals)
				return true
			}
		}
	case g.State() == GatherPipelining && g.others() && g.busyPipelines() > 0:
		for i := range g.pipelines {
			if slot := &g.pipelines[i]; !slot.free() && (!slot.busy || g.turn(slot) > at.Now) {
				return false
			}
		}
		for i := range g.pipelines {
			if slot := &g.pipelines[i]; slot.busy {
				g.dismissNode(at, slot, 1)
			}
		}
		return true
	case g.State() == GatherFetching && g.others():
		return g.dismissFetch(at)
	}
	return false
}

// dismissNode stops the late Pipelines from the node of a slot. After so many times its files are
// for Fetches.
func (g *Gather) dismissNode(at roles.Moment, slot *pipelineSlot, most int) {
	node, turn := slot.node, g.turn(slot)
	for i := range g.pipelines {
		if one := &g.pipelines[i]; one.busy && one.node == node && g.turn(one) <= max(at.Now, turn) {
			g.core.Fire(gatherDismissed)
			one.overtaken = true
			g.tell(at, one, one.machine, roles.Stopped{})
		}
	}
	if g.patience[node]++; g.patience[node] >= most {
		g.lost[node] = true
	}
}

// dismissFetch puts off the item of a Fetch that has had its time.
func (g *Gather) dismissFetch(at roles.Moment) bool {
	for i := range g.fetches {
		slot := &g.fetches[i]
		if g.waiting(slot) && g.fetchTurn(slot) <= at.Now {
			g.core.Fire(gatherDismissed)
			slot.put = true
			g.tellFetch(at, slot, roles.Stopped{})
			return true
		}
	}
	return false
}

// waiting reports whether a Fetch waits for nodes, and the store has nothing to answer.
func (g *Gather) waiting(slot *fetchSlot) bool {
	return slot.busy && (slot.machine.State() == FetchSeeking || slot.machine.State() == FetchFetching)
}

// nextTurn returns when the next Pipeline or Fetch will have had its time, if others wait.
func (g *Gather) nextTurn(at roles.Moment) (due time.Duration, some bool) {
	soonest := func(turn time.Duration) {
		if turn > at.Now && (!some || turn < due) {
			due, some = turn, true
		}
	}
	switch {
	case g.State() == GatherPipelining && (len(g.round.carriers) > 0 || g.others()):
		for i := range g.pipelines {
			if slot := &g.pipelines[i]; slot.busy {
				soonest(g.turn(slot))
			}
		}
	case g.State() == GatherFetching && g.others():
		for i := range g.fetches {
			if slot := &g.fetches[i]; g.waiting(slot) {
				soonest(g.fetchTurn(slot))
			}
		}
	}
	return due, some
}
