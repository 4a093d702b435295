package node

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Published is reported when the relay holds all of our index.
type Published struct{ Names int }

// behind reports whether there is something that the relay does not know and may be told: changes, or that what it holds
// of before our registration is still so.
func (m *Membership) behind() bool {
	return m.config.Catalog != nil && !m.limited && (!m.confirmed || m.told != m.config.Catalog.State())
}

// publish sends the next page from where the relay is.
func (m *Membership) publish() {
	page := m.config.Catalog.Page(m.told)
	page.ID, page.Epoch = m.config.ID, m.epoch
	m.ask(page)
}

func (m *Membership) published(at roles.Moment, answer *protocol.Published) {
	before := m.told
	m.confirmed = true
	m.told = protocol.Held{Index: answer.Index, Sequence: answer.Sequence}
	ours := m.told.Index == m.config.Catalog.State().Index
	if !ours || m.told.Index == before.Index && m.told.Sequence <= before.Sequence {
		m.stalls++ // it holds no more than before, or says so of an index that is not ours
	}
	switch {
	case m.stopping:
		m.core.Fire(membershipPublishedLate)
		m.leave()
	case m.behind() && m.stalls < roles.MaxResyncs && at.Now < m.untilThen:
		m.core.Fire(membershipPublishedMore)
		m.publish()
	case m.stalls >= roles.MaxResyncs:
		m.notPublished(protocol.Resync, protocol.Node, "the relay holds no more after each page than before")
		m.core.Fire(membershipPublishedAll)
		m.hangUpSoon()
	default:
		m.failing = 0
		m.core.Fire(membershipPublishedAll)
		m.hangUpSoon()
		if !m.behind() {
			m.core.Do(roles.Report{Outcome: Published{m.config.Catalog.Len()}})
		}
	}
}

// unpublished handles a refusal that is about our index alone, and reports whether it was one.
func (m *Membership) unpublished(refusal *protocol.Error) bool {
	switch {
	case refusal.Code == protocol.NoLease || refusal.Code == protocol.Superseded:
		return false
	case refusal.Code == protocol.Resync && m.stalls < roles.MaxResyncs && !m.stopping:
		m.stalls++
		m.told = protocol.Held{}
		m.core.Fire(membershipResync)
		m.publish()
		return true
	}
	m.limited = m.limited || refusal.Code == protocol.Limit
	m.notPublished(refusal.Code, refusal.By, refusal.Text)
	m.core.Fire(membershipRefused)
	m.hangUpSoon()
	return true
}

// notPublished notes that publishing failed. The lease is as it was.
func (m *Membership) notPublished(code protocol.Code, by protocol.Party, text string) {
	m.failing++
	m.core.Do(roles.Report{Outcome: ExchangeFailed{Code: code, By: by, Text: "publishing: " + text}})
}

// gap is how long changes are gathered, longer where publishing has failed.
func (m *Membership) gap() time.Duration { return roles.PublishGap << min(m.failing, 10) }

// rest waits for the next renewal, which is early when there are changes to publish.
func (m *Membership) rest(at roles.Moment, renew time.Duration) {
	if m.behind() {
		renew = min(renew, m.gap())
	}
	m.rests = at.Now + renew
	m.core.Arm(renew)
}

// nudged brings the next renewal forward. A second nudge changes nothing, or many in a row would put it off.
func (m *Membership) notified(at roles.Moment) {
	if m.State() == MembershipLeased && m.behind() && at.Now+m.gap() < m.rests {
		m.core.Fire(membershipNotified)
		m.rest(at, m.gap())
	}
}
