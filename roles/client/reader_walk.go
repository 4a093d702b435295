package client

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// goOn goes on when nobody is asked for anything.
func (r *Reader) goOn(at roles.Moment) {
	if r.State() == ReaderChoosing {
		r.choose(at)
	}
	if r.State() == ReaderAskingRelay && !r.query.working() {
		r.locate(at)
	}
	if (r.State() == ReaderOpening || r.State() == ReaderReading) && (r.next != Node{}) && !(r.source.working() && r.before.working()) {
		r.visit(at)
	}
	if r.State() == ReaderClosing && !r.query.working() && !r.source.working() && !r.before.working() {
		r.fail(at, readerAllClosed, r.failure)
	}
}

// choose decides what is next: a node, the relay, or nothing.
func (r *Reader) choose(at roles.Moment) {
	for _, node := range r.busy.over(at) {
		if !slices.Contains(r.candidates, node) {
			r.candidates = append(r.candidates, node)
		}
	}
	node, more := r.candidate()
	switch {
	case more && r.picker.open:
		r.next = node
		r.core.Fire(readerNextSource)
	case more:
		r.next = node
		r.core.Fire(readerNextNode)
	case !r.attempt.asked || r.attempt.cursor != nil:
		r.core.Fire(readerNextPage)
	case r.busy.some():
		due, _ := r.busy.next()
		r.core.Fire(readerAllBusy)
		r.core.Arm(max(0, due-at.Now))
	default:
		r.exhausted()
	}
}

// candidate takes the node that is to be asked next: when the relay has no more, one that was
// dismissed.
func (r *Reader) candidate() (node Node, some bool) {
	if a := &r.attempt; len(r.candidates) == 0 && a.asked && a.cursor == nil {
		r.candidates, a.later = a.later, nil
	}
	for len(r.candidates) > 0 {
		node = r.candidates[0]
		r.candidates = r.candidates[1:]
		if !r.barred[node] && !r.busy.waits(node) {
			return node, true
		}
	}
	return node, false
}

// untried reports whether somebody waits for a turn.
func (r *Reader) untried() bool {
	waits := func(node Node) bool { return !r.barred[node] && !r.busy.waits(node) }
	a := &r.attempt
	return !a.asked || a.cursor != nil || slices.ContainsFunc(r.candidates, waits) || slices.ContainsFunc(a.later, waits)
}

// turn returns when the node that is being asked has had its time.
func (r *Reader) turn() time.Duration {
	first := r.source.groupPatience(r.source.unit(), 1)
	if r.source.pending() {
		first = roles.DialPatience
	}
	return r.source.moved + r.patience.with(r.source.tried.Node, first)
}

// late reports whether the node that is being asked has had its time, and has brought no verified
// group.
func (r *Reader) late(at roles.Moment) bool {
	return (r.State() == ReaderOpening || r.State() == ReaderReading) && r.source.awaited() && at.Now >= r.turn()
}

// wait arms the deadline that ends the patience with a node, if somebody else waits for a turn.
func (r *Reader) wait(at roles.Moment) {
	if r.State() != ReaderOpening && r.State() != ReaderReading {
		return
	}
	switch due := r.turn(); {
	case !r.source.awaited() || !r.untried():
		r.core.Disarm()
	case !r.core.Armed() || r.due != due:
		r.due = due
		r.core.Arm(max(0, due-at.Now))
	}
}

// visit dials the next node.
func (r *Reader) visit(at roles.Moment) {
	node := r.next
	r.next = Node{}
	if r.source.working() {
		r.source, r.before = r.before, r.source
	}
	r.attempt.met[node] = true
	r.source.Reset(r.source.link, node, r.picker)
	r.source.holds, r.source.also, r.source.last = true, r.alternates.of(node), r.attempt.redials.last(node)
	r.source.meter.all = r.allowance
	r.source.broker, r.source.before = Broker{r.relay, r.relayID, r.entry}, r.tickets[node]
	r.source.Watch(r.watch)
	r.absorb(r.source.Step(at, roles.Started{}))
}

