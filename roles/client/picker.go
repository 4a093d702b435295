package client

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Picker is shared by the Sources of a fetch: it knows the content, its missing chunk groups, and
// which Source has been asked for which. It hands groups out in their order. When none is left, it
// hands out those that another Source still awaits a second time: the first to come counts; those
// that are awaited of late Sources alone are handed out as if these were not there. A Source of a node
// that was dialed takes from circuits before it takes from others, and a circuit gets nothing that such
// a one will soon have brought. Its
// memory grows with the groups that are present or asked for, never with a claimed size.
type Picker struct {
	name string
	want protocol.Hash // what the hash must be; zero: any

	identity Identity
	fixed    bool // the identity is known, and stays
	open     bool // the store is ready for it

	groups  uint64
	window  interval     // of the groups that are handed out at all
	had     roles.Groups // by their numbers in the window
	missing uint64       // in the window, and not had
	next    uint64       // from here on nothing has been handed out
	back    []interval   // handed out and given back: apart from each other, in order
	claims  []claim
	guesser int          // the source that was asked for the first group of a content that nobody knew; nobody: there is none
	paces   map[int]Pace // by source that has a claim
	late    []int        // sources that are not counted on: their groups are handed out once more
}

// Range is consecutive groups of a file.
type Range struct{ First, Count uint64 }

// Pace is how fast a source is: how many groups it would have under way if it were alone, how many come
// so soon that another one, if asked for them now, would hardly bring them before, and how many within
// CircuitPatience. What comes over a circuit is dear, and may be bounded.
type Pace struct {
	Window, Soon, Near uint64
	Relayed            bool
	Most               uint64 // groups that it may be asked for at once; 0: any number
}

// interval is the groups from first up to, and without, end.
type interval struct{ first, end uint64 }

// claim is an interval that a source has been asked for and has not finished.
type claim struct {
	interval
	who int
}

// NewPicker returns a picker for a file by name, by hash, or both. Its content is not known yet.
func NewPicker(name string, request protocol.Hash) *Picker {
	return &Picker{name: name, want: request, guesser: nobody, paces: map[int]Pace{}}
}

// Guess lets a source ask for the first group of a content that is not known yet, or not open: one
// source at a time, so that the group does not come twice.
func (p *Picker) Guess(who int) bool {
	if p.open || p.guesser != nobody || p.fixed && p.groups == 0 {
		return false
	}
	p.guesser = who
	return true
}

// Fix sets the content, once.
func (p *Picker) Fix(is Identity) {
	if !p.fixed {
		p.identity, p.fixed = is, true
		p.groups = protocol.Groups(is.Size)
	}
}

// Identity returns the content, once it is known.
func (p *Picker) Identity() (is Identity, known bool) { return p.identity, p.fixed }

// Open says that the store is ready, and which groups it has. From then on there are groups to
// take.
func (p *Picker) Open(has roles.Groups) {
	p.open = true
	p.keep(has, p.groups)
	p.window = interval{0, p.groups}
	if p.guesser != nobody && p.groups > 0 && !p.has(0) {
		p.claims = append(p.claims, claim{interval{0, 1}, p.guesser})
		p.paces[p.guesser], p.next = Pace{Window: 1}, 1
	}
}

// Window takes the place of Open where only some groups are wanted: these are missing, but for those that
// are had, by their numbers from the first on. No others are handed out, until the next Window. Groups that
// somebody has been asked for still come.
func (p *Picker) Window(wanted Range, has roles.Groups) {
	p.open = true
	first := min(wanted.First, p.groups)
	p.window = interval{first, first + min(wanted.Count, p.groups-first)}
	p.keep(has, p.window.end-first)
	p.back, p.next = p.back[:0], p.window.end
	p.giveBack(p.window)
}

// besides returns, beside these groups of another window, those that are had of this one.
func (p *Picker) besides(wanted Range, has roles.Groups) roles.Groups {
	has = slices.Clone(has)
	for g := max(wanted.First, p.window.first); g < min(wanted.First+wanted.Count, p.window.end); g++ {
		if p.has(g) {
			has.Add(g - wanted.First)
		}
	}
	return has
}

// keep notes which groups are had, of so many.
func (p *Picker) keep(has roles.Groups, groups uint64) {
	p.had = append(p.had[:0], has...)
	for at, word := range p.had {
		if first := uint64(at) * 64; first >= groups {
			p.had[at] = 0
		} else if rest := groups - first; rest < 64 {
			p.had[at] = word & (1<<rest - 1)
		}
	}
	p.missing = groups - p.had.Count()
}

