package node_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

const (
	dialsFirst   = "dial 0 192.0.2.1:4000"
	dialsKnown   = "dial 0 192.0.2.1:4000 expects 09"
	dialsToAwait = "dial 2 192.0.2.1:4000 expects 09"
	awaits       = "send 2 AWAIT id=07 epoch=100 wait=20000"
	hearsWho     = "hear 2"
	isAwaiting   = "report awaiting"
	closesAwait  = "halfclose 2"
	dropsAwait   = "discard 2"
	hangsUpAwait = "hangup 2"
)

var (
	relayAt = roles.Opened{ID: rolestest.Node(9)}
	keptAt  = roles.Opened{Link: 2, ID: rolestest.Node(9), Peer: netip.MustParseAddrPort("192.0.2.1:4000")}
)

// oneFamily is a node whose relay has no address of another family.
func oneFamily(c node.Config) node.Config {
	c.Relay = "192.0.2.1:4000"
	return c
}

// mayCome returns a REGISTERED that says that clients come through the relay.
func mayCome() *protocol.Registered {
	return &protocol.Registered{TTL: 90_000, Renew: 30_000, Reached: protocol.Reached{Await: 1}}
}

func awaited(tickets ...byte) *protocol.Awaited {
	answer := &protocol.Awaited{Renewed: protocol.Renewed{TTL: 90_000, Renew: 30_000, Reached: protocol.Reached{Await: 1}}}
	for _, n := range tickets {
		answer.Invitations = append(answer.Invitations, protocol.Invitation{Ticket: protocol.Ticket{n}})
	}
	return answer
}

// toAwait returns a story about a node that dials to wait for clients.
func toAwait(t *testing.T) *rolestest.Story {
	t.Helper()
	m := node.NewMembership(oneFamily(config))
	s := rolestest.New(t, m, m.State)
	s.Tell(roles.Started{}, "Dialing", dialsFirst)
	s.Tell(relayAt, "Registering", registers, hear)
	s.Hear(0, mayCome(), "Closing", "report met", halfClose, discard, "report leased")
	s.At.Rand = uint64(30 * time.Second / 10) // the middle of the spread
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, dialsToAwait)
	s.Waits(roles.DialTimeout)
	return s
}

func awaiting(t *testing.T) *rolestest.Story {
	t.Helper()
	s := toAwait(t)
	s.Tell(keptAt, "Leased", awaits, hearsWho, isAwaiting)
	s.Waits(30 * time.Second) // both the renewal and the answer
	return s
}

// comes returns whether clients come through the relay, as was reported last.
func comes(s *rolestest.Story) bool {
	for _, one := range slices.Backward(s.Reports) {
		if is, told := one.(node.Awaiting); told {
			return is.On
		}
	}
	return false
}

func TestTheAwaitTableIsSound(t *testing.T) {
	if err := node.AwaitTable().Check(); err != nil {
		t.Error(err)
	}
}

// TestANodeFollowsItsInvitations: each is for one client, at the address where the link leads.
func TestANodeFollowsItsInvitations(t *testing.T) {
	s := awaiting(t)
	if !comes(s) {
		t.Error("it was not reported that clients come")
	}
	s.Hear(2, awaited(1, 2), "Leased", "report invited", "report invited", awaits, hearsWho)
	s.Hear(2, awaited(3), "Leased", "report invited", awaits, hearsWho)
	for i, one := range s.Reports[len(s.Reports)-3:] {
		if want := (node.Invited{Relay: "192.0.2.1:4000", Ticket: protocol.Ticket{byte(1 + i)}}); one != want {
			t.Errorf("reported %+v, not %+v", one, want)
		}
	}
}

