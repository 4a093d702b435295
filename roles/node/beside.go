package node

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// mostRests bounds how seldom a family of addresses is tried over which the relay cannot be reached:
// once in 1<<mostRests renewals.
const mostRests = 4

// beside is the renewal of a lease over the family of addresses that the last exchange did not use.
type beside struct {
	renewal *Renewal
	fails   [3]int           // by family: renewals in a row that failed
	due     [3]time.Duration // by family: not before
}

// takes reports whether an input is for the renewal over the other family.
func (b *beside) takes(in roles.Input) bool {
	if fired, is := in.(roles.TimerFired); is {
		return fired.Timer == renewalTimer
	}
	return roles.LinkOf(in) == renewalLink
}

func (b *beside) runs() bool { return b.renewal.State() != RenewalNew && !b.renewal.Final() }

// pass passes an input on to the renewal over the other family, if it runs.
func (m *Membership) pass(at roles.Moment, in roles.Input) {
	b := &m.beside
	if !b.runs() {
		return
	}
	m.core.Do(b.renewal.Step(at, in)...)
	answer, family := b.renewal.answer, b.renewal.only
	if _, heard := in.(roles.Heard); heard && answer != nil {
		b.fails[family] = 0
		m.listedAt(answer)
	}
	if b.runs() {
		return
	}
	b.due[family] = at.Now + m.renew<<min(b.fails[family], mostRests) - m.renew/2
	if answer == nil {
		b.fails[family]++
	}
}

// renewBeside renews the lease over the other family than the one over which that has just been done, if
// it may lead anywhere and it is time. It costs the lease nothing, whatever comes of it.
func (m *Membership) renewBeside(at roles.Moment, over roles.Family) {
	b := &m.beside
	_, notALiteral := netip.ParseAddrPort(m.config.Relay)
	fixed := m.config.Advertise != nil || m.config.Listens != nil
	if over == 0 || notALiteral == nil || fixed || m.failing > 0 || b.runs() || at.Now < b.due[over.Other()] {
		return
	}
	b.renewal.reset(m.config.Relay, m.is.ID, over.Other(), &protocol.Renew{ID: m.config.ID, Epoch: m.epoch})
	b.renewal.core.Watch(m.watch)
	m.core.Do(b.renewal.Step(at, roles.Started{})...)
}

// registered lets a relay that has granted a new lease hear of us over both families at once.
func (b *beside) registered() {
	for family, fails := range b.fails {
		if fails == 0 {
			b.due[family] = 0
		}
	}
}

// leaveBeside ends the renewal over the other family: the lease is given up, or is another's.
func (m *Membership) leaveBeside(at roles.Moment) { m.pass(at, roles.Stopped{}) }
