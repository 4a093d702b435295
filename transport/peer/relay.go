package peer

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// Policy is what a relay's owner decides. The zero value is of use.
type Policy = relay.Policy

// Relay keeps the list of active nodes and of what they publish, and answers clients from it. Its
// fields are the options and are left alone once it serves; the zero value is of use.
type Relay struct {
	Policy Policy
	// Network is what the relay dials nodes over, to prove the addresses that it hands out: the one of the
	// listener, so that the nodes see the relay's id. Nil: they are handed out unproven.
	Network   transport.Network
	Directory relay.Directory // answers in place of a registry under the policy; nil: that registry
	// Admission says who may use the relay, whose links have to prove ids then; nil: everybody may. It is
	// read again while the relay serves; the owner closes it.
	Admission *state.Admission
	// Circuits are what ways through the relay, to nodes that nobody can dial, may take. Nil: OpenCircuits, or
	// ClosedCircuits with an Admission. In plain there are none.
	Circuits *CircuitLimits
	// Passed is what circuits had passed when the relay was there before: see PassedToday.
	Passed   []Passed
	MaxLinks int // connections of a listener at once; 0: roles.MaxLinks
	MaxFrom  int // of these, those of one address, of IPv6 of one /64; 0: a quarter, roles.MaxLinksFrom at most
	// LinkRate is how many links of one address are served in a second, RequestRate how many requests of one
	// id and RequestRateFrom how many of one address: see transport.Server. 0: roles.LinkRateFrom, RequestRate
	// and RequestRateFrom.
	LinkRate, RequestRate, RequestRateFrom float64

	Log hclog.Logger // may be nil
	// Trace is called for each event of a link, from any goroutine. Nil: it is not called.
	Trace func(transport.Event)

	begin     sync.Once
	start     time.Time
	directory relay.Directory
	registry  *relay.Registry // nil: a directory was given
	logged    *loggedDirectory
	answers   relay.Answers
	proofs    relay.Proofs
	circuits  *relay.Circuits
	cuts      *circuitLog
	exchange  transport.Switch

	meters Meters

	mu     sync.Mutex
	kind   linkKind  // of its listeners
	served []*served // the listeners that it serves on now
}

// CircuitLimits are what circuits may take.
type CircuitLimits = relay.Limits

// NoCircuitLimit stands for no limit among [CircuitLimits].
const NoCircuitLimit = relay.NoLimit

// The limits of relays whose owner has set none: an open one makes circuits for anybody, and a closed one for its
// members. Without a number of their own the links on which nodes wait are half of the relay's.
var (
	OpenCircuits   = relay.OpenLimits
	ClosedCircuits = relay.ClosedLimits
)

// linkKind is whether links prove ids.
type linkKind int

const (
	unknownLinks linkKind = iota
	plainLinks
	provenLinks
)

// ErrMixed is the error of a relay for a listener whose links prove ids, if those of another one do not,
// or the other way round: whoever is served in plain could change the leases of those whose ids are known.
var ErrMixed = errors.New("all links of a relay prove ids, or none does")

// provenBy returns the id that a listener's links prove, if they prove one.
func provenBy(listener transport.Listener) (id protocol.PeerID, proves bool) {
	over, proves := listener.(interface{ ID() protocol.PeerID })
	if proves {
		id = over.ID()
	}
	return id, proves
}