// TestAnAwaitRenewsTheLease: no RENEW goes out beside it, and the relay's times are followed.
func TestAnAwaitRenewsTheLease(t *testing.T) {
	s := awaiting(t)
	for range 5 {
		s.At.Now += roles.AwaitMost
		late(s).Hear(2, awaited(), "Leased", awaits, hearsWho)
		s.Waits(30 * time.Second)
	}
	s.At.Now += roles.AwaitMost
	hasty := awaited()
	hasty.Renew = 4_000
	s.Hear(2, hasty, "Leased", "send 2 AWAIT id=07 epoch=100 wait=4000", hearsWho)
	s.Waits(5 * time.Second) // longer than the relay waits
	s.Ring("Dialing", dialsKnown)
	s.Tell(relayAt, "Renewing", renews, hear)
	s.Hear(2, awaited(1), "Renewing", "report invited", awaits, hearsWho) // the exchange goes on beside it
	s.Hear(0, rolestest.Sample(protocol.KindRenewed), "Closing", halfClose, discard, "report moved", closesAwait, dropsAwait, isAwaiting)
}

// TestAnAwaitSaysWhereTheNodeIsListed: as any other renewal does.
func TestAnAwaitSaysWhereTheNodeIsListed(t *testing.T) {
	s := awaiting(t)
	at := awaited()
	at.Host, at.Port, at.Reach = protocol.IP{192, 0, 2, 7}, 4000, protocol.ReachTimeout
	late(s).Hear(2, at, "Leased", awaits, hearsWho, "report moved")
	want := node.Place{At: netip.MustParseAddrPort("192.0.2.7:4000"), Reached: at.Reached}
	if moved := s.Reports[len(s.Reports)-1].(node.Moved); moved.Place != want || !moved.Nowhere() || !moved.Relayed() {
		t.Errorf("%+v", moved)
	}
	late(s).Hear(2, at, "Leased", awaits, hearsWho)
	late(s).Hear(2, awaited(), "Leased", awaits, hearsWho) // as before
}

// TestANodeThatIsNotReachedThroughTheRelayKeepsNoLink: it is told so, or does not want it, or nobody proves who
// the relay is.
func TestANodeThatIsNotReachedThroughTheRelayKeepsNoLink(t *testing.T) {
	without := config
	without.NoCircuits = true
	for _, c := range []struct {
		config node.Config
		opened roles.Opened
		answer *protocol.Registered
	}{
		{without, relayAt, mayCome()},
		{config, roles.Opened{}, mayCome()},
		{config, relayAt, rolestest.Sample(protocol.KindRegistered).(*protocol.Registered)},
	} {
		m := node.NewMembership(c.config)
		for _, in := range []roles.Input{roles.Started{}, c.opened, roles.Heard{Message: c.answer}} {
			m.Step(roles.Moment{}, in)
		}
		for _, e := range m.Step(roles.Moment{}, roles.PeerEnded{}) {
			if dial, is := e.(roles.Dial); is {
				t.Errorf("%+v: %+v", c, dial)
			}
		}
	}
}

// TestALinkThatIsNotNeededEnds: and another is made when the relay says so.
func TestALinkThatIsNotNeededEnds(t *testing.T) {
	s := awaiting(t)
	last := awaited(1)
	last.Await = 0
	s.Hear(2, last, "Leased", "report invited", closesAwait, dropsAwait, isAwaiting, "report moved")
	if comes(s) {
		t.Error("it was not reported that nobody comes any more")
	}
	s.Tell(roles.PeerEnded{Link: 2}, "Leased", hangsUpAwait)
	s.Waits(30 * time.Second)
	s.Ring("Dialing", dialsKnown)
	s.Tell(relayAt, "Renewing", renews, hear)
	again := &awaited().Renewed
	s.Hear(0, again, "Closing", halfClose, discard, "report moved")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, dialsToAwait)
}

