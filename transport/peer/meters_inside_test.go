package peer

import (
	"net/netip"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// walker is a machine that takes any way through a table, maybe with another one within it that does so, too.
type walker struct {
	table, state string
	within       *walker
	watch        func(roles.Transition)
}

func (w *walker) Step(roles.Moment, roles.Input) []roles.Effect { return nil }
func (w *walker) Final() bool                                   { return false }
func (w *walker) Watch(f func(roles.Transition))                { w.watch = f }

func (w *walker) States(f func(table, state string)) {
	f(w.table, w.state)
	if w.within != nil && w.within.runs() {
		f(w.within.table, w.within.state)
	}
}

// runs reports whether the machine is neither at its start nor at its end.
func (w *walker) runs() bool {
	of := w.meter(relayTables())
	return w.state != of.States[0].Name && !of.States[of.states[w.state]].Final
}

func (w *walker) meter(tables []*machineTable) *machineTable {
	for _, t := range tables {
		if t.Name == w.table {
			return t
		}
	}
	panic(w.table)
}

// move fires some row that leads on from the machine's state, or begins anew at its end.
func (w *walker) move(t *rapid.T, watch func(roles.Transition)) {
	of := w.meter(relayTables())
	var rows []Move
	for _, row := range of.Moves {
		if row.From == w.state {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		if of.within {
			w.state = of.States[0].Name
		}
		return
	}
	row := rapid.SampledFrom(rows).Draw(t, "row")
	watch(roles.Transition{Machine: w.table, From: row.From, Event: row.Event, To: row.To})
	w.state = row.To
}

// TestMachinesLeaveNothingBehind, in whatever state they are returned, and whatever runs within them.
func TestMachinesLeaveNothingBehind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := new(Meters)
		m.begin(relayTables())
		var all []*walker
		check := func() {
			want := map[string]int64{}
			for _, w := range all {
				w.States(func(table, state string) { want[table+state]++ })
			}
			for _, machine := range m.Machines() {
				for _, state := range machine.States {
					if state.Count != want[machine.Name+state.Name] {
						t.Fatalf("%d are in %s of %s, and not %d", state.Count, state.Name, machine.Name, want[machine.Name+state.Name])
					}
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch what := rapid.IntRange(0, 5).Draw(t, "what"); {
			case what == 0 || len(all) == 0:
				w := &walker{table: "relay.Session", state: relayTables()[0].States[0].Name, within: &walker{table: "relay.Probe", state: relayTables()[1].States[0].Name}}
				all = append(all, w)
				m.taken(hclog.NewNullLogger(), new(conversations), w)
			case what == 1:
				at := rapid.IntRange(0, len(all)-1).Draw(t, "which")
				m.returned(all[at])
				all = append(all[:at], all[at+1:]...)
			default:
				w := rapid.SampledFrom(all).Draw(t, "which")
				mover := w
				if rapid.Bool().Draw(t, "within") {
					mover = w.within
				}
				mover.move(t, w.watch)
			}
			check()
		}
		for _, w := range all {
			m.returned(w)
		}
		all = nil
		check()
	})
}

// TestCountingAllocatesNothing, whatever is counted.
func TestCountingAllocatesNothing(t *testing.T) {
	m := new(Meters)
	m.begin(relayTables())
	var message protocol.Message = &protocol.Locate{}
	var refusal protocol.Message = &protocol.Error{Code: protocol.Busy}
	w := &walker{table: "relay.Session", state: relayTables()[0].States[0].Name}
	row := m.machines[0].Moves[0]
	log, talks := hclog.NewNullLogger(), new(conversations)
	if allocations := testing.AllocsPerRun(100, func() {
		m.taken(log, talks, w)
		m.event(transport.Event{What: transport.Accepted})
		m.event(transport.Event{What: transport.HeardMessage, Message: message})
		m.event(transport.Event{What: transport.SentMessage, Message: refusal})
		m.passed(transport.Event{What: transport.SplicedBody, Bytes: 1})
		w.watch(roles.Transition{Machine: w.table, From: row.From, Event: row.Event, To: row.To})
		m.event(transport.Event{What: transport.Closed, Was: transport.Accepted})
		m.returned(w)
	}); allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

// TestAPauseOfTheSamplerLosesNothing: what happened in it counts in its last step.
func TestAPauseOfTheSamplerLosesNothing(t *testing.T) {
	m, now := new(Meters), time.Unix(1_000_000, 0)
	m.begin(relayTables())
	h := &m.history
	h.take(now)
	for _, steps := range []int64{1, 5, 400, 3} {
		m.heard[protocol.KindList].Add(7)
		now = now.Add(time.Duration(steps) * HistoryStep)
		h.take(now)
		values := h.read(now).Series[1].Values
		if values[HistorySteps-1] != 7 || steps > 1 && values[HistorySteps-2] != 0 || steps == 1 && values[HistorySteps-2] != 0 {
			t.Errorf("after %d steps: %v", steps, values[HistorySteps-3:])
		}
		sum := uint64(0)
		for _, value := range values {
			sum += value
		}
		if sum > 7*3 || steps == 400 && sum != 7 {
			t.Errorf("after %d steps the hour has %d", steps, sum)
		}
	}
	if h.read(now).End != now {
		t.Errorf("it ends at %v", h.read(now).End)
	}
}

// BenchmarkMeters measures what counting one LOCATE costs: its link, its messages and its session's transitions.
func BenchmarkMeters(b *testing.B) {
	m := new(Meters)
	m.begin(relayTables())
	registry := relay.NewRegistry(relay.Policy{})
	session := relay.NewSession(registry, &relay.Answers{})
	log, talks := hclog.NewNullLogger(), new(conversations)
	locate, located := protocol.Message(&protocol.Locate{}), protocol.Message(&protocol.Located{})
	run := func(counted bool) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if counted {
					m.taken(log, talks, session)
					m.event(transport.Event{What: transport.Accepted})
					m.event(transport.Event{What: transport.HeardMessage, Message: locate})
					m.event(transport.Event{What: transport.SentMessage, Message: located})
					m.event(transport.Event{What: transport.Closed, Was: transport.Accepted})
				}
				session.Step(roles.Moment{}, roles.Opened{Peer: netip.MustParseAddrPort("192.0.2.1:1")})
				session.Step(roles.Moment{}, roles.Heard{Message: locate})
				session.Step(roles.Moment{}, roles.PeerEnded{})
				if counted {
					m.returned(session)
				}
				session.Reset()
			}
		}
	}
	b.Run("none", run(false))
	b.Run("counted", run(true))
}
