package client

import (
	"maps"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
)

// Gather gets many files: those of one chunk group by up to MaxPipelines Pipelines at once, the
// others, and what the Pipelines did not bring, by Fetches. What becomes of each item is reported as
// Gathered, once it is certain. Of the machines within, Tried, Begun, Had, Hashing and Checking are
// reported as they come. See GatherTable.
type Gather struct {
	core    roles.Core[GatherState, GatherEvent]
	watch   func(roles.Transition)
	request GatherRequest
	items   []gathering
	names   [][]string

	round      round
	pipelines  [roles.MaxPipelines]pipelineSlot
	lost       map[Node]bool // nodes that no Pipeline asks again
	redials    redials
	busy       busy
	alternates alternates
	tickets    tickets       // as in Fetch
	allowance  *allowance    // of all circuits
	overtakes  []overtake    // the one that is due first at the front
	due        time.Duration // of the deadline that is armed

	fetches [2 * fetchesAtOnce]fetchSlot // so that one begins while the links of another close
	few     []int                        // items to be fetched, a few at once
	alone   []int                        // items to be fetched one at a time, after that
	failed  map[string]int               // Fetches in a row that failed, by the nodes that should have delivered
	put     map[string]int               // Fetches in a row that were put off, by the same

	patience patience    // with nodes, of Pipelines
	turns    map[int]int // by item, how often it was put off
}

// GatherRequest is what a Gather is for.
type GatherRequest struct {
	Relay   string          // host:port
	RelayID protocol.PeerID // as in Request
	Entry   roles.Entry     // as in Request
	Direct  bool            // as in Request
	Sources int             // nodes that one large file comes from at once; see Request
	Wanted  []Offer         // each name once, as Choose picks them
}

// Gathered is reported for each item: its names have this one content, or not.
type Gathered struct {
	Item   int
	Names  []string
	Wanted protocol.Hash // the content that was asked for at the end; zero: whatever the names have now
	Result Result        // as of a Fetch; without Tried for an item that a Pipeline brought
}

// Reported implements [roles.Outcome].
func (Gathered) Reported() {}

// The choices of a Gather; others are in package roles.
const (
	pipelinesOfNode = 2    // so that one link is busy while the other begins
	leastPipelined  = 256  // files of one Pipeline
	mostPipelined   = 4096 // of these, where there are so many
	pipelinedBytes  = 64 << 20

	fetchesAtOnce = 4
	aloneGroups   = 64 // chunk groups from which on a file is fetched alone, from several nodes
	hopeless      = 8  // files in a row that the same nodes did not deliver, before the rest of theirs is given up
)

// gathering is an item, and what has become of it.
type gathering struct {
	name string // to ask for; empty: by its hash alone, for it has several
	Identity
	holders []Node
	refused []Node // nodes that did not give it to a Pipeline
	spares  int    // first of the items that take its place, one for each name, should its content be gone; 0: none

	dormant   bool // a spare that is not needed
	taken     bool // in a Pipeline, or was in one of this round
	concluded bool // reported, or replaced by its spares
}

// NewGather returns a Gather. Names of one content are one item.
func NewGather(request GatherRequest) *Gather {
	g := &Gather{
		core: roles.NewCore(gatherGrammar), request: request,
		lost: map[Node]bool{}, redials: redials{}, alternates: alternates{}, tickets: tickets{}, allowance: &allowance{}, failed: map[string]int{}, put: map[string]int{},
		patience: patience{}, turns: map[int]int{},
	}
	g.core.Use(roles.NoLink, roles.Deadline)
	g.fold()
	for i := range g.pipelines {
		g.pipelines[i].first = roles.Link(i)
	}
	for i := range g.fetches {
		g.fetches[i].first = PipelineLinks + roles.Link(i)*FetchSpan
	}
	return g
}

// fold makes an item of each content, with all its names, and a spare of each name of a content
// that has several. Of two sizes for one hash one is a lie: these are two items.
func (g *Gather) fold() {
	at := make(map[Identity]int, len(g.request.Wanted))
	g.items, g.names = make([]gathering, 0, len(g.request.Wanted)), make([][]string, 0, len(g.request.Wanted))
	for _, offer := range g.request.Wanted {
		item, known := at[offer.Identity]
		if !known || offer.Hash.IsZero() {
			item, at[offer.Identity] = len(g.items), len(g.items)
			g.items = append(g.items, gathering{name: offer.Name, Identity: offer.Identity})
			g.names = append(g.names, nil)
		}
		g.names[item] = append(g.names[item], offer.Name)
		maps.Copy(g.alternates, offer.Alternates)
		for _, node := range offer.Holders {
			if i := &g.items[item]; !slices.Contains(i.holders, node) {
				i.holders = append(i.holders, node)
			}
		}
	}
	for item := range len(g.items) {
		if len(g.names[item]) > 1 {
			g.spare(item)
		}
	}
}

// spare adds an item for each name of an item that has several.
func (g *Gather) spare(item int) {
	g.items[item].name, g.items[item].spares = "", len(g.items)
	for _, name := range g.names[item] {
		g.items = append(g.items, gathering{name: name, dormant: true})
		g.names = append(g.names, []string{name})
	}
}

