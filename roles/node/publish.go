package node

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Published is reported when the relay holds our whole index, but for the changes that it refused since
// we published from the start.
type Published struct{ Names, Refused int }

// behind reports whether there is something to publish: changes, or the confirmation of an index
// that the relay holds from before our registration.
func (m *Membership) behind() bool {
	return m.config.Catalog != nil && (!m.confirmed || m.told != m.config.Catalog.State())
}

// begin begins to publish what the relay does not hold.
func (m *Membership) begin(at roles.Moment) {
	m.stalls, m.untilThen, m.removed, m.goal = 0, at.Now+m.renew/2, 0, m.config.Catalog.State()
	if m.config.Catalog.hurries(m.told) {
		m.hasten(at)
	}
	m.publish(at)
}

// publish sends the next page, from the change on up to which the relay holds our index. While the
// next new name has to wait, the page says that more is to come: the relay then sends to us whoever
// asks for a name that it does not know.
func (m *Membership) publish(at roles.Moment) {
	page := m.config.Catalog.Page(m.told)
	page.ID, page.Epoch = m.config.ID, m.epoch
	if page.From == 0 {
		m.unkept = 0
	}
	if m.hasty = m.hasteWait(at) > 0; m.hasty {
		page.Latest = max(page.Latest, page.To+1)
	}
	m.ask(page)
}

// hasteWait returns how long the next page of new names has to wait. There may be PublishBurst of
// them at once, and one more in each PublishGap.
func (m *Membership) hasteWait(at roles.Moment) time.Duration {
	return max(0, m.calm-(roles.PublishBurst-1)*roles.PublishGap-at.Now)
}

// hasten counts a page of new names.
func (m *Membership) hasten(at roles.Moment) {
	m.calm = min(max(m.calm, at.Now), at.Now+(roles.PublishBurst-1)*roles.PublishGap) + roles.PublishGap
}

// goesOn reports whether another page follows in this exchange: until the relay holds the changes
// from before the exchange, and as long as there are new names that need not wait.
func (m *Membership) goesOn(at roles.Moment) bool {
	is := m.config.Catalog.State()
	switch {
	case m.goal.Index != is.Index:
		m.goal = is
	case m.told.Index != is.Index || m.told.Sequence < m.goal.Sequence || m.told.Sequence > is.Sequence:
	case !m.config.Catalog.hurries(m.told) || m.hasteWait(at) > 0:
		return false
	default:
		m.hasten(at)
		m.goal = is
	}
	return true
}

// publishGone sends a page of names that are gone, ahead of the changes for which the relay has no
// room: it drops these names, and may then have room. It reports whether there were any to send.
func (m *Membership) publishGone() bool {
	page, last := m.config.Catalog.gone(m.told, m.removed)
	if page == nil {
		return false
	}
	m.removed = last
	page.ID, page.Epoch = m.config.ID, m.epoch
	m.core.Fire(membershipFull)
	m.ask(page)
	return true
}

// published handles a PUBLISHED.
func (m *Membership) published(at roles.Moment, answer *protocol.Published) {
	before := m.told
	m.confirmed = true
	m.unkept += int(answer.Refused)
	m.told = protocol.Held{Index: answer.Index, Sequence: answer.Sequence}
	ours := m.told.Index == m.config.Catalog.State().Index
	if !ours || m.told.Index == before.Index && m.told.Sequence <= before.Sequence {
		m.stalls++ // it holds no more than before, or names an index that is not ours
	}
	switch {
	case m.stopping:
		m.core.Fire(membershipPublishedLate)
		m.leave()
	case m.behind() && m.stalls < roles.MaxResyncs && at.Now < m.untilThen && m.goesOn(at):
		m.core.Fire(membershipPublishedMore)
		m.publish(at)
	case m.stalls >= roles.MaxResyncs:
		m.notPublished(protocol.Resync, protocol.Node, "the relay holds no more after each page than before")
		m.core.Fire(membershipPublishedAll)
		m.hangUpSoon()
	default:
		m.failing = 0
		m.core.Fire(membershipPublishedAll)
		m.hangUpSoon()
		if !m.behind() {
			m.core.Do(roles.Report{Outcome: Published{m.config.Catalog.Len(), m.unkept}})
		}
	}
}

// unpublished handles a refusal that concerns our index alone. It reports whether the refusal does.
func (m *Membership) unpublished(at roles.Moment, refusal *protocol.Error) bool {
	switch {
	case refusal.Code == protocol.NoLease || refusal.Code == protocol.Superseded:
		return false
	case refusal.Code == protocol.Resync && m.stalls < roles.MaxResyncs && !m.stopping:
		m.stalls++
		m.told = protocol.Held{}
		m.core.Fire(membershipResync)
		m.publish(at)
		return true
	}
	if refusal.Code == protocol.Limit && !m.stopping && m.publishGone() {
		return true
	}
	m.notPublished(refusal.Code, refusal.By, refusal.Text)
	m.core.Fire(membershipRefused)
	m.hangUpSoon()
	return true
}

// notPublished reports that publishing failed. The lease is not affected.
func (m *Membership) notPublished(code protocol.Code, by protocol.Party, text string) {
	m.failing++
	m.core.Do(roles.Report{Outcome: ExchangeFailed{Code: code, By: by, Text: "publishing: " + text}})
}

// gap returns how long changes are gathered. It grows while publishing fails.
func (m *Membership) gap() time.Duration {
	return min(roles.PublishGap<<min(m.failing, 10), roles.RetryMost)
}

// rest waits for the next renewal. If there is something to publish the renewal comes early.
func (m *Membership) rest(at roles.Moment, renew time.Duration) {
	if m.behind() || m.hasty {
		renew = min(renew, m.early(at))
	}
	m.rests = at.Now + renew
	m.core.Arm(renew)
}

// early returns how long changes are gathered from now on: until a gap after the last exchange, which
// is at once when that was long ago. New names do not wait for the gap, unless there have been too
// many of them.
func (m *Membership) early(at roles.Moment) time.Duration {
	wait := m.rested + m.gap() - at.Now
	if m.failing == 0 && m.config.Catalog.hurries(m.told) {
		wait = min(wait, m.hasteWait(at))
	}
	return max(0, wait)
}

// notified brings the next renewal forward.
func (m *Membership) notified(at roles.Moment) {
	if m.State() == MembershipLeased && m.behind() && at.Now+m.early(at) < m.rests {
		m.core.Fire(membershipNotified)
		m.rest(at, m.early(at))
	}
}
