package relay_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// link is the ends of a link to the relay.
func link(peer, local string) relay.From {
	return relay.From{Peer: netip.MustParseAddr(peer), Local: netip.MustParseAddr(local)}
}

// nodeAt returns a registry in which node 1 is registered over a link.
func nodeAt(from relay.From, m protocol.Register) *relay.Registry {
	r := relay.NewRegistry(relay.Policy{AllowAdvertise: true})
	m.ID, m.Epoch, m.Port = rolestest.Node(1), 1, 4000
	r.Register(roles.Moment{}, from, &m)
	return r
}

// sees checks where a client is sent to, and how many nodes are withheld from it.
func sees(t *testing.T, r *relay.Registry, now time.Duration, by relay.From, at, other string, withheld uint64) {
	t.Helper()
	located := r.Locate(roles.Moment{Now: now}, by, &protocol.Locate{}).(*protocol.Located)
	var first, also netip.Addr
	for _, peer := range located.Peers {
		first, also = peer.Host.Addr(), peer.Also.Addr()
	}
	want := func(text string) (addr netip.Addr) {
		if text != "" {
			addr = netip.MustParseAddr(text)
		}
		return addr
	}
	if first != want(at) || also != want(other) || located.Withheld != withheld || len(located.Peers) > 1 {
		t.Errorf("%v is sent to %v and %v, %d withheld; want %q and %q, %d", by.Peer, first, also, located.Withheld, at, other, withheld)
	}
}

func renew(t *testing.T, r *relay.Registry, now time.Duration, from relay.From, want string) {
	t.Helper()
	if got := rolestest.Say(r.Renew(roles.Moment{Now: now}, from, &protocol.Renew{ID: rolestest.Node(1), Epoch: 1})); got != strings.TrimSpace("RENEWED ttl=90000 renew=30000 "+want) {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestARenewalSaysWhereTheNodeIs(t *testing.T) {
	client := link("192.0.2.50", "192.0.2.1")
	r := nodeAt(link("192.0.2.9", "192.0.2.1"), protocol.Register{})
	sees(t, r, 1, client, "192.0.2.9", "", 0)
	renew(t, r, 2, link("192.0.2.22", "192.0.2.1"), "host=192.0.2.22 port=4000")
	sees(t, r, 3, client, "192.0.2.22", "", 0)
	renew(t, r, 4, link("::ffff:192.0.2.23", "::ffff:192.0.2.1"), "host=192.0.2.23 port=4000")
	if got := rolestest.Say(r.Renew(roles.Moment{Now: 5}, link("fe80::1%eth0", "fe80::2"), &protocol.Renew{ID: rolestest.Node(1), Epoch: 1})); got != "ERROR denied by party-0" {
		t.Error(got)
	}
	r.Renew(roles.Moment{Now: 6}, link("192.0.2.66", "192.0.2.1"), &protocol.Renew{ID: rolestest.Node(1), Epoch: 2}) // of no lease
	sees(t, r, 7, client, "192.0.2.23", "", 0)

	r = nodeAt(link("192.0.2.9", "192.0.2.1"), protocol.Register{Advertise: protocol.IP{192, 0, 2, 107}})
	renew(t, r, 2, link("192.0.2.22", "192.0.2.1"), "host=192.0.2.107 port=4000")
	sees(t, r, roles.LeaseTTL+1, client, "192.0.2.107", "", 0)
}

func TestEachFamilyHasAnAddressThatLapsesByItself(t *testing.T) {
	four, six := link("192.0.2.9", "192.0.2.1"), link("2001:db8::9", "2001:db8::1")
	r := nodeAt(four, protocol.Register{})
	renew(t, r, time.Second, six, "host=2001:db8::9 port=4000 also=192.0.2.9")
	sees(t, r, 2*time.Second, link("192.0.2.50", "192.0.2.1"), "192.0.2.9", "2001:db8::9", 0)
	sees(t, r, 2*time.Second, link("2001:db8::50", "2001:db8::1"), "2001:db8::9", "192.0.2.9", 0)
	renew(t, r, time.Minute, six, "host=2001:db8::9 port=4000 also=192.0.2.9")
	sees(t, r, roles.LeaseTTL-1, link("192.0.2.50", "192.0.2.1"), "192.0.2.9", "2001:db8::9", 0)
	sees(t, r, roles.LeaseTTL, link("192.0.2.50", "192.0.2.1"), "2001:db8::9", "", 0)
}

func TestANodeOnTheRelaysMachineIsReachedByOthers(t *testing.T) {
	r := nodeAt(link("127.0.0.1", "127.0.0.1"), protocol.Register{})
	sees(t, r, 1, link("127.0.0.1", "127.0.0.1"), "127.0.0.1", "", 0)
	sees(t, r, 1, link("10.9.0.1", "10.9.0.1"), "127.0.0.1", "", 0) // the machine itself
	sees(t, r, 1, link("10.9.0.3", "10.9.0.1"), "10.9.0.1", "", 0)
	sees(t, r, 1, link("fd09::3", "fd09::1"), "fd09::1", "", 0)
	sees(t, r, 1, link("::1", "::1"), "127.0.0.1", "", 0)
}

func TestWhatCannotBeReachedIsWithheld(t *testing.T) {
	alone := protocol.Register{Listens: protocol.IP{127, 0, 0, 2}}
	here, elsewhere := link("127.0.0.1", "127.0.0.1"), link("10.9.0.3", "10.9.0.1")
	r := nodeAt(here, alone)
	sees(t, r, 1, here, "127.0.0.2", "", 0)
	sees(t, r, 1, elsewhere, "", "", 1)
	renew(t, r, 2, here, "host=127.0.0.2 port=4000")
	r = nodeAt(link("10.9.0.1", "10.9.0.1"), alone) // on the relay's machine, by another of its addresses
	sees(t, r, 1, here, "127.0.0.2", "", 0)
	r = nodeAt(elsewhere, alone)
	sees(t, r, 1, here, "", "", 1)
	sees(t, r, 1, elsewhere, "", "", 1)
	renew(t, r, 2, elsewhere, "")
}
