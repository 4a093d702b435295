package relay_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// lodger returns the id of a node.
func lodger(n int) (id protocol.PeerID) {
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	return id
}

// asksFrom registers a node from an address and returns the refusal's text, or nothing.
func (d *desk) asksFrom(addr string, n int, epoch uint64) string {
	d.t.Helper()
	answer := d.Register(d.at, relay.From{Peer: netip.MustParseAddr(addr)}, &protocol.Register{ID: lodger(n), Epoch: epoch, Port: 4000})
	if refusal, is := answer.(*protocol.Error); is {
		if refusal.Code != protocol.Limit {
			d.t.Fatalf("node %d from %s: %s", n, addr, rolestest.Say(answer))
		}
		return refusal.Text
	}
	return ""
}

// TestOneAddressHasSoManyLeases: of IPv6 one /64, and loopback has any number.
func TestOneAddressHasSoManyLeases(t *testing.T) {
	d := newDesk(t, relay.Policy{MaxLeasesFrom: 3})
	for n := range 3 {
		if why := d.asksFrom("192.0.2.1", n, 1) + d.asksFrom(fmt.Sprintf("2001:db8::%d", n+1), 10+n, 1); why != "" {
			t.Fatal(why)
		}
	}
	for addr, whose := range map[string]string{"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::ffff": "2001:db8::/64"} {
		if why := d.asksFrom(addr, 20, 1); why != "the relay holds 3 leases of nodes at "+whose+", its limit for one address" {
			t.Errorf("%s: %q", addr, why)
		}
	}
	if why := d.asksFrom("192.0.2.1", 0, 2); why != "" {
		t.Errorf("a node that is listed comes again: %s", why)
	}
	if why := d.asksFrom("192.0.2.2", 20, 1) + d.asksFrom("2001:db8:0:1::1", 21, 1); why != "" {
		t.Errorf("others: %s", why)
	}
	for n := range 10 {
		if why := d.asksFrom("127.0.0.1", 30+2*n, 1) + d.asksFrom("::1", 31+2*n, 1); why != "" {
			t.Fatalf("loopback: %s", why)
		}
	}
	d.Leave(d.at, &protocol.Leave{ID: lodger(1), Epoch: 1})
	if why := d.asksFrom("192.0.2.1", 22, 1); why != "" {
		t.Errorf("one has left: %s", why)
	}
	d.at.Now = roles.LeaseTTL
	for n := range 3 {
		if why := d.asksFrom("192.0.2.1", 60+n, 1); why != "" {
			t.Errorf("all have lapsed: %s", why)
		}
	}
}

// TestALeaseCountsWhereItWasRegisteredLast: one that registers elsewhere makes room, and finds none where
// it is full; a renewal from elsewhere is never refused.
func TestALeaseCountsWhereItWasRegisteredLast(t *testing.T) {
	d := newDesk(t, relay.Policy{MaxLeasesFrom: 1})
	one, other := "192.0.2.1", "192.0.2.2"
	if why := d.asksFrom(one, 1, 1) + d.asksFrom(other, 2, 1); why != "" {
		t.Fatal(why)
	}
	if why := d.asksFrom(other, 1, 2); !strings.Contains(why, other) {
		t.Errorf("it moves to where there is no room: %q", why)
	}
	if answer := d.Renew(d.at, relay.From{Peer: netip.MustParseAddr(other)}, &protocol.Renew{ID: lodger(1), Epoch: 1}); answer.Kind() != protocol.KindRenewed {
		t.Errorf("the refusal has cost the lease: %s", rolestest.Say(answer))
	}
	if why := d.asksFrom(one, 3, 1); why == "" {
		t.Error("a renewal from elsewhere has made room")
	}
	d.Leave(d.at, &protocol.Leave{ID: lodger(2), Epoch: 1})
	if why := d.asksFrom(other, 1, 2) + d.asksFrom(one, 3, 1); why != "" {
		t.Errorf("it has moved: %s", why)
	}
}

