package node_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

var config = node.Config{Relay: "relay:4000", ID: rolestest.Node(7), Epoch: 100, Port: 5000}

// Effects that occur often.
const (
	dials              = "dial 0 relay:4000"
	registers          = "send 0 REGISTER id=07 epoch=100 port=5000"
	registersToPublish = registers + " publishes=1"
	renews             = "send 0 RENEW id=07 epoch=100"
	parts              = "send 0 LEAVE id=07 epoch=100"
	halfClose          = "halfclose 0"
	discard            = "discard 0"
	hangUp             = "hangup 0"
	hear               = "hear 0"
)

func refusal(code protocol.Code) *protocol.Error {
	return &protocol.Error{Code: code, By: protocol.Relay}
}

// started returns a story about a membership that dials. Its Rand varies nothing.
func started(t *testing.T) *rolestest.Story {
	t.Helper()
	m := node.NewMembership(config)
	s := rolestest.New(t, m, m.State)
	s.Tell(roles.Started{}, "Dialing", dials)
	s.Waits(roles.DialTimeout)
	return s
}

func registering(t *testing.T) *rolestest.Story {
	t.Helper()
	s := started(t)
	s.Tell(roles.Opened{}, "Registering", registers, hear)
	s.Waits(roles.ReplyTimeout)
	return s
}

func leased(t *testing.T) *rolestest.Story {
	t.Helper()
	s := registering(t)
	s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Closing", halfClose, discard, "report leased")
	s.Waits(roles.CloseTimeout)
	s.At.Rand = uint64(30 * time.Second / 10) // the middle of the spread
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
	s.Waits(30 * time.Second)
	return s
}

func renewing(t *testing.T) *rolestest.Story {
	t.Helper()
	s := leased(t)
	s.Ring("Dialing", dials)
	s.Tell(roles.Opened{}, "Renewing", renews, hear)
	s.Waits(roles.ReplyTimeout)
	return s
}

func leaving(t *testing.T) *rolestest.Story {
	t.Helper()
	s := leased(t)
	s.Tell(roles.Stopped{}, "Dialing", dials)
	s.Tell(roles.Opened{}, "Leaving", parts, hear)
	s.Waits(roles.ReplyTimeout)
	return s
}

func TestANodeRegistersAndRests(t *testing.T) {
	s := leased(t)
	listed := s.Reports[0].(node.Leased)
	if listed.At.String() != "192.0.2.1:4000" || listed.TTL != 90*time.Second || listed.Renew != 30*time.Second {
		t.Errorf("reported %+v", listed)
	}
}

// TestANodeIsToldWhereItIsListed: at none, one or two addresses, when it registers and when it renews.
func TestANodeIsToldWhereItIsListed(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	for _, c := range []struct{ host, also netip.Addr }{{four, netip.Addr{}}, {four, six}, {six, four}, {netip.Addr{}, netip.Addr{}}} {
		want := node.Place{Also: c.also}
		registered, renewed := &protocol.Registered{TTL: 90_000, Renew: 30_000}, &protocol.Renewed{TTL: 90_000, Renew: 30_000}
		if c.host.IsValid() {
			want.At = netip.AddrPortFrom(c.host, 4000)
			registered.Host, registered.Port, renewed.Host, renewed.Port = protocol.IPOf(c.host), 4000, protocol.IPOf(c.host), 4000
		}
		if c.also.IsValid() {
			registered.Also, renewed.Also = protocol.IPOf(c.also), protocol.IPOf(c.also)
		}
		if told := outcomes(registering(t), registered); len(told) != 1 || told[0] != (node.Leased{Place: want, TTL: 90 * time.Second, Renew: 30 * time.Second}) {
			t.Errorf("%v: it was told %+v", c, told)
		}
		if told := outcomes(renewing(t), renewed); c.host.IsValid() == (len(told) == 0) || len(told) == 1 && told[0] != (node.Moved{Place: want}) {
			t.Errorf("%v, renewed: it was told %+v", c, told)
		}
	}
}

