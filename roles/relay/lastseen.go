package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Sighting is a node that was listed and is no longer.
type Sighting struct {
	ID    protocol.PeerID
	Epoch uint64
	At    netip.AddrPort
	When  time.Duration // it left, or its lease lapsed
	// Proven: the ID is a key that the node has proven, and no secret.
	Proven bool
}

// lastSeen remembers departed nodes for roles.LastSeenKeep, at most roles.MaxLastSeen of
// them. It informs the operator, and its epochs refuse a registration that was under way when its
// node left.
type lastSeen struct {
	byID  map[protocol.PeerID]Sighting
	order []Sighting // oldest first; entries that byID lacks, or has replaced, are stale
	past  uint64     // entries that have been taken off the front of order
}

func newLastSeen() lastSeen { return lastSeen{byID: map[protocol.PeerID]Sighting{}} }

func (s *lastSeen) add(sighting Sighting, now time.Duration) {
	s.byID[sighting.ID] = sighting
	s.order = append(s.order, sighting)
	for len(s.order) > roles.MaxLastSeen || len(s.order) > 0 && s.stale(s.order[0], now) {
		s.shift()
	}
}

// shift forgets the oldest entry.
func (s *lastSeen) shift() {
	s.drop(s.order[0])
	s.order = s.order[1:]
	s.past++
}

func (s *lastSeen) stale(sighting Sighting, now time.Duration) bool {
	return s.byID[sighting.ID] != sighting || now-sighting.When >= roles.LastSeenKeep
}

func (s *lastSeen) drop(sighting Sighting) {
	if s.byID[sighting.ID] == sighting {
		delete(s.byID, sighting.ID)
	}
}

func (s *lastSeen) forget(id protocol.PeerID) { delete(s.byID, id) }

// raise records that a remembered node left with a later epoch than the one it was listed under.
// Unknown ids are ignored: otherwise anybody could fill the memory with made-up ids.
func (s *lastSeen) raise(id protocol.PeerID, epoch uint64, now time.Duration) {
	if sighting, known := s.byID[id]; known && sighting.Epoch < epoch {
		sighting.Epoch = epoch
		s.add(sighting, now)
	}
}

func (s *lastSeen) epoch(now time.Duration, id protocol.PeerID) uint64 {
	if sighting, known := s.byID[id]; known && now-sighting.When < roles.LastSeenKeep {
		return sighting.Epoch
	}
	return 0
}

func (s *lastSeen) all(now time.Duration) []Sighting {
	var live []Sighting
	for _, sighting := range s.order {
		if !s.stale(sighting, now) {
			live = append(live, sighting)
		}
	}
	return live
}