// TestALostLinkIsMadeAnewAfterARandomTime: whether it has been there or not, unless an AWAITED has come over it.
func TestALostLinkIsMadeAnewAfterARandomTime(t *testing.T) {
	for _, ends := range []func(s *rolestest.Story){
		func(s *rolestest.Story) {
			s.Tell(roles.Lost{Link: 2, Code: protocol.Lost}, "Leased", hangsUpAwait)
		},
		func(s *rolestest.Story) { s.Ring("Leased", hangsUpAwait) },
		func(s *rolestest.Story) {
			s.Tell(keptAt, "Leased", awaits, hearsWho, isAwaiting)
			s.Tell(roles.Lost{Link: 2, Code: protocol.Lost}, "Leased", hangsUpAwait, isAwaiting)
		},
		func(s *rolestest.Story) {
			s.Tell(keptAt, "Leased", awaits, hearsWho, isAwaiting)
			s.Tell(roles.PeerEnded{Link: 2}, "Leased", hangsUpAwait, isAwaiting)
		},
	} {
		for _, wait := range []time.Duration{0, 1, roles.AwaitRetry / 2, roles.AwaitRetry} {
			s := toAwait(t)
			s.At.Rand = uint64(wait)
			ends(s)
			s.Waits(wait)
			if comes(s) {
				t.Error("it was not reported that nobody comes")
			}
			s.Ring("Leased", dialsToAwait)
			s.Waits(roles.DialTimeout)
		}
	}
}

// TestALinkThatWasGoodIsMadeAnewSoon, once in AwaitRetry, however it was lost: the next one is as any other.
func TestALinkThatWasGoodIsMadeAnewSoon(t *testing.T) {
	for name, lost := range map[string]roles.Input{"lost": roles.Lost{Link: 2, Code: protocol.Lost}, "ended": roles.PeerEnded{Link: 2}} {
		for _, wait := range []time.Duration{0, 1, roles.AwaitSoon} {
			s := awaiting(t)
			again := func() {
				s.Ring("Leased", dialsToAwait)
				s.Tell(keptAt, "Leased", awaits, hearsWho, isAwaiting)
				s.Hear(2, awaited(), "Leased", awaits, hearsWho)
			}
			s.Hear(2, awaited(), "Leased", awaits, hearsWho)
			s.At.Rand = uint64(roles.AwaitSoon+1) + uint64(wait)
			s.Tell(lost, "Leased", hangsUpAwait, isAwaiting)
			s.Waits(wait)
			again()
			s.Tell(lost, "Leased", hangsUpAwait, isAwaiting)
			s.Waits(roles.AwaitSoon + 1 + wait)
			again()
			s.At.Now += roles.AwaitRetry
			s.Tell(lost, "Leased", hangsUpAwait, isAwaiting)
			s.Waits(wait)
			s.Ring("Leased", dialsToAwait)
			s.Tell(roles.Lost{Link: 2, Code: protocol.Refused}, "Leased", hangsUpAwait)
			if s.Waits(roles.AwaitSoon + 1 + wait); t.Failed() {
				t.Fatal(name)
			}
		}
	}
}

// TestARefusalOnALinkThatWasGoodIsNoReasonToHurry: the relay says that it stops, or has no room.
func TestARefusalOnALinkThatWasGoodIsNoReasonToHurry(t *testing.T) {
	s := awaiting(t)
	s.Hear(2, awaited(), "Leased", awaits, hearsWho)
	s.Hear(2, refusal(protocol.Draining), "Leased", closesAwait, dropsAwait, isAwaiting)
	s.At.Rand = uint64(roles.AwaitRetry)
	s.Tell(roles.PeerEnded{Link: 2}, "Leased", hangsUpAwait)
	s.Waits(roles.AwaitRetry)
}

// TestASilentRelayIsGivenUp: when the wait and the time for an answer are over.
func TestASilentRelayIsGivenUp(t *testing.T) {
	s := awaiting(t)
	s.At.Now += roles.AwaitMost
	late(s).Hear(2, awaited(), "Leased", awaits, hearsWho)
	number := uint64(0)
	for _, e := range late(s).Machine.Step(s.At, roles.Heard{Link: 2, Message: awaited()}) {
		if arm, is := e.(roles.Arm); is && arm.Timer == 2 {
			if number = arm.Number; arm.After != roles.AwaitMost+roles.ReplyTimeout {
				t.Errorf("it waits %v", arm.After)
			}
		}
	}
	s.Tell(roles.TimerFired{Timer: 2, Number: number - 1}, "Leased") // an outdated number
	s.Tell(roles.TimerFired{Timer: 2, Number: number}, "Leased", hangsUpAwait, isAwaiting)
}

