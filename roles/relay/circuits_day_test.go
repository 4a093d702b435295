package relay_test

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// TestADayOutlivesTheRelay: what an address has passed counts for the relay that is started again, until that day is over.
func TestADayOutlivesTheRelay(t *testing.T) {
	limits := relay.OpenLimits
	limits.BytesFrom = 1000
	node, client := protocol.PeerID{9}, relay.From{Peer: netip.MustParseAddr("203.0.113.7"), ID: protocol.PeerID{8}}
	open := func(c *relay.Circuits, now time.Duration) protocol.Message {
		t.Helper()
		at := roles.Moment{Now: now, Rand: 1}
		if _, refusal := c.Await(at, node, roles.HostOf(netip.MustParseAddr("203.0.113.9")), 5); refusal != nil {
			t.Fatal(refusal)
		}
		answer, _ := c.Open(at, client, &protocol.Circuit{Node: node})
		return answer
	}
	c := relay.NewCircuits(limits, [32]byte{})
	ticket := open(c, time.Hour).(*protocol.Opened).Ticket
	joined := c.Join(roles.Moment{Now: time.Hour}, 7, ticket)
	c.Moved(roles.Moment{Now: time.Hour}, joined.Circuit, 400)

	kept := c.Passed(2 * time.Hour)
	if len(kept) != 1 || kept[0].Bytes != 400 || kept[0].From != roles.OriginOf(client.Peer, protocol.PeerID{}) {
		t.Fatalf("%v is kept", kept)
	}
	kept[0].Since -= 3 * time.Hour // the next relay's time begins anew
	again := relay.NewCircuits(limits, [32]byte{})
	again.Restore(0, kept)
	if got := open(again, time.Minute).(*protocol.Opened); got.Bytes != 600 || roles.Millis(got.Refill) != 22*time.Hour-time.Minute {
		t.Errorf("%d bytes are left, and more in %v", got.Bytes, roles.Millis(got.Refill))
	}
	again.Moved(roles.Moment{Now: time.Minute}, again.Join(roles.Moment{Now: time.Minute}, 8, open(again, time.Minute).(*protocol.Opened).Ticket).Circuit, 600)
	if got, is := open(again, 2*time.Minute).(*protocol.Error); !is || got.Code != protocol.Quota || got.Retry < uint64(21*time.Hour/time.Millisecond) || got.Retry > uint64(23*time.Hour/time.Millisecond) {
		t.Errorf("it is answered %v", got)
	}
	closed := relay.NewClosedCircuits(limits, [32]byte{})
	closed.Restore(0, kept)
	if got := open(closed, time.Minute).(*protocol.Opened).Bytes; got != 1000 {
		t.Errorf("%d bytes are left to a member, of whose address something is kept", got)
	}
	kept[0].From = roles.OriginOf(client.Peer, client.ID)
	closed = relay.NewClosedCircuits(limits, [32]byte{})
	closed.Restore(0, kept)
	if got := open(closed, time.Minute).(*protocol.Opened).Bytes; got != 600 {
		t.Errorf("%d bytes are left to a member", got)
	}
	kept[0].From = roles.OriginOf(client.Peer, protocol.PeerID{})
	later := relay.NewCircuits(limits, [32]byte{})
	later.Restore(25*time.Hour, kept)
	if got := open(later, 25*time.Hour).(*protocol.Opened).Bytes; got != 1000 {
		t.Errorf("%d bytes are left the day after", got)
	}
}

// TestADayOfLongAgoDoesNotCount, nor one of which nobody has said when it began: that is as long ago as can be.
func TestADayOfLongAgoDoesNotCount(t *testing.T) {
	limits := relay.OpenLimits
	limits.BytesFrom = 1000
	from := roles.OriginOf(netip.MustParseAddr("203.0.113.7"), protocol.PeerID{})
	for _, since := range []time.Duration{math.MinInt64, -24 * time.Hour, 1} {
		c := relay.NewCircuits(limits, [32]byte{})
		c.Restore(0, []relay.Passed{{From: from, Bytes: 1000, Since: since}})
		if kept := c.Passed(0); len(kept) > 0 {
			t.Errorf("%v is kept", kept)
		}
	}
}