// outcomes returns what a machine reports when it hears a message.
func outcomes(s *rolestest.Story, m protocol.Message) (told []roles.Outcome) {
	for _, e := range s.Machine.Step(s.At, roles.Heard{Message: m}) {
		if report, is := e.(roles.Report); is {
			told = append(told, report.Outcome)
		}
	}
	return told
}

func TestARenewalIsVaried(t *testing.T) {
	for random, want := range map[uint64]time.Duration{0: 27 * time.Second, uint64(6 * time.Second): 33 * time.Second} {
		s := renewing(t)
		s.Hear(0, rolestest.Sample(protocol.KindRenewed), "Closing", halfClose, discard)
		s.At.Rand = random
		s.Tell(roles.PeerEnded{}, "Leased", hangUp)
		s.Waits(want)
	}
}

func TestAHastyRelayIsNotFollowedBelowASecond(t *testing.T) {
	s := renewing(t)
	s.Hear(0, &protocol.Renewed{TTL: 3, Renew: 1}, "Closing", halfClose, discard)
	s.At.Rand = uint64(roles.RenewLeast / 10)
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
	s.Waits(roles.RenewLeast)
}

func TestALostLeaseIsTakenAnewOnTheSameLink(t *testing.T) {
	s := renewing(t)
	s.Hear(0, refusal(protocol.NoLease), "Registering", "send 0 REGISTER id=07 epoch=101 port=5000", hear)
	s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Closing", halfClose, discard, "report leased")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
}

func TestAKnownEpochIsOutrun(t *testing.T) {
	s := registering(t)
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 5000
	s.Hear(0, superseded, "Registering", "send 0 REGISTER id=07 epoch=5001 port=5000", hear)
	superseded.Epoch = 4000 // makes no sense; the epoch still rises
	s.Hear(0, superseded, "Registering", "send 0 REGISTER id=07 epoch=5002 port=5000", hear)
	s.Hear(0, superseded, "Registering", "send 0 REGISTER id=07 epoch=5003 port=5000", hear)
	s.Hear(0, superseded, "Closing", halfClose, discard) // enough
	s.Tell(roles.PeerEnded{}, "Hopeless", hangUp, "report hopeless")
}

// TestTwoNodesDoNotComeToOneEpoch: how far above another epoch a node goes is drawn.
func TestTwoNodesDoNotComeToOneEpoch(t *testing.T) {
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 5000
	for random, epoch := range map[uint64]int{0: 5001, 7: 5008, 1<<20 - 1: 5000 + 1<<20, 1<<20 + 7: 5008} {
		s := registering(t)
		s.At.Rand = random
		s.Hear(0, superseded, "Registering", fmt.Sprintf("send 0 REGISTER id=07 epoch=%d port=5000", epoch), hear)
	}
}

func TestAnEpochThatNobodyCanGoAboveIsNotFollowed(t *testing.T) {
	s := registering(t)
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 1<<64 - 1
	s.Hear(0, superseded, "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Hopeless", hangUp, "report hopeless")
}

func TestADisplacedNodeEnds(t *testing.T) {
	s := renewing(t)
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 101
	s.Hear(0, superseded, "Closing", halfClose, discard, "report displaced")
	s.Tell(roles.PeerEnded{}, "Displaced", hangUp)
	if !s.Machine.Final() {
		t.Error("not final")
	}
}

func TestAnAbsentRelayIsTriedForEver(t *testing.T) {
	s := started(t)
	wait := roles.RetryFirst
	for range 100 {
		s.At.Rand = uint64(wait / 2)
		s.Tell(roles.Lost{Code: protocol.Refused}, "Offline", hangUp, "report exchangefailed")
		s.Waits(wait)
		if failure := s.Reports[len(s.Reports)-1].(node.ExchangeFailed); failure.Again != wait || failure.Code != protocol.Refused {
			t.Fatalf("reported %+v", failure)
		}
		s.Ring("Dialing", dials)
		wait = min(2*wait, roles.RetryMost)
	}
}

