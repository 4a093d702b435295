// Package node is the node's side of the protocol: [Membership] keeps the node listed at a relay
// and publishes its [Catalog] there, [Upload] serves a client on an accepted link.
//
// A client that cannot dial the node comes through the relay: the Membership keeps an [Await] there and reports
// [Invited] for each, and an Upload that begins with [roles.Invited] joins the circuit and serves it from the
// node's end.
package node

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Config is the identity of a node and its place in the network.
type Config struct {
	Relay     string          // host:port
	RelayID   protocol.PeerID // that the relay has to prove; zero: the first that is met, from then on
	ID        protocol.PeerID
	Epoch     uint64      // the first to register with, above zero: for example the wall clock at start in microseconds
	Port      uint16      // at which the node listens
	Advertise protocol.IP // the address to be listed at; nil: the address that the relay sees
	Listens   protocol.IP // the loopback address at which alone the node listens; nil: it listens at others
	Catalog   *Catalog    // the files to publish; nil: none
	Entry     roles.Entry // with which a closed relay admits us

	NoCircuits bool // no client comes through the relay
}

// Membership is a node's lease at one relay. See MembershipTable.
type Membership struct {
	core   roles.Core[MembershipState, MembershipEvent]
	config Config

	epoch    uint64 // of the registration last sent; 0: none yet
	maybe    bool   // the relay may list us
	earlier  bool   // the same, before the REGISTER under way
	held     bool   // the relay has granted a lease, and no exchange has failed since
	outcome  outcome
	stopping bool
	left     bool           // one exchange to leave has been tried
	broke    bool           // the link of this exchange has broken
	redialed bool           // that has happened before in this exchange
	outruns  int            // epochs raised in this exchange
	failures int            // exchanges that failed before the first lease
	renew    time.Duration  // the relay's renew-after; 0: never listed
	retry    time.Duration  // the relay's retry-after, or 0
	failure  ExchangeFailed // of the last exchange, if it failed
	place    Place          // where the relay lists us
	peer     netip.Addr     // of the relay, on the last link
	is       roles.Expected // the relay

	told      protocol.Held // the part of our catalog that the relay holds, as it last said
	removed   uint64        // the number of the last gone name that it was told ahead of its turn
	confirmed bool          // the relay has applied a page since the last registration
	unkept    int           // changes since we published from the start that the relay does not keep
	stalls    int           // pages of this exchange after which the relay held no more than before
	untilThen time.Duration // when publishing ends until the next exchange
	failing   int           // exchanges in a row whose publishing failed
	rests     time.Duration // the time of the next renewal, while Leased
	rested    time.Duration // the time of the last exchange's end
	goal      protocol.Held // our catalog as it was when this exchange began, or when it was last told anew
	calm      time.Duration // when the budget for new names is whole again
	hasty     bool          // that budget was used up by the last page, which said that more is to come

	beside beside
	await  *Await
	watch  func(roles.Transition)
}

// outcome is the result of an exchange, kept while its link closes.
type outcome int

const (
	failed outcome = iota
	leased
	left
	displaced
)

// outrunSpread is the number of epochs of which a node that has to exceed another epoch draws one. Of
// two nodes with one id that came to the same epoch, neither would learn of the other.
const outrunSpread = 1 << 20

// mostOutruns bounds how often in one exchange an epoch is raised because the relay knows a larger
// one.
const mostOutruns = 3

// NewMembership returns a Membership that has not started.
func NewMembership(config Config) *Membership {
	m := &Membership{core: roles.NewCore(membershipGrammar), beside: beside{renewal: newRenewal()}, await: newAwait()}
	m.Reset(config)
	return m
}

// State returns the state that the machine is in.
func (m *Membership) State() MembershipState { return m.core.State() }

// Final implements [roles.Machine].
func (m *Membership) Final() bool { return m.core.Final() }

// Watch calls f for each fired row, also for those of the machines within; nil: nothing is called.
func (m *Membership) Watch(f func(roles.Transition)) {
	m.watch = f
	m.core.Watch(f)
}

// Step implements [roles.Machine].
func (m *Membership) Step(at roles.Moment, in roles.Input) []roles.Effect {
	m.core.Begin()
	switch {
	case m.beside.takes(in):
		m.pass(at, in)
	case m.await.takes(in):
		m.passAwait(at, in)
	default:
		m.take(at, in)
	}
	m.keepAwait(at)
	return m.core.Effects()
}

