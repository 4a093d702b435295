package relay

import (
	"crypto/sha256"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// The work that bounds a slice of an overview, for which the registry is locked, and all slices of one page, even if the
// page is short. Each look at something in memory counts, as names do by their bytes.
const (
	viewSlice = 512                  // slots, holds or items
	viewMost  = 1 << 16              // the same, of a page
	viewSteps = matchMost            // of matching names with a pattern, of a page
	viewHolds = 128                  // holds of one item that are looked at; the others count as active ones
	viewExtra = viewHolds + nameMost // by which the last item of a slice may exceed it
	viewSweep = 256                  // slots that a look at the counts sweeps, and nodes that have left that it forgets
	nameMost  = mostVariants + 1     // the look for the contents of a name

	releaseWork = 8 // what the end of a lease counts for
)

// Counts are how much a registry holds, and may hold.
type Counts struct {
	Leases, MaxLeases   int
	Left                int // nodes that are remembered
	Publishing, Silent  int // nodes of which the index is on its way, and that may have anything
	Sources             int // addresses from which nodes have registered, apart from loopback
	Items               int // contents under names
	Names, MaxNames     int // of all nodes
	Bytes, MaxNameBytes int // of these names
	Young               time.Duration
}

// Counts returns how much the registry holds. It looks at a bounded part of it.
func (r *Registry) Counts(now time.Duration) (c Counts) {
	r.slice(func() (work int) {
		r.tidy(now, viewSweep)
		r.seen.expire(now, viewSweep)
		c = Counts{
			Leases: len(r.slots), MaxLeases: r.policy.MaxLeases, Left: len(r.seen.byID),
			Publishing: int(r.unindexed[publishing].Used()), Silent: int(r.unindexed[silent].Used()),
			Sources: len(r.sources.numbers), Items: int(r.index.items.Used()),
			Names: r.index.count - r.dropping, MaxNames: r.policy.MaxIndex,
			Bytes: r.index.bytes - r.droppingBytes, MaxNameBytes: nameBytes(r.policy.MaxIndex),
			Young: roles.Millis(r.young(now)),
		}
		return 2 * viewSweep
	})
	return c
}

// slice does a part of the work of an overview under the lock.
func (r *Registry) slice(part func() (work int)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.measure == nil {
		part()
		return
	}
	over := r.measure()
	over(part())
}

// expire forgets the oldest nodes whose time is over, of so many at most.
func (s *lastSeen) expire(now time.Duration, most int) {
	for ; most > 0 && len(s.order) > 0 && s.stale(s.order[0], now); most-- {
		s.shift()
	}
}

// Node is a node that is listed, or was.
type Node struct {
	Lease
	Plain        bool // it has proven no id: its own is its secret, and ID is another, by which it can be told from others
	Way          NodeWay
	Why          string        // it is that one, where Way does not tell; "": it tells
	Since, Heard time.Duration // it is listed, without a gap; the relay has heard of it last, or it has left
	Names        int           // that are held of it
	Publishes    bool
	Left         bool // it is listed no longer: only ID, Epoch, At and Heard are known
}

// seenLease is a copy of a lease, with what a slice has looked up beside it.
type seenLease struct {
	lease
	names int
}

// look copies a lease.
func (r *Registry) look(slot uint32) seenLease {
	is := seenLease{lease: *r.leases.At(slot)}
	if _, p := r.publisher(slot); p != nil {
		is.names, is.publishes = int(p.count), true
	}
	return is
}

// node returns the node of a lease.
func (l *seenLease) node(now time.Duration) Node {
	is := Node{Lease: l.lease.lease(now), Since: l.since.time(), Heard: l.heard.time(), Names: l.names, Publishes: l.publishes}
	is.Way, is.Why = l.way(now)
	is.hide(l.proven)
	return is
}

// node returns the node of a sighting.
func (s Sighting) node() Node {
	is := Node{Lease: Lease{ID: s.ID, Epoch: s.Epoch, At: s.At}, Heard: s.When, Left: true}
	is.hide(s.Proven)
	return is
}

// hide puts a digest in the place of an id that is not proven: whoever knows it could end the node's lease.
func (n *Node) hide(proven bool) {
	if n.Plain = !proven; n.Plain {
		n.ID = ShownID(n.ID)
	}
}

// ShownID returns what is shown in the place of an id that is not proven: the same at the relay and at the node.
func ShownID(id protocol.PeerID) protocol.PeerID {
	return sha256.Sum256(append([]byte("shown"), id[:]...))
}

// File is a content under a name.
type File struct {
	Name              string
	Size              uint64
	Hash              protocol.Hash
	Mark              protocol.Mark
	Modified          uint64 // as the one of these nodes says that has published it last, in seconds since 1970; 0: it does not
	Holders, Variants int    // nodes that have it, about; contents under the name
}
