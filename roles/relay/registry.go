package relay

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Policy is what a relay's owner decides.
type Policy struct {
	TTL            time.Duration // of a lease; zero: roles.LeaseTTL
	MaxLeases      int           // zero: roles.MaxLeases
	MaxEntries     int           // names of one node; zero: roles.MaxEntries
	MaxIndex       int           // and of all; zero: roles.MaxIndex. No more than some 60,000,000 are kept
	AllowAdvertise bool          // whether a node may be listed at another address than the one it came from
}

// Registry keeps the leases: who is listed, where, until when. It is safe for concurrent use; time comes in
// with each call, and must not run backwards. A lease that has lapsed is in no answer, whether or not its slot
// has been swept.
type Registry struct {
	policy Policy

	mu          sync.Mutex
	slots       map[protocol.NodeID]uint32
	leases      slab[lease]
	sweep       uint32 // the next slot to look at
	seen        lastSeen
	incarnation uint32 // drawn at the first Locate or so, so that cursors of before a restart are known; 0: not yet

	index               index
	publishers          slab[publisher]
	unindexed           slab[uint32] // slots plus one
	unindexedGeneration uint32       // how often their places have been dealt anew
	clearing            []uint32     // publishers whose holds are being dropped
	dropping            int          // and how many these are
}

const (
	sweepStep = 8    // slots that each call looks at on the side: above one, or a registry would outgrow its sweep
	sweepFull = 8192 // slots that a registration looks at when the registry is full
)

// NewRegistry returns an empty registry.
func NewRegistry(policy Policy) *Registry {
	if policy.TTL == 0 {
		policy.TTL = roles.LeaseTTL
	}
	if policy.MaxLeases == 0 {
		policy.MaxLeases = roles.MaxLeases
	}
	if policy.MaxEntries == 0 {
		policy.MaxEntries = roles.MaxEntries
	}
	if policy.MaxIndex == 0 {
		policy.MaxIndex = roles.MaxIndex
	}
	return &Registry{policy: policy, slots: map[protocol.NodeID]uint32{}, seen: newLastSeen()}
}

// begin draws, before anything that depends on it, what a registry draws once: the key that peers must not know. What
// they do see, its life and the random of this call, tells nothing of it.
func (r *Registry) begin(at roles.Moment) roles.Moment {
	if r.incarnation == 0 {
		r.index.useKey(at.Rand)
		at.Rand = r.index.digestOf(at.Rand)
		r.incarnation = uint32(r.index.digestOf(0)) | 1
	}
	return at
}

// Register lists a node: the newest epoch of an id wins. It answers Registered, or Superseded with the epoch to
// go above, Denied for an address that policy does not allow, Limit when the registry is full.
func (r *Registry) Register(at roles.Moment, from netip.Addr, m *protocol.Register) protocol.Message {
	host := from.Unmap().WithZone("")
	if m.Advertise != nil && m.Advertise.Addr() != host {
		if !r.policy.AllowAdvertise {
			return &protocol.Error{Code: protocol.Denied, Text: fmt.Sprintf("advertising %s from %s is not allowed here", m.Advertise.Addr(), host)}
		}
		host = m.Advertise.Addr()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(at.Now, sweepStep)
	slot, held := r.slots[m.ID]
	if known := r.epoch(at.Now, m.ID, slot, held); m.Epoch <= known {
		return &protocol.Error{Code: protocol.Superseded, Epoch: known, Text: "a newer registration of this node id is known"}
	}
	if !held {
		if len(r.slots) >= r.policy.MaxLeases {
			r.tidy(at.Now, sweepFull)
		}
		if len(r.slots) >= r.policy.MaxLeases {
			return &protocol.Error{Code: protocol.Limit, Text: fmt.Sprintf("the relay holds %d leases, its limit", len(r.slots))}
		}
		slot = r.leases.take()
		r.slots[m.ID] = slot
	}
	r.seen.forget(m.ID)
	l := r.leases.at(slot)
	*l = lease{
		id: m.ID, epoch: m.Epoch, host: host.As16(), port: m.Port, until: at.Now + r.policy.TTL,
		unindexed: l.unindexed, publisher: l.publisher,
	}
	if _, p := r.publisher(slot); p != nil && p.refused {
		r.detach(slot)
	} else if p != nil {
		l.doubt = roles.MaxDoubt
	}
	r.markUnindexed(slot) // until it says, by a page even without changes, that what is held of it still is so
	ttl, renew := r.times()
	return &protocol.Registered{TTL: ttl, Renew: renew, Host: protocol.IPOf(host), Port: m.Port, Held: r.held(slot)}
}

// Renew keeps a lease. It answers Renewed, Superseded when a newer epoch is known, or NoLease.
func (r *Registry) Renew(at roles.Moment, m *protocol.Renew) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(at.Now, sweepStep)
	slot, held := r.slots[m.ID]
	if refusal := r.refuse(at.Now, m.ID, m.Epoch, slot, held); refusal != nil {
		return refusal
	}
	l := r.leases.at(slot)
	l.until = at.Now + r.policy.TTL
	if l.doubt > 0 {
		if l.doubt--; l.doubt == 0 {
			r.detach(slot)
		}
	}
	ttl, renew := r.times()
	return &protocol.Renewed{TTL: ttl, Renew: renew, Held: r.held(slot)}
}