func TestTheBackoffIsVariedByHalf(t *testing.T) {
	for random, want := range map[uint64]time.Duration{
		0: roles.RetryFirst / 2, uint64(roles.RetryFirst): roles.RetryFirst * 3 / 2,
	} {
		s := started(t)
		s.At.Rand = random
		s.Tell(roles.Lost{Code: protocol.Refused}, "Offline", hangUp, "report exchangefailed")
		s.Waits(want)
	}
}

// TestAListedNodeKeepsItsRhythm: its tries are one renewal apart, give or take the spread, however
// often they fail. This spreads the nodes of a relay that restarts.
func TestAListedNodeKeepsItsRhythm(t *testing.T) {
	s := leased(t)
	for i := range 10 {
		s.Ring("Dialing", dials)
		s.At.Rand = uint64(i) * uint64(600*time.Millisecond)
		s.Tell(roles.Lost{Code: protocol.Refused}, "Offline", hangUp, "report exchangefailed")
		s.Waits(27*time.Second + time.Duration(s.At.Rand))
	}
	s.Ring("Dialing", dials)
	s.Tell(roles.Opened{}, "Registering", "send 0 REGISTER id=07 epoch=101 port=5000", hear) // the relay may have lost the lease
}

// TestADisplacedNodeEndsWhenItRegistersAnew: a refused registration shows it as well as a refused
// renewal.
func TestADisplacedNodeEndsWhenItRegistersAnew(t *testing.T) {
	s := renewing(t)
	s.Ring("Offline", hangUp, "report exchangefailed")
	s.Ring("Dialing", dials)
	s.Tell(roles.Opened{}, "Registering", "send 0 REGISTER id=07 epoch=101 port=5000", hear)
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 102
	s.Hear(0, superseded, "Closing", halfClose, discard, "report displaced")
	s.Tell(roles.PeerEnded{}, "Displaced", hangUp)
}

// TestARareRenewalIsNoReasonToWaitLong: a relay that asks for a renewal once an hour is still tried
// each minute.
func TestARareRenewalIsNoReasonToWaitLong(t *testing.T) {
	s := registering(t)
	rare := *rolestest.Sample(protocol.KindRegistered).(*protocol.Registered)
	rare.Renew = protocol.ToMillis(time.Hour)
	s.Hear(0, &rare, "Closing", halfClose, discard, "report leased")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp)
	s.Ring("Dialing", dials)
	s.At.Rand = uint64(roles.RetryMost / 10)
	s.Tell(roles.Lost{Code: protocol.Refused}, "Offline", hangUp, "report exchangefailed")
	s.Waits(roles.RetryMost)
}

// TestARelaysWishToWaitIsKept: the node never tries earlier, and not much later.
func TestARelaysWishToWaitIsKept(t *testing.T) {
	for _, random := range []uint64{0, 1, 12345678901, 1 << 40, 1<<64 - 1} {
		s := registering(t)
		busy := refusal(protocol.Busy)
		busy.Retry = 20_000
		s.Hear(0, busy, "Closing", halfClose, discard)
		s.At.Rand = random
		s.Tell(roles.PeerEnded{}, "Offline", hangUp, "report exchangefailed")
		if wait := s.Wait(); wait < 20*time.Second || wait > 30*time.Second {
			t.Errorf("random %d waits %v", random, wait)
		}
	}
}

func TestAWishToWaitForEverIsCut(t *testing.T) {
	s := registering(t)
	busy := refusal(protocol.Busy)
	busy.Retry = 1<<64 - 1
	s.Hear(0, busy, "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Offline", hangUp, "report exchangefailed")
	if wait := s.Wait(); wait < roles.MaxWait || wait > roles.MaxWait*3/2 {
		t.Errorf("waits %v", wait)
	}
}

func TestASilentRelayIsLetGo(t *testing.T) {
	for name, at := range map[string]func(*testing.T) *rolestest.Story{"dialling": started, "registering": registering, "renewing": renewing} {
		s := at(t)
		s.Ring("Offline", hangUp, "report exchangefailed")
		if failure := s.Reports[len(s.Reports)-1].(node.ExchangeFailed); failure.Code != protocol.Timeout {
			t.Errorf("%s: reported %+v", name, failure)
		}
	}
}

