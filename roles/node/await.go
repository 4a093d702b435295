package node

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Await keeps a link to the relay on which an AWAIT is outstanding, so that clients who cannot dial the
// node reach it through the relay. It works within a Membership. See AwaitTable.
type Await struct {
	core  roles.Core[AwaitState, AwaitEvent]
	terms awaitTerms
	peer  netip.AddrPort // of the relay, on the link
	retry time.Duration  // the relay's retry-after, or 0
	since time.Duration  // the AWAIT that is outstanding was sent
	quick int            // answers in a row, about, that have come too soon
	told  bool           // it was reported that clients come this way
	over  bool           // no other link follows this one

	answer *protocol.Awaited // heard in this step; nil: none
	doubts bool              // the relay has refused the lease in this step

	good bool          // an AWAITED has come over the link
	rest time.Duration // until then no lost link is made anew soon: one has been

	calm  time.Duration // when the last contradiction of the relay is no matter any more
	hasty bool          // there was one before the last
}

// awaitTerms are what an Await is about.
type awaitTerms struct {
	relay string          // host:port
	id    protocol.PeerID // of the relay
	node  protocol.PeerID
	epoch uint64        // of the lease
	renew time.Duration // the relay's renew-after
}

// The link and the timer of an Await, beside those of its Membership.
const (
	awaitLink  roles.Link  = 2
	awaitTimer roles.Timer = 2
)

func newAwait() *Await {
	a := &Await{core: roles.NewCore(awaitGrammar)}
	a.core.Use(awaitLink, awaitTimer)
	return a
}

// reset prepares the machine for another membership.
func (a *Await) reset() {
	a.core.Reset()
	*a = Await{core: a.core}
}

// begin prepares the machine for a lease. It remembers whether the relay has lately contradicted itself, or lost a link.
func (a *Await) begin(terms awaitTerms) {
	a.core.Reset()
	*a = Await{core: a.core, terms: terms, calm: a.calm, hasty: a.hasty, rest: a.rest}
}

func (a *Await) runs() bool { return a.State() != AwaitNew && !a.Final() }

// takes reports whether an input is for the Await.
func (a *Await) takes(in roles.Input) bool {
	if fired, is := in.(roles.TimerFired); is {
		return fired.Timer == awaitTimer
	}
	return roles.LinkOf(in) == awaitLink
}

// State returns the state that the machine is in.
func (a *Await) State() AwaitState { return a.core.State() }

// Final implements [roles.Machine].
func (a *Await) Final() bool { return a.core.Final() }

// Step implements [roles.Machine].
func (a *Await) Step(at roles.Moment, in roles.Input) []roles.Effect {
	a.core.Begin()
	a.answer, a.doubts = nil, false
	switch in := in.(type) {
	case roles.Started:
		a.start(at)
	case roles.Opened:
		a.opened(at, in)
	case roles.Heard:
		a.heard(at, in.Message)
	case roles.Malformed:
		a.reject(awaitMalformed, in.Err)
	case roles.PeerEnded:
		a.cut(at, awaitPeerEnded)
	case roles.Lost:
		a.cut(at, awaitLost)
	case roles.TimerFired:
		if a.core.Due(in) {
			a.expired(at)
		}
	case roles.Stopped:
		a.stop()
	}
	return a.core.Effects()
}

func (a *Await) start(at roles.Moment) {
	if a.hasty {
		a.core.Fire(awaitStartedLate)
		a.pause(at)
		return
	}
	a.core.Fire(awaitStarted)
	a.dial()
}

func (a *Await) dial() {
	a.core.Do(roles.Dial{Link: awaitLink, To: a.terms.relay, ID: a.terms.id})
}

func (a *Await) opened(at roles.Moment, in roles.Opened) {
	a.peer, a.good = in.Peer, false
	a.core.Fire(awaitOpened)
	a.ask(at)
	a.tell(true)
}

// ask sends an AWAIT. The relay hears of us with each, so that none waits for longer than it would like to
// wait for a RENEW.
func (a *Await) ask(at roles.Moment) {
	wait := a.terms.wait()
	a.since = at.Now
	a.core.Arm(wait + roles.ReplyTimeout)
	a.core.Do(roles.Send{Link: awaitLink, Message: &protocol.Await{
		ID: a.terms.node, Epoch: a.terms.epoch, Wait: protocol.ToMillis(wait),
	}}, roles.Hear{Link: awaitLink})
}

func (t *awaitTerms) wait() time.Duration { return min(roles.AwaitMost, t.renew) }

