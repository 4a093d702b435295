package client

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Query asks a relay for all pages of a LOCATE or LIST, or for a circuit, on one link. It reports each page as a
// Page, and QueryResult when nothing more is asked of the relay: the link may still be closing then. Within
// a Fetch it may ask for a circuit behind the last page of nodes, which is another Page. See QueryTable.
type Query struct {
	core   roles.Core[QueryState, QueryEvent]
	link   roles.Link // its only one
	relay  string
	is     roles.Expected   // the relay
	entry  roles.Entry      // without an invite once it has been used
	ask    protocol.Message // with the cursor of the next page
	single bool             // one page is enough
	then   further          // nil: nothing is asked for behind the nodes
	said   answers
	busy   int            // times in a row that the relay was busy
	retry  time.Duration  // that it asked for then
	at     netip.AddrPort // of the relay, on the last link
	scope  protocol.Scope // of what it may name
	proven bool           // its id, on that link
	barren bool           // the last link broke before a page
	result QueryResult
}

// further returns the circuit that is asked for behind the last page of nodes, on the same link; nil: none is.
type further func(last *protocol.Located) *protocol.Circuit

// answers is how much a relay has answered to one question.
type answers struct {
	pages, items int
	bytes        int64
}

// add counts the nodes or names of a page. A name counts by its bytes.
func (a *answers) add(page protocol.Message) {
	a.pages++
	switch page := page.(type) {
	case *protocol.Located:
		a.items += len(page.Peers)
	case *protocol.Listed:
		a.items += len(page.Items)
		for i := range page.Items {
			a.bytes += int64(len(page.Items[i].Name))
		}
	}
}

// endless reports whether it is more than a relay can have to say.
func (a *answers) endless(page protocol.Message) bool {
	if page.Kind() == protocol.KindLocated {
		return a.pages >= roles.MaxPages || a.items >= roles.MaxLeases
	}
	return a.pages >= roles.MaxPages || a.items >= roles.MaxIndex || a.bytes >= roles.MaxIndex*roles.MeanName
}

// Page is reported for each answer of the relay: a *protocol.Located, *protocol.Listed or *protocol.Opened.
type Page struct{ Answer protocol.Message }

// QueryResult is the result of a Query.
type QueryResult struct {
	Code protocol.Code // 0: all pages were heard
	By   protocol.Party
	Text string
}

func (Page) Reported()        {}
func (QueryResult) Reported() {}

// NewQuery returns a Query of the relay at host:port. The question is a *protocol.Locate or
// *protocol.List without a cursor, or a *protocol.Circuit. The caller has checked its name or pattern with
// [protocol.CheckName] or [protocol.CheckPattern]: a bad one panics when it is sent.
func NewQuery(relay string, ask protocol.Message) *Query {
	q := &Query{core: roles.NewCore(queryGrammar)}
	q.Reset(relay, ask)
	return q
}

// Reset prepares the machine for another query.
func (q *Query) Reset(relay string, ask protocol.Message) {
	q.core.Reset()
	*q = Query{core: q.core, link: q.link, relay: relay, ask: ask}
}

// Expect has the relay prove an id. Without it a Query takes the relay that answers first, and reports
// [roles.Met].
func (q *Query) Expect(id protocol.PeerID) { q.is = roles.Expected{ID: id} }

// Enter has the Query enter a closed relay with its first request. It reports [roles.Entered].
func (q *Query) Enter(by roles.Entry) { q.entry = by }

// Again prepares a machine that was stopped for the pages that it has not heard.
func (q *Query) Again() {
	said, is, entry := q.said, q.is, q.entry
	q.Reset(q.relay, q.ask)
	q.said, q.is, q.entry = said, is, entry
}

// use sets the link and the timer, for a Query within another machine.
func (q *Query) use(link roles.Link, timer roles.Timer) {
	q.link = link
	q.core.Use(link, timer)
}

// Result returns the result once it has been reported.
func (q *Query) Result() QueryResult { return q.result }

// State returns the state that the machine is in.
func (q *Query) State() QueryState { return q.core.State() }

// Final implements [roles.Machine].
func (q *Query) Final() bool { return q.core.Final() }

// Watch calls f for each fired row; nil: nothing is called.
func (q *Query) Watch(f func(roles.Transition)) { q.core.Watch(f) }

// Step implements [roles.Machine].
func (q *Query) Step(at roles.Moment, in roles.Input) []roles.Effect {
	q.core.Begin()
	switch in := in.(type) {
	case roles.Started:
		q.dial(queryStarted)
	case roles.Opened:
		q.opened(in)
	case roles.Heard:
		q.heard(in.Message)
	case roles.Malformed:
		q.reject(queryMalformed, in.Err)
	case roles.PeerEnded:
		q.cut(at, queryPeerEnded, protocol.Lost, "the link was ended too early")
	case roles.Lost:
		q.cut(at, queryLost, in.Code, in.Text)
	case roles.TimerFired:
		if q.core.Due(in) {
			q.expired(at)
		}
	case roles.Stopped:
		q.stop()
	}
	return q.core.Effects()
}

