package client

import (
	"cmp"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// patience counts, by node, how often it was left because it brought nothing in time while others
// waited. Each time it is given four times as long, so that the rounds through nodes that are all
// slow end, and the good one among them has its time.
type patience map[Node]int

// with returns for how long a node is waited for that was to be given so much time at first.
func (p patience) with(node Node, first time.Duration) time.Duration {
	return first << min(2*p[node], mostPatience)
}

// mostPatience is how often at most the time is doubled: to more than a day, whereas the bounds of
// a Source end each visit within half of one.
const mostPatience = 14

// late reports whether a source has had its time, and has brought no verified group.
func (f *Fetch) late(at roles.Moment, s *Source) bool {
	return s.awaited() && at.Now-s.moved >= f.turn(s)
}

// turn returns for how long a source is waited for.
func (f *Fetch) turn(s *Source) time.Duration {
	return f.patience.with(s.tried.Node, s.groupPatience(s.unit(), f.circuits()))
}

// places returns how many nodes may be asked at once at most. Beyond those that the request allows
// they are for others beside late nodes that send nothing: where bytes come slowly, it may be for
// our own line that they do, and more links only divide it. And one is for a node that can be dialed,
// beside circuits.
func (f *Fetch) places(at roles.Moment) int {
	most := f.most()
	if most == 1 {
		return 1
	}
	idle := 0
	for _, s := range f.sources {
		if f.late(at, s) && s.State() != SourceReceiving {
			idle++
		}
	}
	if f.displaces() {
		idle++
	}
	return max(most, min(most+idle, roles.MaxBeside))
}

// untried reports whether somebody waits for a turn: a node, if maybe only once a circuit has ended, a page of nodes, or another content as
// long as there is nothing of this one.
func (f *Fetch) untried() bool {
	_, some := f.candidate()
	return some || len(f.behind) > 0 && (!f.keptOut() || f.circuits() > 0) || f.cursor != nil || f.elsewhere()
}

// elsewhere reports whether nodes have another content that has not been tried, and there is
// nothing yet of the one that is being fetched.
func (f *Fetch) elsewhere() bool {
	is, fixed := f.picker.Identity()
	if !fixed || f.picker.had.Count() > 0 || is == f.prefer || f.request.Once && f.gave {
		return false
	}
	return slices.ContainsFunc(f.contents, func(k known) bool { return !k.tried && len(f.askable(k.Nodes)) > 0 })
}

// dismiss leaves late sources where all are late, no link more may be open, and somebody waits for
// a turn: of several the worse half, those of which the fewest bytes have come; all of them if only
// the relay, or another content, can help. Where the relay makes no further circuit, only the end of one helps. It reports
// whether it left any.
func (f *Fetch) dismiss(at roles.Moment) bool {
	if f.State() != FetchSeeking && f.State() != FetchFetching || f.live() == 0 || f.roomy(at) || f.tooManyClosing() || !f.untried() {
		return false
	}
	var all []*Source
	for _, s := range f.sources {
		if s.visiting() && !f.late(at, s) {
			return false
		} else if s.visiting() {
			all = append(all, s)
		}
	}
	if f.keptOut() && len(f.candidates) == 0 {
		all = slices.DeleteFunc(all, func(s *Source) bool { return !s.tried.Node.Relayed() })
	}
	slices.SortStableFunc(all, func(a, b *Source) int {
		return cmp.Or(cmp.Compare(a.bytes, b.bytes), cmp.Compare(a.moved, b.moved))
	})
	if _, some := f.candidate(); some || len(f.behind) > 0 {
		all = all[:min(len(f.candidates)+len(f.behind), (len(all)+1)/2)]
	}
	for _, s := range all {
		f.patience[s.tried.Node]++
		f.absorb(s.dismiss(at))
	}
	return len(all) > 0
}

// rely tells the picker which sources it cannot count on.
func (f *Fetch) rely(at roles.Moment) {
	var late []int
	for _, s := range f.sources {
		if f.late(at, s) {
			late = append(late, int(s.link))
		}
	}
	f.picker.Late(late)
}

// wait arms the deadline that ends the patience with a node that brings nothing, if somebody else
// waits for a turn.
func (f *Fetch) wait(at roles.Moment) {
	if f.State() != FetchSeeking && f.State() != FetchFetching {
		return
	}
	due := time.Duration(-1)
	soonest := func(end time.Duration) {
		if end > at.Now && (due < 0 || end < due) {
			due = end
		}
	}
	for _, s := range f.sources {
		if s.awaited() {
			soonest(s.moved + f.turn(s))
		}
		if s.pending() && f.roomy(at) {
			soonest(s.since + roles.DialPatience)
		}
	}
	if !f.untried() {
		due = -1
	}
	for _, s := range f.sources {
		if around, has := f.wayAround(s); has {
			soonest(around)
		}
	}
	if held, is := f.held(); is && f.spacious(at, true) {
		soonest(held)
	}
	if busy, some := f.busy.next(); some && (due < 0 || busy < due) && f.spacious(at, false) {
		due = busy
	}
	switch {
	case due < 0:
		f.core.Disarm()
	case !f.core.Armed() || f.due != due:
		f.due = due
		f.core.Arm(max(0, due-at.Now))
	}
}
