package node_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

var (
	over4 = roles.Opened{Peer: netip.MustParseAddrPort("192.0.2.1:4000")}
	over6 = roles.Opened{Link: 1, Peer: netip.MustParseAddrPort("[2001:db8::1]:4000")}
)

const (
	dialsBeside  = "dial 1 relay:4000 over IPv6"
	renewsBeside = "send 1 RENEW id=07 epoch=100"
)

// listedOver4 returns a story about a node that has registered over IPv4 and dials over IPv6.
func listedOver4(t *testing.T) *rolestest.Story {
	t.Helper()
	s := started(t)
	s.Tell(over4, "Registering", registers, hear)
	s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Closing", halfClose, discard, "report leased")
	s.At.Rand = uint64(30 * time.Second / 10) // the middle of the spread
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, dialsBeside)
	s.Waits(roles.DialTimeout)
	return s
}

// renewsAgain lets it renew its lease over IPv4, and checks what follows beside that.
func renewsAgain(t *testing.T, s *rolestest.Story, beside ...string) {
	t.Helper()
	s.Ring("Dialing", dials)
	s.Tell(over4, "Renewing", renews, hear)
	s.Hear(0, &protocol.Renewed{TTL: 90_000, Renew: 30_000}, "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Leased", append([]string{hangUp}, beside...)...)
}

// TestALeaseIsRenewedOverBothFamilies: after each exchange the other family is renewed beside it.
func TestALeaseIsRenewedOverBothFamilies(t *testing.T) {
	s := listedOver4(t)
	s.Tell(over6, "Leased", renewsBeside, "hear 1")
	both := &protocol.Renewed{TTL: 90_000, Renew: 30_000, Host: protocol.IPOf(netip.MustParseAddr("2001:db8::9")), Port: 4000, Also: protocol.IP{192, 0, 2, 1}}
	s.Hear(1, both, "Leased", "halfclose 1", "discard 1", "report moved")
	want := node.Place{At: netip.MustParseAddrPort("[2001:db8::9]:4000"), Also: netip.MustParseAddr("192.0.2.1")}
	if moved := s.Reports[len(s.Reports)-1].(node.Moved); moved.Place != want {
		t.Errorf("%+v", moved)
	}
	s.Tell(roles.PeerEnded{Link: 1}, "Leased", "hangup 1")
	s.Waits(30 * time.Second)
	s.Ring("Dialing", dials)
	s.Tell(over4, "Renewing", renews, hear)
	swapped := &protocol.Renewed{TTL: 90_000, Renew: 30_000, Host: both.Also, Port: 4000, Also: both.Host} // the same place
	s.Hear(0, swapped, "Closing", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, dialsBeside)
}

// TestAFamilyThatLeadsNowhereCostsNothing: the lease is held meanwhile, and that family is tried more
// and more seldom.
func TestAFamilyThatLeadsNowhereCostsNothing(t *testing.T) {
	for _, ends := range []func(s *rolestest.Story){
		func(s *rolestest.Story) {
			s.Tell(roles.Lost{Link: 1, Code: protocol.Unreachable}, "Leased", "hangup 1")
		},
		func(s *rolestest.Story) { s.Ring("Leased", "hangup 1") },
		func(s *rolestest.Story) {
			s.Tell(over6, "Leased", renewsBeside, "hear 1")
			s.Tell(roles.PeerEnded{Link: 1}, "Leased", "hangup 1")
		},
		func(s *rolestest.Story) {
			s.Tell(over6, "Leased", renewsBeside, "hear 1")
			s.Hear(1, refusal(protocol.Denied), "Leased", "halfclose 1", "discard 1")
			s.Tell(roles.PeerEnded{Link: 1}, "Leased", "hangup 1")
		},
	} {
		s := listedOver4(t)
		for _, seldom := range []int{1, 2, 4, 8, 16, 16} {
			ends(s)
			for range seldom - 1 {
				renewsAgain(t, s)
			}
			renewsAgain(t, s, dialsBeside)
		}
	}
}

