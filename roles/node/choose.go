package node

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// cut handles the end of a link, which is expected only while Closing. A link that broke before the
// relay's answer says little about the relay: once in an exchange another one is made at once.
func (m *Membership) cut(at roles.Moment, event MembershipEvent, code protocol.Code, text string) {
	m.broke = m.State() != MembershipClosing && code == protocol.Lost && !m.redialed
	switch {
	case m.broke || m.State() == MembershipClosing:
	case m.outcome == leased: // the link on which the index was published, or that in its place
		m.notPublished(code, protocol.Node, text)
	default:
		m.fail(code, protocol.Node, text)
	}
	m.left = m.left || m.stopping && m.State() == MembershipDialing && !m.broke
	m.core.Fire(event)
	m.core.Do(roles.HangUp{Link: link})
	m.choose(at)
}

func (m *Membership) expired(at roles.Moment) {
	switch m.State() {
	case MembershipOffline, MembershipLeased:
		m.core.Fire(membershipExpired)
		m.dial()
	default:
		m.cut(at, membershipExpired, protocol.Timeout, "the relay did not answer in time")
	}
}

func (m *Membership) stop(at roles.Moment) {
	resting := m.State() == MembershipOffline || m.State() == MembershipLeased
	m.stopping = true
	m.leaveBeside(at)
	m.core.Fire(membershipStopped)
	if resting {
		m.choose(at)
	}
}

// choose decides what follows an exchange.
func (m *Membership) choose(at roles.Moment) {
	switch {
	case m.outcome == displaced:
		m.leaveBeside(at)
		m.core.Fire(membershipToDisplaced)
	case m.broke:
		m.core.Fire(membershipToRedial)
		m.redial()
	case m.stopping && m.maybe && !m.left:
		m.core.Fire(membershipToLeave)
		m.dial()
	case m.stopping:
		m.core.Fire(membershipToEnd)
		if m.outcome == failed && m.maybe {
			m.core.Do(roles.Report{Outcome: m.failure})
		}
	case m.outcome == failed && !m.listed() && final(m.failure.Code):
		m.core.Fire(membershipToHopeless)
		m.core.Do(roles.Report{Outcome: Hopeless{m.failure.Code, m.failure.By, m.failure.Text}})
	case m.outcome == leased:
		m.core.Fire(membershipToRest)
		m.rested = at.Now
		m.rest(at, roles.Vary(m.renew, roles.RenewSpread, at.Rand))
		m.renewBeside(at, roles.FamilyOf(m.peer))
	default:
		m.core.Fire(membershipToRetry)
		m.held = false // to be safe: registering costs one request, whether or not the lease still runs
		m.failure.Again = m.backoff(at.Rand)
		m.core.Arm(m.failure.Again)
		m.core.Do(roles.Report{Outcome: m.failure})
	}
}

// final reports whether a refusal will be the same at the next try: the code is about what we are or
// want, or about what answers in place of a relay.
func final(code protocol.Code) bool {
	switch code {
	case protocol.Denied, protocol.Superseded, protocol.BadVersion, protocol.UnknownKind, protocol.Unexpected, protocol.Malformed, protocol.TooLarge,
		protocol.TLSRequired, protocol.WrongPeer, protocol.NoTLS, protocol.NoPeer, protocol.RelayChanged:
		return true
	}
	return false
}

// backoff returns how long to wait after a failed exchange. A node that has been listed keeps the
// rhythm of its renewals. They are spread over the whole period, so that the nodes of a relay that
// was away return evenly. A node that has never been listed begins with a short wait, which doubles
// with each failure and is varied by half either way. The relay's retry-after is only extended, by
// up to half.
func (m *Membership) backoff(random uint64) time.Duration {
	wait := roles.Vary(min(roles.RetryMost, m.renew), roles.RenewSpread, random)
	if !m.listed() {
		wait = roles.Vary(min(roles.RetryMost, roles.RetryFirst<<min(m.failures, 16)), 50, random)
		m.failures++
	}
	return max(wait, m.retry+roles.Vary(m.retry/4, 100, random))
}
