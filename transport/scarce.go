package transport

import (
	"container/list"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// open are the links of a server, but for the farewells, in the order in which it may have to let go of
// them: the one first that it has looked at, or accepted, the longest ago. The server's mutex guards them.
type open struct{ order list.List }

// stay is a run's place among them.
type stay struct {
	place *list.Element
	since time.Time // the server has looked at it last, or accepted it
	moved int64     // the run's bytes then
	let   bool      // the server has let go of it: it counts among the farewells
}

// add puts a run at the end.
func (o *open) add(r *run, now time.Time) {
	r.stay = stay{place: o.order.PushBack(r), since: now, moved: r.moved.Load()}
}

// remove takes a run out, if it is there.
func (o *open) remove(r *run) {
	if r.stay.place != nil {
		o.order.Remove(r.stay.place)
		r.stay.place = nil
	}
}

// lookStep is the number of runs that idlest looks at.
const lookStep = 16

// idlest takes out the run that has been open for the longest of those over whose link little has passed,
// or returns nil. One that is busy has its next look later.
func (o *open) idlest(now time.Time) *run {
	for range min(lookStep, o.order.Len()) {
		r := o.order.Front().Value.(*run)
		looked := now.Sub(r.stay.since)
		if looked < roles.SpareAfter {
			return nil // and so it is with all behind it
		}
		moved := r.moved.Load() - r.stay.moved
		o.remove(r)
		if moved < int64(looked/roles.ProgressTimeout)*roles.MinProgress {
			return r
		}
		o.add(r, now)
	}
	return nil
}

// makeRoom lets go of a link over which little has passed for long, if links are scarce. It is called for
// each link that comes, whether or not that is served. The link counts among the farewells from then on: the
// one that has come finds its room.
func (s *Server) makeRoom() {
	s.mu.Lock()
	var idle *run
	if s.Limit > 0 && s.open.order.Len()*100 >= s.Limit*roles.ScarceLinks && s.farewells < Farewells(s.Limit) {
		idle = s.open.idlest(time.Now())
	}
	if idle != nil {
		idle.stay.let = true
		s.farewells++
		s.left(idle.host)
		idle.enter() // before its links can end, so that nobody takes its machine back
	}
	s.mu.Unlock()
	if idle == nil {
		return
	}
	go func() {
		defer idle.leave()
		idle.post(letter{input: roles.Stopped{Scarce: true}})
	}()
}