// TestARefusedAwaitCostsNoLease: the relay has its time, and is tried again.
func TestARefusedAwaitCostsNoLease(t *testing.T) {
	for code, retry := range map[protocol.Code]time.Duration{protocol.Busy: 20 * time.Second, protocol.Unexpected: 0, protocol.Draining: time.Second} {
		s := awaiting(t)
		no := refusal(code)
		no.Retry = uint64(retry.Milliseconds())
		s.Hear(2, no, "Leased", closesAwait, dropsAwait, isAwaiting)
		s.Waits(roles.CloseTimeout)
		s.At.Rand = uint64(3 * time.Second)
		s.Tell(roles.PeerEnded{Link: 2}, "Leased", hangsUpAwait)
		s.Waits(max(retry, 3*time.Second))
		s.Ring("Leased", dialsToAwait)
		s.At.Rand = uint64(time.Second)
		s.Tell(roles.Lost{Link: 2, Code: protocol.Refused}, "Leased", hangsUpAwait)
		s.Waits(time.Second) // what it asked for is over
	}
}

// TestARelayThatBreaksTheProtocolOnTheKeptLinkIsToldSo: it is tried again.
func TestARelayThatBreaksTheProtocolOnTheKeptLinkIsToldSo(t *testing.T) {
	s := awaiting(t)
	s.Hear(2, &protocol.Left{}, "Leased", "send 2 ERROR unexpected by node", closesAwait, dropsAwait, isAwaiting)
	s.Ring("Leased", hangsUpAwait)
	s.Ring("Leased", dialsToAwait)
	s.Tell(keptAt, "Leased", awaits, hearsWho, isAwaiting)
	s.Tell(roles.Malformed{Link: 2, Err: &protocol.Error{Code: protocol.Malformed}}, "Leased", "send 2 ERROR malformed by node", closesAwait, dropsAwait, isAwaiting)
	s.Tell(roles.Lost{Link: 2, Code: protocol.Lost}, "Leased", hangsUpAwait)
}

// TestALeaseThatTheRelayDoesNotKnowIsTakenAnewAtOnce: and the next AWAIT is for the new one.
func TestALeaseThatTheRelayDoesNotKnowIsTakenAnewAtOnce(t *testing.T) {
	s := awaiting(t)
	s.Hear(2, refusal(protocol.NoLease), "Dialing", closesAwait, dropsAwait, isAwaiting, dialsKnown)
	s.Tell(roles.PeerEnded{Link: 2}, "Dialing", hangsUpAwait)
	s.Tell(relayAt, "Renewing", renews, hear)
	s.Hear(0, refusal(protocol.NoLease), "Registering", "send 0 REGISTER id=07 epoch=101 port=5000", hear)
	s.Hear(0, mayCome(), "Closing", halfClose, discard, "report leased")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, dialsToAwait)
	s.Tell(keptAt, "Leased", "send 2 AWAIT id=07 epoch=101 wait=20000", hearsWho, isAwaiting)

	s.At.Now++ // a relay that grants and refuses in turn sets no pace
	s.Hear(2, refusal(protocol.NoLease), "Dialing", closesAwait, dropsAwait, isAwaiting, dialsKnown)
	s.Tell(roles.PeerEnded{Link: 2}, "Dialing", hangsUpAwait)
	s.Tell(relayAt, "Renewing", "send 0 RENEW id=07 epoch=101", hear)
	s.Hear(0, &awaited().Renewed, "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
	s.Waits(3 * time.Second) // at random
	s.Ring("Leased", dialsToAwait)
}

// TestADisplacedNodeLearnsItFromItsAwait, and ends with both links.
func TestADisplacedNodeLearnsItFromItsAwait(t *testing.T) {
	s := awaiting(t)
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 101
	s.Hear(2, superseded, "Dialing", closesAwait, dropsAwait, isAwaiting, dialsKnown)
	s.Tell(relayAt, "Renewing", renews, hear)
	s.Hear(0, superseded, "Closing", halfClose, discard, "report displaced")
	s.Tell(roles.PeerEnded{}, "Displaced", hangUp, hangsUpAwait)
	s.Waits(0)
}

