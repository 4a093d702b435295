package relay_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// desk is a registry with a clock and short forms of its calls.
type desk struct {
	*relay.Registry
	t    *testing.T
	at   roles.Moment
	from netip.Addr
}

func newDesk(t *testing.T, policy relay.Policy) *desk {
	return &desk{Registry: relay.NewRegistry(policy), t: t, from: netip.MustParseAddr("192.0.2.9")}
}

func (d *desk) register(node byte, epoch uint64) string {
	return rolestest.Say(d.Register(d.at, relay.From{Peer: d.from}, &protocol.Register{ID: rolestest.Node(node), Epoch: epoch, Port: 4000 + uint16(node)}))
}

func (d *desk) renew(node byte, epoch uint64) string {
	return rolestest.Say(d.Renew(d.at, relay.From{Peer: d.from}, &protocol.Renew{ID: rolestest.Node(node), Epoch: epoch}))
}

func (d *desk) leave(node byte, epoch uint64) string {
	return rolestest.Say(d.Leave(d.at, &protocol.Leave{ID: rolestest.Node(node), Epoch: epoch}))
}

// listed returns the node numbers (ports less 4000) of all pages of a walk.
func (d *desk) listed() (nodes []int) {
	d.t.Helper()
	m := &protocol.Locate{}
	for {
		located := d.Locate(d.at, relay.From{}, m).(*protocol.Located)
		for _, p := range located.Peers {
			nodes = append(nodes, int(p.Port)-4000)
		}
		if located.Cursor == nil {
			return nodes
		}
		m = &protocol.Locate{Cursor: located.Cursor}
	}
}

func (d *desk) wants(got, want string) {
	d.t.Helper()
	if got != want {
		d.t.Fatalf("at %v the relay said %s, want %s", d.at.Now, got, want)
	}
}

func (d *desk) lists(want ...int) {
	d.t.Helper()
	if got := d.listed(); fmt.Sprint(got) != fmt.Sprint(want) {
		d.t.Fatalf("at %v the relay lists %v, want %v", d.at.Now, got, want)
	}
}

const (
	granted = "REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4001"
	kept    = "RENEWED ttl=90000 renew=30000 host=192.0.2.9 port=4001"
	noLease = "ERROR no-lease by party-0" // the Session fills in the party
)

func newer(epoch int) string { return fmt.Sprintf("ERROR superseded by party-0 epoch=%d", epoch) }

func TestLapsedLeaseIsNotListed(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	d.wants(d.register(1, 1), granted)
	d.at.Now = roles.LeaseTTL - 1
	d.lists(1)
	d.at.Now = roles.LeaseTTL
	d.lists()
	d.wants(d.renew(1, 1), noLease)
	d.wants(d.register(1, 1), newer(1))
	d.wants(d.register(1, 2), granted)
	d.lists(1)
}

func TestARenewalCountsFromItsOwnTime(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	d.register(1, 1)
	for range 10 {
		d.at.Now += roles.LeaseTTL - 1
		d.wants(d.renew(1, 1), kept)
	}
	d.at.Now += roles.LeaseTTL - 1
	d.lists(1)
	d.at.Now++
	d.lists()
}

func TestALeaseLapsesWithoutAnybodyAsking(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	for node := range byte(100) {
		d.register(node+1, 1)
	}
	d.at.Now = roles.LeaseTTL
	d.lists() // whether or not the sweep has come by
	if got := d.Active(roles.LeaseTTL); got != 0 {
		t.Errorf("%d leases run at TTL", got)
	}
	if got := len(d.LastSeen(roles.LeaseTTL)); got != 100 {
		t.Errorf("%d are remembered", got)
	}
}

func TestALateLeaveOfAnOldEpochChangesNothing(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	d.register(1, 1)
	d.register(1, 2)
	d.wants(d.leave(1, 1), "LEFT")
	d.lists(1)
	d.wants(d.renew(1, 1), newer(2))
	d.wants(d.renew(1, 2), kept)
	d.wants(d.leave(1, 2), "LEFT")
	d.lists()
}

func TestTheNewestOfTwoNodesWithOneIDWins(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	d.register(1, 5)
	d.from = netip.MustParseAddr("198.51.100.1")
	d.wants(d.register(1, 5), newer(5))
	d.wants(d.register(1, 6), "REGISTERED ttl=90000 renew=30000 host=198.51.100.1 port=4001")
	d.wants(d.renew(1, 5), newer(6))
	d.wants(d.renew(1, 7), noLease)
	d.lists(1)
}

func TestAnEpochBelowTheKnownIsToldWhatToGoAbove(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	d.register(1, 1_000)
	d.leave(1, 1_000)
	d.wants(d.register(1, 7), newer(1_000))
	d.wants(d.register(1, 1_001), granted)
}

func TestARegistrationThatComesAfterItsLeaveStaysOut(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	d.register(1, 1)
	d.leave(1, 2) // the REGISTER of epoch 2 is still on its way
	d.lists()
	d.wants(d.register(1, 2), newer(2))
	d.leave(1, 3) // the same for a node that is not listed any more
	d.wants(d.register(1, 3), newer(3))
	d.wants(d.register(1, 4), granted)
}

