package client

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// located adds the nodes of a page to the candidates.
func (f *Fetch) located(m *protocol.Located) {
	fresh := []Node{}
	for _, peer := range m.Peers {
		switch at := NodeOf(&peer); {
		case at.Relayed() && f.request.Direct:
			f.result.Unasked.Declined = min(f.result.Unasked.Declined+1, roles.MaxLeases)
		case f.met(at) || f.met(twin(&peer)):
		case len(f.listed) >= roles.MaxWalk:
			f.result.Unasked.Endless = true
		default:
			f.meet(at, peer)
			fresh = append(fresh, at)
		}
	}
	f.young = max(f.young, roles.Millis(m.Young))
	f.cursor = m.Cursor
	f.result.Unasked.note(m)
	if len(fresh) == 0 {
		f.empty++
	}
	if f.cursor != nil && (f.empty >= roles.MaxEmptyPages || len(f.listed) >= roles.MaxWalk) {
		f.cursor, f.result.Unasked.Endless = nil, true
	}
	f.core.Do(roles.Report{Outcome: Locating{fresh, f.cursor != nil}})
}

// meet adds a node to those that are asked, or remembers what it has.
func (f *Fetch) meet(at Node, peer protocol.Peer) {
	f.listed[at] = Identity{peer.Hash, peer.Size}
	f.alternates.note(peer)
	if peer.Circuit > 0 && !at.Relayed() && !f.request.Direct {
		f.ways[at] = true
	}
	if !peer.Hash.IsZero() {
		f.published = append(f.published, peer)
	}
	if f.otherThan(&peer) {
		f.remember(Identity{peer.Hash, peer.Size}, at, false)
	} else {
		f.candidates = append(f.candidates, at)
	}
}

// met reports whether the relay has listed a node.
func (f *Fetch) met(node Node) bool {
	_, is := f.listed[node]
	return is
}

// answered continues after the relay's answer.
func (f *Fetch) answered(r QueryResult) {
	if f.grant.node != (Node{}) || r.Code == 0 {
		f.core.Fire(fetchLocated)
		f.refused(r)
		return
	}
	f.mute, f.cursor = r, nil
	f.core.Fire(fetchNotLocated)
}

// visited evaluates a visit to a node that is over.
func (f *Fetch) visited(v Visited) {
	f.tried(v.Tried)
	if v.Gave {
		f.busy.gave(v.Node)
	}
	f.tickets.note(v.Node, v.Ticket, v.Code)
	if !v.Ticket.IsZero() {
		f.lift(true)
	}
	switch {
	case v.Barred:
		f.barred[v.Node] = true
	case f.hits(v), f.usedUp(v):
	case v.Busy && f.busy.said(f.now, v.Node, v.Retry):
	case v.Late:
		f.later = append(f.later, v.Node)
	case v.Rested:
		f.candidates = slices.Insert(f.candidates, 0, v.Node)
	case v.Other != Identity{}:
		f.remember(v.Other, v.Node, false)
	case f.worthAWay(v):
		f.relay(v.Node)
	case v.Broke && f.redials.worth(v):
		f.candidates = append(f.candidates, v.Node)
	case f.wayGone(v) && f.busy.said(f.now, v.Node, roles.BusyRetry):
	case v.Code == protocol.Changed && v.Had && !f.revisited[v.Node]:
		f.revisited[v.Node] = true
		f.again = append(f.again, v.Node)
	}
	if f.live() > 0 || f.State() == FetchOpening {
		f.core.Fire(fetchSourceLeft)
	}
}

// tried reports a visit.
func (f *Fetch) tried(t Tried) {
	t.Published = f.listed[t.Node] != Identity{}
	f.tries.add(t)
	f.result.Tried = f.tries.all
	f.core.Do(roles.Report{Outcome: t})
}

// most returns the number of nodes that may be asked at once.
func (f *Fetch) most() int {
	if f.request.Once {
		return 1
	}
	return min(max(1, f.request.Sources), MaxSources)
}

// live counts the sources whose link we have not half-closed.
func (f *Fetch) live() (n int) {
	for _, s := range f.sources {
		if s.visiting() {
			n++
		}
	}
	return n
}

