package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Query asks a relay for all pages of a LOCATE or LIST, on one link. Each page is reported as it came, *protocol.Located
// or *protocol.Listed; QueryResult at the end. See QueryTable.
type Query struct {
	roles.Core[QueryState, QueryEvent]
	relay  string
	ask    protocol.Message // with the cursor of the next page
	single bool             // one page is enough
	pages  int
	result QueryResult
}

// QueryResult is what a Query came to.
type QueryResult struct {
	Code protocol.Code // 0: all pages were heard
	By   protocol.Party
	Text string
}

// relayLink is the only link of a Query, and the one of a Fetch that leads to the relay.
const relayLink roles.Link = 0

// NewQuery returns a Query of the relay at host:port: a *protocol.Locate or *protocol.List without a cursor, whose name or
// pattern the caller has checked with [protocol.CheckName] or [protocol.CheckPattern]: a bad one panics when it is sent.
func NewQuery(relay string, ask protocol.Message) *Query {
	q := &Query{Core: roles.NewCore(QueryTable)}
	q.Reset(relay, ask)
	return q
}

// Reset prepares the machine for another query.
func (q *Query) Reset(relay string, ask protocol.Message) {
	q.Core.Reset()
	*q = Query{Core: q.Core, relay: relay, ask: ask}
}

// Result returns what came of it, once the machine is final.
func (q *Query) Result() QueryResult { return q.result }

// Step is [roles.Machine]'s.
func (q *Query) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	q.Begin()
	switch in := in.(type) {
	case roles.Started:
		q.Fire(QueryStarted)
		q.Do(roles.Dial{Link: relayLink, To: q.relay})
	case roles.Opened:
		q.Fire(QueryOpened)
		q.request()
	case roles.Heard:
		q.heard(in.Message)
	case roles.Malformed:
		q.reject(QueryMalformed, in.Err)
	case roles.PeerEnded:
		q.cut(QueryPeerEnded, protocol.Lost, "the link was ended too early")
	case roles.Lost:
		q.cut(QueryLost, in.Code, in.Text)
	case roles.TimerFired:
		if q.Due(in) {
			q.cut(QueryExpired, protocol.Timeout, "no answer in time")
		}
	case roles.Stopped:
		q.stop()
	}
	return q.Effects()
}

func (q *Query) request() {
	q.Do(roles.Send{Link: relayLink, Message: q.ask}, roles.Hear{Link: relayLink})
}

func (q *Query) heard(m protocol.Message) {
	switch ask := q.ask.(type) {
	case *protocol.Locate:
		if page, is := m.(*protocol.Located); is {
			next := *ask // what was sent is not ours any more
			next.Cursor = page.Cursor
			q.page(page, &next, page.Cursor != nil, QueryLocatedMore, QueryLocatedLast)
			return
		}
	case *protocol.List:
		if page, is := m.(*protocol.Listed); is {
			next := *ask
			next.Cursor = page.Cursor
			q.page(page, &next, page.Cursor != nil, QueryListedMore, QueryListedLast)
			return
		}
	}
	if refusal, is := m.(*protocol.Error); is {
		q.result = QueryResult{refusal.Code, refusal.By, refusal.Text}
		q.leave(QueryRefused)
		return
	}
	q.reject(QueryUnexpected, roles.Unexpected(m.Kind(), string(q.State())))
}

// page goes on to the next page, or leaves.
func (q *Query) page(page, next protocol.Message, more bool, again, last QueryEvent) {
	q.ask = next
	q.pages++
	switch {
	case more && !q.single && q.pages < protocol.MaxPages:
		q.Fire(again)
		q.request()
	case more && !q.single:
		q.result = QueryResult{protocol.Limit, protocol.Client, "the list does not end"}
		q.leave(last)
	default:
		q.leave(last)
	}
	q.Do(roles.Report{Outcome: page})
}

// reject parts with a relay that broke the protocol, and says so.
func (q *Query) reject(event QueryEvent, err *protocol.Error) {
	err.By = protocol.Client
	q.result = QueryResult{err.Code, err.By, err.Text}
	q.Fire(event)
	q.Reject(relayLink, err)
}

// leave closes the link as the one who opened it: half-close, wait for the other's end.
func (q *Query) leave(event QueryEvent) {
	q.Fire(event)
	q.Do(roles.HalfClose{Link: relayLink}, roles.Discard{Link: relayLink})
}

// cut ends with a link that is gone; while leaving that is how it should be.
func (q *Query) cut(event QueryEvent, code protocol.Code, text string) {
	if q.State() != QueryLeaving {
		q.result = QueryResult{code, protocol.Client, text}
	}
	q.Fire(event)
	q.Do(roles.HangUp{Link: relayLink}, roles.Report{Outcome: q.result})
}

// stop ends here and now.
func (q *Query) stop() {
	if q.Final() {
		return
	}
	linked := q.State() != QueryNew
	q.Fire(QueryStopped)
	if linked {
		q.Do(roles.HangUp{Link: relayLink})
	}
	q.result = QueryResult{protocol.Interrupted, protocol.Client, "told to stop"}
	q.Do(roles.Report{Outcome: q.result})
}
