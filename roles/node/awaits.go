package node

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// renewAfter returns the renew-after of an answer as a node follows it.
func renewAfter(ms uint64) time.Duration { return max(roles.RenewLeast, roles.Millis(ms)) }

// awaits reports whether clients come through the relay as long as an AWAIT is kept there: the relay has
// said so, knows who we are, and may hold the lease. An exchange that failed says nothing against that.
func (m *Membership) awaits() bool {
	return m.place.Relayed() && m.maybe && !m.stopping && !m.config.NoCircuits && !m.is.ID.IsZero()
}

// keepAwait keeps an AWAIT at the relay as long as clients come that way, and for the epoch of the lease. It
// begins between exchanges: one under way may still change the lease.
func (m *Membership) keepAwait(at roles.Moment) {
	a, wanted := m.await, m.awaits()
	if a.runs() && a.State() != AwaitClosing && !(wanted && a.terms.epoch == m.epoch) {
		m.passAwait(at, roles.Stopped{})
	}
	if wanted && !a.runs() && m.State() == MembershipLeased {
		a.begin(awaitTerms{relay: m.config.Relay, id: m.is.ID, node: m.config.ID, epoch: m.epoch, renew: m.renew})
		a.core.Watch(m.watch)
		m.core.Do(a.Step(at, roles.Started{})...)
	}
	for m.Final() && a.runs() { // nobody waits for the end of its link
		m.passAwait(at, roles.Stopped{})
	}
}

// passAwait passes an input on to the Await, if it runs.
func (m *Membership) passAwait(at roles.Moment, in roles.Input) {
	a := m.await
	if !a.runs() {
		return
	}
	m.core.Do(a.Step(at, in)...)
	if a.answer != nil {
		m.awaited(at, a.answer)
	}
	if a.doubts && m.State() == MembershipLeased {
		m.core.Fire(membershipDoubted)
		m.dial()
	}
}

// awaited takes note of a lease that an AWAIT has renewed. The next RENEW is due when the next answer is late,
// and goes out earlier only where there is something to publish.
func (m *Membership) awaited(at roles.Moment, answer *protocol.Awaited) {
	a := m.await
	m.held, m.renew = true, a.terms.renew
	m.listedAt(&answer.Renewed)
	if m.State() != MembershipLeased {
		return
	}
	m.core.Fire(membershipAwaited)
	m.told = answer.Held
	m.rest(at, max(roles.Vary(m.renew, roles.RenewSpread, at.Rand), a.terms.wait()+m.renew/4))
	m.renewBeside(at, roles.FamilyOf(a.peer.Addr()))
}
