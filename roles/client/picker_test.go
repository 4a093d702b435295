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

func takes(t *testing.T, p *client.Picker, who int, most uint64, want client.Range) {
	t.Helper()
	got, ok := p.Take(who, most)
	if got != want || ok != (want.Count > 0) {
		t.Fatalf("%d takes %v, want %v", who, got, want)
	}
}

func TestOneAloneTakesGroupsInTheirOrder(t *testing.T) {
	p := opened(20, 3, 4)
	takes(t, p, 1, 1, client.Range{First: 0, Count: 1})
	takes(t, p, 1, 4, client.Range{First: 1, Count: 2}) // 3 and 4 are had
	takes(t, p, 1, 4, client.Range{First: 5, Count: 4})
	takes(t, p, 1, 16, client.Range{First: 9, Count: 11})
	takes(t, p, 1, 16, client.Range{}) // all is awaited of itself
}

func TestWhatIsGivenBackComesFirst(t *testing.T) {
	p := opened(40)
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
	takes(t, p, 1, 8, client.Range{First: 0, Count: 8})
	takes(t, p, 2, 8, client.Range{First: 4, Count: 4}) // the half that comes latest from 1
	takes(t, p, 3, 1, client.Range{First: 3, Count: 1})
	p.Got(0)
	p.Got(1)
	takes(t, p, 3, 8, client.Range{First: 2, Count: 1})
	takes(t, p, 3, 8, client.Range{}) // each of the others is awaited of two
	if p.Work() {
		t.Error("there is work for a fourth")
	}
	for g := range uint64(4) {
		p.Got(2 + g)
	}
	if !p.Overtaken(3) || p.Overtaken(1) || p.Overtaken(2) {
		t.Error("only 3 is overtaken")
	}
	p.Got(6)
	if p.Got(6) || p.Done() {
		t.Error("a group that is had counts again, or the last one is not missed")
	}
	p.Got(7)
	if !p.Done() || !p.Overtaken(1) {
		t.Error("all is had")
	}
}

func TestSeveralTakeLessAsTheEndComesNear(t *testing.T) {
	p := opened(32)
	takes(t, p, 1, 16, client.Range{First: 0, Count: 16})
	takes(t, p, 2, 16, client.Range{First: 16, Count: 4}) // of 16 that nobody is asked for, half of its part
	takes(t, p, 2, 16, client.Range{First: 20, Count: 3})
}

func TestAStretchIsOfOnePage(t *testing.T) {
	has := make([]uint64, protocol.MaxGroups-2)
	for i := range has {
		has[i] = uint64(i)
	}
	p := opened(protocol.MaxGroups+5, has...)
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
	takes(t, p, 2, 16, client.Range{First: 16, Count: 16})
}
