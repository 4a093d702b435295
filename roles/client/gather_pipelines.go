package client

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// PipelineLinks is how many links the Pipelines of a Gather have: two for each that may be under way,
// so that one begins while the link of the one before closes.
const PipelineLinks = 2 * roles.MaxPipelines

// pipelineSlot is the place of one Pipeline at a time. The next one begins when the store has put in
// their places the items of the one before: files do not come faster than the disk takes them.
type pipelineSlot struct {
	first     roles.Link   // and the one that is MaxPipelines above it
	machines  [2]*Pipeline // on these links; nil: none so far
	machine   *Pipeline    // the last that began
	busy      bool         // its visit is not over
	more      bool         // its node is to be asked for more
	node      Node
	load      []int
	came      []bool
	about     []protocol.Attributes // of those that came
	overtaken bool                  // it has been stopped, for another node is idle or waits
	pace      pace

	placing []roles.Placement // items that the store is putting in their places
	due     time.Duration     // when it has had its time
}

// overtake is a Pipeline that an idle node waits for. What the idle node has is in no Pipeline that
// begins later in the same round, or it would have been asked for it.
type overtake struct {
	slot *pipelineSlot
	idle Node
	due  time.Duration
}

// pipeline begins a Pipeline where there is room, or the next round, or the Fetches.
func (g *Gather) pipeline(at roles.Moment) bool {
	next := g.ready()
	for i := range g.pipelines {
		slot := &g.pipelines[i]
		switch {
		case slot.idle() < 0: // its links are closing
		case slot.more:
			g.carry(at, slot)
			return true
		case slot.free() && next >= 0:
			slot.node = g.round.carriers[next]
			g.round.carriers = slices.Delete(g.round.carriers, next, next+1)
			g.carry(at, slot)
			return true
		}
	}
	if g.busyPipelines() > 0 || len(g.round.carriers) > 0 {
		return false
	}
	g.overtakes = nil
	switch some, busy := g.nextRound(at); {
	case some:
		g.core.Fire(gatherNextRound)
		return true
	case busy:
		return false
	}
	for item := range g.items {
		if g.missing(item) {
			g.few = append(g.few, item)
		}
	}
	g.core.Fire(gatherPipelinesOver)
	return true
}

// free reports whether the slot is for any node.
func (s *pipelineSlot) free() bool { return !s.busy && !s.more && len(s.placing) == 0 }

// idle returns which of the slot's links is not in use; -1: none.
func (s *pipelineSlot) idle() int {
	return slices.IndexFunc(s.machines[:], func(m *Pipeline) bool { return !m.working() })
}

// pipelineOn returns the slot of a link, and the machine there.
func (g *Gather) pipelineOn(link roles.Link) (*pipelineSlot, *Pipeline) {
	slot := &g.pipelines[link%roles.MaxPipelines]
	return slot, slot.machines[link/roles.MaxPipelines]
}

func (g *Gather) busyPipelines() (n int) {
	for i := range g.pipelines {
		if !g.pipelines[i].free() {
			n++
		}
	}
	return n
}

// carry begins a Pipeline with the next items of a slot's node. An idle node may take over from
// slower ones.
func (g *Gather) carry(at roles.Moment, slot *pipelineSlot) {
	slot.load, slot.more = g.take(slot.node), false
	if len(slot.load) == 0 {
		g.idle(at, slot.node)
		return
	}
	slot.came, slot.about = make([]bool, len(slot.load)), make([]protocol.Attributes, len(slot.load))
	slot.overtaken, slot.busy, slot.pace = false, true, pace{since: at.Now}
	wanted := make([]Wanted, len(slot.load))
	for i, item := range slot.load {
		wanted[i] = Wanted{Name: g.items[item].name, Hash: g.items[item].Hash, Size: g.items[item].Size}
	}
	free := slot.idle()
	if slot.machines[free] == nil {
		link := slot.first + roles.Link(free)*roles.MaxPipelines
		slot.machines[free] = NewPipeline(Node{}, nil)
		slot.machines[free].use(link, timerOf(link))
	}
	slot.machine = slot.machines[free]
	slot.machine.Reset(slot.node, wanted)
	slot.machine.meter.all = g.allowance
	slot.machine.broker, slot.machine.before = Broker{g.request.Relay, g.request.RelayID, g.request.Entry}, g.tickets[slot.node]
	slot.machine.numbers, slot.machine.also, slot.machine.last = slot.load, g.alternates.of(slot.node), g.redials.last(slot.node)
	slot.machine.Watch(g.watch)
	g.tell(at, slot, slot.machine, roles.Started{})
}

