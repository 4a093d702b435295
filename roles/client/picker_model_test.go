package client_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// pickerModel is a picker and what it should know, in the plainest way: for each group whether it is had, and the claims
// in the order in which they were taken.
type pickerModel struct {
	real          *client.Picker
	first, groups uint64 // the groups before first are had from the start
	had           map[uint64]bool
	claims        []modelClaim
	paces         map[int]client.Pace // of the sources that have a claim
}

// modelClaim is a range that a source has been asked for.
type modelClaim struct {
	who    int
	of     client.Range
	judged uint64 // groups of it that have come
}

func (c *modelClaim) has(g uint64) bool { return c.of.First <= g && g < c.of.First+c.of.Count }

// sources are those that the picker is tried with, by their numbers from 1 on.
const sources = 4

// TestWhateverBecomesOfTheSourcesEachGroupIsFetched has sources take, deliver, shorten, finish and vanish at random, and
// compares the picker with its model after each step. No group is ever awaited of more than two, and as long as one
// source goes on all groups are had in the end.
func TestWhateverBecomesOfTheSourcesEachGroupIsFetched(t *testing.T) {
	rolestest.Check(t, 2000, func(t *rapid.T) {
		m := &pickerModel{first: rapid.SampledFrom([]uint64{0, protocol.MaxGroups - 9}).Draw(t, "first"), had: map[uint64]bool{}, paces: map[int]client.Pace{}}
		m.groups = m.first + rapid.Uint64Range(1, 60).Draw(t, "groups")
		had := []uint64{}
		for g := range m.first {
			had = append(had, g)
		}
		for _, g := range rapid.SliceOfN(rapid.Uint64Range(m.first, m.groups-1), 0, 20).Draw(t, "has") {
			m.had[g] = true
			had = append(had, g)
		}
		m.real = opened(m.groups, had...)
		t.Repeat(map[string]func(*rapid.T){
			"take":    m.take,
			"deliver": m.deliver,
			"finish":  m.finish,
			"shorten": m.shorten,
			"drop":    m.drop,
			"":        m.compare,
		})
		m.end(t)
	})
}

// end has all sources vanish but for the first, which goes on to the end.
func (m *pickerModel) end(t *rapid.T) {
	for who := 2; who <= sources; who++ {
		m.gone(who)
	}
	for range 4 * (m.groups - m.first + 1) {
		if at := m.claimOf(1); at < 0 {
			m.takeFor(t, 1, client.Pace{Window: 64})
		} else if m.claims[at].judged < m.claims[at].of.Count {
			m.deliverFrom(t, at)
		} else {
			m.finishOf(at)
		}
	}
	if m.missing() > 0 || !m.real.Done() {
		t.Fatalf("%d groups are missing, done: %t", m.missing(), m.real.Done())
	}
}

func (m *pickerModel) missing() uint64 {
	return m.groups - m.first - uint64(len(m.had))
}

// awaited returns of how many sources a group is awaited.
func (m *pickerModel) awaited(g uint64) (n int) {
	for i := range m.claims {
		if m.claims[i].has(g) {
			n++
		}
	}
	return n
}

// untaken reports whether a group is neither had nor awaited.
func (m *pickerModel) untaken(g uint64) bool { return g < m.groups && !m.had[g] && m.awaited(g) == 0 }

// claimOf returns the first claim of a source, or -1.
func (m *pickerModel) claimOf(who int) int {
	return slices.IndexFunc(m.claims, func(c modelClaim) bool { return c.who == who })
}

// underway returns how many groups a source has been asked for and has not sent.
func (m *pickerModel) underway(who int) (n uint64) {
	for i := range m.claims {
		if c := &m.claims[i]; c.who == who {
			n += c.of.Count - c.judged
		}
	}
	return n
}

// due returns what a source should be given: the first groups that are untaken, or else some that another one delivers
// late.
func (m *pickerModel) due(who int, pace client.Pace) (client.Range, bool) {
	part := m.part(who, pace.Window)
	most := max(1, min(part/2, 16))
	if m.missing() == 0 || m.underway(who) > 0 && m.underway(who)+most > part {
		return client.Range{}, false
	}
	for g := m.first; g < m.groups; g++ {
		if !m.untaken(g) {
			continue
		}
		end := g + 1
		for end < g+most && m.untaken(end) && end%protocol.MaxGroups != 0 {
			end++
		}
		return client.Range{First: g, Count: end - g}, true
	}
	return m.again(who, pace.Relayed, most)
}

// again returns what a source should be given when nothing is untaken: of circuits, unless it is one, before others.
func (m *pickerModel) again(who int, relayed bool, most uint64) (client.Range, bool) {
	best, longest, queues := map[bool]client.Range{}, map[bool]uint64{}, map[int]uint64{}
	for i := range m.claims {
		c := &m.claims[i]
		for g := c.of.First; c.has(g); g++ {
			if !m.had[g] {
				queues[c.who]++
			}
			if c.who == who && !m.had[g] && m.awaited(g) == 1 {
				return client.Range{}, false
			}
		}
		dear := !relayed && m.paces[c.who].Relayed
		if tail := m.tail(c); c.who != who && tail.Count > 0 && m.slow(c.who, queues[c.who], relayed) && queues[c.who] >= longest[dear] {
			best[dear], longest[dear] = tail, queues[c.who]
		}
	}
	dear := longest[true] > 0
	from := best[dear]
	count := min(most, (longest[dear]+1)/2, from.Count)
	return client.Range{First: from.First + from.Count - count, Count: count}, count > 0
}

