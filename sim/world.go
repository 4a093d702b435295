package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// World carries out one scenario. It is used by one goroutine.
type World struct {
	scenario *scenario.Scenario
	chooser  scenario.Chooser
	plant    *Plant
	pool     *pool
	coverage *Coverage
	check    *checks

	agenda    agenda
	now       time.Duration
	lucky     *scenario.Seeded
	events    int // that have happened
	steps     int // that machines have taken
	stepping  bool
	hosts     []*host
	byAddress map[netip.AddrPort]*host
	byName    map[string]*host
	relay     *host
	nowhere   *host // where nobody is
	processes []*process
	actors    []*actor
	conns     []*conn
	troubles  []*trouble       // that last
	parked    []*event         // what can't pass at the moment
	triggers  []scenario.Fault // that wait for an event, in order
	errands   []*errand
	policy    relay.Policy

	malformed bool // a bit has flipped of what a node said to the relay, which holds something else of its index
	contents  int
	versions  uint64
	placed    []placement
	doom      *trouble // whose process is to be ended when the event under way is over

	arena   []byte // of frames
	scratch []byte

	hash    uint64
	tracing bool
	hasty   bool
	lines   []Line
}

// mostEvents is when a run is given up as one that never ends.
const mostEvents = 3_000_000

func newWorld(s *scenario.Scenario, c scenario.Chooser) *World {
	w := &World{
		scenario: s, chooser: c, pool: newPool(), coverage: NewCoverage(),
		byAddress: map[netip.AddrPort]*host{}, byName: map[string]*host{},
		lucky: scenario.NewSeeded(s.Seed ^ 0x5eed), hash: 14695981039346656037, contents: 1 << 20,
	}
	w.check = newChecks(w)
	return w
}

// luck is what machines are given as random.
func (w *World) luck() uint64 { return w.lucky.Uint64() }

// after schedules something of the scenario's own.
func (w *World) after(d time.Duration, do func()) {
	w.agenda.add(w.now+max(0, d), evDo).do = do
}

// until lets everything happen up to a time, or until the checks have found something.
func (w *World) until(end time.Duration) {
	for len(w.agenda.heap) > 0 && w.agenda.heap[0].at <= end && !w.check.failed() {
		e := w.agenda.next()
		w.now = e.at
		w.happen(e)
		w.events++
		if w.doom != nil {
			w.execute()
		}
		for len(w.triggers) > 0 && w.triggers[0].Event <= w.events {
			f := w.triggers[0]
			w.triggers = w.triggers[1:]
			w.begin(f)
		}
		if w.events > mostEvents {
			w.check.fail(L1, "the world did not come to rest in %d events", mostEvents)
		}
	}
	if !w.check.failed() {
		w.now = max(w.now, end)
	}
}

// happen lets one event happen.
func (w *World) happen(e *event) {
	switch e.kind {
	case evPoke, evRing, evTell:
		w.local(e)
	case evDo:
		do := e.do
		w.agenda.done(e)
		do()
	default:
		w.network(e)
	}
}

// local is for events within a process: a hung one does not notice them.
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
	case evRing:
		w.timerFired(a, timer, number)
	case evTell:
		w.step(a, input)
	}
}

// network is for what comes over a network that may be cut.
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

// unpark lets what was held up by a cut pass, in its old order.
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