// tell tells a Pipeline an input, and takes its effects for those of the Gather.
func (g *Gather) tell(at roles.Moment, slot *pipelineSlot, m *Pipeline, in roles.Input) {
	over := false
	for _, effect := range m.Step(at, in) {
		report, is := effect.(roles.Report)
		if !is {
			g.core.Do(effect)
			continue
		}
		switch outcome := report.Outcome.(type) {
		case Answered:
			g.answered(at, slot, outcome)
			continue
		case roles.Met:
			g.met(outcome.ID)
		case roles.Entered:
			g.request.Entry = roles.Entry{}
		case Tried:
			over = true
		}
		g.core.Do(report)
	}
	if over {
		g.pipelineOver(at, slot)
	}
}

// answered notes that an item has come.
func (g *Gather) answered(at roles.Moment, slot *pipelineSlot, answer Answered) {
	slot.pace.brought(at, answer.Code == 0, g.items[slot.load[answer.Item]].Size)
	if answer.Code == 0 {
		slot.came[answer.Item], slot.about[answer.Item] = true, answer.Attributes
		g.core.Do(roles.Report{Outcome: Had{slot.node, g.items[slot.load[answer.Item]].Size, answer.Attributes}})
	}
}

// pipelineOver commits the items that have come. Those that have not are for other nodes.
func (g *Gather) pipelineOver(at roles.Moment, slot *pipelineSlot) {
	slot.busy = false
	g.tickets.note(slot.node, slot.machine.ticket(), slot.machine.Result().Code)
	g.core.Fire(gatherPipelineOver)
	var came []roles.Placement
	brought := false // more than empty files, which come without a request
	for i, item := range slot.load {
		if one := &g.items[item]; !one.concluded && slot.came[i] {
			came = append(came, roles.Placement{Item: item, Size: one.Size, Attributes: slot.about[i]})
			brought = brought || one.Size > 0
		}
	}
	if brought {
		g.busy.gave(slot.node)
	}
	if slot.machine.way.State() == WayThere {
		g.round.ceiling = false
	}
	redial := g.hits(slot) || g.redial(slot, brought) || g.later(at, slot) || g.usedUp(slot, brought)
	for i, item := range slot.load {
		if one := &g.items[item]; !one.concluded && !slot.came[i] && !redial && (!slot.overtaken || len(one.holders) > 1) {
			one.refused = append(one.refused, slot.node)
		}
	}
	switch code := slot.machine.Result().Code; {
	case code == 0, code == protocol.Disk, code == protocol.Interrupted: // which are our own doing
	case !redial:
		g.lost[slot.node] = true
	}
	g.commit(at, slot, came)
}

// redial reports whether a node whose link broke is to be asked again, in the next round, for what
// has not come.
func (g *Gather) redial(slot *pipelineSlot, brought bool) bool {
	m := slot.machine
	silent := m.also != "" && m.over.IsValid() && m.hashed.size == 0
	return m.broke && (brought || m.Result().Code != protocol.Timeout || silent) && g.redials.again(slot.node, brought, m.over)
}

// later reports whether a node that is busy is to be asked again, in a later round, for what has not come.
func (g *Gather) later(at roles.Moment, slot *pipelineSlot) bool {
	return slot.machine.busy && (g.busy.waits(slot.node) || g.busy.said(at, slot.node, slot.machine.retry))
}

// idle is for a node that has nothing more to do: Pipelines of others that lack what it has are
// stopped if they take their time.
func (g *Gather) idle(at roles.Moment, node Node) {
	if g.lost[node] || g.busy.waits(node) || g.occupied(node) {
		return
	}
	for n := range g.pipelines {
		if slot := &g.pipelines[n]; slot.busy {
			g.overtakes = append(g.overtakes, overtake{slot, node, at.Now + roles.OvertakePatience})
		}
	}
}

// occupied reports whether a Pipeline from a node is under way, or being committed.
func (g *Gather) occupied(node Node) bool {
	for n := range g.pipelines {
		if slot := &g.pipelines[n]; slot.node == node && !slot.free() {
			return true
		}
	}
	return false
}

// lacks reports whether a node has something that a Pipeline has not brought yet.
func (g *Gather) lacks(slot *pipelineSlot, node Node) bool {
	for i, item := range slot.load {
		if one := &g.items[item]; !slot.came[i] && slices.Contains(one.holders, node) && !slices.Contains(one.refused, node) {
			return true
		}
	}
	return false
}

// overtakeDue stops the Pipelines that have been waited for long enough.
func (g *Gather) overtakeDue(at roles.Moment) {
	for len(g.overtakes) > 0 && g.overtakes[0].due <= at.Now {
		o := g.overtakes[0]
		g.overtakes = g.overtakes[1:]
		if o.slot.busy && g.lacks(o.slot, o.idle) {
			g.core.Fire(gatherOvertaken)
			o.slot.overtaken = true
			g.tell(at, o.slot, o.slot.machine, roles.Stopped{})
		}
	}
}