func TestARelayThatDoesNotCloseCostsNothing(t *testing.T) {
	s := registering(t)
	s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Closing", halfClose, discard, "report leased")
	s.Ring("Leased", hangUp)
}

// TestALinkToTheRelayThatBreaksIsMadeAgain: at once, over another of the relay's addresses if it has
// several, and once in an exchange.
func TestALinkToTheRelayThatBreaksIsMadeAgain(t *testing.T) {
	const dialsAgain = dials + " last 192.0.2.1"
	opened, lost := roles.Opened{Peer: netip.MustParseAddrPort("192.0.2.1:4000")}, roles.Lost{Code: protocol.Lost}
	s := started(t)
	s.Tell(opened, "Registering", registers, hear)
	s.Tell(lost, "Dialing", hangUp, dialsAgain)
	s.Tell(opened, "Registering", "send 0 REGISTER id=07 epoch=101 port=5000", hear) // the first may have come
	s.Tell(lost, "Offline", hangUp, "report exchangefailed")
	s.Ring("Dialing", dials)
	s.Tell(opened, "Registering", "send 0 REGISTER id=07 epoch=102 port=5000", hear)
	s.Tell(roles.PeerEnded{}, "Dialing", hangUp, dialsAgain)
	s.Tell(roles.Lost{Code: protocol.Refused}, "Offline", hangUp, "report exchangefailed")

	s = leased(t)
	s.Ring("Dialing", dials)
	s.Tell(opened, "Renewing", renews, hear)
	s.Tell(lost, "Dialing", hangUp, dialsAgain)
	s.Tell(opened, "Renewing", renews, hear)
	s.Hear(0, rolestest.Sample(protocol.KindRenewed), "Closing", halfClose, discard)
	s.Tell(lost, "Leased", hangUp, "dial 1 relay:4000 over IPv6")

	s = leaving(t)
	s.Tell(lost, "Dialing", hangUp, dials)
	s.Tell(opened, "Leaving", parts, hear)
	s.Tell(lost, "Ended", hangUp, "report exchangefailed")
}

// TestPublishingGoesOnAfterALinkThatBroke: from where the relay is. If that fails as well, the lease
// is kept.
func TestPublishingGoesOnAfterALinkThatBroke(t *testing.T) {
	c := sharing(2)
	s := published(t, c)
	s.Tell(roles.Lost{Code: protocol.Lost}, "Dialing", hangUp, dials)
	s.Tell(roles.Opened{}, "Renewing", renews, hear)
	s.Hear(0, &protocol.Renewed{TTL: 90000, Renew: 30000}, "Publishing", publishes(c, 0), hear)
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 2}, "Closing", halfClose, discard, "report published")
	for _, then := range []roles.Lost{{Code: protocol.Refused}, {Code: protocol.Timeout}} {
		s = published(t, sharing(2))
		s.Tell(roles.Lost{Code: protocol.Lost}, "Dialing", hangUp, dials)
		s.Tell(then, "Leased", "report exchangefailed", hangUp)
		s.Waits(2 * roles.PublishGap)
	}
	s = published(t, sharing(2))
	s.Tell(roles.PeerEnded{}, "Dialing", hangUp, dials)
	s.Tell(roles.Opened{}, "Renewing", renews, hear)
	s.Hear(0, &protocol.Renewed{TTL: 90000, Renew: 30000}, "Publishing", publishes(c, 0), hear)
	s.Tell(roles.Lost{Code: protocol.Lost}, "Leased", "report exchangefailed", hangUp)
}

