package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// role is the kind of a host.
type role uint8

const (
	relayRole role = iota
	nodeRole
	clientRole
	strangerRole
)

// host is a computer: a clock, a disk, an address, and at most one process.
type host struct {
	index    int
	name     string
	role     role
	address  netip.AddrPort // of its listening process
	second   netip.AddrPort // the IPv6 one; zero: there is none
	moved    time.Duration  // when it got its address
	age      time.Duration  // since it was switched on, when the world begins
	wall     time.Duration  // its wall clock when the world begins
	drift    int            // parts per million
	plan     *scenario.Node // of a node
	lie      scenario.Lie
	key      protocol.PeerID  // that it proves; of a node also in plain: its secret then
	keys     int              // that it had before this one
	token    protocol.TokenID // of its invite, where the relay is closed
	pin      protocol.PeerID  // of the relay, once it has met it
	met      time.Duration    // when that was
	off      bool
	due      bool          // to be started when the current process has ended
	busy     time.Duration // until when its uplink is taken
	proc     *process
	files    []shared   // of a node
	landings []*landing // of a client
}

// process is a running program.
type process struct {
	host      *host
	started   time.Duration
	id        protocol.PeerID // of a node
	listening bool
	stopping  bool
	dead      bool
	hung      bool
	doomed    bool // it is to be ended, and does nothing any more
	actors    []*actor
	splices   map[uint64]*splice // by circuit
	held      []*event           // events that wait while the process hangs
	registry  *relay.Registry
	directory relay.Directory
	circuits  *relay.Circuits // nil: there are none
	crossings *crossings      // what they are to be
	answers   *relay.Answers
	room      relay.Room // the answers, or a planted bug in front of them
	budget    relay.Budget
	oracle    *oracle
	member    *actor                          // a node's Membership
	entered   bool                            // the relay has admitted it
	jobs      []*job                          // of hashing, of a node
	catalog   *node.Catalog                   // of a node
	sends     *node.Turns                     // of a node
	turns     turns                           // the same, or a planted bug in front of them
	walked    bool                            // it has looked at all of its files
	composed  map[protocol.Held]time.Duration // when a node last made a page that leads there
}

// local converts the world's time to the host's clock.
func (h *host) local(now time.Duration) time.Duration {
	return h.age + now + now/1_000_000*time.Duration(h.drift)
}

// worldly converts a duration on the host's clock to one of the world's.
func (h *host) worldly(d time.Duration) time.Duration {
	return d - d/1_000_000*time.Duration(h.drift)
}

// epoch is the number of a node's first registration: its wall clock in microseconds.
func (h *host) epoch(now time.Duration) uint64 {
	return uint64(max(1, (h.wall+h.local(now)-h.age)/time.Microsecond))
}

const (
	relayPort = 7000
	nodePort  = 9000
)

func hostAddress(r role, i int) netip.AddrPort {
	port := uint16(nodePort)
	if r == relayRole {
		port = relayPort
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(r), byte(i >> 8), byte(i) + 1}), port)
}

func (w *World) addHost(name string, r role, i int) *host {
	h := &host{
		index: len(w.hosts), name: name, role: r, address: hostAddress(r, i),
		age: time.Duration(1+w.rand()%1000) * time.Hour, wall: 1_000_000 * time.Hour, key: numbered(r, i),
	}
	w.hosts = append(w.hosts, h)
	w.byAddress[h.address] = h
	w.byName[name] = h
	return h
}

