package client

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Reader reads one file at any place. Its content is pinned by the first node that has it and is
// reported as Pinned. From then on the owner tells which groups it lacks ([roles.Wanted]), and one
// node at a time is asked for them. Those that come are received into the owner's store, as item 0;
// if no node can bring them, that is reported as Unread, and the owner may want them again. See
// ReaderTable.
//
// It speaks with the relay on link 0 and with nodes on links 1 and 2, in turn: one that it has
// half-closed goes on closing while the next node is dialed.
type Reader struct {
	core    roles.Core[ReaderState, ReaderEvent]
	watch   func(roles.Transition)
	relay   string
	relayID protocol.PeerID // zero: none is expected yet
	entry   roles.Entry     // as in Query
	direct  bool            // no node is reached through the relay
	query   *Query
	source  *Source // of the last visit
	before  *Source // of the one before, whose link may be closing
	next    Node    // is dialed once that link is closed; zero: none
	picker  *Picker // open: the content is pinned

	wanted     Range
	candidates []Node // to be asked, in this order
	barred     map[Node]bool
	alternates alternates
	ways       map[Node]bool // as of a Fetch
	tickets    tickets       // as of a Fetch
	allowance  *allowance    // as of a Fetch
	patience   patience
	busy       busy
	now        roles.Moment  // of the current step
	due        time.Duration // of the patience that is armed
	attempt    attempt
	failure    Result // why there is nothing to read
}

// attempt is the search for a node that has the file, or the groups that were wanted last.
type attempt struct {
	met     map[Node]bool // listed by the relay, or dialed
	asked   bool          // the relay
	cursor  []byte        // of its next page; nil: there is none
	empty   int           // pages that named no node that was new
	unasked Unasked
	young   time.Duration // as of a Fetch
	mute    QueryResult
	tried   tries
	later   []Node // were dismissed: to be asked again, last
	redials redials
}

// Pinned is reported once the content is known: that of the first node that has the file, with what
// this node says of it.
type Pinned struct {
	Identity
	Attributes protocol.Attributes
}

// Unread is reported when the file cannot be opened, and the machine is final, or when no node can
// bring the groups that are wanted.
type Unread struct {
	Wanted Range
	Result Result // its Code is Changed if a node had it and has another content now, and else that of the last node
}

func (Pinned) Reported() {}
func (Unread) Reported() {}

// NewReader returns a Reader of a file by its name, its hash, or both.
func NewReader(relay, name string, hash protocol.Hash) *Reader {
	r := &Reader{core: roles.NewCore(readerGrammar), query: NewQuery("", nil), source: NewSource(firstSource, Node{}, nil), before: NewSource(firstSource+1, Node{}, nil)}
	r.core.Use(roles.NoLink, roles.Deadline)
	r.query.use(relayLink, timerOf(relayLink))
	for _, s := range r.sources() {
		s.core.Use(s.link, timerOf(s.link))
	}
	r.Reset(relay, name, hash)
	return r
}

// Reset prepares the machine for another file.
func (r *Reader) Reset(relay, name string, hash protocol.Hash) {
	r.core.Reset()
	r.query.Reset("", nil)
	if r.before.link < r.source.link {
		r.source, r.before = r.before, r.source
	}
	for _, s := range r.sources() {
		s.Reset(s.link, Node{}, nil)
	}
	*r = Reader{
		core: r.core, relay: relay, query: r.query, source: r.source, before: r.before, picker: NewPicker(name, hash),
		barred: map[Node]bool{}, alternates: alternates{}, ways: map[Node]bool{}, tickets: tickets{}, allowance: &allowance{}, patience: patience{},
	}
	r.begin()
}

// Expect has the relay prove an id. Without it a Reader takes the relay that answers first, and reports
// [roles.Met].
func (r *Reader) Expect(id protocol.PeerID) { r.relayID = id }

// Enter has the Reader enter a closed relay with its first request. It reports [roles.Entered].
func (r *Reader) Enter(by roles.Entry) { r.entry = by }

// Direct has the Reader reach no node through the relay.
func (r *Reader) Direct() { r.direct = true }

// sources returns the machines that visit nodes.
func (r *Reader) sources() [2]*Source { return [2]*Source{r.source, r.before} }

// begin begins an attempt.
func (r *Reader) begin() {
	r.attempt = attempt{met: map[Node]bool{}, redials: redials{}}
	r.busy.anew()
}

// Watch calls f for each fired row, also for those of the machines within; nil: nothing is called.
func (r *Reader) Watch(f func(roles.Transition)) {
	r.watch = f
	r.core.Watch(f)
}

// State returns the state that the machine is in.
func (r *Reader) State() ReaderState { return r.core.State() }

// Final implements [roles.Machine].
func (r *Reader) Final() bool { return r.core.Final() }

// On returns the name of the table that governs an open link, and the state there.
func (r *Reader) On(link roles.Link) (table, state string) {
	if link == relayLink && r.query.working() {
		return r.query.core.Name(), string(r.query.State())
	}
	for _, s := range r.sources() {
		if s.link == ownerOf(link) && s.working() {
			return s.on(link)
		}
	}
	return "", ""
}