// TestARefusalThatWillNotPassIsSaidOnce: to a node that was never listed; one that was goes on trying.
func TestARefusalThatWillNotPassIsSaidOnce(t *testing.T) {
	for _, code := range []protocol.Code{protocol.Denied, protocol.Superseded, protocol.BadVersion, protocol.UnknownKind} {
		s := registering(t)
		err := refusal(code)
		err.Epoch = 1<<64 - 1
		s.Hear(0, err, "Closing", halfClose, discard)
		s.Tell(roles.PeerEnded{}, "Hopeless", hangUp, "report hopeless")
	}
	s := registering(t) // something that is no relay
	s.Tell(roles.Malformed{Err: &protocol.Error{Code: protocol.Malformed}}, "Closing", "send 0 ERROR malformed by node", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Hopeless", hangUp, "report hopeless")
	s = registering(t)
	s.Hear(0, rolestest.Sample(protocol.KindLocated), "Closing", "send 0 ERROR unexpected by node", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Hopeless", hangUp, "report hopeless")
	for _, code := range []protocol.Code{protocol.Busy, protocol.Limit, protocol.Draining, protocol.Internal, protocol.Timeout} {
		s := registering(t)
		s.Hear(0, refusal(code), "Closing", halfClose, discard)
		s.Tell(roles.PeerEnded{}, "Offline", hangUp, "report exchangefailed")
	}
	s = renewing(t)
	s.Hear(0, refusal(protocol.Denied), "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Offline", hangUp, "report exchangefailed")
}

// TestANodeHearsWhereItIsListed: at first, and when that changes.
func TestANodeHearsWhereItIsListed(t *testing.T) {
	s := renewing(t)
	s.Hear(0, &protocol.Renewed{TTL: 90_000, Renew: 30_000, Host: protocol.IP{198, 51, 100, 7}, Port: 4000}, "Closing", halfClose, discard, "report moved")
	want := node.Place{At: netip.MustParseAddrPort("198.51.100.7:4000")}
	if moved := s.Reports[len(s.Reports)-1].(node.Moved); moved.Place != want {
		t.Errorf("%+v", moved)
	}
	s = renewing(t)
	s.Hear(0, &protocol.Renewed{TTL: 90_000, Renew: 30_000, Host: protocol.IP{192, 0, 2, 1}, Port: 4000}, "Closing", halfClose, discard) // as before
}

func TestALeaveIsSaid(t *testing.T) {
	s := leaving(t)
	s.Hear(0, &protocol.Left{}, "Closing", halfClose, discard, "report left")
	s.Tell(roles.PeerEnded{}, "Ended", hangUp)
	s.Waits(0)
}

func TestStopInEachState(t *testing.T) {
	t.Run("before the start", func(t *testing.T) {
		m := node.NewMembership(config)
		rolestest.New(t, m, m.State).Tell(roles.Stopped{}, "Ended")
	})
	t.Run("dialling for the first time", func(t *testing.T) {
		s := started(t)
		s.Tell(roles.Stopped{}, "Dialing")
		s.Tell(roles.Opened{}, "Registering", registers, hear)
		s.Ring("Dialing", hangUp, dials) // it may be listed all the same
		s.Tell(roles.Lost{Code: protocol.Refused}, "Ended", hangUp, "report exchangefailed")
	})
	t.Run("registering", func(t *testing.T) {
		s := registering(t)
		s.Tell(roles.Stopped{}, "Registering")
		s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Leaving", parts, hear, "report leased")
		s.Hear(0, &protocol.Left{}, "Closing", halfClose, discard, "report left")
		s.Tell(roles.PeerEnded{}, "Ended", hangUp)
	})
	t.Run("renewing", func(t *testing.T) {
		s := renewing(t)
		s.Tell(roles.Stopped{}, "Renewing")
		s.Hear(0, rolestest.Sample(protocol.KindRenewed), "Leaving", parts, hear)
		s.Hear(0, refusal(protocol.Internal), "Closing", halfClose, discard)
		s.Tell(roles.PeerEnded{}, "Ended", hangUp, "report exchangefailed") // one try suffices
	})
	t.Run("renewing a lease that is gone", func(t *testing.T) {
		s := renewing(t)
		s.Tell(roles.Stopped{}, "Renewing")
		s.Hear(0, refusal(protocol.NoLease), "Closing", halfClose, discard)
		s.Tell(roles.PeerEnded{}, "Ended", hangUp)
	})
	t.Run("offline with a lease that may run", func(t *testing.T) {
		s := renewing(t)
		s.Ring("Offline", hangUp, "report exchangefailed")
		s.Tell(roles.Stopped{}, "Dialing", dials)
		s.Tell(roles.Opened{}, "Leaving", parts, hear)
		s.Ring("Ended", hangUp, "report exchangefailed")
	})
	t.Run("offline and never listed", func(t *testing.T) {
		s := started(t)
		s.Tell(roles.Lost{Code: protocol.Refused}, "Offline", hangUp, "report exchangefailed")
		s.Tell(roles.Stopped{}, "Ended")
	})
	t.Run("closing", func(t *testing.T) {
		s := registering(t)
		s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Closing", halfClose, discard, "report leased")
		s.Tell(roles.Stopped{}, "Closing")
		s.Tell(roles.PeerEnded{}, "Dialing", hangUp, dials)
	})
	t.Run("twice", func(t *testing.T) {
		s := leaving(t)
		s.Tell(roles.Stopped{}, "Leaving")
		s.Hear(0, &protocol.Left{}, "Closing", halfClose, discard, "report left")
		s.Tell(roles.Stopped{}, "Closing")
		s.Tell(roles.PeerEnded{}, "Ended", hangUp)
	})
}

// TestANodeExpectsTheRelayThatItHasMet: in the same exchange, in all later ones, and over the other
// family.
func TestANodeExpectsTheRelayThatItHasMet(t *testing.T) {
	m := node.NewMembership(config)
	s := rolestest.New(t, m, m.State)
	s.Tell(roles.Started{}, "Dialing", dials)
	s.Tell(roles.Opened{ID: rolestest.Node(9), Peer: netip.MustParseAddrPort("192.0.2.1:4000")}, "Registering", registers, hear)
	s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Closing", "report met", halfClose, discard, "report leased")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, "dial 1 relay:4000 over IPv6 expects 09")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Unreachable}, "Leased", "hangup 1")
	s.Ring("Dialing", dials+" expects 09")
	s.Tell(roles.Lost{Code: protocol.Lost}, "Dialing", hangUp, "dial 0 relay:4000 last 192.0.2.1 expects 09")
}

// TestAnInviteGoesAheadOfTheRegistration, once in a run.
func TestAnInviteGoesAheadOfTheRegistration(t *testing.T) {
	with := config
	with.RelayID, with.Entry = rolestest.Node(9), roles.Entry{Invite: rolestest.Invite(), ID: config.ID}
	enters := rolestest.Describe(roles.Send{Message: rolestest.Sample(protocol.KindEnter)})
	begin := func() *rolestest.Story {
		m := node.NewMembership(with)
		s := rolestest.New(t, m, m.State)
		s.Tell(roles.Started{}, "Dialing", dials+" expects 09")
		s.Tell(roles.Opened{ID: rolestest.Node(9)}, "Entering", enters, registers, hear)
		s.Waits(roles.ReplyTimeout)
		return s
	}
	s := begin()
	s.Tell(roles.Lost{Code: protocol.Lost}, "Dialing", hangUp, dials+" expects 09")
	s.Tell(roles.Opened{ID: rolestest.Node(9)}, "Entering", enters, "send 0 REGISTER id=07 epoch=101 port=5000", hear)
	s.Hear(0, &protocol.Entered{Role: protocol.NodeRole}, "Registering", hear, "report entered")
	s.Tell(roles.Lost{Code: protocol.Lost}, "Offline", hangUp, "report exchangefailed")
	s.Ring("Dialing", dials+" expects 09")
	s.Tell(roles.Opened{ID: rolestest.Node(9)}, "Registering", "send 0 REGISTER id=07 epoch=102 port=5000", hear)

	s = begin()
	s.Hear(0, refusal(protocol.Denied), "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Hopeless", hangUp, "report hopeless")

	s = begin()
	s.Hear(0, refusal(protocol.Internal), "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Offline", hangUp, "report exchangefailed")
	s.Tell(roles.Stopped{}, "Ended") // what the relay refused is not there to be left
}

// TestWhatIsNoRelayOrAnotherEndsANode that was never listed: trying again does not help.
func TestWhatIsNoRelayOrAnotherEndsANode(t *testing.T) {
	for _, code := range []protocol.Code{protocol.WrongPeer, protocol.NoTLS, protocol.NoPeer, protocol.RelayChanged} {
		s := started(t)
		s.Tell(roles.Lost{Code: code}, "Hopeless", hangUp, "report hopeless")
		s = renewing(t)
		s.Hear(0, rolestest.Sample(protocol.KindRenewed), "Closing", halfClose, discard)
		s.Tell(roles.PeerEnded{}, "Leased", hangUp)
		s.Ring("Dialing", dials)
		s.Tell(roles.Lost{Code: code}, "Offline", hangUp, "report exchangefailed")
	}
}

// membershipSubjects returns a node that publishes nothing, and one that publishes.
func membershipSubjects() (silent, publishing rolestest.Subject) {
	silent = rolestest.NewSubject(node.MembershipTable(), roles.Started{}, nil)
	rolestest.Reused(&silent, func() *node.Membership { return node.NewMembership(config) }, func(m *node.Membership) { m.Reset(config) })
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 500
	silent.Says = []protocol.Message{
		rolestest.Sample(protocol.KindRegistered), rolestest.Sample(protocol.KindRenewed), rolestest.Sample(protocol.KindLeft),
		rolestest.Sample(protocol.KindGet), superseded, refusal(protocol.NoLease), refusal(protocol.Busy),
	}
	publishing = silent
	publishing.Done = nil
	publishing.New = func() rolestest.Explorable {
		c := sharing(2)
		return &restless{Membership: node.NewMembership(c), catalog: c.Catalog}
	}
	publishing.Says = append(publishing.Says, refusal(protocol.Resync), refusal(protocol.Limit),
		&protocol.Published{Index: 1, Sequence: 1}, &protocol.Published{Index: 1, Sequence: 2})
	publishing.Others = []roles.Input{roles.Notified{}}
	return silent, publishing
}

// dual is a membership that reaches its relay over IPv4, so that it renews over IPv6 beside that.
type dual struct{ *node.Membership }

func (d dual) Step(at roles.Moment, in roles.Input) []roles.Effect {
	if opened, is := in.(roles.Opened); is && opened.Link == 0 {
		opened.Peer = netip.MustParseAddrPort("192.0.2.1:4000")
		in = opened
	}
	return d.Membership.Step(at, in)
}

func TestWhateverHappensToAMembership(t *testing.T) {
	silent, publishing := membershipSubjects()
	both := silent
	rolestest.Within(&both, node.RenewalTable())
	rolestest.Reused(&both, func() dual { return dual{node.NewMembership(config)} }, func(m dual) { m.Reset(config) })
	both.Visits = 2
	invited := silent
	invited.Proves = rolestest.Node(9)
	invited.Says = append(invited.Says, &protocol.Entered{Role: protocol.NodeRole}, refusal(protocol.Denied))
	with := config
	with.Entry = roles.Entry{Invite: rolestest.Invite(), ID: config.ID}
	rolestest.Reused(&invited, func() *node.Membership { return node.NewMembership(with) }, func(m *node.Membership) { m.Reset(with) })
	awaiting := awaitSubject(silent)
	awaiting.Visits = 2
	fired := map[string]bool{}
	rolestest.Reused(&awaiting, func() kept { return kept{node.NewMembership(config), fired} }, func(m kept) { m.Reset(config) })
	rolestest.Explore(t, silent, publishing, both, invited, awaiting)
	for _, row := range node.AwaitTable().Rows {
		for _, from := range row.From {
			cell := string(from) + "/" + string(row.On)
			if !fired[cell] && cell != "New/Started, to pause" && cell != "Awaiting/AWAITED, too soon" && !strings.HasPrefix(cell, "Resting/") { // stories of their own reach them
				t.Errorf("the row of an Await for %s never fired", cell)
			}
		}
	}
}