// publishesFrom has a node of an address publish so many names as its whole index.
func (d *desk) publishesFrom(addr string, n int, names ...string) string {
	d.t.Helper()
	d.at.Rand++
	if why := d.asksFrom(addr, n, d.at.Rand); why != "" {
		return why
	}
	page := &protocol.Publish{ID: lodger(n), Epoch: d.at.Rand, Index: d.at.Rand, To: uint64(len(names)), Latest: uint64(len(names))}
	for _, name := range names {
		page.Changes = append(page.Changes, protocol.Entry{Name: name, Mark: protocol.Pending})
	}
	if refusal, is := d.Publish(d.at, page).(*protocol.Error); is {
		return refusal.Text
	}
	return ""
}

// TestOneAddressHasSoManyNames: those of all nodes there together, and a node that publishes less makes
// room for the others.
func TestOneAddressHasSoManyNames(t *testing.T) {
	d := newDesk(t, relay.Policy{MaxIndexFrom: 4})
	one, other := "192.0.2.1", "192.0.2.2"
	if why := d.publishesFrom(one, 1, "a", "b", "c") + d.publishesFrom(one, 2, "d"); why != "" {
		t.Fatal(why)
	}
	if why := d.publishesFrom(one, 3, "e"); why != "the relay keeps 4 names of all nodes at 192.0.2.1, of 128 bytes on average" {
		t.Errorf("%q", why)
	}
	if why := d.publishesFrom(other, 4, "e", "f") + d.publishesFrom("127.0.0.1", 5, "a", "b", "c", "d", "e"); why != "" {
		t.Errorf("others: %s", why)
	}
	if why := d.publishesFrom(one, 1, "a") + d.publishesFrom(one, 3, "e", "f"); why != "" {
		t.Errorf("there is room again: %s", why)
	}
	if why := d.publishesFrom(other, 1, "a", "b") + d.publishesFrom(one, 2, "g", "h"); why != "" {
		t.Errorf("a node has moved: %s", why)
	}
	if why := d.publishesFrom(other, 6, "i"); !strings.Contains(why, other) {
		t.Errorf("and has brought its names: %q", why)
	}
	d.at.Now = roles.LeaseTTL
	if why := d.publishesFrom(one, 7, "a", "b", "c", "d"); why != "" {
		t.Errorf("all have lapsed: %s", why)
	}
}

// TestTheNamesOfAnAddressCountByTheirBytes: there are no more of them than of so many usual names.
func TestTheNamesOfAnAddressCountByTheirBytes(t *testing.T) {
	d := newDesk(t, relay.Policy{MaxIndexFrom: 16})
	long := strings.Repeat(strings.Repeat("x", 249)+"/", 4)
	for n := range 3 {
		if why := d.publishesFrom("192.0.2.1", n, fmt.Sprintf("%s%d", long, n)); why != "" {
			t.Errorf("%d: %s", n, why)
		}
	}
	if why := d.publishesFrom("192.0.2.1", 3, long+"3"); !strings.Contains(why, "16 names of all nodes at 192.0.2.1") {
		t.Errorf("%q", why)
	}
	if why := d.publishesFrom("192.0.2.1", 3, "short"); why != "" {
		t.Error(why)
	}
}

// TestARefusalSaysWhichLimit: that of one node, or of all.
func TestARefusalSaysWhichLimit(t *testing.T) {
	d := newDesk(t, relay.Policy{MaxEntries: 2, MaxIndex: 3})
	if why := d.publishesFrom("192.0.2.1", 1, "a", "b", "c"); !strings.Contains(why, "2 names of one node") {
		t.Errorf("%q", why)
	}
	if why := d.publishesFrom("192.0.2.2", 2, "a", "b"); !strings.Contains(why, "3 names of all nodes,") {
		t.Errorf("%q", why)
	}
}
