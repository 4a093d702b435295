// Package client is the client's side of the protocol. [Fetch] gets one file, [Gather] many,
// [Reader] reads one file at any place, and [Query] asks a relay for nodes or names.
//
// A Fetch has other machines within it: one Query at a time, which speaks with the relay, and a
// [Source] for each node that it is connected to. The Sources share a [Picker], which knows the
// missing chunk groups, and nothing else: each Source verifies what its node sends. A Gather has
// Fetches within it, and a [Pipeline] for each node from which it gets small files. A Reader has a
// Query or a Source at a time. A Source or a Pipeline of a node that cannot be dialed has a [Way]
// within it, which makes its link to the node through the relay.
package client

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Fetch gets one file. With one source it is the reference mode: it asks the nodes one at a time,
// in the relay's order, until one has the file. A link that it has half-closed goes on closing while
// the next one is dialed; the result comes when all are closed. See FetchTable.
type Fetch struct {
	core    roles.Core[FetchState, FetchEvent]
	first   roles.Link
	timer   roles.Timer
	item    int // of the store
	request Request
	prefer  Identity // of which an earlier try left a part; zero: none
	query   *Query
	grant   grant     // asked for behind the last page of nodes, and not used yet
	sources []*Source // that on link n+1 at n
	picker  *Picker
	watch   func(roles.Transition)

	candidates []Node            // to be asked, in this order
	behind     []Node            // to be asked through the relay, after these
	listed     map[Node]Identity // by the relay: what it has; zero: it does not say
	alternates alternates
	ways       map[Node]bool          // nodes that can be dialed, and reached through the relay as well
	tickets    tickets                // of the last circuit to a node
	brought    map[Node]time.Duration // when a circuit to a node last brought something
	ceiling    ceiling
	allowance  *allowance // of its circuits
	lone       bool       // one circuit at a time
	cursor     []byte
	empty      int           // pages that named no node that was new
	young      time.Duration // for which the relay may lack nodes, as it last said
	mute       QueryResult
	published  []protocol.Peer // that have some content under the name, as the relay says

	again     []Node        // whose file changed: worth another visit
	revisited map[Node]bool // have been in again
	barred    map[Node]bool
	redials   redials
	busy      busy
	now       roles.Moment      // of the current step
	believed  map[Node]int      // how many contents
	contents  []known           // that nodes have said they have
	latest    map[Node]Identity // the content that a node has named last
	patience  patience
	later     []Node // were dismissed: to be asked again, last

	checked uint64              // bytes, by the store
	due     time.Duration       // of the patience that is armed
	gave    bool                // a group was fetched
	about   protocol.Attributes // of the content, as [roles.Placement] says
	result  Result
	tries   tries // of the result
}

// known is a content that nodes have. It is tried if the fetch has turned to it.
type known struct {
	Variant
	tried bool
}

// A Fetch speaks with the relay on its first link, and with a node on each link after that. The
// machine on a link uses the timer whose number is one above the link's.
const (
	relayLink   roles.Link = 0
	firstSource roles.Link = 1
	fetchLinks  roles.Link = firstSource + MaxSources + roles.MaxClosing // of one Fetch
)

// MaxSources bounds the nodes that one file comes from at once.
const MaxSources = 64

func timerOf(link roles.Link) roles.Timer { return roles.Timer(link) + 1 }

// NewFetch returns a Fetch at its start.
func NewFetch(w Request) *Fetch {
	f := &Fetch{
		core: roles.NewCore(fetchGrammar), query: NewQuery("", nil), listed: map[Node]Identity{}, alternates: alternates{},
		ways: map[Node]bool{}, tickets: tickets{}, brought: map[Node]time.Duration{},
		revisited: map[Node]bool{}, barred: map[Node]bool{}, redials: redials{}, believed: map[Node]int{},
		latest: map[Node]Identity{}, patience: patience{},
	}
	f.use(relayLink, roles.Deadline, 0)
	f.Reset(w)
	return f
}

// use sets the first link, the timer of the machine's own deadlines, and the number of its item,
// for a Fetch within another machine.
func (f *Fetch) use(first roles.Link, timer roles.Timer, item int) {
	f.first, f.timer, f.item = first, timer, item
	f.core.Use(roles.NoLink, timer)
	f.query.use(first+relayLink, timerOf(first+relayLink))
}

// Reset prepares the machine for another file.
func (f *Fetch) Reset(w Request) {
	f.core.Reset()
	f.query.Reset("", nil)
	for _, s := range f.sources {
		s.Reset(0, Node{}, nil)
	}
	clear(f.listed)
	clear(f.alternates)
	clear(f.ways)
	clear(f.tickets)
	clear(f.brought)
	clear(f.revisited)
	clear(f.barred)
	clear(f.redials)
	clear(f.believed)
	clear(f.patience)
	clear(f.latest)
	*f = Fetch{
		core: f.core, first: f.first, timer: f.timer, item: f.item, request: w, query: f.query, sources: f.sources, picker: NewPicker(w.Name, w.Hash),
		listed: f.listed, alternates: f.alternates, ways: f.ways, tickets: f.tickets, brought: f.brought, revisited: f.revisited, barred: f.barred, redials: f.redials, believed: f.believed,
		latest: f.latest, patience: f.patience, allowance: &allowance{}, result: Result{Name: w.Name},
	}
}