// start starts the host's program.
func (w *World) start(h *host) {
	if h.proc != nil || h.off {
		return
	}
	p := &process{host: h, started: w.now}
	h.proc = p
	w.processes = append(w.processes, p)
	w.note(Line{What: Starts, Host: h.index})
	switch h.role {
	case relayRole:
		p.listening = true
		w.makeCircuits(p)
		p.registry = relay.NewRegistry(w.policyAt(h.local(w.now)))
		p.oracle = newOracle(w, p)
		p.directory = p.oracle
		p.answers = &relay.Answers{MaxLists: w.scenario.Relay.Lists}
		p.room, p.budget = p.answers, &relay.Proofs{}
		if w.plant != nil && w.plant.Room != nil {
			p.room = w.plant.Room(p.answers)
		}
		if w.plant != nil && w.plant.Budget != nil {
			p.budget = w.plant.Budget(p.budget)
		}
	case nodeRole:
		p.listening = true
		p.id = h.key
		p.catalog = node.NewCatalog(w.rand() >> 1)
		p.sends = &node.Turns{Most: h.plan.Uploads}
		if h.plan.Uploads > 0 {
			p.sends.Waiting = h.plan.Uploads + 1
		}
		p.turns = p.sends
		if w.plant != nil && w.plant.Turns != nil {
			p.turns = w.plant.Turns(p.sends)
		}
		p.member = w.addActor(p, memberKind, w.pool.member(w.config(h)))
		w.tell(p.member, roles.Started{})
		w.firstWalk(p)
	case clientRole:
		w.resumeOperations(h)
	}
}

// policyAt returns the policy of a relay that starts at a time of its clock.
func (w *World) policyAt(start time.Duration) relay.Policy {
	s := &w.scenario.Relay
	policy := relay.Policy{MaxEntries: s.Entries, MaxIndex: s.Names, Prove: w.proves(), Circuits: w.circuits(), Start: start, Earlier: w.marked, AnnounceRate: w.announceRate()}
	if w.plant != nil && w.plant.Policy != nil {
		w.plant.Policy(&policy)
	}
	return policy
}

// stop stops the host's process gracefully. Machines that have not ended after the scenario's
// patience are cut.
func (w *World) stop(h *host) {
	p := h.proc
	if p == nil {
		return
	}
	if p.stopping { // a second stop does not wait
		w.tellAll(p, roles.Stopped{})
		return
	}
	p.stopping, p.listening = true, false
	w.note(Line{What: Stops, Host: h.index})
	w.tellAll(p, roles.Stopped{})
	w.after(h.worldly(w.scenario.Patience()), func() {
		if p.dead {
			return
		}
		for _, a := range p.actors {
			if !a.over() {
				w.check.cutShort(a)
			}
		}
		w.kill(p, crashResets)
	})
	w.reap(p)
}

// tellAll passes an input to all machines of a process now, before all scheduled inputs.
func (w *World) tellAll(p *process, in roles.Input) {
	for _, a := range p.actors {
		if p.hung {
			w.tell(a, in)
		} else {
			w.step(a, in)
		}
	}
}

// reap ends a stopping process once all of its machines are final.
func (w *World) reap(p *process) {
	if !p.stopping || p.dead {
		return
	}
	for _, a := range p.actors {
		if !a.over() {
			return
		}
	}
	w.kill(p, crashEnds)
}

// The ways in which the connections of a dead process end.
const (
	crashResets = 0
	crashEnds   = 1
	crashSilent = 2
)

// kill ends a process at once.
func (w *World) kill(p *process, how int) {
	if p.dead {
		return
	}
	p.dead, p.listening, p.host.proc = true, false, nil
	if p.oracle != nil {
		w.leaveMark(p)
	}
	w.note(Line{What: Exits, Host: p.host.index})
	w.check.disk(p.host)
	for _, a := range p.actors {
		a.gone = true
		for _, e := range a.ends {
			if e != nil {
				w.abandon(e, how)
			}
		}
	}
	for _, e := range p.held {
		w.agenda.done(e)
	}
	p.held = nil
}

// leaveMark keeps how many nodes a relay had, unless it has nowhere to keep it: then its next start is
// as its first.
func (w *World) leaveMark(p *process) {
	if w.scenario.Relay.Forgets {
		w.coverage.fault(scenario.Forgets)
		return
	}
	w.marked = p.oracle.leaves(p.host.local(w.now), !p.stopping)
}

// resume continues a process that hung, with the events that waited.
func (w *World) resume(p *process) {
	if p == nil || !p.hung {
		return
	}
	p.hung = false
	for _, e := range p.held {
		*w.agenda.add(w.now, e.kind) = event{at: w.now, seq: w.agenda.seq, kind: e.kind, end: e.end, actor: e.actor, number: e.number, timer: e.timer, input: e.input}
		w.agenda.done(e)
	}
	p.held = nil
}