// has reports whether a group is had, or not wanted.
func (p *Picker) has(group uint64) bool {
	return group < p.window.first || group >= p.window.end || p.had.Has(group-p.window.first)
}

// Done reports whether every group that is wanted is had.
func (p *Picker) Done() bool { return p.open && p.missing == 0 }

// bytes returns the number of bytes in a range.
func (p *Picker) bytes(s Range) uint64 {
	return min(s.Count*protocol.GroupSize, p.identity.Size-s.First*protocol.GroupSize)
}

// largest returns how many bytes a missing group of a content of this size has at most: the last one has less than others.
func (p *Picker) largest(size uint64) uint64 {
	if p.open && p.missing == 1 && !p.has(p.groups-1) {
		return p.bytes(Range{p.groups - 1, 1})
	}
	return min(protocol.GroupSize, size)
}

// kept returns the number of bytes that are present.
func (p *Picker) kept() uint64 {
	bytes := p.had.Count() * protocol.GroupSize
	if p.groups > 0 && p.had.Has(p.groups-1) {
		bytes -= p.groups*protocol.GroupSize - p.identity.Size
	}
	return bytes
}

// Work reports whether a source that has not been asked for anything could take something, be it over a circuit or not.
func (p *Picker) Work(relayed bool) bool {
	if !p.open || p.missing == 0 {
		return false
	}
	if _, left := p.unclaimed(1); left {
		return true
	}
	for at, c := range p.claims {
		if _, ok := p.tail(c, nobody); ok && p.slow(c.who, p.queue(at), relayed) {
			return true
		}
	}
	return false
}

// nobody is no source.
const nobody = -1

// Late says which sources are not counted on, for they have brought nothing in time.
func (p *Picker) Late(who []int) { p.late = append(p.late[:0], who...) }

// Take hands out groups to a source that has so many under way. It gets a half of its part at once, of
// one page of the tree: no multiple of MaxGroups lies between them.
func (p *Picker) Take(who int, pace Pace, underway uint64) (Range, bool) {
	if !p.open || p.missing == 0 {
		return Range{}, false
	}
	if _, claims := p.paces[who]; claims {
		p.paces[who] = pace
	}
	part := p.part(who, pace.Window)
	most := min(max(1, part/2), protocol.MaxRange/protocol.GroupSize)
	if pace.Most > 0 {
		most = min(most, pace.Most)
	}
	if underway > 0 && underway+most > part {
		return Range{}, false
	}
	s, ok := p.unclaimed(most)
	if ok {
		p.withdraw(s)
	} else if s, ok = p.second(who, pace.Relayed, most); !ok {
		return Range{}, false
	}
	p.claims = append(p.claims, claim{s, who})
	p.paces[who] = pace
	return Range{s.first, s.end - s.first}, true
}

// Got notes that a group is verified and stored. It reports whether it was missing before.
func (p *Picker) Got(group uint64) bool {
	if p.has(group) {
		return false
	}
	p.had.Add(group - p.window.first)
	p.missing--
	return true
}

// Finish says that a source is done with a range. Its missing groups go to the others.
func (p *Picker) Finish(who int, s Range) {
	at := slices.Index(p.claims, claim{interval{s.First, s.First + s.Count}, who})
	if at < 0 {
		return
	}
	given := p.claims[at].interval
	p.claims = slices.Delete(p.claims, at, at+1)
	if !slices.ContainsFunc(p.claims, func(c claim) bool { return c.who == who }) {
		delete(p.paces, who)
	}
	p.giveBack(given)
}

// Shorten says that a source will send only the first groups of a range. The others go to any
// source.
func (p *Picker) Shorten(who int, s Range, count uint64) {
	at := slices.Index(p.claims, claim{interval{s.First, s.First + s.Count}, who})
	if at < 0 || count >= s.Count {
		return
	}
	p.claims[at].end = s.First + count
	p.giveBack(interval{s.First + count, s.First + s.Count})
}

// Drop says that a source is gone. Its missing groups go to the others.
func (p *Picker) Drop(who int) {
	if p.guesser == who {
		p.guesser = nobody
	}
	for at := len(p.claims) - 1; at >= 0; at-- {
		if c := p.claims[at]; c.who == who {
			p.Finish(who, Range{c.first, c.end - c.first})
		}
	}
}

// Overtaken reports whether all groups that a source is still asked for have come from others.
func (p *Picker) Overtaken(who int) bool {
	asked := false
	for _, c := range p.claims {
		if c.who != who {
			continue
		}
		asked = true
		for g := c.first; g < c.end; g++ {
			if !p.has(g) {
				return false
			}
		}
	}
	return asked
}
