package peer

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

func nodeAt(port int) client.Node {
	return client.Node{AddrPort: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(port))}
}

func TestOnlyWhatChangesByItselfIsTooEarly(t *testing.T) {
	for name, x := range map[string]struct {
		Coverage
		early bool
	}{
		"all":        {Coverage{}, false},
		"silent":     {Coverage{Silent: 3, Some: []client.Node{nodeAt(1)}}, false},
		"publishing": {Coverage{Publishing: 1}, true},
		"young":      {Coverage{Young: time.Millisecond}, true},
	} {
		if err := x.Err(); errors.Is(err, ErrTooEarly) != x.early || (err != nil) != x.early || x.Awaited().IsZero() == x.early {
			t.Errorf("%s: %v, %+v", name, err, x.Awaited())
		}
	}
}

func TestTheCoverageOfTwoListsIsThatOfBoth(t *testing.T) {
	a := Coverage{Young: time.Second, Publishing: 1, Silent: 5, Some: []client.Node{nodeAt(3), nodeAt(1)}}
	b := Coverage{Young: time.Minute, Publishing: 7, Silent: 2, Some: []client.Node{nodeAt(2), nodeAt(3)}}
	for _, both := range [][2]Coverage{{a, b}, {b, a}} {
		sum := both[0]
		sum.Add(both[1])
		if sum.Young != time.Minute || sum.Publishing != 7 || sum.Silent != 5 || !slices.Equal(sum.Some, []client.Node{nodeAt(1), nodeAt(2), nodeAt(3)}) {
			t.Errorf("%+v", sum)
		}
	}
	if !slices.Equal(a.Some, []client.Node{nodeAt(3), nodeAt(1)}) {
		t.Errorf("what was added was changed: %v", a.Some)
	}
}

// TestAPageTellsWhatTheListLacks: each page may name other silent nodes; their number stays bounded.
func TestAPageTellsWhatTheListLacks(t *testing.T) {
	var covers Coverage
	for page := range 10 {
		listed := &protocol.Listed{Young: uint64(1000 - page), Publishing: uint64(page), Silent: 100}
		for i := range protocol.MaxSilent {
			at := nodeAt(1 + 100*page + i)
			listed.Named = append(listed.Named, protocol.Peer{Host: at.Addr().AsSlice(), Port: at.Port()})
		}
		covers.listed(listed)
	}
	if covers.Young != time.Second || covers.Publishing != 9 || covers.Silent != 100 || len(covers.Some) != protocol.MaxSilent {
		t.Errorf("%+v", covers)
	}
}

// TestWhatIsAwaitedOfAResult: the last word of each node counts, and only where the file may yet be found.
func TestWhatIsAwaitedOfAResult(t *testing.T) {
	r := client.Result{Outcome: client.TooEarly, Young: time.Second, Tried: []client.Tried{
		{Node: nodeAt(2), Code: protocol.Indexing}, {Node: nodeAt(1), Code: protocol.Indexing}, {Node: nodeAt(3), Code: protocol.Busy},
		{Node: nodeAt(1), Code: protocol.NotFound},
	}}
	if got := AwaitedOf(r); got.Young != time.Second || got.Publishing != 0 || !slices.Equal(got.Indexing, []client.Node{nodeAt(2)}) {
		t.Errorf("%+v", got)
	}
	for o := client.Running; o <= client.GivenUp; o++ {
		if r.Outcome = o; AwaitedOf(r).IsZero() == (o == client.TooEarly) {
			t.Errorf("outcome %d: %+v", o, AwaitedOf(r))
		}
	}
	r.Outcome, r.Tried = client.TooEarly, nil
	for i := range 1000 {
		r.Tried = append(r.Tried, client.Tried{Node: nodeAt(i + 1), Code: protocol.Indexing})
	}
	if got := AwaitedOf(r); len(got.Indexing) != mostIndexing {
		t.Errorf("%d nodes are named", len(got.Indexing))
	}
}
