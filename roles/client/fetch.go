// Package client is the client's side of the protocol. [Fetch] gets one file from whichever nodes have it, [Pipeline] many
// small ones from one node, and [Query] asks a relay what is there.
//
// A Fetch has other machines within it: one Query at a time, on link 0, and a [Source] for each node that is being
// visited, on links from 1 on. The sources share a [Picker], which says what is missing, and nothing else: each verifies
// what it gets by itself.
package client

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Fetch gets one file. With one source it is the reference mode: the nodes of the relay's list one at a time, in its
// order, until one has it. See FetchTable.
type Fetch struct {
	core    roles.Core[FetchState, FetchEvent]
	request Request
	query   *Query
	sources []*Source // that on link n+1 at n
	picker  *Picker
	watch   func(roles.Transition)

	candidates []netip.AddrPort // to be asked, in this order
	listed     map[netip.AddrPort]bool
	cursor     []byte
	pages      int
	unwalked   bool // the list was longer than we walk
	mute       QueryResult

	again     []netip.AddrPort        // whose file changed: worth another visit
	revisited map[netip.AddrPort]bool // have been in again
	barred    map[netip.AddrPort]bool
	believed  map[netip.AddrPort]int // how many contents
	contents  []known                // that nodes have said they have

	checked uint64        // bytes, by the store
	due     time.Duration // of the patience that is armed
	gave    bool          // a group was fetched
	result  Result
}

// known is a content that nodes have, and whether it has been tried for.
type known struct {
	Variant
	tried bool
}

// The timers of the machines within: one above their links.
const (
	queryTimer  = roles.Timer(relayLink) + 1
	firstSource = relayLink + 1
)

// NewFetch returns a Fetch.
func NewFetch(w Request) *Fetch {
	f := &Fetch{
		core: roles.NewCore(fetchGrammar), query: NewQuery("", nil), listed: map[netip.AddrPort]bool{},
		revisited: map[netip.AddrPort]bool{}, barred: map[netip.AddrPort]bool{}, believed: map[netip.AddrPort]int{},
	}
	f.core.Use(roles.NoLink, roles.Deadline)
	f.query.core.Use(relayLink, queryTimer)
	f.Reset(w)
	return f
}

// Reset prepares the machine for another file.
func (f *Fetch) Reset(w Request) {
	f.core.Reset()
	f.query.core.Reset()
	for _, s := range f.sources {
		s.core.Reset()
	}
	clear(f.listed)
	clear(f.revisited)
	clear(f.barred)
	clear(f.believed)
	*f = Fetch{
		core: f.core, request: w, query: f.query, sources: f.sources, picker: NewPicker(w.Name, w.Hash),
		listed: f.listed, revisited: f.revisited, barred: f.barred, believed: f.believed, result: Result{Name: w.Name},
	}
}

// Watch has each fired row told to f, also those of the machines within.
func (f *Fetch) Watch(watch func(roles.Transition)) {
	f.watch = watch
	f.core.Watch(watch)
}

// Result returns what came of it, once the machine is final.
func (f *Fetch) Result() Result { return f.result }

