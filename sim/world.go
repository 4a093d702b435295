package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// World runs one scenario. It is used by one goroutine.
type World struct {
	scenario *scenario.Scenario
	chooser  scenario.Chooser
	plant    *Plant
	pool     *pool
	coverage *Coverage
	check    *checks

	agenda     agenda
	now        time.Duration
	random     *scenario.Seeded
	events     int // events that have happened
	steps      int // steps that machines have taken
	stepping   bool
	hosts      []*host
	byAddress  map[netip.AddrPort]*host
	byName     map[string]*host
	relay      *host
	nowhere    *host // the target of dials to addresses without a host
	processes  []*process
	actors     []*actor
	conns      []*conn
	troubles   []*trouble       // faults in force
	parked     []*event         // events that a partition holds up
	triggers   []scenario.Fault // faults that wait for an event, in order
	operations []*operation
	marked     int           // nodes that the relay had when it ended
	longest    time.Duration // that a lease has run, or a relay was young for
	gate       *gatehouse    // nil: the relay is open
	thief      *trouble      // strangers that join with the next ticket that somebody is given; nil: none do

	malformed bool // a bit of a node's message to the relay was flipped: the relay's index may differ
	contents  int
	moves     int // addresses given to hosts that moved
	versions  uint64
	placed    []placement
	doom      *trouble // the fault that ends a process after the current event

	arena   []byte // of frames
	scratch []byte

	hash    uint64
	tracing bool
	hasty   bool
	lines   []Line
}

// mostEvents bounds a run that never ends.
const mostEvents = 3_000_000

func newWorld(s *scenario.Scenario, c scenario.Chooser) *World {
	w := &World{
		scenario: s, chooser: c, pool: pools.Get().(*pool), coverage: NewCoverage(),
		byAddress: map[netip.AddrPort]*host{}, byName: map[string]*host{},
		random: scenario.NewSeeded(s.Seed ^ 0x5eed), hash: 14695981039346656037, contents: 1 << 20,
	}
	w.check = newChecks(w)
	return w
}

// rand returns a random number for a machine.
func (w *World) rand() uint64 { return w.random.Uint64() }

// after schedules a function.
func (w *World) after(d time.Duration, do func()) {
	w.agenda.add(w.now+max(0, d), evDo).do = do
}

// until executes all events up to a time, or until a check fails.
func (w *World) until(end time.Duration) {
	for len(w.agenda.heap) > 0 && w.agenda.heap[0].at <= end && !w.check.failed() {
		e := w.agenda.next()
		if e.at > w.now {
			w.check.moment()
		}
		w.now = e.at
		w.happen(e)
		w.events++
		if w.doom != nil {
			w.execute()
		}
		for len(w.triggers) > 0 && w.triggers[0].Event <= w.events {
			f := w.triggers[0]
			w.triggers = w.triggers[1:]
			w.beginFault(f)
		}
		if w.events > mostEvents {
			w.check.fail(L1, "the world did not come to rest in %d events", mostEvents)
		}
	}
	if !w.check.failed() {
		w.now = max(w.now, end)
	}
}

// happen executes one event.
func (w *World) happen(e *event) {
	switch e.kind {
	case evPoke, evTimer, evTell:
		w.local(e)
	case evDo:
		do := e.do
		w.agenda.done(e)
		do()
	default:
		w.network(e)
	}
}

// local executes events within a process. A process that hangs takes them later.
func (w *World) local(e *event) {
	a := e.actor
	if e.kind == evPoke {
		a = e.end.actor
	}
	if a != nil && a.proc.hung && !a.gone {
		a.proc.held = append(a.proc.held, e)
		return
	}
	kind, end, number, timer, input := e.kind, e.end, e.number, e.timer, e.input
	w.agenda.done(e)
	switch kind {
	case evPoke:
		w.wake(end)
	case evTimer:
		w.timerFired(a, timer, number)
	case evTell:
		if _, is := input.(roles.Notified); is {
			a.woken = false
		}
		w.step(a, input)
	}
}

// network executes events of the network. A partition holds them up.
func (w *World) network(e *event) {
	end := e.end
	from, to := end.peer().host, end.host
	switch {
	case end.conn.lost || to.off:
		w.agenda.done(e)
		return
	case w.cut(from, to):
		w.parked = append(w.parked, e)
		return
	}
	kind, seg, number := e.kind, e.seg, e.number
	w.agenda.done(e)
	switch kind {
	case evSyn:
		w.syn(end)
	case evSynAck:
		w.synAck(end)
	case evArrive:
		w.arrive(end, seg)
	case evFin:
		end.eof = true
		w.poke(end)
	case evReset:
		w.breakEnd(end, codeOf(number))
	}
}

// unpark schedules the events that a partition held up, in their old order.
func (w *World) unpark() {
	parked := w.parked
	w.parked = nil
	for _, e := range parked {
		n := w.agenda.add(w.now, e.kind)
		n.end, n.seg, n.number = e.end, e.seg, e.number
		w.agenda.reseat(n, e.seq)
		w.agenda.done(e)
	}
}
