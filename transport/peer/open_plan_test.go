package peer

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles/client"
)

// planned is a plan of what is read of a file of 100 groups.
type planned struct {
	ahead
	t *testing.T
}

func newPlanned(t *testing.T) *planned {
	return &planned{ahead{budget: &aheadBudget{}, last: ^uint64(0)}, t}
}

// reads fails unless these groups are wanted when one is read.
func (p *planned) reads(group uint64, here bool, fast, first, count uint64) {
	p.t.Helper()
	of := p.stretch(int64(group)<<20, 1)
	if window := p.plan(group, 100, of, here, fast); window != (client.Range{First: first, Count: count}) {
		p.t.Errorf("when group %d is read, %+v are wanted, not %d from %d on", group, window, count, first)
	}
}

func TestTheWindowGrowsWhileItsReaderWaits(t *testing.T) {
	p := newPlanned(t)
	p.reads(0, false, mostAhead, 0, 2)
	p.reads(0, true, mostAhead, 0, 2)
	p.reads(1, true, mostAhead, 1, 2) // it came in time: two are enough
	p.reads(2, false, mostAhead, 2, 4)
	p.reads(3, false, mostAhead, 3, 8)
	p.reads(4, false, mostAhead, 4, mostAhead)
	p.reads(5, false, mostAhead, 5, mostAhead-1) // half of them are on their way
	p.reads(7, true, mostAhead, 7, mostAhead-3)  // a skip to what is on its way anyway
	p.reads(12, true, mostAhead, 12, mostAhead/2)
	p.reads(13, false, mostAhead, 13, mostAhead) // there are no more than mostAhead
	p.reads(14, false, mostAhead, 14, mostAhead-1)
	p.reads(50, false, mostAhead, 50, 1)
	p.reads(51, false, mostAhead, 51, 2)
	p.reads(10, false, mostAhead, 10, 1) // and back
	p.reads(98, false, mostAhead, 98, 1)
	p.reads(99, false, mostAhead, 99, 1) // there are no more
}

// What comes slowly is not asked for far ahead: a seek would wait for it.
func TestTheWindowIsNoLongerThanWhatComesSoon(t *testing.T) {
	p := newPlanned(t)
	p.reads(0, false, 0, 0, 2)
	p.reads(1, false, 0, 1, 2)
	p.reads(2, false, 3, 2, 3)
	p.reads(3, false, 3, 3, 2)
	c := newReadCache(nil)
	for _, test := range []struct {
		gap  time.Duration
		want uint64
	}{{0, mostAhead}, {time.Nanosecond, mostAhead}, {time.Second / 3, 3}, {time.Minute, 0}} {
		c.gap = test.gap
		if come := c.comeIn(time.Second, mostAhead); come != test.want {
			t.Errorf("with %v between two groups %d come in a second", test.gap, come)
		}
	}
}

func TestTheWindowEndsWhereReadingIsExpectedTo(t *testing.T) {
	p := newPlanned(t)
	p.end = 15
	p.reads(10, false, mostAhead, 10, 2)
	p.reads(11, false, mostAhead, 11, 4)
	p.reads(12, false, mostAhead, 12, 3)
	p.reads(14, false, mostAhead, 14, 1)
	p.reads(15, false, mostAhead, 15, 1)
}

// A file at rest leaves what it had beyond one group to the others.
func TestAFileAtRestHasNothingAhead(t *testing.T) {
	p := newPlanned(t)
	p.reads(0, false, mostAhead, 0, 2)
	p.reads(1, false, mostAhead, 1, 4)
	p.reads(2, false, mostAhead, 2, 8)
	p.reads(3, false, mostAhead, 3, mostAhead)
	if taken := p.budget.groups.Load(); taken != mostAhead-leastAhead {
		t.Errorf("%d groups are taken", taken)
	}
	p.rest()
	if taken := p.budget.groups.Load(); taken != 0 || p.window.Count != 1 {
		t.Errorf("at rest %d groups are taken, of %d in the window", taken, p.window.Count)
	}
	p.reads(4, false, mostAhead, 4, 2)
	p.reads(5, false, mostAhead, 5, 4)
}

// The files of a client share what they have beyond two groups each, and give it back.
func TestFilesShareWhatIsReadAhead(t *testing.T) {
	budget, files := &aheadBudget{}, []*planned{}
	all := uint64(0)
	for range 50 {
		p := newPlanned(t)
		p.budget = budget
		for group := range uint64(10) {
			p.plan(group, 100, p.stretch(int64(group)<<20, 1), false, mostAhead)
		}
		if p.groups < leastAhead || p.groups > mostAhead {
			t.Errorf("a window of %d groups", p.groups)
		}
		all += p.groups - leastAhead
		files = append(files, p)
	}
	if all != mostAheadAll || budget.groups.Load() != mostAheadAll {
		t.Errorf("all have %d groups beyond %d each, and the budget says %d", all, leastAhead, budget.groups.Load())
	}
	for at, p := range files {
		if at%2 == 0 {
			p.plan(50, 100, p.stretch(50<<20, 1), false, mostAhead)
		}
		p.resize(0)
	}
	if left := budget.groups.Load(); left != 0 {
		t.Errorf("%d groups are not given back", left)
	}
}