// refuse returns why a node that says so holds no lease, or nil if it does.
func (r *Registry) refuse(now time.Duration, id protocol.NodeID, epoch uint64, slot uint32, held bool) protocol.Message {
	known := r.epoch(now, id, slot, held)
	switch {
	case known > epoch:
		return &protocol.Error{Code: protocol.Superseded, Epoch: known, Text: "a newer registration of this node id is known"}
	case !held || known < epoch || r.leases.at(slot).until <= now:
		return &protocol.Error{Code: protocol.NoLease, Text: "no such lease: register again"}
	}
	return nil
}

// Leave ends a lease. It always answers Left: afterwards this epoch of the node is not listed, and a newer one is
// as it was.
func (r *Registry) Leave(at roles.Moment, m *protocol.Leave) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidy(at.Now, sweepStep)
	if slot, held := r.slots[m.ID]; held && r.leases.at(slot).epoch <= m.Epoch {
		r.leases.at(slot).epoch = m.Epoch // so that an earlier registration that comes late stays out
		r.release(slot, at.Now)
	} else if !held {
		r.seen.raise(m.ID, m.Epoch, at.Now)
	}
	return &protocol.Left{}
}

// times are the lease's two times in milliseconds, as they stand in responses.
func (r *Registry) times() (ttl, renew uint64) {
	return protocol.ToMillis(r.policy.TTL), protocol.ToMillis(r.policy.TTL / (roles.LeaseTTL / roles.RenewAfter))
}

// epoch returns the newest epoch known of an id, of a lease held or of one remembered, or zero.
func (r *Registry) epoch(now time.Duration, id protocol.NodeID, slot uint32, held bool) uint64 {
	if held {
		return r.leases.at(slot).epoch
	}
	return r.seen.epoch(now, id)
}

// release frees a slot and remembers who was in it.
func (r *Registry) release(slot uint32, now time.Duration) {
	gone := r.leases.at(slot)
	delete(r.slots, gone.id)
	r.seen.add(Sighting{ID: gone.id, Epoch: gone.epoch, At: gone.addr(), When: min(now, gone.until)}, now)
	r.detach(slot)
	r.markIndexed(slot)
	r.leases.free(slot)
}

// tidy looks at a few slots and releases those whose lease has lapsed, so that the work of expiry is spread over
// the calls and no call waits for it.
func (r *Registry) tidy(now time.Duration, slots uint32) {
	for range min(slots, r.leases.size()) {
		if r.sweep >= r.leases.size() {
			r.sweep = 0
		}
		if l := r.leases.at(r.sweep); l.used() && l.until <= now {
			r.release(r.sweep, now)
		}
		r.sweep++
	}
	r.clearSome(clearStep)
}

// Active returns how many leases run at that time. It looks at all of them.
func (r *Registry) Active(now time.Duration) int {
	return len(r.Leases(now))
}

// Lease is a listed node, as Leases shows it.
type Lease struct {
	ID    protocol.NodeID
	Epoch uint64
	At    netip.AddrPort
	Until time.Duration
}

// Leases returns the leases that run at that time, in no particular order. It looks at all of them.
func (r *Registry) Leases(now time.Duration) []Lease {
	r.mu.Lock()
	defer r.mu.Unlock()
	leases := []Lease{}
	for slot := range r.leases.size() {
		if l := r.leases.at(slot); l.used() && l.until > now {
			leases = append(leases, Lease{l.id, l.epoch, l.addr(), l.until})
		}
	}
	return leases
}

// LastSeen returns the nodes that were listed lately and are no longer, the latest last.
func (r *Registry) LastSeen(now time.Duration) []Sighting {
	r.mu.Lock()
	defer r.mu.Unlock()
	for slot := range r.leases.size() { // what has lapsed counts as gone even before the sweep comes by
		if l := r.leases.at(slot); l.used() && l.until <= now {
			r.release(slot, now)
		}
	}
	return r.seen.all(now)
}