// TestANewLeaseIsRenewedOverBothFamiliesAtOnce: when its relay has restarted.
func TestANewLeaseIsRenewedOverBothFamiliesAtOnce(t *testing.T) {
	s := listedOver4(t)
	s.Tell(over6, "Leased", renewsBeside, "hear 1")
	s.Hear(1, &protocol.Renewed{TTL: 90_000, Renew: 30_000}, "Leased", "halfclose 1", "discard 1")
	s.Tell(roles.PeerEnded{Link: 1}, "Leased", "hangup 1")
	s.Ring("Dialing", dials)
	s.At.Now -= 29 * time.Second // as if something was to be published
	s.Tell(over4, "Renewing", renews, hear)
	s.Hear(0, refusal(protocol.NoLease), "Registering", "send 0 REGISTER id=07 epoch=101 port=5000", hear)
	s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Closing", halfClose, discard, "report leased")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, dialsBeside)
}

// TestOnlyWhatMovesIsRenewedOverBothFamilies: an address that was advertised does not, nor does the
// only one where a node listens; and a relay that is named by its address has no other.
func TestOnlyWhatMovesIsRenewedOverBothFamilies(t *testing.T) {
	advertises, listens, literal := config, config, config
	advertises.Advertise, listens.Listens, literal.Relay = protocol.IP{198, 51, 100, 7}, protocol.IP{127, 0, 0, 1}, "192.0.2.1:4000"
	for _, c := range []node.Config{advertises, listens, literal} {
		m := node.NewMembership(c)
		for _, in := range []roles.Input{roles.Started{}, over4, roles.Heard{Message: rolestest.Sample(protocol.KindRegistered)}} {
			m.Step(roles.Moment{}, in)
		}
		for _, e := range m.Step(roles.Moment{}, roles.PeerEnded{}) {
			if dial, is := e.(roles.Dial); is {
				t.Errorf("%+v: %+v", c, dial)
			}
		}
		if m.State() != node.MembershipLeased {
			t.Errorf("%+v: %s", c, m.State())
		}
	}
}

// TestAStopDoesNotWaitForTheOtherFamily: nor does a displaced node.
func TestAStopDoesNotWaitForTheOtherFamily(t *testing.T) {
	s := listedOver4(t)
	s.Tell(roles.Stopped{}, "Dialing", "hangup 1", dials)
	s.Tell(roles.Opened{}, "Leaving", parts, hear)
	s.Hear(0, &protocol.Left{}, "Closing", halfClose, discard, "report left")
	s.Tell(roles.PeerEnded{}, "Ended", hangUp)
	s.Waits(0)

	s = listedOver4(t)
	s.Tell(roles.TimerFired{Timer: 1, Number: 99}, "Leased") // an outdated number
	s.Tell(over6, "Leased", renewsBeside, "hear 1")
	s.Tell(roles.TimerFired{Timer: 0, Number: 99}, "Leased")
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 101
	s.Hear(1, superseded, "Leased", "halfclose 1", "discard 1") // the lease's own renewal decides
	s.Ring("Leased", "hangup 1")
}

// TestADisplacedNodeEndsWithBothLinks: also with the one that a relay does not close.
func TestADisplacedNodeEndsWithBothLinks(t *testing.T) {
	c := sharing(1)
	m := node.NewMembership(c)
	s := rolestest.New(t, m, m.State)
	s.Tell(roles.Started{}, "Dialing", dials)
	s.Tell(over4, "Registering", registersToPublish, hear)
	s.Hear(0, rolestest.Sample(protocol.KindRegistered), "Publishing", publishes(c, 0), hear, "report leased")
	s.Hear(0, &protocol.Published{Index: 1, Sequence: 1}, "Closing", halfClose, discard, "report published")
	s.Tell(roles.PeerEnded{}, "Leased", hangUp, dialsBeside)
	s.Tell(over6, "Leased", renewsBeside, "hear 1")
	s.At.Now += roles.PublishGap
	c.Catalog.Set("new", 1, protocol.Hash{1})
	s.Tell(roles.Notified{}, "Leased")
	s.Ring("Dialing", dials)
	s.Tell(over4, "Renewing", renews, hear)
	superseded := refusal(protocol.Superseded)
	superseded.Epoch = 101
	s.Hear(0, superseded, "Closing", halfClose, discard, "report displaced")
	s.Tell(roles.PeerEnded{}, "Displaced", hangUp, "hangup 1")
	s.Waits(0)
}
