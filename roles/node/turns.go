package node

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// Turns bounds the bodies that a node sends at once, over all of its links. One that finds no room waits,
// and has its turn when another ends: one of the origin that has fewest turns then, and of several that have
// as few the one that had its last turn longest ago, so that many links bring a peer no more than one does.
//
// A turn lasts as long as its body, but not above roles.TurnGrace and what the body takes at Pace: a peer
// that takes its bytes slower than that has them all, and keeps no other from its turn.
//
// Turns is safe for concurrent use. The zero value has room for roles.MaxUploads.
type Turns struct {
	Most     int    // turns at once; 0: roles.MaxUploads
	MostFrom int    // of these, those of one origin; 0: half of them, or the only one
	Waiting  int    // bodies that wait; 0: roles.MaxTurnsWaiting
	Pace     uint64 // bytes a second that a turn is reckoned with; 0: roles.TurnPace

	mu      sync.Mutex
	clock   uint64 // counts what is asked for and what is given
	taken   int    // turns that have not lapsed
	given   []*turn
	waiting []*turn // in the order in which they came
	origins map[roles.Origin]*origin
	sweep   int // origins from which on those that have no turn and want none are forgotten
}

// origin is a peer that has turns, wants some, or had one lately.
type origin struct {
	held, waiting int    // turns: with those that have lapsed
	lapsed        int    // of these
	last          uint64 // when it had its last turn, or came
}

// before reports whether an origin has its next turn before another one.
func (o *origin) before(other *origin) bool {
	return o.held < other.held || o.held == other.held && o.last < other.last
}

// turn is a turn, or the wait for one.
type turn struct {
	number uint64
	ask    roles.AskTurn
	from   *origin
	given  time.Duration
	lapsed bool
	told   func(roles.Input)
}

// Ask asks for a turn, and returns its number and the answer, TurnGiven or TurnRefused. Where that is nil
// told is called with it later, unless the wait is ended before: with nothing held, by the call that makes
// room, or takes it. It must not wait.
func (t *Turns) Ask(now time.Duration, ask roles.AskTurn, told func(roles.Input)) (number uint64, answer roles.Input) {
	t.mu.Lock()
	t.clock++
	asks := &turn{number: t.clock, ask: ask, told: told, from: t.origin(ask.From)}
	asks.from.waiting++
	t.waiting = append(t.waiting, asks)
	given, refused := t.give(now), t.tooMany()
	t.mu.Unlock()
	for _, other := range given {
		if other == asks {
			answer = roles.TurnGiven{}
			continue
		}
		other.told(roles.TurnGiven{})
	}
	switch refused {
	case nil:
	case asks:
		answer = roles.TurnRefused{}
	default:
		refused.told(roles.TurnRefused{})
	}
	return asks.number, answer
}

// fewOrigins is how many origins are always remembered, although they have no turn and want none.
const fewOrigins = 1024

// origin returns what is known of an origin. One that is new comes behind those that wait already.
func (t *Turns) origin(from roles.Origin) *origin {
	if o := t.origins[from]; o != nil {
		return o
	}
	if len(t.origins) >= t.sweep {
		maps.DeleteFunc(t.origins, func(_ roles.Origin, o *origin) bool { return o.held+o.waiting == 0 })
		t.sweep = 2*len(t.origins) + fewOrigins
	}
	if t.origins == nil {
		t.origins = map[roles.Origin]*origin{}
	}
	o := &origin{last: t.clock}
	t.origins[from] = o
	return o
}

// End ends a turn, or the wait for it.
func (t *Turns) End(now time.Duration, number uint64) {
	is := func(one *turn) bool { return one.number == number }
	t.mu.Lock()
	if at := slices.IndexFunc(t.waiting, is); at >= 0 {
		t.take(at)
	} else if at := slices.IndexFunc(t.given, is); at >= 0 {
		t.release(t.given[at])
		t.given = slices.Delete(t.given, at, at+1)
	}
	given := t.give(now)
	t.mu.Unlock()
	for _, other := range given {
		other.told(roles.TurnGiven{})
	}
}

// release takes a turn back.
func (t *Turns) release(one *turn) {
	if one.lapsed {
		one.from.lapsed--
	} else {
		t.taken--
	}
	one.from.held--
}

// take takes a body out of those that wait.
func (t *Turns) take(at int) *turn {
	one := t.waiting[at]
	t.waiting = slices.Delete(t.waiting, at, at+1)
	one.from.waiting--
	return one
}

// give gives the turns that there are.
func (t *Turns) give(now time.Duration) (given []*turn) {
	for len(t.waiting) > 0 {
		next := -1
		if t.taken < t.most() {
			next = t.next()
		}
		switch {
		case next >= 0:
		case t.lapse(now):
			continue
		default:
			return given
		}
		one := t.take(next)
		one.from.held++
		t.taken++
		t.clock++
		one.given, one.from.last = now, t.clock
		t.given = append(t.given, one)
		given = append(given, one)
	}
	return given
}

// lapse ends the turns that have lasted too long, and reports whether any has.
func (t *Turns) lapse(now time.Duration) (some bool) {
	for _, one := range t.given {
		if !one.lapsed && now-one.given > t.lasts(one.ask.Length) {
			one.lapsed, some = true, true
			one.from.lapsed++
			t.taken--
		}
	}
	return some
}

// lasts returns how long the turn of a body lasts at most.
func (t *Turns) lasts(length uint64) time.Duration {
	pace := t.Pace
	if pace == 0 {
		pace = roles.TurnPace
	}
	return roles.TurnGrace + time.Duration(float64(length)/float64(pace)*float64(time.Second))
}

// next returns which of those that wait is next; -1: none may be.
func (t *Turns) next() int {
	next, most := -1, t.mostFrom()
	for i, one := range t.waiting {
		if o := one.from; o.held-o.lapsed < most && (next < 0 || o.before(t.waiting[next].from)) {
			next = i
		}
	}
	return next
}

// tooMany returns the one that has to go if too many wait: the last of the origin that has most.
func (t *Turns) tooMany() *turn {
	most := t.Waiting
	if most == 0 {
		most = roles.MaxTurnsWaiting
	}
	if len(t.waiting) <= most {
		return nil
	}
	at := 0
	for i, one := range t.waiting {
		if one.from.waiting >= t.waiting[at].from.waiting {
			at = i
		}
	}
	return t.take(at)
}

func (t *Turns) most() int {
	if t.Most > 0 {
		return t.Most
	}
	return roles.MaxUploads
}

func (t *Turns) mostFrom() int {
	if t.MostFrom > 0 {
		return t.MostFrom
	}
	return (t.most() + 1) / 2
}

// Taken returns how many turns are given, how many of these have lapsed, and how many bodies wait.
func (t *Turns) Taken() (given, lapsed, waiting int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.given), len(t.given) - t.taken, len(t.waiting)
}
