package peer

import (
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

// How far reading goes ahead. While reading goes on in order, the next group is asked for as well. Where the
// reader finds that it has not come yet, so does it with twice as many.
const (
	leastAhead   = 2           // groups of the window of a file that is read in order
	mostAhead    = 16          // the same of one whose groups come fast and are read as fast
	mostAheadAll = 64          // groups beyond leastAhead, of all files of a Client
	aheadSpan    = time.Second // no more groups than come in this, but for leastAhead: a seek waits for those on their way
)

// aheadBudget counts the groups beyond leastAhead that the open files of a Client may have in memory.
type aheadBudget struct{ groups atomic.Int64 }

// take takes as many of so many groups as there are.
func (b *aheadBudget) take(groups uint64) uint64 {
	over := b.groups.Add(int64(groups)) - mostAheadAll
	if over <= 0 {
		return groups
	}
	over = min(over, int64(groups))
	b.groups.Add(-over)
	return groups - uint64(over)
}

func (b *aheadBudget) giveBack(groups uint64) { b.groups.Add(-int64(groups)) }

// ahead plans which groups are wanted while a file is read.
type ahead struct {
	budget *aheadBudget
	last   uint64       // the group that was read last
	groups uint64       // that the window is to have
	window client.Range // as it was planned last
	end    uint64       // reading goes on to this group, and not beyond it; 0: that is not known
	keeps  bool         // no group has gone that came since the machine was told what is wanted
}

// resize sets how many groups the window is to have: more than leastAhead as far as the budget goes.
func (a *ahead) resize(groups uint64) {
	switch have, want := max(a.groups, leastAhead), max(groups, leastAhead); {
	case want > have:
		groups = have + a.budget.take(want-have)
	case want < have:
		a.budget.giveBack(have - want)
	}
	a.groups = groups
}

// Expect says that reading goes on in order up to an offset, wherever it begins, and not beyond: no group behind that is
// fetched before it is read. Zero, as at first, says that this is not known: then a File reads ahead where reading has
// gone on in order before.
func (f *File) Expect(end int64) {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.ahead.end = protocol.Groups(uint64(max(0, end)))
}

// Rest says that nobody reads for a while. What was read ahead is let go, but for a few groups, so that other files of the
// Client may read ahead. Reading goes on as after a seek.
func (f *File) Rest() {
	f.turn.Lock()
	defer f.turn.Unlock()
	if f.ended() != nil {
		return
	}
	f.ahead.rest()
	f.cache.move(f.ahead.window)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.awaits = client.Range{} // what comes meanwhile may be let go, too: it is asked for again
}

// rest shrinks the window to one group.
func (a *ahead) rest() {
	a.resize(1)
	a.end, a.window.Count, a.keeps = 0, min(a.window.Count, 1), false
}

// stretch is what one call reads.
type stretch struct {
	through uint64 // the last group
	alone   bool   // nothing was read before it: reading need not go on behind it
}

// stretch returns what a call reads that is to read so many bytes.
func (a *ahead) stretch(offset int64, size int) stretch {
	first := uint64(offset) / protocol.GroupSize
	return stretch{max(first, uint64(offset+int64(size)-1)/protocol.GroupSize), first != a.last && first != a.last+1}
}

// onward returns what a call reads that goes on from a group until somebody has enough: the next group as well, unless
// reading is expected to end before.
func (a *ahead) onward(group uint64) stretch {
	if a.end > 0 && group+1 >= a.end {
		return stretch{through: group}
	}
	return stretch{through: group + 1}
}

// plan returns the groups that are wanted when one is read, of a content of so many. Here says that it has come already,
// fast is how many come within aheadSpan.
func (a *ahead) plan(group, all uint64, of stretch, here bool, fast uint64) client.Range {
	inOrder := group == a.last+1
	switch {
	case group == a.last, inOrder && of.alone:
	case inOrder && a.groups < leastAhead:
		a.resize(leastAhead)
	case inOrder && !here:
		a.resize(min(2*a.groups, mostAhead, max(leastAhead, fast)))
	case inOrder, group > a.last && covers(a.window, group):
	case group < a.end:
		a.resize(leastAhead)
	default:
		a.resize(1)
	}
	a.last = group
	if need := of.through - group + 1; need > a.groups {
		a.resize(min(need, mostAhead))
	}
	window := client.Range{First: group, Count: min(a.groups, a.limit(group, all, of)-group)}
	if covers(a.window, group) { // requests of half a window are fewer, and its other half is on its way meanwhile
		if rest := a.window.First + a.window.Count - group; rest > a.groups/2 || rest > window.Count {
			window.Count = rest
		}
	}
	if window.First < a.window.First || window.First+window.Count < a.window.First+a.window.Count {
		a.keeps = false
	}
	a.window = window
	return window
}

// limit returns the group that is not to be asked for together with one that is read.
func (a *ahead) limit(group, all uint64, of stretch) uint64 {
	switch {
	case group < a.end:
		all = min(all, max(a.end, of.through+1))
	case of.alone || a.end > 0:
		all = min(all, of.through+1)
	}
	return all
}
