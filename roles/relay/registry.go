package relay

import (
	"fmt"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/dense"
	"github.com/relaypeer/relaypeer/roles"
)

// Policy holds the decisions of a relay's operator.
type Policy struct {
	TTL            time.Duration // of a lease while there are few; zero: roles.LeaseTTL
	AnnounceRate   float64       // registrations and renewals a second, of all nodes; zero: roles.AnnounceRate
	MaxLeases      int           // zero: roles.MaxLeases
	MaxLeasesFrom  int           // of these, those of one address; zero: roles.MaxLeasesFrom
	MaxEntries     int           // names of one node; zero: roles.MaxEntries
	MaxIndexFrom   int           // names of all nodes at one address; zero: roles.MaxIndexFrom
	MaxIndex       int           // names of all nodes; zero: roles.MaxIndex. At most some 60,000,000 are kept
	AllowAdvertise bool          // a node may be listed at another address than the one it connects from
	Prove          bool          // nodes are handed out where they can be reached: the sessions find out, and tell Proved
	Circuits       bool          // nodes that cannot be dialed from everywhere are told to await clients
	Start          time.Duration // when the relay starts
	Earlier        int           // nodes that were listed when it ended; 0: none were, or it starts for the first time
}

// Registry keeps the leases and the published indexes. It is safe for concurrent use. Each call
// brings the time, which must not run backwards. A lapsed lease is in no answer, whether or not its
// slot has been swept.
type Registry struct {
	policy Policy

	listing sync.Mutex // held while a page of a List is made; ahead of mu

	mu          sync.Mutex
	slots       map[protocol.PeerID]uint32
	leases      dense.Slab[lease]
	sources     sources
	sweep       uint32 // the next slot to look at
	seen        lastSeen
	incarnation uint32 // tells cursors of earlier registries; 0: not drawn yet

	index         index
	publishers    dense.Slab[publisher]
	unindexed     [every]classed // by class; none are indexed
	moves         moves
	clearing      []uint32 // detached publishers, whose holds are being dropped
	dropping      int      // the number of these holds
	droppingBytes int      // the bytes of their names

	measure func() (over func(work int)) // is called as a slice of an overview begins, and over at its end; nil: it is not
}

const (
	sweepStep = 8    // slots that each call sweeps: above one, so that the sweep keeps up with new leases
	sweepFull = 8192 // slots that a registration sweeps when the registry is full
)

// NewRegistry returns an empty registry.
func NewRegistry(policy Policy) *Registry {
	if policy.TTL == 0 {
		policy.TTL = roles.LeaseTTL
	}
	if policy.AnnounceRate == 0 {
		policy.AnnounceRate = roles.AnnounceRate
	}
	if policy.MaxLeases == 0 {
		policy.MaxLeases = roles.MaxLeases
	}
	if policy.MaxLeasesFrom == 0 {
		policy.MaxLeasesFrom = roles.MaxLeasesFrom
	}
	if policy.MaxIndexFrom == 0 {
		policy.MaxIndexFrom = roles.MaxIndexFrom
	}
	if policy.MaxEntries == 0 {
		policy.MaxEntries = roles.MaxEntries
	}
	if policy.MaxIndex == 0 {
		policy.MaxIndex = roles.MaxIndex
	}
	return &Registry{policy: policy, slots: map[protocol.PeerID]uint32{}, sources: newSources(), seen: newLastSeen()}
}

// begin draws the key of the index, once and before its first use. Peers must not learn the key:
// the incarnation and this call's random number, which they see, are digests under it.
func (r *Registry) begin(at roles.Moment) roles.Moment {
	if r.incarnation == 0 {
		r.index.key = dense.NewKey(at.Rand)
		at.Rand = r.index.digestOf(at.Rand)
		r.incarnation = uint32(r.index.digestOf(0)) | 1
	}
	return at
}

