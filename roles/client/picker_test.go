package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// opened returns a picker of so many groups that are all missing.
func opened(groups uint64, has ...uint64) *client.Picker {
	p := client.NewPicker("a.txt", protocol.Hash{})
	p.Fix(client.Identity{Hash: protocol.Hash{1}, Size: groups * group})
	var had roles.Groups
	for _, g := range has {
		had.Add(g)
	}
	p.Open(had)
	return p
}

// takes has a source with nothing under way take up to most groups.
func takes(t *testing.T, p *client.Picker, who int, most uint64, want client.Range) {
	t.Helper()
	given(t, p, who, 2*most, 0, want)
}

// given has a source with a window and some groups under way take others.
func given(t *testing.T, p *client.Picker, who int, window, underway uint64, want client.Range) {
	t.Helper()
	got, ok := p.Take(who, client.Pace{Window: window}, underway)
	if got != want || ok != (want.Count > 0) {
		t.Fatalf("%d takes %v, want %v", who, got, want)
	}
}

func TestOneAloneTakesGroupsInTheirOrder(t *testing.T) {
	p := opened(100, 3, 4)
	takes(t, p, 1, 1, client.Range{First: 0, Count: 1})
	takes(t, p, 1, 4, client.Range{First: 1, Count: 2}) // 3 and 4 are had
	takes(t, p, 1, 4, client.Range{First: 5, Count: 4})
	takes(t, p, 1, 16, client.Range{First: 9, Count: 16})
}

func TestAWindowIsFilledByHalves(t *testing.T) {
	p := opened(100)
	given(t, p, 1, 2, 0, client.Range{First: 0, Count: 1})
	given(t, p, 1, 2, 1, client.Range{First: 1, Count: 1})
	given(t, p, 1, 2, 2, client.Range{})
	given(t, p, 1, 16, 8, client.Range{First: 2, Count: 8})
	given(t, p, 1, 16, 9, client.Range{}) // better the next half as a whole
	given(t, p, 1, 1000, 48, client.Range{First: 10, Count: 16})
	given(t, p, 1, 1000, 49, client.Range{}) // more than MaxUnderway
}

func TestAllTogetherHaveNoMoreUnderWay(t *testing.T) {
	p := opened(1000)
	given(t, p, 1, 24, 0, client.Range{First: 0, Count: 12})
	given(t, p, 2, 96, 0, client.Range{First: 12, Count: 16}) // its part is 51
	given(t, p, 2, 96, 36, client.Range{})
	given(t, p, 1, 24, 6, client.Range{First: 28, Count: 6}) // its part is 12
	for who := 3; who < 200; who++ {
		given(t, p, who, 1, 0, client.Range{First: uint64(31 + who), Count: 1}) // at least one
		given(t, p, who, 1, 1, client.Range{})
	}
}

func TestWhatIsGivenBackComesFirst(t *testing.T) {
	p := opened(100)
	takes(t, p, 1, 4, client.Range{First: 0, Count: 4})
	takes(t, p, 1, 4, client.Range{First: 4, Count: 4})
	p.Got(0)
	p.Got(5)
	p.Drop(1)
	takes(t, p, 2, 8, client.Range{First: 1, Count: 4})
	takes(t, p, 2, 8, client.Range{First: 6, Count: 8})
	p.Shorten(2, client.Range{First: 1, Count: 4}, 1)
	takes(t, p, 2, 8, client.Range{First: 2, Count: 3})
	takes(t, p, 2, 8, client.Range{First: 14, Count: 8})
}

func TestTheLastGroupsAreAskedForTwice(t *testing.T) {
	p := opened(8)
	for g := range uint64(8) {
		given(t, p, 1, 2, min(g, 1), client.Range{First: g, Count: 1})
		given(t, p, 1, 2, 2, client.Range{})
	}
	for _, g := range []uint64{7, 6, 5} { // those that come latest from 1
		takes(t, p, 2, 8, client.Range{First: g, Count: 1})
	}
	takes(t, p, 3, 1, client.Range{First: 4, Count: 1})
	for g := range uint64(4) {
		p.Got(g)
	}
	takes(t, p, 3, 8, client.Range{}) // each of the others is awaited of two
	if p.Work(false) {
		t.Error("there is work for a fourth")
	}
	p.Got(4)
	if !p.Overtaken(3) || p.Overtaken(1) || p.Overtaken(2) {
		t.Error("only 3 is overtaken")
	}
	p.Got(5)
	p.Got(6)
	if p.Got(6) || p.Done() {
		t.Error("a group that is had counts again, or the last one is not missed")
	}
	p.Got(7)
	if !p.Done() || !p.Overtaken(1) {
		t.Error("all is had")
	}
}