func TestWhoWasSeenIsForgottenInTime(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	d.register(1, 5)
	d.leave(1, 5)
	d.at.Now = roles.LastSeenKeep - 1
	if seen := d.LastSeen(d.at.Now); len(seen) != 1 || seen[0].Epoch != 5 || seen[0].At.Port() != 4001 {
		t.Fatalf("remembered: %v", seen)
	}
	d.wants(d.register(1, 5), newer(5))
	d.at.Now++
	if seen := d.LastSeen(d.at.Now); len(seen) != 0 {
		t.Fatalf("still remembered: %v", seen)
	}
	d.wants(d.register(1, 1), granted)
}

func TestNoMoreAreRememberedThanTheBound(t *testing.T) {
	d := newDesk(t, relay.Policy{})
	for i := range roles.MaxLastSeen + 1000 {
		id := protocol.PeerID{1, byte(i), byte(i >> 8), byte(i >> 16)}
		d.Register(d.at, relay.From{Peer: d.from}, &protocol.Register{ID: id, Epoch: 1, Port: 4000})
		d.Leave(d.at, &protocol.Leave{ID: id, Epoch: 1})
		d.Leave(d.at, &protocol.Leave{ID: id, Epoch: 2})
	}
	if got := len(d.LastSeen(0)); got > roles.MaxLastSeen || got < roles.MaxLastSeen/2 {
		t.Errorf("%d are remembered", got)
	}
	d.Leave(d.at, &protocol.Leave{ID: rolestest.Node(99), Epoch: 9})
	d.wants(d.register(99, 9), "REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4099") // it was never listed
}

func TestAFullRelayRefusesAndRecovers(t *testing.T) {
	d := newDesk(t, relay.Policy{MaxLeases: 2})
	d.register(1, 1)
	d.register(2, 1)
	d.wants(d.register(3, 1), "ERROR limit by party-0")
	d.wants(d.register(1, 2), granted) // a listed node may always register again
	d.at.Now = roles.LeaseTTL
	d.wants(d.register(3, 1), "REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4003")
	d.leave(3, 1)
	d.lists()
}

func TestTheAddressIsWhereTheRequestCameFrom(t *testing.T) {
	for _, c := range []struct {
		from, advertise, want string
		allow                 bool
	}{
		{"192.0.2.9", "", "host=192.0.2.9", false},
		{"::ffff:192.0.2.9", "", "host=192.0.2.9", false},
		{"2001:db8::1", "", "host=2001:db8::1", false},
		{"fe80::1%eth0", "", "ERROR denied by party-0", false},
		{"fd09::1", "fe80::7", "ERROR denied by party-0", true},
		{"::1", "", "host=::1", false},
		{"192.0.2.9", "192.0.2.9", "host=192.0.2.9", false},
		{"::ffff:192.0.2.9", "192.0.2.9", "host=192.0.2.9", false},
		{"192.0.2.9", "198.51.100.7", "ERROR denied by party-0", false},
		{"192.0.2.9", "198.51.100.7", "host=198.51.100.7", true},
		{"192.0.2.9", "2001:db8::7", "host=2001:db8::7", true},
	} {
		registry := relay.NewRegistry(relay.Policy{AllowAdvertise: c.allow})
		m := &protocol.Register{ID: rolestest.Node(1), Epoch: 1, Port: 4000}
		if c.advertise != "" {
			m.Advertise = protocol.IPOf(netip.MustParseAddr(c.advertise))
		}
		want := c.want
		if want[0] == 'h' {
			want = "REGISTERED ttl=90000 renew=30000 " + want + " port=4000"
		}
		if got := rolestest.Say(registry.Register(roles.Moment{}, relay.From{Peer: netip.MustParseAddr(c.from)}, m)); got != want {
			t.Errorf("from %s, advertising %q, allowed %v: %s, want %s", c.from, c.advertise, c.allow, got, want)
		}
	}
}

func TestTheOwnersTTLIsGranted(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{TTL: 3 * time.Second})
	answer := registry.Register(roles.Moment{}, relay.From{Peer: netip.MustParseAddr("::1")}, &protocol.Register{ID: rolestest.Node(1), Epoch: 1, Port: 4000})
	if got := rolestest.Say(answer); got != "REGISTERED ttl=3000 renew=1000 host=::1 port=4000" {
		t.Error(got)
	}
	if registry.Active(3*time.Second-1) != 1 || registry.Active(3*time.Second) != 0 {
		t.Error("the lease does not run for its TTL")
	}
}

// TestAnExpelledNodeIsListedNoMore, and may come back with a larger epoch if it is admitted again.
func TestAnExpelledNodeIsListedNoMore(t *testing.T) {
	r := relay.NewRegistry(relay.Policy{})
	for n := range byte(3) {
		r.Register(roles.Moment{}, relay.From{Peer: visitor.Addr()}, &protocol.Register{ID: rolestest.Node(n + 1), Epoch: 1, Port: 4000})
	}
	keep := func(id protocol.PeerID) bool { return id != rolestest.Node(2) }
	if n := r.Expel(0, keep); n != 1 || r.Active(0) != 2 {
		t.Errorf("%d expelled, %d left", n, r.Active(0))
	}
	for _, lease := range r.Leases(0) {
		if lease.ID == rolestest.Node(2) {
			t.Error("it is still listed")
		}
	}
	if n := r.Expel(0, keep); n != 0 {
		t.Errorf("%d expelled again", n)
	}
	answer := r.Renew(roles.Moment{}, relay.From{Peer: visitor.Addr()}, &protocol.Renew{ID: rolestest.Node(2), Epoch: 1})
	if refusal, is := answer.(*protocol.Error); !is || refusal.Code != protocol.NoLease {
		t.Errorf("a renewal: %+v", answer)
	}
}
