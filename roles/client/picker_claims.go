package client

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// part returns how many groups a source may have under way. The windows of several sources shrink in
// the same proportion to what is missing, so that all finish at about the same time, and to
// MaxUnderway. One group is always allowed.
func (p *Picker) part(who int, window uint64) uint64 {
	sum := window
	for other, its := range p.paces {
		if other != who {
			sum += its.Window
		}
	}
	all := min(sum, roles.MaxUnderway/protocol.GroupSize)
	if sum > window {
		all = min(all, p.missing)
	}
	return max(1, window*all/sum)
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

// second hands out groups that another source awaits to one that awaits none but such: of the source
// with the most missing groups up to a claim (the latest of these claims) the last half, which would
// come latest from there, as far as it is in that claim. A source that was dialed takes from circuits
// first.
func (p *Picker) second(who int, relayed bool, most uint64) (best interval, ok bool) {
	longest, dear := uint64(0), false
	for at, c := range p.claims {
		s, some := p.tail(c, who)
		spares := !relayed && p.paces[c.who].Relayed
		switch queue := p.queue(at); {
		case c.who == who && p.relied(c):
			return interval{}, false
		case c.who == who || !some || !p.slow(c.who, queue, relayed):
		case spares && !dear, spares == dear && queue >= longest:
			best, longest, dear, ok = s, queue, spares, true
		}
	}
	half := (longest + 1) / 2
	best.first = best.end - min(half, most, best.end-best.first)
	return best, ok
}

// slow reports whether a source that has so many groups to send does not send all of them soon, or is
// not counted on: else another one that were asked for the last would only bring it a second time. For
// a circuit what takes CircuitPatience is soon where the source was dialed: then that suffices.
func (p *Picker) slow(who int, queue uint64, relayed bool) bool {
	pace := p.paces[who]
	soon := pace.Soon
	if relayed && !pace.Relayed {
		soon = max(soon, pace.Near)
	}
	return queue > soon || slices.Contains(p.late, who)
}

// relied reports whether a claim has missing groups that no other source has been asked for.
func (p *Picker) relied(c claim) bool {
	for g := c.first; g < c.end; g++ {
		if !p.has(g) && p.awaited(g) == 1 {
			return true
		}
	}
	return false
}

// queue returns how many groups a source has to send up to the end of a claim.
func (p *Picker) queue(at int) (groups uint64) {
	for _, c := range p.claims[:at+1] {
		for g := c.first; c.who == p.claims[at].who && g < c.end; g++ {
			if !p.has(g) {
				groups++
			}
		}
	}
	return groups
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

// awaited counts the sources that have been asked for a group.
func (p *Picker) awaited(group uint64) (n int) {
	for _, c := range p.claims {
		if c.first <= group && group < c.end {
			n++
		}
	}
	return n
}

// giveBack returns the groups of an interval that are neither present nor awaited to the rest.
func (p *Picker) giveBack(s interval) {
	for g := s.first; g < s.end; g++ {
		if p.has(g) || p.awaited(g) > 0 {
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