// accepts reports whether a listener is of the kind that the others are of.
func (r *Relay) accepts(listener transport.Listener) bool {
	kind := plainLinks
	if _, proves := provenBy(listener); proves {
		kind = provenLinks
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kind == unknownLinks {
		r.kind = kind
	}
	return r.kind == kind
}

// Expected returns how many nodes the relay has, or, as long as it is young, how many it had: the
// Earlier of the Policy with which it should be started the next time. It may be called at any time.
func (r *Relay) Expected() int {
	r.begin.Do(r.open)
	if r.registry == nil {
		return 0
	}
	return r.registry.Expected(time.Since(r.start))
}

// Serve serves the links that a listener accepts until ctx is done. It then closes the listener,
// lets each conversation come to its end, for roles.DrainTimeout at most, and returns nil. An error
// says why it could not accept links any more, or that ctx was done before. It may be called for
// several listeners, at once as well: they share the registry. Either all of them prove ids (those of
// transport.TLS) or none does: see ErrMixed.
func (r *Relay) Serve(ctx context.Context, listener transport.Listener) error {
	if ctx.Err() != nil {
		listener.Close()
		return interrupted(ctx)
	}
	if !r.accepts(listener) {
		listener.Close()
		return ErrMixed
	}
	session, err := r.sessions(listener)
	if err != nil {
		listener.Close()
		return err
	}
	log := logger(r.Log)
	r.begin.Do(r.open)
	defer r.logged.flush()
	defer r.cuts.flush()
	defer r.keepGate(ctx)()
	sessions := roles.NewPool(func() *relay.Session {
		s := session()
		if _, proves := provenBy(listener); proves {
			s.Carry(r.circuits)
		}
		if r.Network != nil {
			s.Prove(&r.proofs)
		}
		return s
	})
	log = log.Named("server")
	defer r.meters.history.keep(ctx)()
	take, back := r.meters.counted(log, sessions.Take, sessions.Return)
	server := transport.Server{
		Loop:     &transport.Loop{Network: r.Network, Start: r.start, Trace: r.meters.traced(traced(log, r.Trace)), Passed: r.meters.passed, Gate: r.gate(), Switch: &r.exchange},
		Listener: listener, Limit: r.linksAtOnce(), From: linksFrom(r.MaxFrom, r.linksAtOnce()), By: protocol.Relay, Log: log,
		LinkRate: cmp.Or(r.LinkRate, roles.LinkRateFrom), RequestRate: cmp.Or(r.RequestRate, roles.RequestRate), RequestRateFrom: cmp.Or(r.RequestRateFrom, roles.RequestRateFrom),
		New: take, Free: back,
	}
	id, _ := provenBy(listener)
	one := &served{at: listener.Addr(), id: id, server: &server}
	defer r.serves(one)()
	defer context.AfterFunc(ctx, func() { r.drains(one) })()
	return server.Serve(ctx)
}

func (r *Relay) open() {
	r.start = time.Now()
	r.meters.begin(relayTables())
	r.circuits = r.makeCircuits()
	r.directory = r.Directory
	if r.directory == nil {
		policy := r.Policy
		policy.Prove, policy.Circuits = r.Network != nil, r.circuits.On()
		policy.AllowAdvertise = policy.AllowAdvertise || r.Admission != nil // whoever is admitted is believed
		r.registry = relay.NewRegistry(policy)
		r.directory = r.registry
	}
	r.logged = &loggedDirectory{Directory: r.directory, sampler: sampler{log: logger(r.Log).Named("registry")}}
	r.directory = r.logged
}

// Passed is how much the circuits of a client, an address or in a closed relay a member, have passed, of the day
// that began then.
type Passed struct {
	From  roles.Origin `json:"from"`
	Bytes int64        `json:"bytes"`
	Since time.Time    `json:"since"`
}

// PassedToday returns what circuits have passed in the days that are not over: the Passed with which the relay should be
// started the next time. It may be called at any time.
func (r *Relay) PassedToday() (all []Passed) {
	r.begin.Do(r.open)
	for _, one := range r.circuits.Passed(time.Since(r.start)) {
		all = append(all, Passed{one.From, one.Bytes, r.start.Add(one.Since)})
	}
	return all
}

func (r *Relay) makeCircuits() *relay.Circuits {
	limits, circuitsOf := OpenCircuits, relay.NewCircuits
	if r.Admission != nil {
		limits, circuitsOf = ClosedCircuits, relay.NewClosedCircuits
	}
	if r.Circuits != nil {
		limits = *r.Circuits
	}
	limits.Awaits = cmp.Or(limits.Awaits, max(1, r.linksAtOnce()/2))
	var key [32]byte
	rand.Read(key[:])
	circuits, passed := circuitsOf(limits, key), []relay.Passed{}
	for _, one := range r.Passed {
		passed = append(passed, relay.Passed{From: one.From, Bytes: one.Bytes, Since: one.Since.Sub(r.start)})
	}
	circuits.Restore(0, passed)
	r.cuts = &circuitLog{sampler{log: logger(r.Log).Named("circuits")}}
	circuits.Over = r.cuts.over
	return circuits
}

func (r *Relay) linksAtOnce() int { return cmp.Or(r.MaxLinks, roles.MaxLinks) }