// Watch calls f for each fired row, also of the machines within; nil: nothing is called.
func (f *Fetch) Watch(watch func(roles.Transition)) {
	f.watch = watch
	f.core.Watch(watch)
}

// Result returns the result once the machine is final.
func (f *Fetch) Result() Result { return f.result }

// On returns the name of the table that governs an open link, and the state there.
func (f *Fetch) On(link roles.Link) (table, state string) {
	if s := f.source(link); s != nil {
		return s.on(link)
	}
	if link == f.first+relayLink && f.query.working() {
		return f.query.core.Name(), string(f.query.State())
	}
	return "", ""
}

// State returns the state that the machine is in.
func (f *Fetch) State() FetchState { return f.core.State() }

// Final implements [roles.Machine].
func (f *Fetch) Final() bool { return f.core.Final() }

// Step implements [roles.Machine].
func (f *Fetch) Step(at roles.Moment, in roles.Input) []roles.Effect {
	f.core.Begin()
	f.now = at
	switch in := in.(type) {
	case roles.Started:
		f.start(at)
	case roles.StoreInspected:
		f.inspected(in)
	case roles.StoreReady:
		f.storeReady(in)
	case roles.StoreChecking:
		f.storeChecking(in)
	case roles.StoreFailed:
		f.storeFailed(at, in.Err)
	case roles.StoreCommitted:
		f.committed(at, in)
	case roles.TimerFired:
		f.fired(at, in)
	case roles.Stopped:
		f.stop(at)
	default:
		f.pass(at, roles.LinkOf(in), in)
	}
	f.reevaluate(at)
	return f.core.Effects()
}

func (f *Fetch) start(at roles.Moment) {
	if err := protocol.AsError(protocol.CheckName(f.request.Name)); err != nil && (f.request.Name != "" || f.request.Hash.IsZero()) {
		f.fail(at, fetchMisnamed, BadlyNamed, err.Code, err.Text)
		return
	}
	f.core.Fire(fetchStarted)
	f.core.Do(roles.InspectStore{Item: f.item, Name: f.request.Name})
}

// stop ends the fetch at once, unless the store is committing, or the result is certain: that comes
// to its end.
func (f *Fetch) stop(at roles.Moment) {
	switch f.State() {
	case FetchDone, FetchNotFound, FetchFailed:
	case FetchCommitting, FetchClosing:
		f.core.Fire(fetchStopped)
		f.stopAll(at)
	default:
		f.fail(at, fetchStopped, Interrupted, protocol.Interrupted, "told to stop")
	}
}

// expect has the relay prove an id the next time that it is dialed, unless another one is expected.
func (f *Fetch) expect(id protocol.PeerID) {
	if f.request.RelayID.IsZero() {
		f.request.RelayID = id
	}
}

// locate asks the relay for the next page of nodes, and where only nodes behind it are there for a circuit to the first.
func (f *Fetch) locate(at roles.Moment) {
	f.grant = grant{}
	f.query.Reset(f.request.Relay, &protocol.Locate{Name: f.request.Name, Hash: f.request.Hash, Cursor: f.cursor})
	f.query.Expect(f.request.RelayID)
	f.query.Enter(f.request.Entry)
	f.query.single, f.query.then = true, f.ahead
	f.query.Watch(f.watch)
	f.absorb(f.query.Step(at, roles.Started{}))
}

func (f *Fetch) fired(at roles.Moment, in roles.TimerFired) {
	if in.Timer != f.timer {
		f.pass(at, roles.Link(in.Timer)-1, in)
		return
	}
	switch {
	case !f.core.Due(in):
	case f.core.Can(fetchBusyOver):
		f.core.Fire(fetchBusyOver)
	case f.core.Can(fetchExpired):
		f.fail(at, fetchExpired, DiskFailed, protocol.Disk, "the disk does not answer")
	default:
		f.core.Fire(fetchImpatient)
	}
}

// fail ends the fetch, and closes its links at once.
func (f *Fetch) fail(at roles.Moment, event FetchEvent, outcome Outcome, code protocol.Code, text string) {
	f.core.Fire(event)
	f.stopAll(at)
	f.result.Outcome, f.result.Code, f.result.By, f.result.Text = outcome, code, protocol.Client, text
	f.ended()
}

// ended reports the result.
func (f *Fetch) ended() {
	is, _ := f.picker.Identity()
	f.result.Hash, f.result.Size = is.Hash, is.Size
	for _, k := range f.contents {
		k.Nodes = slices.DeleteFunc(k.Nodes, func(node Node) bool { return f.latest[node] != k.Identity })
		if k.Identity != is && len(k.Nodes) > 0 { // what is preferred may have nobody any more
			f.result.Variants = append(f.result.Variants, k.Variant)
		}
	}
	f.addPublished()
	f.core.Do(roles.Report{Outcome: f.result})
}