// Register lists a node: the newest epoch of an id wins. It answers Registered; Superseded with the
// epoch to exceed; Denied for an address that policy does not allow; Limit if the registry is full.
func (r *Registry) Register(at roles.Moment, from From, m *protocol.Register) protocol.Message {
	host, still, refusal := r.spot(from, m)
	if refusal != nil {
		return refusal
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(at.Now, sweepStep)
	slot, held := r.slots[m.ID]
	if known := r.epoch(at.Now, m.ID, slot, held); m.Epoch <= known {
		return &protocol.Error{Code: protocol.Superseded, Epoch: known, Text: "a newer registration of this node id is known"}
	}
	source := roles.HostOf(from.Peer)
	if refusal := r.tooManyFrom(at, slot, held, source); refusal != nil {
		return refusal
	}
	if !held {
		if len(r.slots) >= r.policy.MaxLeases {
			r.tidy(at.Now, sweepFull)
		}
		if len(r.slots) >= r.policy.MaxLeases {
			return tooMuch(fmt.Sprintf("the relay holds %d leases, its limit", len(r.slots)))
		}
		slot = r.leases.Take()
		r.slots[m.ID] = slot
	}
	r.seen.forget(m.ID)
	runs, again := r.cadence(at.Now)
	l := r.leases.At(slot)
	since := instantOf(at.Now)
	if held && l.until > at.Now {
		since = l.since
	}
	*l = lease{
		id: m.ID, epoch: m.Epoch, port: m.Port, until: at.Now + runs, proven: !from.ID.IsZero(), still: still, lone: still && m.Advertise == nil,
		advertised: m.Advertise != nil && r.policy.AllowAdvertise,
		class:      l.class, number: l.number, publisher: l.publisher, source: l.source, publishes: m.Publishes > 0,
		since: since, heard: instantOf(at.Now),
	}
	r.attribute(slot, source)
	believed := m.Advertise != nil && r.policy.AllowAdvertise // otherwise it is where the node is seen
	if l.hears(host, l.until); r.policy.Prove && !believed && host.IsValid() {
		*l.reachOf(host.Is6()) = protocol.ReachPending
	}
	if _, p := r.publisher(slot); p != nil || l.publishes {
		l.doubt = roles.MaxDoubt // until a page, even one without changes, confirms the index that is held
	}
	r.classify(slot)
	r.moved(slot)
	ttl, renew := times(runs, again)
	is := r.listed(l, at.Now, host.Is6())
	return &protocol.Registered{TTL: ttl, Renew: renew, Host: is.host, Port: m.Port, Held: r.held(slot), Also: is.also, Reached: is.reached}
}

// Renew extends a lease, and takes note of where its node is now. It answers Renewed, Superseded if a
// newer epoch is known, or NoLease; Denied for an address that can be of use to nobody.
func (r *Registry) Renew(at roles.Moment, from From, m *protocol.Renew) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(at.Now, sweepStep)
	slot, held := r.slots[m.ID]
	if refusal := r.refuse(at.Now, m.ID, m.Epoch, slot, held); refusal != nil {
		return refusal
	}
	l := r.leases.At(slot)
	host := plain(from.Peer)
	if err := protocol.AsError(protocol.CheckAddress(host)); err != nil && !l.still {
		return err
	}
	runs, again := r.cadence(at.Now)
	moved := l.renewed(host, at.Now+runs)
	l.heard = instantOf(at.Now)
	if moved && r.policy.Prove {
		*l.reachOf(host.Is6()) = protocol.ReachPending
	}
	if l.doubt > 0 {
		if l.doubt--; l.doubt == 0 {
			l.publishes = false
			r.detach(slot)
			moved = r.classify(slot) || moved
		}
	}
	if moved {
		r.moved(slot)
	}
	ttl, renew := times(runs, again)
	is := r.listed(l, at.Now, host.Is6())
	answer := &protocol.Renewed{TTL: ttl, Renew: renew, Host: is.host, Held: r.held(slot), Also: is.also, Reached: is.reached}
	if answer.Host != nil {
		answer.Port = l.port
	}
	return answer
}

// Proved takes note of a proof, unless the lease is another one now or its node elsewhere. It returns what is
// known of the address now.
func (r *Registry) Proved(at roles.Moment, proof Proof) (known protocol.Reached) {
	r.mu.Lock()
	defer r.mu.Unlock()
	slot, held := r.slots[proof.ID]
	if r.refuse(at.Now, proof.ID, proof.Epoch, slot, held) != nil {
		return known
	}
	l, addr := r.leases.At(slot), proof.At.Addr()
	is := l.reachOf(addr.Is6())
	if l.of(addr.Is6(), at.Now) != addr || l.port != proof.At.Port() || *is == 0 {
		return known
	}
	if proof.Granted > 0 {
		l.renewed(addr, at.Now+proof.Granted)
	}
	was := *is
	*is = After(was, proof.Reach)
	if was.Failed() && !is.Failed() { // a walk that has passed it would miss it
		r.moved(slot)
	}
	return r.listed(l, at.Now, addr.Is6()).reached
}

// refuse returns the error for a node that holds no lease of this epoch, or nil if it holds one.
func (r *Registry) refuse(now time.Duration, id protocol.PeerID, epoch uint64, slot uint32, held bool) protocol.Message {
	known := r.epoch(now, id, slot, held)
	switch {
	case known > epoch:
		return &protocol.Error{Code: protocol.Superseded, Epoch: known, Text: "a newer registration of this node id is known"}
	case !held || known < epoch || r.leases.At(slot).until <= now:
		return &protocol.Error{Code: protocol.NoLease, Text: "no such lease: register again"}
	}
	return nil
}

// Leave ends a lease. It always answers Left: afterwards this epoch of the node is not listed. A
// newer epoch is left alone.
func (r *Registry) Leave(at roles.Moment, m *protocol.Leave) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(at.Now, sweepStep)
	if slot, held := r.slots[m.ID]; held && r.leases.At(slot).epoch <= m.Epoch {
		r.leases.At(slot).epoch = m.Epoch // so that an earlier registration that comes late is refused
		r.release(slot, at.Now)
	} else if !held {
		r.seen.raise(m.ID, m.Epoch, at.Now)
	}
	return &protocol.Left{}
}

// epoch returns the newest known epoch of an id, from its lease or from lastSeen, or zero.
func (r *Registry) epoch(now time.Duration, id protocol.PeerID, slot uint32, held bool) uint64 {
	if held {
		return r.leases.At(slot).epoch
	}
	return r.seen.epoch(now, id)
}

// release frees a slot and remembers its node.
func (r *Registry) release(slot uint32, now time.Duration) {
	gone := r.leases.At(slot)
	delete(r.slots, gone.id)
	r.seen.add(Sighting{ID: gone.id, Epoch: gone.epoch, At: gone.addr(), When: min(now, gone.until), Proven: gone.proven}, now)
	r.detach(slot)
	r.sources.left(gone)
	r.unclassify(gone)
	r.leases.Free(slot)
}

// tidy sweeps a few slots and releases the lapsed ones. Each call does a little of it, so that no
// call has to expire many leases.
func (r *Registry) tidy(now time.Duration, slots uint32) {
	for range min(slots, r.leases.Size()) {
		if r.sweep >= r.leases.Size() {
			r.sweep = 0
		}
		if l := r.leases.At(r.sweep); l.used() && l.until <= now {
			r.release(r.sweep, now)
		}
		r.sweep++
	}
	r.clearSome(clearStep)
}
