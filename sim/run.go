package sim

import (
	"runtime"
	"sort"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// Options are options of a run. The zero value is the usual way.
type Options struct {
	Chooser scenario.Chooser // nil: seeded by the scenario
	Plant   *Plant
	Trace   bool // keep the trace's text
	Hasty   bool // wait only until the world looks converged: faster, and finds less
}

// Outcome is the result of a run.
type Outcome struct {
	Violation *Violation // nil: all promises were kept
	Hash      uint64     // of the whole trace
	Steps     int        // that machines took
	Events    int
	Faulty    int // events that happened before everything healed
	Coverage  *Coverage
	Trace     Trace
}

// Run runs a scenario in a world of its own.
func Run(s *scenario.Scenario, o Options) (outcome Outcome) {
	c := o.Chooser
	if c == nil {
		c = scenario.NewSeeded(s.Seed)
	}
	w := newWorld(s, c)
	w.agenda.spare, w.arena, w.scratch = w.pool.spare, w.pool.arena, w.pool.scratch
	w.plant, w.tracing, w.hasty = o.Plant, o.Trace, o.Hasty
	defer func() {
		if r := recover(); r != nil {
			_, crash := r.(runtime.Error)
			if crash && o.Plant == nil || !crash && !w.stepping { // a chooser may end a run by a panic
				panic(r) // nothing of this run is used again
			}
			w.check.violation = nil
			w.check.fail(S0, "%v", r)
			w.pool.out = nil
		}
		w.pool.collect(w)
		pools.Put(w.pool)
		outcome.Violation, outcome.Hash, outcome.Steps, outcome.Events = w.check.violation, w.hash, w.steps, w.events
		outcome.Coverage, outcome.Trace = w.coverage, w.trace()
	}()
	w.build()
	w.until(s.Heal)
	outcome.Faulty = w.events
	w.converge()
	w.shutDown()
	return outcome
}

func (w *World) trace() Trace {
	t := Trace{Lines: w.lines}
	for _, h := range w.hosts {
		t.Hosts = append(t.Hosts, h.name)
	}
	return t
}

// build creates the hosts and schedules the operations and faults of the scenario.
func (w *World) build() {
	s := w.scenario
	w.relay = w.addHost("relay", relayRole, 0)
	w.relay.drift, w.relay.lie = s.Relay.Drift, s.Relay.Lie
	if s.Relay.Both {
		w.addBoth(w.relay)
	}
	if s.Relay.Closed && !s.Relay.Plain {
		w.gate = newGatehouse(w)
	}
	ids := map[int]bool{}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		h := w.addHost(scenario.NodeName(i), nodeRole, i)
		h.plan, h.drift, h.lie, h.key = n, n.Drift, n.Lie, numbered(nodeRole, n.ID)
		switch {
		case n.Lone:
			w.bind(h)
			w.coverage.fault(scenario.Lone)
		case n.Both:
			w.addBoth(h)
		}
		for _, f := range n.Files {
			w.place(h, f.Name, f.Content, f.Size)
			if f.Size > protocol.MaxRange {
				w.coverage.sometimes(LargeFile)
			}
		}
		if ids[n.ID] {
			w.coverage.fault(scenario.SharedID)
		}
		ids[n.ID] = true
		if n.Walled {
			w.coverage.fault(scenario.Walled)
		}
		if n.Drift != 0 {
			w.coverage.fault(scenario.Drift)
		}
		w.after(n.Start, func() { w.start(h) })
	}
	for i := range s.Clients {
		h := w.addHost(scenario.ClientName(i), clientRole, i)
		if s.Behind {
			w.hide(h)
		}
	}
	w.addHost("probe", clientRole, s.Clients)
	w.nowhere = w.addHost("nowhere", strangerRole, 1)
	for _, h := range w.hosts {
		w.pinRelay(h)
		w.invites(h)
		if h.role == relayRole || h.role == clientRole {
			w.start(h)
		}
	}
	w.schedule()
}

func (w *World) schedule() {
	for _, op := range w.scenario.Ops {
		w.after(op.At, func() { w.do(op) })
	}
	for _, f := range w.scenario.Faults {
		if f.Event > 0 {
			w.triggers = append(w.triggers, f)
		} else if f.At < w.scenario.Heal {
			w.after(f.At, func() { w.beginFault(f) })
		}
	}
	sort.SliceStable(w.triggers, func(i, j int) bool { return w.triggers[i].Event < w.triggers[j].Event })
}

// do starts an operation.
func (w *World) do(op scenario.Op) {
	h := w.byName[op.Who]
	if h == nil {
		return
	}
	switch op.Do {
	case scenario.DoFetch, scenario.DoPipeline, scenario.DoLocate, scenario.DoList, scenario.DoGather, scenario.DoRead, scenario.DoMirror:
		w.beginOperation(h, op, 0)
	case scenario.DoAbort:
		w.abort(h)
	case scenario.DoStop:
		if h.proc != nil && !h.proc.stopping {
			w.coverage.fault(scenario.Graceful)
			w.stop(h)
		}
	case scenario.DoStart:
		w.restart(h)
	}
}

// abort stops all machines of a client.
func (w *World) abort(h *host) {
	if h.proc != nil {
		w.tellAll(h.proc, roles.Stopped{})
	}
}

// restart starts a host's program, after the end of a process that is stopping.
func (w *World) restart(h *host) {
	if h.due = h.proc != nil && h.proc.stopping; h.due {
		w.after(time.Second, func() { w.restart(h) })
		return
	}
	w.start(h)
}
