package scale

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// Params say what happens in a world.
type Params struct {
	Seed              uint64
	Nodes             int           // at the start, and about as many throughout
	For               time.Duration // virtual
	Crash, Leave      float64       // of all nodes, the share that goes so in an hour; as many new ones come
	Locate            time.Duration // from one client's question to the next one's
	Nearest, Farthest time.Duration // the latency of a link
	Restarts          []Restart     // in the order of time, and far enough apart for everybody to be listed again
}

// Restart is a time when the relay loses its process and its memory.
type Restart struct{ At, Down time.Duration }

// Typical returns parameters for so many nodes and so long a time, an hour at least: in each hour a fifth of the nodes
// crashes and a tenth leaves, a client asks four times a second, and when a quarter, a half and three quarters of the
// time have passed the relay is gone, for 5 s, a minute, and ten minutes.
func Typical(seed uint64, nodes int, span time.Duration) Params {
	return Params{
		Seed: seed, Nodes: nodes, For: span, Crash: 0.2, Leave: 0.1, Locate: time.Second / 4,
		Nearest: time.Millisecond, Farthest: 100 * time.Millisecond,
		Restarts: []Restart{{span / 4, 5 * time.Second}, {span / 2, time.Minute}, {span * 3 / 4, 10 * time.Minute}},
	}
}

// world is everything that is there.
type world struct {
	clock
	luck
	params  Params
	steps   int
	figures *gauge

	address  netip.AddrPort
	relay    *process
	registry *relay.Registry
	sessions *roles.Pool[*relay.Session]

	nodes []*member // all that ever were; a node's number is its place here, and its address
	alive []*member // in no particular order
}

// Run lets a world's time pass.
func Run(p Params) Figures {
	w := &world{luck: luck(p.Seed), params: p, address: netip.MustParseAddrPort("192.0.2.1:4000")}
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

// often has something done for so large a share of the nodes in each hour, evenly at random.
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