// TestNobodyTakesTwiceWhatComesAnyway: as long as a source awaits something that no other one is asked for.
func TestNobodyTakesTwiceWhatComesAnyway(t *testing.T) {
	p := opened(4)
	takes(t, p, 1, 1, client.Range{First: 0, Count: 1})
	takes(t, p, 1, 1, client.Range{First: 1, Count: 1})
	takes(t, p, 2, 1, client.Range{First: 2, Count: 1})
	takes(t, p, 2, 1, client.Range{First: 3, Count: 1})
	given(t, p, 2, 64, 1, client.Range{})
	p.Got(2)
	p.Got(3)
	takes(t, p, 2, 1, client.Range{First: 1, Count: 1})
	takes(t, p, 2, 1, client.Range{First: 0, Count: 1})
}

// What comes soon anyway is not asked for a second time, unless its source is not counted on any more.
func TestNobodyTakesWhatComesSoon(t *testing.T) {
	p := opened(8)
	soon := client.Pace{Window: 8, Soon: 2}
	for _, first := range []uint64{0, 4} {
		if got, ok := p.Take(1, soon, first); !ok || got != (client.Range{First: first, Count: 4}) {
			t.Fatalf("1 takes %v", got)
		}
	}
	for g := range uint64(5) {
		p.Got(g)
	}
	if !p.Work(false) {
		t.Error("there is no work, with three groups where two come soon")
	}
	p.Got(5)
	takes(t, p, 2, 1, client.Range{})
	if p.Work(false) {
		t.Error("there is work, although all of it comes soon")
	}
	p.Late([]int{1})
	if !p.Work(false) {
		t.Error("there is no work, although its source is late")
	}
	takes(t, p, 2, 1, client.Range{First: 7, Count: 1})
	p.Late(nil)
	p.Take(1, client.Pace{Window: 8, Soon: 1}, 2) // it has become slower
	takes(t, p, 3, 1, client.Range{First: 6, Count: 1})
}

// A source that was dialed takes from circuits first, even if another one has more to bring; a circuit takes from the one
// that has most.
func TestCircuitsAreTakenFromFirst(t *testing.T) {
	begun := func() *client.Picker {
		p := opened(12)
		for who, pace := range []client.Pace{{Window: 8}, {Window: 8}, {Window: 2, Relayed: true}} {
			if _, ok := p.Take(who+1, pace, 0); !ok {
				t.Fatalf("%d takes nothing", who+1)
			}
		}
		for _, ok := p.Take(1, client.Pace{Window: 64}, 0); ok; _, ok = p.Take(1, client.Pace{Window: 64}, 0) {
		}
		return p
	}
	for relayed, want := range map[bool]uint64{false: 7, true: 11} {
		got, ok := begun().Take(4, client.Pace{Window: 2, Relayed: relayed}, 0)
		if !ok || got != (client.Range{First: want, Count: 1}) {
			t.Errorf("%v is taken, by a circuit: %t", got, relayed)
		}
	}
}

// A circuit gets nothing that a source which was dialed brings within CircuitPatience, unless that one is late.
func TestACircuitGetsNothingThatIsNear(t *testing.T) {
	p := opened(8)
	if got, ok := p.Take(1, client.Pace{Window: 16, Near: 8}, 0); !ok || got.Count != 8 {
		t.Fatalf("1 takes %v", got)
	}
	circuit := client.Pace{Window: 4, Relayed: true}
	if got, ok := p.Take(2, circuit, 0); ok || p.Work(true) || !p.Work(false) {
		t.Errorf("a circuit takes %v; work for it: %t, for others: %t", got, p.Work(true), p.Work(false))
	}
	p.Late([]int{1})
	if got, ok := p.Take(2, circuit, 0); !ok || got != (client.Range{First: 7, Count: 1}) {
		t.Errorf("a circuit takes %v", got)
	}
}

func TestAllTakeLessAsTheEndComesNear(t *testing.T) {
	p := opened(32)
	given(t, p, 1, 8, 0, client.Range{First: 0, Count: 4})
	for g := range uint64(4) {
		p.Got(g)
	}
	given(t, p, 2, 24, 0, client.Range{First: 4, Count: 10}) // its part is 21 of 28
	given(t, p, 1, 8, 4, client.Range{First: 14, Count: 3})  // its part is 7
	given(t, p, 1, 8, 5, client.Range{})
}

func TestAStretchIsOfOnePage(t *testing.T) {
	has := make([]uint64, protocol.MaxGroups-2)
	for i := range has {
		has[i] = uint64(i)
	}
	p := opened(protocol.MaxGroups+20, has...)
	takes(t, p, 1, 4, client.Range{First: protocol.MaxGroups - 2, Count: 2})
	takes(t, p, 1, 4, client.Range{First: protocol.MaxGroups, Count: 4})
	p.Drop(1)
	takes(t, p, 1, 4, client.Range{First: protocol.MaxGroups - 2, Count: 2})
}

// A size is a claim until groups of it are verified.
func TestAClaimedSizeCostsNothing(t *testing.T) {
	p := client.NewPicker("a.txt", protocol.Hash{})
	p.Fix(client.Identity{Hash: protocol.Hash{1}, Size: protocol.MaxFile})
	p.Open(nil)
	takes(t, p, 1, 16, client.Range{First: 0, Count: 16})
	takes(t, p, 2, 32, client.Range{First: 16, Count: 16}) // half of its part of what all may have under way
}
