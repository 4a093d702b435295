package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// eventKind is the kind of an event.
type eventKind uint8

const (
	evPoke   eventKind = iota // an end may have an input for its machine
	evArrive                  // a segment arrives at an end
	evFin                     // the other side's end of stream arrives
	evReset                   // a reset arrives
	evSyn                     // a connection is asked for
	evSynAck                  // a connection is accepted
	evTimer                   // a timer
	evTell                    // an input for a machine
	evDo                      // a function of the world
)

// event is a future event. Events of the same time happen in the order in which they were
// scheduled.
type event struct {
	at     time.Duration
	seq    uint64
	kind   eventKind
	end    *end
	actor  *actor
	number uint64
	timer  roles.Timer
	seg    segment
	input  roles.Input
	do     func()
}

// agenda is a heap of events, the earliest first, and a list of spare ones.
type agenda struct {
	heap  []*event
	spare []*event
	seq   uint64
}

func (a *agenda) add(at time.Duration, kind eventKind) *event {
	var e *event
	if n := len(a.spare); n > 0 {
		e, a.spare = a.spare[n-1], a.spare[:n-1]
	} else {
		e = &event{}
	}
	a.seq++
	e.at, e.seq, e.kind = at, a.seq, kind
	a.heap = append(a.heap, e)
	a.up(len(a.heap) - 1)
	return e
}

// next removes and returns the earliest event. The caller returns it with done.
func (a *agenda) next() *event {
	e := a.heap[0]
	last := len(a.heap) - 1
	a.heap[0] = a.heap[last]
	a.heap[last] = nil
	a.heap = a.heap[:last]
	if last > 0 {
		a.down(0)
	}
	return e
}

func (a *agenda) done(e *event) {
	*e = event{}
	a.spare = append(a.spare, e)
}

func (a *agenda) reset() {
	for _, e := range a.heap {
		a.done(e)
	}
	a.heap, a.seq = a.heap[:0], 0
}

func (a *agenda) less(i, j int) bool {
	x, y := a.heap[i], a.heap[j]
	return x.at < y.at || x.at == y.at && x.seq < y.seq
}

func (a *agenda) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !a.less(i, parent) {
			return
		}
		a.heap[i], a.heap[parent] = a.heap[parent], a.heap[i]
		i = parent
	}
}

func (a *agenda) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(a.heap) {
			return
		}
		if child+1 < len(a.heap) && a.less(child+1, child) {
			child++
		}
		if !a.less(child, i) {
			return
		}
		a.heap[i], a.heap[child] = a.heap[child], a.heap[i]
		i = child
	}
}

// reseat moves an event that was just added to an older position among those of its time.
func (a *agenda) reseat(e *event, seq uint64) {
	for i := range a.heap {
		if a.heap[i] == e {
			e.seq = seq
			a.up(i)
			return
		}
	}
}
