package client_test

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles/client"
)

// mix runs a fetch of a file of so many groups from a node that can be dialed and one that cannot. The first is busy until
// some time.
func mix(t *testing.T, groups int, direct, circuit int64, busy time.Duration) (c *course, dialed, relayed *runner) {
	t.Helper()
	dialed, relayed = &runner{rate: direct, busy: busy}, &runner{rate: circuit}
	c = runs(t, made(uint64(groups)*group, 1), 2, map[client.Node]*runner{at(1): dialed, behind(3): relayed})
	if r := c.run(); r.Outcome != client.Fetched {
		t.Fatalf("%v", r.Outcome)
	}
	return c, dialed, relayed
}

// TestWhatACircuitWasAskedForGoesBack to a node that can be dialed, once that has room: it does not wait for the circuit,
// and hardly anything comes twice.
func TestWhatACircuitWasAskedForGoesBack(t *testing.T) {
	for _, circuit := range []int64{group / 2, group, 4 * group} {
		c, dialed, relayed := mix(t, 200, 20*group, circuit, 15*time.Second)
		rest := 200 - int(float64(circuit)/group*30) // it comes back within 30 s
		if most := 31*time.Second + time.Duration(rest)*time.Second/20; c.now > most || c.twice() > 1 || c.broker.passed > int64(relayed.brings+3)*group*102/100 {
			t.Errorf("at %d: %v, more than %v; %d groups directly, %d through the relay, for which %d bytes passed, %d twice",
				circuit, c.now, most, dialed.brings, relayed.brings, c.broker.passed, c.twice())
		}
	}
}

// TestACircuitAndASlowNodeAreAsFastAsBothTogether: that one of them is dear makes nothing slower.
func TestACircuitAndASlowNodeAreAsFastAsBothTogether(t *testing.T) {
	for _, direct := range []int64{group / 8, group / 2, 2 * group} {
		c, dialed, relayed := mix(t, 200, direct, 8*group, 0)
		if most := 2*time.Second + time.Duration(float64(200*group)/float64(direct+8*group)*float64(time.Second)); c.now > most || c.twice() > 2 {
			t.Errorf("at %d: %v, more than %v; %d groups directly, %d through the relay, %d twice", direct, c.now, most, dialed.brings, relayed.brings, c.twice())
		}
	}
}

// TestNodesThatSufficeLeaveTheCircuitNothing: its link is half-closed, as one on which nothing is left to ask.
func TestNodesThatSufficeLeaveTheCircuitNothing(t *testing.T) {
	c, dialed, relayed := mix(t, 400, 40*group, group, 5*time.Second)
	for _, tried := range c.tried {
		if tried.Node.Relayed() && tried.Code != 0 {
			t.Errorf("%v: %s %s", tried.Node, tried.Code, tried.Text)
		}
	}
	if relayed.brings > dialed.brings/8 {
		t.Errorf("%d groups directly, %d through the relay", dialed.brings, relayed.brings)
	}
}

// TestANodeThatCanBeDialedGetsThePlaceOfACircuit where as many are asked as may be, once it brings groups as fast: nothing is
// slower for it, and it is asked beside them until then.
func TestANodeThatCanBeDialedGetsThePlaceOfACircuit(t *testing.T) {
	for _, x := range []struct {
		rate   int64
		takes  bool
		within time.Duration
	}{{20 * group, true, 21 * time.Second}, {group, true, 101 * time.Second}, {group / 10, false, 101 * time.Second}} {
		nodes, direct := nodesBehind(3, group), &runner{rate: x.rate, busy: 3 * time.Second}
		nodes[at(1)] = direct
		c := runs(t, made(300*group, 1), 3, nodes)
		if r := c.run(); r.Outcome != client.Fetched || direct.brings == 0 || c.now > x.within || c.twice() > 1 {
			t.Fatalf("at %d: %v after %v, %d groups directly, %d twice", x.rate, r.Outcome, c.now, direct.brings, c.twice())
		}
		relieved := false
		for i, tried := range c.tried {
			relieved = relieved || tried.Node.Relayed() && tried.Code == 0 && c.left[i] < c.now/2
		}
		if relieved != x.takes {
			t.Errorf("at %d: a circuit has left: %t", x.rate, relieved)
		}
	}
}
