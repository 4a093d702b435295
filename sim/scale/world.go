package scale

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// Params are the parameters of a run.
type Params struct {
	Seed              uint64
	Nodes             int           // at the start, and about as many at any time
	For               time.Duration // virtual
	Announces         float64       // that the relay asks for in a second at most; 0: roles.AnnounceRate
	Crash, Leave      float64       // share of all nodes in an hour; as many new ones join
	Locate            time.Duration // between the LOCATEs of two clients
	Nearest, Farthest time.Duration // the latency of a link
	Restarts          []Restart     // in the order of time, far enough apart for all nodes to be listed again
}

// Restart is a time at which the relay loses its process and its registry, and how long it is down.
type Restart struct{ At, Down time.Duration }

// Typical returns parameters for a number of nodes and a time of at least an hour. In each hour a
// fifth of the nodes crash and a tenth leave; clients ask four times a second; after a quarter, a
// half and three quarters of the time the relay is down for 5 s, one minute and ten minutes.
func Typical(seed uint64, nodes int, span time.Duration) Params {
	return Params{
		Seed: seed, Nodes: nodes, For: span, Crash: 0.2, Leave: 0.1, Locate: time.Second / 4,
		Nearest: time.Millisecond, Farthest: 100 * time.Millisecond,
		Restarts: []Restart{{span / 4, 5 * time.Second}, {span / 2, time.Minute}, {span * 3 / 4, 10 * time.Minute}},
	}
}

// world is the state of a run.
type world struct {
	clock
	rand
	params  Params
	steps   int
	figures *gauge

	address  netip.AddrPort
	relay    *process
	registry *relay.Registry
	sessions *roles.Pool[*relay.Session]

	nodes []*member // all nodes that ever joined, by their numbers
	alive []*member // in no particular order
}

// Run runs a world and returns its figures.
func Run(p Params) Figures {
	w := &world{rand: rand(p.Seed), params: p, address: netip.MustParseAddrPort("192.0.2.1:4000")}
	w.figures = newGauge(p)
	w.begin()
	for range p.Nodes {
		w.after(w.between(0, roles.RenewAfter), w.come)
	}
	w.often(p.Crash, w.crash)
	w.often(p.Leave, w.leave)
	w.often(p.Crash+p.Leave, w.come)
	w.ask()
	for _, r := range p.Restarts {
		w.after(r.At, func() { w.restart(r.Down) })
	}
	w.run(p.For)
	return w.figures.read(w)
}

// often schedules a function at random times, so often in an hour as the share of the nodes says.
func (w *world) often(share float64, do func()) {
	if share <= 0 || w.params.Nodes == 0 {
		return
	}
	mean := time.Duration(float64(time.Hour) / share / float64(w.params.Nodes))
	var again func()
	again = func() {
		do()
		w.after(w.between(0, 2*mean), again)
	}
	w.after(w.between(0, 2*mean), again)
}