// closing counts the links that we have half-closed, and that are not closed yet.
func (f *Fetch) closing() (n int) {
	if f.query.State() == QueryLeaving {
		n++
	}
	for _, s := range f.sources {
		if s.leaving() {
			n++
		}
	}
	return n
}

// tooManyClosing reports whether a node has to wait until fewer links are closing: each is closed within
// CloseTimeout.
func (f *Fetch) tooManyClosing() bool {
	_, some := f.candidate()
	return some && f.closing() >= roles.MaxClosing
}

// reevaluate re-evaluates the fetch after every input.
func (f *Fetch) reevaluate(at roles.Moment) {
	if f.State() == FetchFetching && f.picker.Done() {
		f.core.Fire(fetchAllHad)
	}
	if f.State() == FetchFetching || f.State() == FetchFinishing {
		for _, s := range f.sources {
			if s.visiting() {
				f.absorb(s.Step(at, roles.Updated{}))
			}
		}
	}
	f.candidates = append(f.candidates, f.busy.over(at)...)
	f.relieve()
	f.goAround(at)
	f.rely(at)
	f.goOn(at)
	for f.dismiss(at) {
		f.goOn(at)
	}
	f.wait(at)
}

// goOn goes on where nobody is asked for anything, and asks further nodes.
func (f *Fetch) goOn(at roles.Moment) {
	if f.live() == 0 && f.core.Can(fetchLastLeft) && (f.State() == FetchFinishing || !f.tooManyClosing()) {
		f.core.Fire(fetchLastLeft)
		if f.State() == FetchCommitting {
			f.commit()
		}
	}
	if f.State() == FetchChoosing {
		f.choose(at)
	}
	if f.State() == FetchAskingRelay && !f.query.working() {
		f.locate(at)
	}
	for f.lacking(at) {
		f.visit(at)
	}
	if f.State() == FetchClosing && f.closing() == 0 {
		f.close()
	}
}

// close ends the fetch with the result that is certain.
func (f *Fetch) close() {
	switch f.result.Outcome {
	case Fetched:
		f.core.Fire(fetchClosedHad)
	case NobodyHad:
		f.core.Fire(fetchClosedNobody)
	default:
		f.core.Fire(fetchClosedFailed)
	}
	f.ended()
}

// choose decides what is next while nobody is asked for anything.
func (f *Fetch) choose(at roles.Moment) {
	hollow := f.hollow()
	if hollow && f.startAnew() {
		f.core.Fire(fetchStartAnew)
		return
	}
	if hollow {
		is, _ := f.picker.Identity()
		f.contents = slices.DeleteFunc(f.contents, func(k known) bool { return k.Identity == is })
		f.picker = NewPicker(f.request.Name, f.request.Hash)
	}
	if _, more := f.candidate(); !more && f.cursor == nil {
		f.candidates, f.again = f.again, nil
	}
	_, more := f.candidate()
	switch {
	case more && f.picker.open:
		f.core.Fire(fetchNextSource)
	case more:
		f.core.Fire(fetchNextNode)
	case f.cursor != nil:
		f.core.Fire(fetchNextPage)
	case f.elsewhere() && f.startAnew():
		f.core.Fire(fetchStartAnew)
	case f.busy.some() || f.keptOut():
		f.awaitBusy(at)
	case f.startAnew():
		f.core.Fire(fetchStartAnew)
	default:
		f.exhausted()
	}
}

// awaitBusy waits until the first of the busy nodes is to be asked again, or the relay for a circuit.
func (f *Fetch) awaitBusy(at roles.Moment) {
	due, some := f.busy.next()
	if f.keptOut() && (!some || f.ceiling.due < due) {
		due = f.ceiling.due
	}
	f.core.Fire(fetchAllBusy)
	f.core.Arm(max(0, due-at.Now))
}

// candidate returns the node that is asked next: first those that have not been asked, and when the
// relay has no more and no other content is left to try, those that were dismissed.
func (f *Fetch) candidate() (node Node, some bool) {
	f.sortOut()
	switch {
	case len(f.candidates) > 0:
		return f.candidates[0], true
	case f.relayedTurn():
		return f.behind[0], true
	case len(f.behind) > 0 && !f.keptOut(): // their turn comes
	case len(f.later) > 0 && f.cursor == nil && !f.elsewhere():
		f.candidates, f.later = f.later, nil
		return f.candidate()
	}
	return node, false
}
