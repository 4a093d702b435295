package peer

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// The shape of a History.
const (
	HistoryStep  = 10 * time.Second
	HistorySteps = 360
)

// History is what happened in the last hour, in steps.
type History struct {
	End    time.Time // of the last step; less than a step ago
	Step   time.Duration
	Series []Series // always the same ones in the same order, but for those of errors, which begin with "errors/"
}

// The names of the series. Those of errors are SeriesErrors and the code's name.
const (
	SeriesAnnounces = "announces" // REGISTER, RENEW, AWAIT and PUBLISH that were heard
	SeriesLocates   = "locates"   // LOCATE and LIST that were heard
	SeriesGets      = "gets"      // GET that were heard: parts of files that nodes were asked for
	SeriesBytes     = "bytes"     // of bodies: sent, received and spliced
	SeriesCircuits  = "circuits"  // that were opened
	SeriesErrors    = "errors/"   // refusals that were sent
)

// Series is what happened of one kind, in each step: HistorySteps values, the oldest first. Before the start they are 0.
type Series struct {
	Name   string
	Values []uint64
}

// History returns the last hour.
func (m *Meters) History() History { return m.history.read(time.Now()) }

// history is a History as it is gathered.
type history struct {
	mu    sync.Mutex
	start time.Time // of the first step; zero: none has begun
	steps int64     // that are over
	all   []ring

	idle  atomic.Bool   // nobody samples, since nothing happens
	woken chan struct{} // has one once something has happened
}

// ring is a series as it is gathered.
type ring struct {
	name   string
	total  func() uint64
	before uint64   // the total at the end of the latest step
	values []uint64 // by number of the step, modulo HistorySteps; nil: all are 0
}

// begin names the series.
func (h *history) begin(m *Meters) {
	messages := func(counts *[1 << 8]atomic.Uint64, kinds ...protocol.Kind) (sum uint64) {
		for _, kind := range kinds {
			sum += counts[kind].Load()
		}
		return sum
	}
	either := func(kinds ...protocol.Kind) func() uint64 { // a relay hears what a node sends
		return func() uint64 { return messages(&m.heard, kinds...) + messages(&m.sent, kinds...) }
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.woken = make(chan struct{}, 1)
	h.idle.Store(true)
	h.all = []ring{
		{name: SeriesAnnounces, total: either(protocol.KindRegister, protocol.KindRenew, protocol.KindAwait, protocol.KindPublish)},
		{name: SeriesLocates, total: either(protocol.KindLocate, protocol.KindList)},
		{name: SeriesGets, total: either(protocol.KindGet)},
		{name: SeriesBytes, total: func() (sum uint64) {
			for kind := range m.bodies {
				sum += m.bodies[kind].Load()
			}
			return sum
		}},
		{name: SeriesCircuits, total: func() uint64 { return m.sent[protocol.KindOpened].Load() + m.heard[protocol.KindJoined].Load() }},
	}
	for _, code := range travelling() {
		h.all = append(h.all, ring{name: SeriesErrors + code.Name, total: m.refusals[code.Code].Load})
	}
}

// take samples the totals, if a step is over, and reports whether something has happened in it. The first call begins the
// first step.
func (h *history) take(now time.Time) (happened bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.start.IsZero() {
		h.start = now
	}
	over := int64(now.Sub(h.start) / HistoryStep)
	if over <= h.steps {
		return false
	}
	for i := range h.all {
		if h.all[i].add(h.steps, over) {
			happened = true
		}
	}
	h.steps = over
	return happened
}

// add adds the steps from one number up to another. All that has happened in them counts for the last. It reports whether
// anything has.
func (r *ring) add(from, to int64) (happened bool) {
	total := r.total()
	more := total - r.before
	r.before = total
	r.put(from, to, more)
	return more > 0
}

// put sets the steps from one number up to another: the last to a value, and the others to 0.
func (r *ring) put(from, to int64, last uint64) {
	if r.values == nil {
		if last == 0 {
			return
		}
		r.values = make([]uint64, HistorySteps)
	}
	for step := max(from, to-HistorySteps); step < to; step++ {
		r.values[step%HistorySteps] = 0
	}
	if to > from {
		r.values[(to-1)%HistorySteps] = last
	}
}

// read returns the history.
func (h *history) read(now time.Time) History {
	if h.begun() {
		h.take(now)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	is := History{End: now, Step: HistoryStep}
	if !h.start.IsZero() {
		is.End = h.start.Add(time.Duration(h.steps) * HistoryStep)
	}
	for i := range h.all {
		r := &h.all[i]
		if r.values == nil && strings.HasPrefix(r.name, SeriesErrors) {
			continue
		}
		one := Series{Name: r.name, Values: make([]uint64, HistorySteps)}
		for back := int64(1); r.values != nil && back <= min(h.steps, HistorySteps); back++ {
			one.Values[HistorySteps-back] = r.values[(h.steps-back)%HistorySteps]
		}
		is.Series = append(is.Series, one)
	}
	return is
}

func (h *history) begun() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.start.IsZero()
}