func (q *Query) dial(event QueryEvent) {
	q.core.Fire(event)
	q.core.Do(roles.Dial{Link: q.link, To: q.relay, ID: q.is.ID})
}

func (q *Query) expired(at roles.Moment) {
	if q.State() == QueryWaiting {
		q.dial(queryExpired)
		return
	}
	q.cut(at, queryExpired, protocol.Timeout, "no answer in time")
}

func (q *Query) opened(in roles.Opened) {
	q.at, q.scope, q.proven = in.Peer, protocol.Names(in.Peer.Addr(), in.Local.Addr()), !in.ID.IsZero()
	q.is.Opened(in)
	if enter := q.entry.Enter(in); enter != nil {
		q.core.Fire(queryOpenedToEnter)
		q.core.Do(roles.Send{Link: q.link, Message: enter})
	} else {
		q.core.Fire(q.one(queryOpenedToLocate, queryOpenedToList, queryOpenedToOpen))
	}
	q.request()
}

// one returns the event for what is asked.
func (q *Query) one(locate, list, open QueryEvent) QueryEvent {
	switch q.ask.(type) {
	case *protocol.List:
		return list
	case *protocol.Circuit:
		return open
	}
	return locate
}

func (q *Query) request() {
	q.core.Do(roles.Send{Link: q.link, Message: q.ask}, roles.Hear{Link: q.link})
}

func (q *Query) heard(m protocol.Message) {
	if !q.core.Accepts(m.Kind()) {
		q.reject(queryUnexpected, roles.Unexpected(m.Kind(), string(q.State())))
		return
	}
	if q.is.Answered(m) {
		q.core.Do(roles.Report{Outcome: roles.Met{ID: q.is.ID}})
	}
	switch m := m.(type) {
	case *protocol.Entered:
		q.entered()
	case *protocol.Located:
		m.Withheld = min(m.Withheld, roles.MaxLeases) // so that the sum is 0 only if both are
		m.Withheld += uint64(m.Confine(q.scope))
		next := *q.ask.(*protocol.Locate) // a copy: what was sent belongs to the link
		next.Cursor = m.Cursor
		q.page(m, &next, m.Cursor != nil, queryLocatedMore, queryLocatedLast)
	case *protocol.Listed:
		m.Confine(q.scope)
		next := *q.ask.(*protocol.List)
		next.Cursor = m.Cursor
		q.page(m, &next, m.Cursor != nil, queryListedMore, queryListedLast)
	case *protocol.Opened:
		q.page(m, q.ask, false, queryCircuitOpened, queryCircuitOpened)
	case *protocol.Error:
		if m.Code == protocol.Busy && m.By == protocol.Relay && q.busy+1 < roles.MaxBusy && q.core.Can(queryRelayBusy) {
			q.busy, q.retry = q.busy+1, roles.Millis(m.Retry)
			q.leave(queryRelayBusy)
			return
		}
		q.result, q.retry = QueryResult{m.Code, m.By, m.Text}, roles.Millis(m.Retry)
		q.leave(queryRefused)
		q.core.Do(roles.Report{Outcome: q.result})
	}
}

// entered waits for the answer to the question, which has been sent already.
func (q *Query) entered() {
	q.entry = roles.Entry{}
	q.core.Fire(q.one(queryEnteredToLocate, queryEnteredToList, queryEnteredToOpen))
	q.core.Do(roles.Hear{Link: q.link}, roles.Report{Outcome: roles.Entered{}})
}

// page asks for the next page, or for a circuit, or leaves.
func (q *Query) page(page, next protocol.Message, more bool, again, last QueryEvent) {
	q.ask, q.barren, q.busy = next, false, 0
	q.said.add(page)
	switch {
	case more && !q.single && !q.said.endless(page):
		q.core.Fire(again)
		q.request()
		q.core.Do(roles.Report{Outcome: Page{page}})
		return
	case more && !q.single:
		q.result = QueryResult{protocol.Limit, protocol.Client, "the list does not end"}
	default:
		if circuit := q.circuit(page); circuit != nil {
			q.ask = circuit
			q.core.Fire(queryLocatedAhead)
			q.request()
			q.core.Do(roles.Report{Outcome: Page{page}})
			return
		}
	}
	q.leave(last)
	q.core.Do(roles.Report{Outcome: Page{page}}, roles.Report{Outcome: q.result})
}

// circuit returns the circuit that is asked for behind a page, or nil. In plain there is none.
func (q *Query) circuit(page protocol.Message) *protocol.Circuit {
	if located, is := page.(*protocol.Located); is && q.then != nil && q.proven {
		return q.then(located)
	}
	return nil
}
