package scale

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Figures are the results of a run. They depend on its parameters alone.
type Figures struct {
	Nodes, Live int           // at the start and at the end
	For         time.Duration // virtual
	Steps       int           // of all machines
	Leases      int           // active at the end
	Unlisted    int           // nodes alive at the end that had been listed and were not any more

	Announces int     // REGISTER and RENEW at the relay
	Mean      float64 // announces a second in quiet time
	Largest   int     // announces in the largest second of quiet time
	Returns   []Return

	Handed int           // addresses in answers to clients
	Stale  int           // of these, addresses of nodes that were gone
	Oldest time.Duration // the longest absence of such a node
}

// Return describes how the nodes came back after a restart of the relay.
type Return struct {
	Down    time.Duration
	Largest int           // announces in the largest second of the recovery
	Waited  int           // nodes alive that had been listed before the restart
	Took    time.Duration // until the last of them was listed again
	Late    int           // of these, nodes that never came back
}

// Ratio returns the largest second after the restart divided by the mean of quiet time.
func (f Figures) Ratio(r Return) float64 { return float64(r.Largest) / f.Mean }

// StaleShare returns the share of stale addresses among all addresses in answers.
func (f Figures) StaleShare() float64 { return float64(f.Stale) / float64(max(1, f.Handed)) }

// The times that are not quiet: the first lease, when all nodes join, and the recovery after a
// restart.
const (
	warmUp   = roles.LeaseTTL
	recovery = 2 * roles.LeaseTTL
)

// gauge collects the figures of a run.
type gauge struct {
	figures Figures
	params  Params
	seconds []int // announces in each second since the start
	missing int   // nodes that have not come back since the last restart
	back    time.Duration
}

func newGauge(p Params) *gauge {
	return &gauge{params: p, figures: Figures{Nodes: p.Nodes, For: p.For}, seconds: make([]int, p.For/time.Second+1)}
}

// announced counts an announce at the relay.
func (w *world) announced() { w.figures.seconds[w.now/time.Second]++ }

// restarted notes that the relay runs again, and counts the nodes that it has to learn of.
func (g *gauge) restarted(w *world) {
	g.close()
	g.back = w.now
	for _, m := range w.alive {
		if m.missing = m.listed && !m.leaving; m.missing {
			g.missing++
		}
	}
	down := g.params.Restarts[len(g.figures.Returns)].Down
	g.figures.Returns = append(g.figures.Returns, Return{Down: down, Waited: g.missing})
}

// close completes the figures of the last restart.
func (g *gauge) close() {
	if last := len(g.figures.Returns) - 1; last >= 0 {
		g.figures.Returns[last].Late = g.missing
	}
	g.missing = 0
}

// listed notes that a node has a lease.
func (g *gauge) listed(w *world, m *member) {
	m.listed = true
	if m.missing {
		g.found(m)
		g.figures.Returns[len(g.figures.Returns)-1].Took = w.now - g.back
	}
}

// gone notes that a node is gone and does not have to come back.
func (g *gauge) gone(m *member) {
	if m.missing {
		g.found(m)
	}
}

func (g *gauge) found(m *member) {
	m.missing = false
	g.missing--
}

// located counts the stale addresses of an answer.
func (g *gauge) located(w *world, peers []protocol.Peer) {
	g.figures.Handed += len(peers)
	for _, p := range peers {
		if m := w.nodes[peerNumber(p)]; m.actor == nil {
			g.figures.Stale++
			g.figures.Oldest = max(g.figures.Oldest, w.now-m.died)
		}
	}
}

// read completes the figures.
func (g *gauge) read(w *world) Figures {
	g.close()
	f := &g.figures
	f.Live, f.Steps = len(w.alive), w.steps
	leases := map[protocol.PeerID]bool{}
	for _, l := range w.registry.Leases(w.now) {
		leases[l.ID] = true
	}
	f.Leases = len(leases)
	for _, m := range w.alive {
		if m.listed && !m.leaving && !leases[m.id] {
			f.Unlisted++
		}
	}
	for _, n := range g.seconds {
		f.Announces += n
	}
	from, announces, quiet := warmUp, 0, time.Duration(0)
	for i, r := range g.params.Restarts {
		announces, quiet = g.quiet(from, r.At, announces, quiet)
		if i < len(f.Returns) { // otherwise the run ended before the relay came back
			f.Returns[i].Largest = g.largest(r.At+r.Down, r.At+r.Down+recovery)
		}
		from = r.At + r.Down + recovery
	}
	announces, quiet = g.quiet(from, g.params.For, announces, quiet)
	f.Mean = float64(announces) / max(1, quiet.Seconds())
	return *f
}

// quiet adds the announces of a quiet time to the sums.
func (g *gauge) quiet(from, to time.Duration, announces int, so time.Duration) (int, time.Duration) {
	for _, n := range g.between(from, to) {
		announces += n
	}
	g.figures.Largest = max(g.figures.Largest, g.largest(from, to))
	return announces, so + max(0, to-from)
}

// largest returns the announces of the largest second between two times.
func (g *gauge) largest(from, to time.Duration) int {
	return slices.Max(append([]int{0}, g.between(from, to)...))
}

// between returns the announces of the whole seconds between two times, up to the end of the run.
func (g *gauge) between(from, to time.Duration) []int {
	end := min(to, g.params.For) / time.Second
	return g.seconds[min(from/time.Second, end):end]
}