// TestANewEpochIsAwaitedOnANewLink: the old one ends as soon as the lease is asked for anew.
func TestANewEpochIsAwaitedOnANewLink(t *testing.T) {
	s := awaiting(t)
	s.Ring("Dialing", dialsKnown)
	s.Tell(relayAt, "Renewing", renews, hear)
	s.Hear(0, refusal(protocol.NoLease), "Registering", "send 0 REGISTER id=07 epoch=101 port=5000", hear, closesAwait, dropsAwait, isAwaiting)
	s.Hear(0, mayCome(), "Closing", halfClose, discard, "report leased")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
	s.Tell(roles.PeerEnded{Link: 2}, "Leased", hangsUpAwait, dialsToAwait) // one link at a time
	s.Tell(keptAt, "Leased", "send 2 AWAIT id=07 epoch=101 wait=20000", hearsWho, isAwaiting)
}

// TestAFailedExchangeDoesNotEndTheAwait: its link says that the lease runs, and then a RENEW is enough.
func TestAFailedExchangeDoesNotEndTheAwait(t *testing.T) {
	s := awaiting(t)
	s.Ring("Dialing", dialsKnown)
	s.Tell(relayAt, "Renewing", renews, hear)
	s.Hear(0, refusal(protocol.Busy), "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Offline", hangUp, "report exchangefailed")
	s.Hear(2, awaited(4), "Offline", "report invited", awaits, hearsWho)
	s.Ring("Dialing", dialsKnown)
	s.Tell(relayAt, "Renewing", renews, hear)
}

// TestAStopEndsTheWaitGracefully: the relay has until the end of the exchange in which the node leaves.
func TestAStopEndsTheWaitGracefully(t *testing.T) {
	s := awaiting(t)
	s.Tell(roles.Stopped{}, "Dialing", dialsKnown, closesAwait, dropsAwait, isAwaiting)
	s.Waits(roles.CloseTimeout)
	s.Tell(roles.PeerEnded{Link: 2}, "Dialing", hangsUpAwait)
	s.Tell(relayAt, "Leaving", parts, hear)
	s.Hear(0, &protocol.Left{}, "Closing", halfClose, discard, "report left")
	s.Tell(roles.PeerEnded{}, "Ended", hangUp)

	s = awaiting(t)
	s.Tell(roles.Stopped{}, "Dialing", dialsKnown, closesAwait, dropsAwait, isAwaiting)
	s.Tell(relayAt, "Leaving", parts, hear)
	s.Ring("Leaving", hangsUpAwait) // a relay that does not end it

	s = awaiting(t)
	s.Tell(roles.Stopped{}, "Dialing", dialsKnown, closesAwait, dropsAwait, isAwaiting)
	s.Tell(relayAt, "Leaving", parts, hear)
	s.Hear(0, &protocol.Left{}, "Closing", halfClose, discard, "report left")
	s.Tell(roles.PeerEnded{}, "Ended", hangUp, hangsUpAwait) // no link outlives the membership
	s.Waits(0)

	toAwait(t).Tell(roles.Stopped{}, "Dialing", dialsKnown, hangsUpAwait)
	s = toAwait(t)
	s.Tell(roles.Lost{Link: 2, Code: protocol.Refused}, "Leased", hangsUpAwait)
	s.Tell(roles.Stopped{}, "Dialing", dialsKnown) // there was no link
	s.Waits(roles.DialTimeout)
}