// tell reports whether clients come this way, if that is new.
func (a *Await) tell(on bool) {
	if a.told != on {
		a.told = on
		a.core.Do(roles.Report{Outcome: Awaiting{on}})
	}
}

func (a *Await) heard(at roles.Moment, m protocol.Message) {
	if !a.core.Accepts(m.Kind()) {
		a.reject(awaitUnexpected, roles.Unexpected(m.Kind(), string(a.State())))
		return
	}
	switch m := m.(type) {
	case *protocol.Awaited:
		a.awaited(at, m)
	case *protocol.Error:
		a.refused(at, m)
	}
}

// awaited follows the invitations, and awaits the next.
func (a *Await) awaited(at roles.Moment, m *protocol.Awaited) {
	a.answer, a.good, a.terms.renew = m, true, renewAfter(m.Renew)
	for _, one := range m.Invitations {
		a.core.Do(roles.Report{Outcome: Invited{Relay: a.peer.String(), Ticket: one.Ticket}})
	}
	switch early := at.Now-a.since < roles.AwaitLeast; {
	case m.Await == 0:
		a.over = true
		a.contradicted(at)
		a.leave(awaitNotNeeded)
	case early && a.quick == roles.AwaitBurst:
		a.core.Fire(awaitTooSoon)
	case early:
		a.quick++
		a.core.Fire(awaitAnswered)
		a.ask(at)
	default:
		a.quick = max(0, a.quick-int((at.Now-a.since)/roles.AwaitLeast))
		a.core.Fire(awaitAnswered)
		a.ask(at)
	}
}

func (a *Await) refused(at roles.Moment, refusal *protocol.Error) {
	if refusal.Code != protocol.NoLease && refusal.Code != protocol.Superseded {
		a.retry = roles.Millis(refusal.Retry)
		a.leave(awaitRefused)
		return
	}
	a.over, a.doubts = true, true
	a.contradicted(at)
	a.leave(awaitLeaseGone)
}

// contradicted notes that the relay takes back what it has said of the lease, or of who comes through it.
func (a *Await) contradicted(at roles.Moment) {
	a.hasty, a.calm = a.calm > at.Now, at.Now+a.terms.renew
}

// leave ends the link gracefully: it half-closes and waits for the relay's end of stream.
func (a *Await) leave(event AwaitEvent) {
	a.good = false
	a.core.Fire(event)
	a.core.Do(roles.HalfClose{Link: awaitLink}, roles.Discard{Link: awaitLink})
	a.tell(false)
}

// reject refuses a relay that broke the protocol, and tells it so.
func (a *Await) reject(event AwaitEvent, err *protocol.Error) {
	err.By, a.good = protocol.Node, false
	a.core.Fire(event)
	a.core.Reject(awaitLink, err)
	a.tell(false)
}

func (a *Await) expired(at roles.Moment) {
	switch a.State() {
	case AwaitPausing:
		a.core.Fire(awaitExpired)
		a.dial()
	case AwaitResting:
		a.core.Fire(awaitRested)
		a.ask(at)
	default:
		a.cut(at, awaitExpired)
	}
}

// cut handles the end of a link, and decides what follows.
func (a *Await) cut(at roles.Moment, event AwaitEvent) {
	a.core.Fire(event)
	a.core.Do(roles.HangUp{Link: awaitLink})
	a.tell(false)
	if a.over {
		a.core.Fire(awaitToEnd)
		return
	}
	a.core.Fire(awaitToPause)
	a.pause(at)
}

// pause waits before the next link. The time is random and not varied, so that the nodes of a relay that
// was away return evenly. After a link that was good it is short: something on the path has lost that, or the
// relay is there again; but not again and again, so that a relay sets no pace.
func (a *Await) pause(at roles.Moment) {
	most := roles.AwaitRetry
	if a.good && at.Now >= a.rest {
		most, a.rest = roles.AwaitSoon, at.Now+roles.AwaitRetry
	}
	a.core.Arm(max(a.retry, time.Duration(at.Rand%uint64(most+1))))
	a.good, a.retry = false, 0
}

// stop ends the wait of the relay gracefully, and anything else at once.
func (a *Await) stop() {
	a.over = true
	switch a.State() {
	case AwaitAwaiting, AwaitResting:
		a.leave(awaitStopped)
	case AwaitPausing:
		a.core.Fire(awaitStopped)
	default:
		a.core.Fire(awaitStopped)
		a.core.Do(roles.HangUp{Link: awaitLink})
	}
}