// Step implements [roles.Machine].
func (r *Reader) Step(at roles.Moment, in roles.Input) []roles.Effect {
	r.core.Begin()
	r.now = at
	switch in := in.(type) {
	case roles.Started:
		r.start(at)
	case roles.Wanted:
		r.want(at, in)
	case roles.StoreFailed:
		r.storeFailed(at, in.Err)
	case roles.TimerFired:
		r.fired(at, in)
	case roles.Stopped:
		r.stop(at)
	default:
		r.pass(at, roles.LinkOf(in), in)
	}
	if r.late(at) && r.untried() {
		r.patience[r.source.tried.Node]++
		r.absorb(r.source.dismiss(at))
	}
	r.goOn(at)
	if r.State() == ReaderReading && r.source.State() == SourceHolding && r.picker.Work(r.source.tried.Node.Relayed()) {
		r.absorb(r.source.Step(at, roles.Updated{}))
	}
	r.wait(at)
	return r.core.Effects()
}

func (r *Reader) start(at roles.Moment) {
	name := r.picker.name
	if err := protocol.AsError(protocol.CheckName(name)); err != nil && (name != "" || r.picker.want.IsZero()) {
		r.fail(at, readerMisnamed, Result{Outcome: BadlyNamed, Code: err.Code, By: protocol.Client, Text: err.Text})
		return
	}
	r.core.Fire(readerStarted)
}

func (r *Reader) fired(at roles.Moment, in roles.TimerFired) {
	switch {
	case in.Timer != roles.Deadline:
		r.pass(at, roles.Link(in.Timer)-1, in)
	case !r.core.Due(in):
	case r.core.Can(readerBusyOver):
		r.core.Fire(readerBusyOver)
	case r.core.Can(readerImpatient):
		r.core.Fire(readerImpatient)
	default:
		r.core.Fire(readerStale)
		r.candidates = nil
	}
}

func (r *Reader) storeFailed(at roles.Moment, err error) {
	if r.core.Can(readerStoreFailed) {
		r.fail(at, readerStoreFailed, Result{Outcome: DiskFailed, Code: protocol.Disk, By: protocol.Client, Text: err.Error(), Cause: err})
	}
}

// fail ends the machine.
func (r *Reader) fail(at roles.Moment, event ReaderEvent, result Result) {
	r.core.Fire(event)
	r.stopAll(at)
	r.unread(result)
}

// unread reports that the groups that are wanted do not come.
func (r *Reader) unread(result Result) {
	is, _ := r.picker.Identity()
	result.Name, result.Hash, result.Size, result.Tried = r.picker.name, is.Hash, is.Size, r.attempt.tried.all
	r.core.Do(roles.Report{Outcome: Unread{r.wanted, result}})
}

func (r *Reader) stop(at roles.Moment) {
	if !r.Final() {
		r.core.Fire(readerStopped)
		r.stopAll(at)
	}
}

// stopAll hangs up the links that are open.
func (r *Reader) stopAll(at roles.Moment) {
	if r.query.working() {
		r.hush(r.query.Step(at, roles.Stopped{}))
	}
	for _, s := range r.sources() {
		if s.working() {
			r.hush(s.Step(at, roles.Stopped{}))
		}
	}
}

// hush makes the effects of a machine within ours, without its reports.
func (r *Reader) hush(effects []roles.Effect) {
	for _, effect := range effects {
		if _, is := effect.(roles.Report); !is {
			r.core.Do(effect)
		}
	}
}

// pass passes on an input of a link to the machine there.
func (r *Reader) pass(at roles.Moment, link roles.Link, in roles.Input) {
	if link == relayLink && r.query.working() {
		r.absorb(r.query.Step(at, in))
	}
	for _, s := range r.sources() {
		if s.link == ownerOf(link) && s.working() {
			r.absorb(s.Step(at, in))
		}
	}
}

// absorb makes the effects of a machine within ours, and draws the conclusions from its reports.
func (r *Reader) absorb(effects []roles.Effect) {
	for _, effect := range effects {
		if report, is := effect.(roles.Report); is {
			r.told(report.Outcome)
		} else {
			r.core.Do(effect)
		}
	}
}

func (r *Reader) told(outcome roles.Outcome) {
	switch outcome := outcome.(type) {
	case Page:
		r.located(outcome.Answer.(*protocol.Located))
	case QueryResult:
		r.answered(outcome)
	case roles.Met:
		r.relayID = outcome.ID
		r.core.Do(roles.Report{Outcome: outcome})
	case roles.Entered:
		r.entry = roles.Entry{}
		r.core.Do(roles.Report{Outcome: outcome})
	case Learned:
		r.pin(outcome.Attributes)
	case Hashing, Relayed:
		r.core.Do(roles.Report{Outcome: outcome})
	case Had:
		r.had(outcome)
	case Visited:
		r.visited(outcome)
	}
}

// pin makes the content that a node has the one that is read.
func (r *Reader) pin(about protocol.Attributes) {
	is, _ := r.picker.Identity()
	r.picker.want = is.Hash
	r.picker.Window(Range{}, nil)
	r.core.Fire(readerPinned)
	r.core.Do(roles.Report{Outcome: Pinned{is, about}})
}

func (r *Reader) had(h Had) {
	r.busy.gave(h.Node)
	if r.core.Can(readerGroupHad) {
		r.core.Fire(readerGroupHad)
		r.core.Do(roles.Report{Outcome: h})
		if r.picker.Done() {
			r.core.Fire(readerAllHad)
		}
	}
}
