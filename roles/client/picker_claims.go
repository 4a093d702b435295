package client

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
)

// share bounds the groups that one of the sources may take at once: half of its part of the rest.
func (p *Picker) share(who int) uint64 {
	awaited, others := uint64(0), []int{who}
	for _, c := range p.claims {
		for g := c.first; g < c.end; g++ {
			if !p.has(g) {
				awaited++
			}
		}
		if !slices.Contains(others, c.who) {
			others = append(others, c.who)
		}
	}
	if len(others) == 1 {
		return p.groups
	}
	return (p.missing - min(p.missing, awaited)) / uint64(2*len(others))
}

// unclaimed returns the first groups that nobody has been asked for, up to the end of their page.
func (p *Picker) unclaimed(most uint64) (interval, bool) {
	if len(p.back) > 0 {
		s := p.back[0]
		s.end = min(s.end, pageEnd(s.first), s.first+most)
		return s, true
	}
	for p.next < p.window.end && p.has(p.next) {
		p.next++
	}
	s := interval{p.next, p.next}
	for s.end < min(p.window.end, pageEnd(s.first), s.first+most) && !p.has(s.end) {
		s.end++
	}
	return s, s.first < s.end
}

// pageEnd returns the first group of the next page of the tree.
func pageEnd(group uint64) uint64 { return (group/protocol.MaxGroups + 1) * protocol.MaxGroups }

// withdraw removes an interval that unclaimed returned, or its beginning, from the rest.
func (p *Picker) withdraw(s interval) {
	if len(p.back) == 0 {
		p.next = s.end
		return
	}
	if p.back[0].first = s.end; p.back[0].first == p.back[0].end {
		p.back = slices.Delete(p.back, 0, 1)
	}
}

// second hands out groups that another source awaits: of the claim with the most missing groups
// (the latest of these), the last half, which would come latest from there.
func (p *Picker) second(who int, most uint64) (best interval, ok bool) {
	for _, c := range p.claims {
		if c.who == who {
			continue
		}
		if s, some := p.tail(c, who); some && s.end-s.first >= best.end-best.first {
			best, ok = s, true
		}
	}
	half := (best.end - best.first + 1) / 2
	best.first = best.end - min(half, most)
	return best, ok
}

// tail returns the last groups of a claim that are missing, that one source has not been asked for,
// and at most one other that is counted on.
func (p *Picker) tail(c claim, who int) (interval, bool) {
	end := c.end
	for end > c.first && !p.spare(end-1, who) {
		end--
	}
	first := end
	for first > c.first && p.spare(first-1, who) {
		first--
	}
	return interval{first, end}, first < end
}

func (p *Picker) spare(group uint64, who int) bool {
	if p.has(group) {
		return false
	}
	relied := 0
	for _, c := range p.claims {
		switch {
		case group < c.first || group >= c.end:
		case c.who == who:
			return false
		case !slices.Contains(p.late, c.who):
			relied++
		}
	}
	return relied <= 1
}

// awaited reports whether a source has been asked for a group.
func (p *Picker) awaited(group uint64) bool {
	return slices.ContainsFunc(p.claims, func(c claim) bool { return c.first <= group && group < c.end })
}

// giveBack returns the groups of an interval that are neither present nor awaited to the rest.
func (p *Picker) giveBack(s interval) {
	for g := s.first; g < s.end; g++ {
		if p.has(g) || p.awaited(g) {
			continue
		}
		at := slices.IndexFunc(p.back, func(b interval) bool { return b.first > g })
		if at < 0 {
			at = len(p.back)
		}
		p.back = slices.Insert(p.back, at, interval{g, g + 1})
		if at+1 < len(p.back) && p.back[at+1].first == g+1 {
			p.back[at].end = p.back[at+1].end
			p.back = slices.Delete(p.back, at+1, at+2)
		}
		if at > 0 && p.back[at-1].end == g {
			p.back[at-1].end = p.back[at].end
			p.back = slices.Delete(p.back, at, at+1)
		}
	}
	if n := len(p.back); n > 0 && p.back[n-1].end == p.next {
		p.next = p.back[n-1].first
		p.back = p.back[:n-1]
	}
}