// On returns the name of the table that governs what is said on an open link, and the state there.
func (f *Fetch) On(link roles.Link) (table, state string) {
	if s := f.source(link); s != nil {
		return s.core.Name(), string(s.State())
	}
	if link == relayLink && f.State() == FetchAskingRelay {
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
	switch in := in.(type) {
	case roles.Started:
		f.start(at)
	case roles.StoreReady:
		f.storeReady(in)
	case roles.StoreChecking:
		f.storeChecking(in)
	case roles.StoreFailed:
		if !f.core.Can(fetchStoreFailed) {
			break
		}
		f.fail(at, fetchStoreFailed, DiskFailed, protocol.Disk, in.Text)
	case roles.TimerFired:
		f.fired(at, in)
	case roles.Stopped:
		if !f.Final() {
			f.fail(at, fetchStopped, Interrupted, protocol.Interrupted, "told to stop")
		}
	default:
		f.pass(at, linkOf(in), in)
	}
	f.reevaluate(at)
	return f.core.Effects()
}

func (f *Fetch) start(at roles.Moment) {
	if err := protocol.AsError(protocol.CheckName(f.request.Name)); err != nil && (f.request.Name != "" || f.request.Hash.IsZero()) {
		f.fail(at, fetchMisnamed, BadlyNamed, err.Code, err.Text)
		return
	}
	if is := f.request.Prefer; !is.Hash.IsZero() && (f.request.Hash.IsZero() || f.request.Hash == is.Hash) {
		f.picker.Fix(is)
		f.contents = append(f.contents, known{Variant: Variant{Identity: is}, tried: true})
	}
	f.core.Fire(fetchStarted)
	f.locate(at)
}

// locate asks the relay for a page.
func (f *Fetch) locate(at roles.Moment) {
	f.query.Reset(f.request.Relay, &protocol.Locate{Name: f.request.Name, Hash: f.request.Hash, Cursor: f.cursor})
	f.query.single = true
	f.query.Watch(f.watch)
	f.absorb(f.query.Step(at, roles.Started{}))
}

func (f *Fetch) fired(at roles.Moment, in roles.TimerFired) {
	if in.Timer != roles.Deadline {
		f.pass(at, roles.Link(in.Timer)-1, in)
		return
	}
	switch {
	case !f.core.Due(in):
	case f.State() == FetchOpening:
		f.fail(at, fetchExpired, DiskFailed, protocol.Disk, "the disk does not answer")
	default:
		f.core.Fire(fetchImpatient)
	}
}

// learned has the store opened for the content of this fetch.
func (f *Fetch) learned(l Learned) {
	is, _ := f.picker.Identity()
	f.remember(is, l.Node, true)
	if f.State() == FetchSeeking {
		f.core.Fire(fetchContentKnown)
		f.checked = 0
		f.core.Do(roles.OpenStore{Name: f.request.Name, Hash: is.Hash, Size: is.Size})
	}
}

func (f *Fetch) storeChecking(in roles.StoreChecking) {
	if f.State() != FetchOpening {
		return
	}
	if in.Done > f.checked {
		f.checked = in.Done
		f.core.Fire(fetchStoreChecked)
	} else {
		f.core.Fire(fetchStoreStuck)
	}
	f.core.Do(roles.Report{Outcome: Checking{in.Done, in.Size}})
}

func (f *Fetch) storeReady(in roles.StoreReady) {
	if f.State() != FetchOpening {
		return
	}
	f.picker.Open(in.Has)
	f.result.Kept = f.picker.kept()
	is, _ := f.picker.Identity()
	if f.picker.Done() {
		f.core.Fire(fetchStoreComplete)
	} else {
		f.core.Fire(fetchStoreOpened)
	}
	f.core.Do(roles.Report{Outcome: Begun{is, f.result.Kept, in.Other}})
}

// fail stops here and now.
func (f *Fetch) fail(at roles.Moment, event FetchEvent, outcome Outcome, code protocol.Code, text string) {
	f.core.Fire(event)
	f.stopAll(at)
	f.result.Outcome, f.result.Code, f.result.By, f.result.Text = outcome, code, protocol.Client, text
	f.ended()
}

func (f *Fetch) fetched() {
	f.result.Outcome = Fetched
	f.ended()
}

// ended reports what came of it all.
func (f *Fetch) ended() {
	is, _ := f.picker.Identity()
	f.result.Hash, f.result.Size = is.Hash, is.Size
	for _, k := range f.contents {
		if k.Identity != is && len(k.Nodes) > 0 { // what is preferred may have nobody any more
			f.result.Variants = append(f.result.Variants, k.Variant)
		}
	}
	f.core.Do(roles.Report{Outcome: f.result})
}