// take takes an input that is not for a machine within.
func (m *Membership) take(at roles.Moment, in roles.Input) {
	switch in := in.(type) {
	case roles.Started:
		m.core.Fire(membershipStarted)
		m.dial()
	case roles.Opened:
		m.opened(in)
	case roles.Heard:
		m.heard(at, in.Message)
	case roles.Malformed:
		m.reject(membershipMalformed, in.Err)
	case roles.PeerEnded:
		m.cut(at, membershipPeerEnded, protocol.Lost, "the relay ended the link without an answer")
	case roles.Lost:
		m.cut(at, membershipLost, in.Code, in.Text)
	case roles.TimerFired:
		if m.core.Due(in) {
			m.expired(at)
		}
	case roles.Notified:
		m.notified(at)
	case roles.Stopped:
		m.stop(at)
	}
}

// dial begins an exchange.
func (m *Membership) dial() {
	m.outcome, m.retry, m.outruns, m.redialed = failed, 0, 0, false
	m.core.Do(roles.Dial{Link: link, To: m.config.Relay, ID: m.is.ID})
}

// redial goes on with an exchange whose link broke. Where the relay has several addresses others come
// first.
func (m *Membership) redial() {
	m.broke, m.redialed = false, true
	m.core.Do(roles.Dial{Link: link, To: m.config.Relay, Last: m.peer, ID: m.is.ID})
}

// opened sends the first request of an exchange.
func (m *Membership) opened(in roles.Opened) {
	m.peer = in.Peer.Addr()
	m.is.Opened(in)
	switch {
	case m.stopping && m.maybe:
		m.core.Fire(membershipOpenedToLeave)
		m.leave()
	case m.held:
		m.core.Fire(membershipOpenedToRenew)
		m.ask(&protocol.Renew{ID: m.config.ID, Epoch: m.epoch})
	default:
		if enter := m.config.Entry.Enter(in); enter != nil {
			m.core.Fire(membershipOpenedToEnter)
			m.core.Do(roles.Send{Link: link, Message: enter})
		} else {
			m.core.Fire(membershipOpenedToRegister)
		}
		m.register(m.epoch + 1)
	}
}

// register sends a REGISTER, with the config's epoch at least.
func (m *Membership) register(epoch uint64) {
	m.epoch = max(epoch, m.config.Epoch)
	m.held, m.earlier, m.maybe, m.outcome = false, m.maybe, true, failed
	request := &protocol.Register{
		ID: m.config.ID, Epoch: m.epoch, Port: m.config.Port, Advertise: m.config.Advertise, Listens: m.config.Listens,
	}
	if m.config.Catalog != nil {
		request.Publishes = 1
	}
	m.ask(request)
}

func (m *Membership) leave() {
	m.left, m.outcome = true, failed
	m.ask(&protocol.Leave{ID: m.config.ID, Epoch: m.epoch})
}

func (m *Membership) ask(request protocol.Message) {
	m.core.Do(roles.Send{Link: link, Message: request}, roles.Hear{Link: link})
}

func (m *Membership) heard(at roles.Moment, message protocol.Message) {
	if !m.core.Accepts(message.Kind()) {
		m.reject(membershipUnexpected, roles.Unexpected(message.Kind(), string(m.State())))
		return
	}
	if m.is.Answered(message) {
		m.core.Do(roles.Report{Outcome: roles.Met{ID: m.is.ID}})
	}
	switch answer := message.(type) {
	case *protocol.Entered:
		m.config.Entry = roles.Entry{}
		m.core.Fire(membershipEntered)
		m.core.Do(roles.Hear{Link: link}, roles.Report{Outcome: roles.Entered{}})
	case *protocol.Registered:
		m.place = placeOf(answer.Host, answer.Port, answer.Also, answer.Reached)
		m.beside.registered()
		m.lease(at, answer.Renew, answer.Held, membershipGranted, membershipGrantedToPublish, membershipGrantedLate)
		m.core.Do(roles.Report{Outcome: Leased{m.place, roles.Millis(answer.TTL), m.renew}})
	case *protocol.Renewed:
		m.lease(at, answer.Renew, answer.Held, membershipKept, membershipKeptToPublish, membershipKeptLate)
		m.listedAt(answer)
	case *protocol.Published:
		m.published(at, answer)
	case *protocol.Left:
		m.held, m.maybe, m.outcome = false, false, left
		m.core.Fire(membershipLeftHeard)
		m.hangUpSoon()
		m.core.Do(roles.Report{Outcome: Left{}})
	case *protocol.Error:
		m.refused(at, answer)
	}
}