// Names returns the names of each item: where the store has to put it.
func (g *Gather) Names() [][]string { return g.names }

// State returns the state that the machine is in.
func (g *Gather) State() GatherState { return g.core.State() }

// Final implements [roles.Machine].
func (g *Gather) Final() bool { return g.core.Final() }

// Watch calls f for each fired row, also for those of the machines within; nil: nothing is called.
func (g *Gather) Watch(f func(roles.Transition)) {
	g.watch = f
	g.core.Watch(f)
}

// On returns the name of the table that governs an open link, and the state there.
func (g *Gather) On(link roles.Link) (table, state string) {
	if owner := ownerOf(link); owner >= PipelineLinks {
		return g.fetches[(owner-PipelineLinks)/FetchSpan].machine.On(link)
	}
	_, m := g.pipelineOn(ownerOf(link))
	return m.on(link)
}

// Step implements [roles.Machine].
func (g *Gather) Step(at roles.Moment, in roles.Input) []roles.Effect {
	g.core.Begin()
	switch in := in.(type) {
	case roles.Started:
		g.start()
	case roles.Stopped:
		g.stop(at)
	case roles.StoreCommitted:
		g.committed(at, in)
	case roles.StoreFailed:
		g.storeFailed(at, in)
	case roles.TimerFired:
		g.fired(at, in)
	default:
		g.pass(at, in)
	}
	for g.advance(at) || g.dismiss(at) {
	}
	g.wait(at)
	return g.core.Effects()
}

// start sorts the items by the way in which they come.
func (g *Gather) start() {
	g.core.Fire(gatherStarted)
	for item := range g.items {
		switch i := &g.items[item]; {
		case i.dormant || g.small(item):
		case protocol.Groups(i.Size) >= aloneGroups:
			g.alone = append(g.alone, item)
		default:
			g.few = append(g.few, item)
		}
	}
}

var emptyHash, _ = content.Build(nil)

// small reports whether an item is for a Pipeline: one chunk group, or nothing if its hash says so.
func (g *Gather) small(item int) bool {
	i := &g.items[item]
	switch protocol.Groups(i.Size) {
	case 0:
		return i.Hash == emptyHash
	case 1:
		return !i.Hash.IsZero()
	}
	return false
}

// advance does the next thing that there is to do, and reports whether there was one.
func (g *Gather) advance(at roles.Moment) bool {
	switch g.State() {
	case GatherPipelining:
		return g.pipeline(at)
	case GatherFetching:
		return g.fetch(at) || g.finish()
	case GatherStopping:
		return g.finish()
	}
	return false
}

// finish ends the machine when nothing is under way.
func (g *Gather) finish() bool {
	if g.busyPipelines() > 0 || g.linked() {
		return false
	}
	g.giveUp()
	g.core.Fire(gatherAllOver)
	return false
}

// giveUp reports the items that are left when the user does not want to wait any more.
func (g *Gather) giveUp() {
	for item := range g.items {
		if i := &g.items[item]; !i.concluded && !i.dormant {
			g.conclude(item, Result{Outcome: Interrupted, Code: protocol.Interrupted, By: protocol.Client, Text: "told to stop"})
		}
	}
}

// stop closes what can be closed at once.
func (g *Gather) stop(at roles.Moment) {
	if g.Final() {
		return
	}
	if g.State() == GatherNew {
		g.giveUp()
		g.core.Fire(gatherStopped)
		return
	}
	g.core.Fire(gatherStopped)
	g.overtakes = nil
	for i := range g.pipelines {
		for _, m := range g.pipelines[i].machines {
			if m.working() {
				g.tell(at, &g.pipelines[i], m, roles.Stopped{})
			}
		}
		g.pipelines[i].more = false
	}
	for i := range g.fetches {
		if g.fetches[i].busy {
			g.tellFetch(at, &g.fetches[i], roles.Stopped{})
		}
	}
}

// mostTold is how many visits, nodes and other contents are told of each of many items.
const mostTold = 64

// brief leaves the last visits of a result, and some of its other contents: there may be a million
// items.
func (r *Result) brief() {
	r.Tried = last(r.Tried, mostTold)
	r.Variants = slices.Clone(r.Variants[:min(len(r.Variants), mostTold)])
	for i := range r.Variants {
		v := &r.Variants[i]
		v.Nodes = last(v.Nodes, mostTold)
	}
}

// last returns the last of all, alone in memory.
func last[T any](all []T, most int) []T {
	if len(all) <= most {
		return all
	}
	return slices.Clone(all[len(all)-most:])
}

// conclude reports the fate of an item.
func (g *Gather) conclude(item int, r Result) {
	i := &g.items[item]
	i.concluded = true
	if r.Hash.IsZero() {
		r.Hash, r.Size = i.Hash, i.Size
	}
	r.Name = g.names[item][0]
	r.brief()
	g.core.Do(roles.Report{Outcome: Gathered{Item: item, Names: g.names[item], Wanted: i.Hash, Result: r}})
}
