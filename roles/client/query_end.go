package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// reject refuses a relay that broke the protocol, and tells it so.
func (q *Query) reject(event QueryEvent, err *protocol.Error) {
	err.By = protocol.Client
	q.result = QueryResult{err.Code, err.By, err.Text}
	q.core.Fire(event)
	q.core.Reject(q.link, err)
	q.core.Do(roles.Report{Outcome: q.result})
}

// leave closes the link as its initiator: it half-closes and waits for the peer's end of stream.
func (q *Query) leave(event QueryEvent) {
	q.core.Fire(event)
	q.core.Do(roles.HalfClose{Link: q.link}, roles.Discard{Link: q.link})
}

// wait waits until the relay may have room for us.
func (q *Query) wait(event QueryEvent, random uint64) {
	q.core.Fire(event)
	q.core.Do(roles.HangUp{Link: q.link})
	q.core.Arm(busyWait(q.retry, q.busy, roles.RetryMost, random))
}

// cut ends with a link that is gone. After the last answer that is no failure, and the result has been
// reported; nor is it one when the same is to be asked again.
func (q *Query) cut(at roles.Moment, event QueryEvent, code protocol.Code, text string) {
	switch {
	case q.State() == QueryPutOff:
		q.wait(event, at.Rand)
		return
	case code == protocol.Lost && !q.barren && q.core.Can(queryBroke):
		q.redial()
		return
	}
	left := q.State() == QueryLeaving
	q.core.Fire(event)
	q.core.Do(roles.HangUp{Link: q.link})
	if !left {
		q.conclude(code, text)
	}
}

// conclude reports that the query has failed.
func (q *Query) conclude(code protocol.Code, text string) {
	q.result = QueryResult{code, protocol.Client, text}
	q.core.Do(roles.Report{Outcome: q.result})
}

// working reports whether the query has a link, or will have one again.
func (q *Query) working() bool { return q.State() != QueryNew && !q.Final() }

// redial asks for the same page again. Where the relay has several addresses others come first. A
// link that broke says little about the relay: only two in a row that brought no page do.
func (q *Query) redial() {
	q.barren = true
	q.core.Fire(queryBroke)
	q.core.Do(roles.HangUp{Link: q.link}, roles.Dial{Link: q.link, To: q.relay, Last: q.at.Addr(), ID: q.is.ID})
}

// stop ends the query at once.
func (q *Query) stop() {
	if q.Final() {
		return
	}
	was := q.State()
	q.core.Fire(queryStopped)
	if was != QueryNew && was != QueryWaiting {
		q.core.Do(roles.HangUp{Link: q.link})
	}
	if was != QueryLeaving {
		q.conclude(protocol.Interrupted, "told to stop")
	}
}