// slow reports whether another source may be asked for what one brings as the last of so many groups.
func (m *pickerModel) slow(who int, queue uint64, relayed bool) bool {
	if pace := m.paces[who]; relayed && !pace.Relayed {
		return queue > max(pace.Soon, pace.Near)
	}
	return queue > m.paces[who].Soon
}

// part returns how many groups a source may have under way.
func (m *pickerModel) part(who int, window uint64) uint64 {
	sum := window
	for other := 1; other <= sources; other++ {
		if other != who && m.claimOf(other) >= 0 {
			sum += m.paces[other].Window
		}
	}
	if sum == window {
		return min(window, 64)
	}
	return max(1, window*min(sum, m.missing(), 64)/sum)
}

// tail returns the last groups in a row of a claim that are missing, and awaited of no other source.
func (m *pickerModel) tail(c *modelClaim) (tail client.Range) {
	for g := c.of.First; c.has(g); g++ {
		switch once := !m.had[g] && m.awaited(g) == 1; {
		case once && tail.Count > 0 && tail.First+tail.Count == g:
			tail.Count++
		case once:
			tail = client.Range{First: g, Count: 1}
		}
	}
	return tail
}

func (m *pickerModel) source(t *rapid.T) int { return rapid.IntRange(1, sources).Draw(t, "source") }

func (m *pickerModel) take(t *rapid.T) {
	who := m.source(t)
	m.takeFor(t, who, client.Pace{
		Window: rapid.Uint64Range(1, 80).Draw(t, "window"),
		Soon:   rapid.SampledFrom([]uint64{0, 1, 5, 100}).Draw(t, "soon"),
		Near:   rapid.SampledFrom([]uint64{0, 3, 30}).Draw(t, "near"), Relayed: rapid.Bool().Draw(t, "relayed"),
	})
}

func (m *pickerModel) takeFor(t *rapid.T, who int, pace client.Pace) {
	if m.claimOf(who) >= 0 && m.missing() > 0 {
		m.paces[who] = pace
	}
	want, some := m.due(who, pace)
	got, ok := m.real.Take(who, pace, m.underway(who))
	if got != want || ok != some {
		t.Fatalf("source %d at %+v is given %v, where %v are due", who, pace, got, want)
	}
	if ok {
		m.paces[who] = pace
		m.claims = append(m.claims, modelClaim{who: who, of: got})
	}
}

// some draws a source that has been asked for something, and returns its first claim.
func (m *pickerModel) some(t *rapid.T) int {
	if len(m.claims) == 0 {
		t.Skip("nothing is awaited")
	}
	return m.claimOf(m.claims[rapid.IntRange(0, len(m.claims)-1).Draw(t, "claim")].who)
}

// deliver has the next group of a claim come.
func (m *pickerModel) deliver(t *rapid.T) {
	if at := m.some(t); m.claims[at].judged < m.claims[at].of.Count {
		m.deliverFrom(t, at)
	}
}

func (m *pickerModel) deliverFrom(t *rapid.T, at int) {
	c := &m.claims[at]
	g := c.of.First + c.judged
	c.judged++
	if fresh := m.real.Got(g); fresh == m.had[g] {
		t.Fatalf("group %d was missing: %t, and was had: %t", g, fresh, m.had[g])
	}
	m.had[g] = true
}

// finish ends a claim, whether or not all of it has come.
func (m *pickerModel) finish(t *rapid.T) { m.finishOf(m.some(t)) }

func (m *pickerModel) finishOf(at int) {
	m.real.Finish(m.claims[at].who, m.claims[at].of)
	m.claims = slices.Delete(m.claims, at, at+1)
}

// shorten has a source send less than it was asked for.
func (m *pickerModel) shorten(t *rapid.T) {
	c := &m.claims[m.some(t)]
	if c.judged+1 < c.of.Count {
		keep := rapid.Uint64Range(c.judged+1, c.of.Count-1).Draw(t, "keep")
		m.real.Shorten(c.who, c.of, keep)
		c.of.Count = keep
	}
}

func (m *pickerModel) drop(t *rapid.T) { m.gone(m.source(t)) }

func (m *pickerModel) gone(who int) {
	m.real.Drop(who)
	m.claims = slices.DeleteFunc(m.claims, func(c modelClaim) bool { return c.who == who })
}

// compare holds all that can be asked of the picker against the model.
func (m *pickerModel) compare(t *rapid.T) {
	untaken := false
	for g := m.first; g < m.groups; g++ {
		if m.awaited(g) > 2 {
			t.Fatalf("group %d is awaited of %d sources", g, m.awaited(g))
		}
		untaken = untaken || m.untaken(g)
	}
	for _, relayed := range []bool{false, true} {
		work, queues := untaken, map[int]uint64{}
		for i := range m.claims {
			c := &m.claims[i]
			for g := c.of.First; c.has(g); g++ {
				if !m.had[g] {
					queues[c.who]++
				}
			}
			work = work || m.tail(c).Count > 0 && m.slow(c.who, queues[c.who], relayed)
		}
		if m.real.Work(relayed) != work || m.real.Done() != (m.missing() == 0) {
			t.Fatalf("work: %t, over a circuit: %t, done: %t, with %d groups missing", m.real.Work(relayed), relayed, m.real.Done(), m.missing())
		}
	}
	for who := 1; who <= sources; who++ {
		asked, overtaken := false, true
		for i := range m.claims {
			if c := &m.claims[i]; c.who == who {
				asked = true
				for g := c.of.First; c.has(g); g++ {
					overtaken = overtaken && m.had[g]
				}
			}
		}
		if m.real.Overtaken(who) != (asked && overtaken) {
			t.Fatalf("source %d is overtaken: %t", who, m.real.Overtaken(who))
		}
	}
}