// visited draws the conclusions from a visit that is over.
func (r *Reader) visited(v Visited) {
	r.attempt.tried.add(v.Tried)
	r.core.Do(roles.Report{Outcome: v.Tried})
	r.tickets.note(v.Node, v.Ticket, v.Code)
	switch {
	case v.Barred:
		r.barred[v.Node] = true
	case v.Busy && r.busy.said(r.now, v.Node, v.Retry):
	case v.Late:
		r.attempt.later = append(r.attempt.later, v.Node)
	case v.Rested:
		r.candidates = slices.Insert(r.candidates, 0, v.Node)
	case r.ways[v.Node] && !r.attempt.met[v.Node.relayed()] && v.undialed():
		r.attempt.met[v.Node.relayed()] = true
		r.candidates = append(r.candidates, v.Node.relayed())
	case v.Broke && r.attempt.redials.worth(v), v.Spent && v.Gave:
		r.candidates = append(r.candidates, v.Node)
	}
	r.core.Fire(readerSourceLeft)
}

// locate asks the relay for a page.
func (r *Reader) locate(at roles.Moment) {
	r.attempt.asked = true
	r.query.Reset(r.relay, &protocol.Locate{Name: r.picker.name, Hash: r.picker.want, Cursor: r.attempt.cursor})
	r.query.Expect(r.relayID)
	r.query.Enter(r.entry)
	r.query.single = true
	r.query.Watch(r.watch)
	r.absorb(r.query.Step(at, roles.Started{}))
}

// located notes the nodes of a page that have not been met in this attempt: last those that have
// been slow.
func (r *Reader) located(m *protocol.Located) {
	a := &r.attempt
	from := len(r.candidates)
	for _, peer := range m.Peers {
		switch at := NodeOf(&peer); {
		case at.Relayed() && r.direct:
			a.unasked.Declined++
		case a.met[at] || a.met[twin(&peer)]:
		case len(a.met) >= roles.MaxWalk:
			a.unasked.Endless = true
		default:
			a.met[at] = true
			r.alternates.note(peer)
			if peer.Circuit > 0 && !at.Relayed() && !r.direct && len(r.ways) < roles.MaxWalk {
				r.ways[at] = true
			}
			r.candidates = append(r.candidates, at)
		}
	}
	slices.SortStableFunc(r.candidates[from:], func(a, b Node) int { return r.patience[a] - r.patience[b] })
	a.young = max(a.young, roles.Millis(m.Young))
	a.cursor = m.Cursor
	a.unasked.note(m)
	if len(r.candidates) == from {
		a.empty++
	}
	if a.cursor != nil && (a.empty >= roles.MaxEmptyPages || len(a.met) >= roles.MaxWalk) {
		a.cursor, a.unasked.Endless = nil, true
	}
	r.core.Do(roles.Report{Outcome: Locating{slices.Clone(r.candidates[from:]), a.cursor != nil}})
}

// answered goes on from the relay.
func (r *Reader) answered(result QueryResult) {
	if result.Code == 0 {
		r.core.Fire(readerLocated)
		return
	}
	r.attempt.mute, r.attempt.cursor = result, nil
	r.core.Fire(readerNotLocated)
}

// exhausted evaluates the visits when no node is left to ask.
func (r *Reader) exhausted() {
	a := &r.attempt
	result := Result{Outcome: verdict(a.tried.all, !r.picker.want.IsZero(), a.unasked.some(), a.young > 0), Unasked: a.unasked}
	if result.Outcome == TooEarly {
		result.Young = a.young
	}
	for _, tried := range a.tried.all {
		if result.Code != protocol.Changed {
			result.Code, result.By, result.Text = tried.Code, tried.By, tried.Text
		}
		if tried.Code == protocol.Variant {
			result.Code = protocol.Changed
		}
	}
	if a.mute.Code != 0 {
		result.Outcome, result.Code, result.By, result.Text = NoRelay, a.mute.Code, a.mute.By, a.mute.Text
	}
	if !r.picker.open {
		r.failure = result
		r.core.Fire(readerGiveUp)
		return
	}
	r.core.Fire(readerUnread)
	r.picker.Window(Range{}, nil)
	r.unread(result)
}
