package relay

import (
	"fmt"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/dense"
	"github.com/relaypeer/relaypeer/roles"
)

// source is an address from which nodes have registered, and how much the registry holds of them:
// a key costs nothing, an address does. A lease counts for the address of its latest REGISTER; that of
// a node which moves goes on to count there, so that no renewal is refused.
type source struct {
	host   roles.Host
	leases uint32
	names  int // that are held of their indexes
	bytes  int // of these names
}

// sources are the addresses of all leases but those of loopback. Their numbers, plus one, stand in the
// leases.
type sources struct {
	numbers map[roles.Host]uint32
	all     dense.Slab[source]
}

func newSources() sources { return sources{numbers: map[roles.Host]uint32{}} }

// of returns the source of a lease, or nil for loopback.
func (s *sources) of(l *lease) *source {
	if l.source == 0 {
		return nil
	}
	return s.all.At(l.source - 1)
}

// joined counts a lease for an address.
func (s *sources) joined(l *lease, host roles.Host) {
	if !host.Bounded() {
		return
	}
	number, known := s.numbers[host]
	if !known {
		number = s.all.Take()
		s.all.At(number).host = host
		s.numbers[host] = number
	}
	s.all.At(number).leases++
	l.source = number + 1
}

// left counts a lease out, of which nothing is held any more.
func (s *sources) left(l *lease) {
	from := s.of(l)
	if from == nil {
		return
	}
	if from.leases--; from.leases == 0 {
		delete(s.numbers, from.host)
		s.all.Free(l.source - 1)
	}
	l.source = 0
}

// holds counts the names of a publisher, or counts them out.
func (from *source) holds(p *publisher, sign int) {
	if from != nil {
		from.names += sign * int(p.count)
		from.bytes += sign * p.bytes
	}
}

// attribute counts a lease, and what is held of its node, for the address that registers it.
func (r *Registry) attribute(slot uint32, host roles.Host) {
	l := r.leases.At(slot)
	_, p := r.publisher(slot)
	if p != nil {
		r.sources.of(l).holds(p, -1)
	}
	r.sources.left(l)
	r.sources.joined(l, host)
	if p != nil {
		r.sources.of(l).holds(p, 1)
	}
}

// tooManyFrom returns the refusal of a registration from an address that has as many leases as one may
// have, or nil.
func (r *Registry) tooManyFrom(at roles.Moment, slot uint32, held bool, host roles.Host) protocol.Message {
	if held && r.has(host, r.leases.At(slot)) || !r.isFull(host) {
		return nil
	}
	if !held {
		r.tidy(at.Now, sweepFull)
		if !r.isFull(host) {
			return nil
		}
	}
	return tooMuch(fmt.Sprintf("the relay holds %d leases of nodes at %s, its limit for one address", r.policy.MaxLeasesFrom, host))
}

// isFull reports whether an address has as many leases as one may have.
func (r *Registry) isFull(host roles.Host) bool {
	number, known := r.sources.numbers[host]
	return known && int(r.sources.all.At(number).leases) >= r.policy.MaxLeasesFrom
}

// has reports whether a lease counts for an address already.
func (r *Registry) has(host roles.Host, l *lease) bool {
	from := r.sources.of(l)
	return from != nil && from.host == host
}

// bound is what keeps a name from being held.
type bound int

const (
	unbound   bound = iota // there is room
	ofNode                 // those of the node are too many
	ofAddress              // those of all nodes at its address
	ofAll                  // those of all nodes
)

// bounds returns what keeps another name of so many bytes from being held of a publisher. Names count
// by their bytes as well: each may be eight times as long as the usual one. From does not count those of
// the publisher.
func (r *Registry) bounds(p *publisher, from *source, bytes int) bound {
	names, all := int(p.count), p.bytes+bytes
	switch {
	case names >= r.policy.MaxEntries || all > nameBytes(r.policy.MaxEntries):
		return ofNode
	case from != nil && (from.names+names >= r.policy.MaxIndexFrom || from.bytes+all > nameBytes(r.policy.MaxIndexFrom)):
		return ofAddress
	case r.index.count-r.dropping >= r.policy.MaxIndex || r.index.bytes-r.droppingBytes+bytes > nameBytes(r.policy.MaxIndex) || r.index.full():
		return ofAll
	}
	return unbound
}

// nameBytes returns how many bytes so many names may have together: one of them may be a long one.
func nameBytes(names int) int { return names*roles.MeanName + protocol.MaxName }

// noMore is the refusal of a page of which not all found room.
func (r *Registry) noMore(by bound, from *source) *protocol.Error {
	names, whose := r.policy.MaxIndex, "all nodes"
	switch by {
	case ofNode:
		names, whose = r.policy.MaxEntries, "one node"
	case ofAddress:
		names, whose = r.policy.MaxIndexFrom, fmt.Sprintf("all nodes at %s", from.host)
	}
	return tooMuch(fmt.Sprintf("the relay keeps %d names of %s, of %d bytes on average", names, whose, roles.MeanName))
}
