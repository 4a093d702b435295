package client

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// visitTo draws a visit to one of a few nodes, of which two have moved: they have one id at two addresses.
func visitTo(t *rapid.T) Tried {
	n := rapid.IntRange(1, 6).Draw(t, "node")
	node := NodeOf(&protocol.Peer{Host: protocol.IPOf(netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})), Port: 1, ID: rolestest.Node(byte(n/2 + 1))})
	code := rapid.SampledFrom([]protocol.Code{0, protocol.NotFound, protocol.Refused, protocol.Unreachable, protocol.Changed, protocol.Indexing, protocol.Lost, protocol.Busy}).Draw(t, "code")
	return Tried{Node: node, Code: code, Had: rapid.IntRange(0, 9).Draw(t, "had") == 0}
}

// TestFewVisitsOfEachNodeSayAsMuchAsAll: the verdict about a file is the same.
func TestFewVisitsOfEachNodeSayAsMuchAsAll(t *testing.T) {
	rolestest.Check(t, 5000, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(visitTo), 0, 30).Draw(t, "visits")
		before := slices.Clone(all)
		few := compact(all)
		if !slices.Equal(all, before) {
			t.Fatal("the visits themselves have changed")
		}
		if len(few) > 2*6 {
			t.Fatalf("%d visits of six nodes are left", len(few))
		}
		for _, hashed := range []bool{false, true} {
			if was, is := verdict(all, hashed, false, false), verdict(few, hashed, false, false); was != is {
				t.Fatalf("%v of all, %v of few", was, is)
			}
		}
	})
}

// TestANodeThatIsVisitedForEachGroupIsRememberedAFewTimes: what it says each time is long, and there may be
// millions of groups.
func TestANodeThatIsVisitedForEachGroupIsRememberedAFewTimes(t *testing.T) {
	var tried tries
	text := strings.Repeat("x", protocol.MaxText)
	most := 0
	for range 1_000_000 {
		tried.add(Tried{Code: protocol.Lost, Text: text})
		most = max(most, len(tried.all))
	}
	if most > fewTries {
		t.Errorf("%d visits to one node are remembered", most)
	}
	if last := tried.all[len(tried.all)-1]; last.Text != text || last.Code != protocol.Lost {
		t.Errorf("the last one was %+v", last)
	}
}

// TestVisitsOfManyNodesAreAllRemembered: there are no more than a walk meets, and counting them is no work.
func TestVisitsOfManyNodesAreAllRemembered(t *testing.T) {
	var tried tries
	for round := range 4 {
		for n := range 20_000 {
			tried.add(Tried{Node: NodeOf(&protocol.Peer{Host: protocol.IPOf(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})), Port: 1}), Code: protocol.Refused})
		}
		if len(tried.all) < 20_000 || len(tried.all) > 2*2*20_000 {
			t.Errorf("after round %d there are %d", round, len(tried.all))
		}
	}
}

// TestABusyNodeLeavesItOpenWhoeverFailedAfterIt: the file may be had of it later, in whatever order the visits were.
func TestABusyNodeLeavesItOpenWhoeverFailedAfterIt(t *testing.T) {
	node := func(n byte) Node {
		return NodeOf(&protocol.Peer{Host: protocol.IP{192, 0, 2, n}, Port: 1, ID: rolestest.Node(n)})
	}
	busy, failed := Tried{Node: node(1), Code: protocol.Busy}, Tried{Node: node(2), Code: protocol.Lost, Had: true}
	for name, all := range map[string][]Tried{"before": {busy, failed}, "after": {failed, busy}} {
		if is := verdict(all, false, false, false); is != Unsure {
			t.Errorf("a node that stays busy %s another one has failed: %v", name, is)
		}
	}
	free := Tried{Node: node(1), Code: protocol.NotFound}
	if is := verdict([]Tried{busy, failed, free}, false, false, false); is != Undelivered {
		t.Errorf("a node that was busy and has not the file: %v", is)
	}
}