// TestWhatIsToBePublishedDoesNotWaitForAnAwait: and what the relay has lost is published again.
func TestWhatIsToBePublishedDoesNotWaitForAnAwait(t *testing.T) {
	c := sharing(1)
	m := node.NewMembership(oneFamily(c))
	s := rolestest.New(t, m, m.State)
	s.Tell(roles.Started{}, "Dialing", dialsFirst)
	s.Tell(relayAt, "Registering", registersToPublish, hear)
	s.Hear(0, mayCome(), "Publishing", "report met", publishes(c, 0), hear, "report leased")
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 1}, "Closing", halfClose, discard, "report published")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, dialsToAwait)
	s.Tell(keptAt, "Leased", awaits, hearsWho, isAwaiting)
	holds := awaited()
	holds.Held = protocol.Held{Index: 1, Sequence: 1}
	late(s).Hear(2, holds, "Leased", awaits, hearsWho)
	s.Waits(roles.AwaitMost + roles.RenewAfter/4) // the least

	c.Catalog.Set("f0", 1, protocol.Hash{9})
	s.Tell(roles.Notified{}, "Leased")
	s.At.Now += time.Second
	s.Hear(2, holds, "Leased", awaits, hearsWho)
	s.Waits(roles.PublishGap - time.Second - roles.AwaitLeast)
	s.Ring("Dialing", dialsKnown)
	s.Tell(relayAt, "Renewing", renews, hear)
	renewed := holds.Renewed
	s.Hear(0, &renewed, "Publishing", publishes(c, 1), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2}, "Closing", halfClose, discard, "report published")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)

	s.At.Now += roles.AwaitMost
	late(s).Hear(2, awaited(), "Leased", awaits, hearsWho) // it holds nothing
	s.Waits(0)
	s.Ring("Dialing", dialsKnown)
}

// TestALeaseThatAnAwaitRenewsIsRenewedOverTheOtherFamily: the exchanges of its own are far between.
func TestALeaseThatAnAwaitRenewsIsRenewedOverTheOtherFamily(t *testing.T) {
	s := started(t)
	s.Tell(relayAt, "Registering", registers, hear)
	s.Hear(0, mayCome(), "Closing", "report met", halfClose, discard, "report leased")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, "dial 2 relay:4000 expects 09")
	s.Tell(keptAt, "Leased", awaits, hearsWho, isAwaiting)
	late(s).Hear(2, awaited(), "Leased", awaits, hearsWho, dialsBeside+" expects 09")
	late(s).Hear(2, awaited(), "Leased", awaits, hearsWho) // it is under way
}

// awaitSubject returns a node whose relay has clients come through it.
func awaitSubject(from rolestest.Subject) rolestest.Subject {
	from.Proves = rolestest.Node(9)
	last := awaited(1)
	last.Await = 0
	from.Says = append(slices.Clone(from.Says), mayCome(), awaited(1), last)
	rolestest.Within(&from, node.AwaitTable())
	return from
}

// kept is a membership whose Await is watched.
type kept struct {
	*node.Membership
	fired map[string]bool // "State/Event"
}

func (k kept) Watch(f func(roles.Transition)) {
	k.Membership.Watch(func(moved roles.Transition) {
		if moved.Machine == "node.Await" {
			k.fired[moved.From+"/"+moved.Event] = true
		}
		f(moved)
	})
}

// late lets a relay wait for as long as one does to whom nobody has come.
func late(s *rolestest.Story) *rolestest.Story {
	s.At.Now += roles.AwaitLeast
	return s
}

// TestARelayThatDoesNotWaitSetsNoPace: after a burst it is asked once in AwaitLeast, whether or not it says that somebody
// has come; one that waits has its burst again.
func TestARelayThatDoesNotWaitSetsNoPace(t *testing.T) {
	s := awaiting(t)
	for range roles.AwaitBurst {
		s.Hear(2, awaited(), "Leased", awaits, hearsWho)
	}
	for range 3 {
		s.Hear(2, awaited(5), "Leased", "report invited")
		s.Ring("Leased", awaits, hearsWho)
	}
	s.At.Now += roles.AwaitMost
	for range roles.AwaitBurst {
		s.Hear(2, awaited(), "Leased", awaits, hearsWho)
	}
}

// TestANodeThatRestsStops as one that waits does.
func TestANodeThatRestsStops(t *testing.T) {
	s := awaiting(t)
	for range roles.AwaitBurst {
		s.Hear(2, awaited(), "Leased", awaits, hearsWho)
	}
	s.Hear(2, awaited(), "Leased")
	effects := s.Machine.Step(s.At, roles.Stopped{})
	if len(effects) < 2 || effects[len(effects)-1] != (roles.Effect)(roles.Report{Outcome: node.Awaiting{}}) {
		t.Errorf("it ends with %v", effects)
	}
}
