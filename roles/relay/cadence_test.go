package relay_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// crowd registers nodes first to last, and returns what the last of them is told.
func (d *desk) crowd(first, last int) (ttl, renew time.Duration) {
	d.t.Helper()
	var id protocol.PeerID
	for n := first; n <= last; n++ {
		binary.BigEndian.PutUint64(id[:], uint64(n))
		m, is := d.Register(d.at, relay.From{Peer: d.from}, &protocol.Register{ID: id, Epoch: 1, Port: 4000}).(*protocol.Registered)
		if !is {
			d.t.Fatalf("node %d is refused", n)
		}
		ttl, renew = roles.Millis(m.TTL), roles.Millis(m.Renew)
	}
	return ttl, renew
}

// TestLeasesGrowLongerWithTheirNumber: announces, renewals of all leases that run, stay below the rate.
func TestLeasesGrowLongerWithTheirNumber(t *testing.T) {
	d := newDesk(t, relay.Policy{AnnounceRate: 10})
	before := 0
	for _, c := range []struct {
		leases     int
		ttl, renew time.Duration
	}{
		{1, roles.LeaseTTL, roles.RenewAfter},
		{300, roles.LeaseTTL, roles.RenewAfter}, // ten a second
		{330, 99 * time.Second, 33 * time.Second},
		{1000, 300 * time.Second, 100 * time.Second},
		{3000, 900 * time.Second, 300 * time.Second},
	} {
		if ttl, renew := d.crowd(before+1, c.leases); ttl != c.ttl || renew != c.renew {
			t.Errorf("of %d leases the last runs for %v and is renewed after %v, not %v and %v", c.leases, ttl, renew, c.ttl, c.renew)
		}
		before = c.leases
	}
	d.at.Now = roles.LeaseTTL
	if got := d.Active(d.at.Now); got != 3000-300 {
		t.Errorf("%d leases run after the shortest TTL, and all but 300 were promised longer", got)
	}
	d.at.Now = 900*time.Second - 1
	if got := d.Active(d.at.Now); got != 1 {
		t.Errorf("%d leases run until the last moment of the longest", got)
	}
}

// TestALeaseRunsAsLongAsItsOwnLastAnswerSays: it grows with a renewal among many, and shrinks with one
// among few.
func TestALeaseRunsAsLongAsItsOwnLastAnswerSays(t *testing.T) {
	d := newDesk(t, relay.Policy{AnnounceRate: 0.02})
	d.wants(d.register(1, 1), "REGISTERED ttl=150000 renew=50000 host=192.0.2.9 port=4001")
	d.register(2, 1)
	d.wants(d.renew(1, 1), "RENEWED ttl=300000 renew=100000 host=192.0.2.9 port=4001")
	d.leave(2, 1)
	d.at.Now = 200 * time.Second
	d.lists(1)
	d.wants(d.renew(1, 1), "RENEWED ttl=150000 renew=50000 host=192.0.2.9 port=4001")
	d.at.Now += 150*time.Second - 1
	d.lists(1)
	d.at.Now++
	d.lists()
}

// TestAYoungRelayWaitsAsLongAsItsLeasesRan: a node that was one of many comes back later, and the
// first ones that do are told to come again no sooner than they would among all.
func TestAYoungRelayWaitsAsLongAsItsLeasesRan(t *testing.T) {
	d := newDesk(t, relay.Policy{AnnounceRate: 0.02, Earlier: 4})
	d.isYoung(600*time.Second, 4)
	d.at.Now = time.Second
	d.wants(d.register(1, 1), "REGISTERED ttl=600000 renew=200000 host=192.0.2.9 port=4001")
	d.at.Now = 600*time.Second - 1
	d.isYoung(time.Millisecond, 4)
	d.at.Now = 600 * time.Second
	d.isYoung(0, 1)
	d.wants(d.register(2, 1), "REGISTERED ttl=300000 renew=100000 host=192.0.2.9 port=4002")
}

// TestNoCadenceIsLongerThanAPeerMayAskFor: of a number of leases that no relay has.
func TestNoCadenceIsLongerThanAPeerMayAskFor(t *testing.T) {
	d := newDesk(t, relay.Policy{AnnounceRate: 1e-9})
	if ttl, renew := d.crowd(1, 1); ttl != roles.MaxWait || renew != roles.MaxWait/3 {
		t.Errorf("a lease of %v, renewed after %v", ttl, renew)
	}
}