// listedAt takes note of where a relay that has kept the lease lists us, and of whether clients come through
// it. Without a Host it lists us as before.
func (m *Membership) listedAt(answer *protocol.Renewed) {
	is := placeOf(answer.Host, answer.Port, answer.Also, answer.Reached)
	if answer.Host == nil {
		is = m.place
		is.Await = answer.Await
	}
	if !is.same(m.place) {
		m.place = is
		m.core.Do(roles.Report{Outcome: Moved{is}})
	}
}

// reject refuses a relay that broke the protocol with an ERROR.
func (m *Membership) reject(event MembershipEvent, err *protocol.Error) {
	err.By = protocol.Node
	m.fail(err.Code, protocol.Node, "the relay's answer: "+err.Text)
	m.core.Fire(event)
	m.core.Reject(link, err)
}

// lease records a granted lease. A stopping node gives it back on the same link.
func (m *Membership) lease(at roles.Moment, renew uint64, holds protocol.Held, event, toPublish, late MembershipEvent) {
	if m.State() == MembershipRegistering {
		m.confirmed = false // a relay takes an earlier index for partial until a page confirms it
	}
	m.held, m.outcome, m.told = true, leased, holds
	m.renew = renewAfter(renew)
	switch {
	case m.stopping:
		m.core.Fire(late)
		m.leave()
	case m.behind() || m.hasty:
		m.core.Fire(toPublish)
		m.begin(at)
	default:
		m.core.Fire(event)
		m.hangUpSoon()
	}
}

// refused handles an ERROR of the relay.
func (m *Membership) refused(at roles.Moment, refusal *protocol.Error) {
	m.retry = roles.Millis(refusal.Retry)
	registering := m.State() == MembershipRegistering || m.State() == MembershipEntering
	if m.core.Can(membershipResync) && m.unpublished(at, refusal) {
		return
	}
	if registering {
		m.maybe = m.earlier // a refused registration needs no LEAVE
	}
	switch superseded := refusal.Code == protocol.Superseded && m.core.Can(membershipSuperseded); {
	case superseded && registering && !m.listed() && m.outruns < mostOutruns && refusal.Epoch < 1<<63:
		m.outruns++
		m.core.Fire(membershipOutrun)
		m.register(max(refusal.Epoch, m.epoch) + 1 + at.Rand%outrunSpread)
	case refusal.Code == protocol.NoLease && m.core.Can(membershipLeaseGone) && !m.stopping:
		m.maybe = false
		m.core.Fire(membershipLeaseGone)
		m.register(m.epoch + 1)
	case superseded && (m.listed() || !registering):
		m.held, m.maybe, m.outcome = false, false, displaced
		m.core.Fire(membershipSuperseded)
		m.hangUpSoon()
		m.core.Do(roles.Report{Outcome: Displaced{"another node has registered under this node's id"}})
	default:
		if refusal.Code == protocol.NoLease {
			m.held, m.maybe = false, false
		}
		m.fail(refusal.Code, refusal.By, refusal.Text)
		m.core.Fire(membershipRefused)
		m.hangUpSoon()
	}
}

// listed reports whether the relay has ever listed us. If so, an epoch above ours belongs to
// another node.
func (m *Membership) listed() bool { return m.renew > 0 }

// hangUpSoon ends the exchange gracefully: it half-closes and waits for the relay's end of stream.
func (m *Membership) hangUpSoon() {
	m.core.Do(roles.HalfClose{Link: link}, roles.Discard{Link: link})
}

// fail records why the exchange fails, or that only publishing does.
func (m *Membership) fail(code protocol.Code, by protocol.Party, text string) {
	if m.State() == MembershipPublishing && code != protocol.NoLease {
		m.notPublished(code, by, text)
		return
	}
	m.outcome = failed
	m.failure = ExchangeFailed{Code: code, By: by, Text: text}
}
