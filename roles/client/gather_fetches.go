package client

import (
	"fmt"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// FetchSpan is how many numbers each of the Fetches of a Gather has, from PipelineLinks on: of its
// links, and one more for the timer of its own.
const FetchSpan = fetchLinks + 1

// fetchSlot is some links for Fetches, one after the other.
type fetchSlot struct {
	first   roles.Link
	machine *Fetch // nil: none so far
	busy    bool
	item    int
	moved   time.Duration // since when a group is waited for
	put     bool          // it is stopped, and comes last
}

// fetch begins a Fetch where there is room, and reports whether it did something.
func (g *Gather) fetch(at roles.Moment) bool {
	busy, room := g.busyFetches()
	switch {
	case !room:
	case len(g.few) > 0 && busy < fetchesAtOnce:
		item := g.few[0]
		g.few = g.few[1:]
		g.fetchItem(at, item)
		return true
	case len(g.few) == 0 && len(g.alone) > 0 && busy == 0:
		item := g.alone[0]
		g.alone = g.alone[1:]
		g.fetchItem(at, item)
		return true
	}
	return false
}

// busyFetches counts the Fetches whose result is not certain, and reports whether there are links for
// another one.
func (g *Gather) busyFetches() (n int, room bool) {
	for i := range g.fetches {
		switch slot := &g.fetches[i]; {
		case !slot.busy:
			room = true
		case slot.machine.State() != FetchClosing:
			n++
		}
	}
	return n, room
}

// linked reports whether the machine on some link has not come to its end.
func (g *Gather) linked() bool {
	closing := func(s pipelineSlot) bool { return s.machines[0].working() || s.machines[1].working() }
	return slices.ContainsFunc(g.pipelines[:], closing) || slices.ContainsFunc(g.fetches[:], func(s fetchSlot) bool { return s.busy })
}

// fetching returns the slot in which an item is being fetched, or nil.
func (g *Gather) fetching(item int) *fetchSlot {
	for i := range g.fetches {
		if slot := &g.fetches[i]; slot.busy && slot.item == item {
			return slot
		}
	}
	return nil
}

// fetchItem fetches an item by itself, unless its nodes have failed too often.
func (g *Gather) fetchItem(at roles.Moment, item int) {
	i := &g.items[item]
	if given := g.failed[fmt.Sprint(i.holders)]; given >= hopeless && len(i.holders) > 0 {
		g.conclude(item, Result{Outcome: GivenUp, Text: fmt.Sprintf("%d other files of the same nodes could not be fetched", given)})
		return
	}
	if g.put[fmt.Sprint(i.holders)] >= hopeless && g.turns[item] == 0 && g.others() {
		g.putOff(item)
		return
	}
	for n := range g.fetches {
		if slot := &g.fetches[n]; !slot.busy {
			slot.busy, slot.item, slot.moved, slot.put = true, item, at.Now, false
			g.begin(at, slot, Request{Relay: g.request.Relay, RelayID: g.request.RelayID, Entry: g.request.Entry, Name: i.name, Hash: i.Hash, Sources: g.request.Sources, Direct: g.request.Direct})
			return
		}
	}
}

func (g *Gather) begin(at roles.Moment, slot *fetchSlot, r Request) {
	if slot.machine == nil {
		slot.machine = NewFetch(r)
	}
	slot.machine.use(slot.first, timerOf(slot.first+fetchLinks), slot.item)
	slot.machine.Reset(r)
	slot.machine.allowance = g.allowance
	slot.machine.lone = protocol.Groups(g.items[slot.item].Size) < aloneGroups // others have theirs meanwhile, and all share the relay's limit
	slot.machine.Watch(g.watch)
	g.tellFetch(at, slot, roles.Started{})
}

// tellFetch tells a Fetch an input, and takes its effects for those of the Gather.
func (g *Gather) tellFetch(at roles.Moment, slot *fetchSlot, in roles.Input) {
	for _, effect := range slot.machine.Step(at, in) {
		if report, is := effect.(roles.Report); is {
			switch told := report.Outcome.(type) {
			case Result, Locating:
				continue
			case roles.Met:
				g.met(told.ID)
			case roles.Entered:
				g.request.Entry = roles.Entry{}
			case Had, Begun, Checking:
				slot.moved = at.Now
			}
		}
		g.core.Do(effect)
	}
	if slot.machine.Final() {
		g.fetchOver(at, slot)
	}
}

// met has all fetches expect the relay that one of them has met, also those that have begun before.
func (g *Gather) met(id protocol.PeerID) {
	g.request.RelayID = id
	for i := range g.fetches {
		if slot := &g.fetches[i]; slot.busy {
			slot.machine.expect(id)
		}
	}
}

// fetchOver reports an item, or has it fetched in another way if its content is gone.
func (g *Gather) fetchOver(at roles.Moment, slot *fetchSlot) {
	i, r := &g.items[slot.item], slot.machine.Result()
	slot.busy = false
	g.core.Fire(gatherFetchOver)
	if r.Outcome != Fetched {
		g.core.Do(roles.ReleaseStore{Item: slot.item})
	}
	if !i.Hash.IsZero() && i.another(r) {
		g.retry(slot.item, r.Outcome == NobodyHad)
		return
	}
	nodes := fmt.Sprint(i.holders)
	if slot.put && r.Outcome == Interrupted {
		g.put[nodes]++
		g.putOff(slot.item)
		return
	}
	switch r.Outcome {
	case Fetched:
		g.failed[nodes], g.put[nodes] = 0, 0
	case NobodyHad, TooEarly, Interrupted, DiskFailed:
	default:
		g.failed[nodes]++
	}
	g.conclude(slot.item, r)
}

// another reports whether there is another way to fetch an item: a node had another content under
// its name, or it has several names of which nobody has been asked. After a failure of our own disk
// it does not matter who has what; and the store may still answer what this Fetch asked of it,
// which another Fetch of the item must not take for its own answer.
func (i *gathering) another(r Result) bool {
	switch r.Outcome {
	case NobodyHad:
		return true
	case Fetched, DiskFailed, Interrupted:
		return false
	}
	return i.spares > 0 && r.Outcome != NoRelay || slices.ContainsFunc(r.Tried, func(tried Tried) bool {
		return tried.Code == protocol.Changed || tried.Code == protocol.Variant
	})
}

// retry has an item fetched under its name alone, whatever its content is now. One that has several
// names is replaced by its spares; if it is certain that nobody has its content, these have no
// content either.
func (g *Gather) retry(item int, certain bool) {
	i := &g.items[item]
	if i.spares == 0 {
		i.Identity = Identity{}
		g.few = append(g.few, item)
		return
	}
	i.concluded = true
	for n := range g.names[item] {
		spare := &g.items[i.spares+n]
		if spare.dormant = false; !certain {
			spare.Identity = i.Identity
		}
		spare.holders = i.holders
		g.few = append(g.few, i.spares+n)
	}
}

// pass passes on what is told of a link or an item to the machine there.
func (g *Gather) pass(at roles.Moment, in roles.Input) {
	switch in := in.(type) {
	case roles.StoreInspected:
		g.passItem(at, in.Item, in)
	case roles.StoreReady:
		g.passItem(at, in.Item, in)
	case roles.StoreChecking:
		g.passItem(at, in.Item, in)
	default:
		g.passLink(at, roles.LinkOf(in), in)
	}
}

func (g *Gather) passItem(at roles.Moment, item int, in roles.Input) {
	if slot := g.fetching(item); slot != nil {
		g.tellFetch(at, slot, in)
	}
}

func (g *Gather) passLink(at roles.Moment, link roles.Link, in roles.Input) {
	if link = ownerOf(link); link < 0 {
		return
	}
	if link < PipelineLinks {
		if slot, m := g.pipelineOn(link); m.working() {
			g.tell(at, slot, m, in)
		}
		return
	}
	if n := (link - PipelineLinks) / FetchSpan; int(n) < len(g.fetches) && g.fetches[n].busy {
		g.tellFetch(at, &g.fetches[n], in)
	}
}

// fired passes a timer on, or judges what the Gather itself waits for.
func (g *Gather) fired(at roles.Moment, in roles.TimerFired) {
	if in.Timer != roles.Deadline {
		g.passLink(at, roles.Link(in.Timer)-1, in) // each timer is one above a number of its machine's
		return
	}
	if !g.core.Due(in) {
		return
	}
	for i := range g.pipelines {
		if slot := &g.pipelines[i]; len(slot.placing) > 0 && slot.due <= at.Now {
			g.commitLate(at, slot)
		}
	}
	g.overtakeDue(at)
}

// wait arms the deadline for what is due first.
func (g *Gather) wait(at roles.Moment) {
	due := time.Duration(-1)
	if len(g.overtakes) > 0 {
		due = g.overtakes[0].due
	}
	for i := range g.pipelines {
		if slot := &g.pipelines[i]; len(slot.placing) > 0 && (due < 0 || slot.due < due) {
			due = slot.due
		}
	}
	if turn, some := g.nextTurn(at); some && (due < 0 || turn < due) {
		due = turn
	}
	if busy, some := g.busy.next(); some && g.resting() && (due < 0 || busy < due) {
		due = busy
	}
	switch {
	case due < 0:
		g.core.Disarm()
	case !g.core.Armed() || g.due != due:
		g.due = due
		g.core.Arm(max(0, due-at.Now))
	}
}
