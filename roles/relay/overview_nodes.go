package relay

import (
	"encoding/binary"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// nodesView is a page of the nodes that is being filled. First come the leases, by their slots, and then the nodes that
// are listed no longer, the latest first.
type nodesView struct {
	r     *Registry
	now   time.Duration
	limit int
	keeps func(*Node) bool
	nodes []Node
	work  int

	some  []seenLease // of the slice, as slots are
	slots []uint32
	gone  []Sighting
	ats   []uint64
}

// nodesCursor is where a view of the nodes goes on.
type nodesCursor struct {
	left bool   // with those that are listed no longer
	next uint64 // the slot, or the number behind that of the sighting
}

const nodesCursorSize = 13 // bytes

// Nodes returns the nodes that a function keeps, up to a limit: those that are listed, and then those that were, the
// latest first. The next cursor leads to the rest; nil: there is none. It may come with few nodes, or none, for one
// call looks at a bounded part of them. A node that is listed from the first page to the last is in exactly one of them.
// Keeps is called without the lock.
func (r *Registry) Nodes(at roles.Moment, cursor []byte, limit int, keeps func(*Node) bool) (nodes []Node, next []byte) {
	v := nodesView{r: r, now: at.Now, limit: limit, keeps: keeps}
	c := r.nodesCursor(at, cursor)
	for v.work < viewMost {
		more := false
		if c.left {
			c, more = v.passLeft(c)
		} else {
			c, more = v.passListed(c)
		}
		if !more {
			return v.nodes, nil
		}
		if len(v.nodes) >= limit {
			break
		}
	}
	return v.nodes, r.encodeNodes(c)
}

// passListed looks at a slice of the slots. More reports whether anything is left to look at.
func (v *nodesView) passListed(c nodesCursor) (next nodesCursor, more bool) {
	r := v.r
	v.some, v.slots = v.some[:0], v.slots[:0]
	r.slice(func() (work int) {
		slot, end := uint32(c.next), r.leases.Size()
		for ; slot < end && work < viewSlice; slot++ {
			work++
			l := r.leases.At(slot)
			switch {
			case !l.used():
			case l.until <= v.now: // it counts as ended even before its slot is swept
				r.release(slot, v.now)
				work += releaseWork
			default:
				v.some, v.slots = append(v.some, r.look(slot)), append(v.slots, slot)
			}
		}
		if next = (nodesCursor{next: uint64(slot)}); slot == end {
			next = nodesCursor{left: true, next: r.seen.past + uint64(len(r.seen.order))}
		}
		v.work += work
		return work
	})
	for i := range v.some {
		node := v.some[i].node(v.now)
		if !v.keeps(&node) {
			continue
		}
		if len(v.nodes) == v.limit {
			return nodesCursor{next: uint64(v.slots[i])}, true
		}
		v.nodes = append(v.nodes, node)
	}
	return next, true
}

// passLeft looks at a slice of those that are listed no longer. More reports whether anything is left to look at.
func (v *nodesView) passLeft(c nodesCursor) (next nodesCursor, more bool) {
	s := &v.r.seen
	v.gone, v.ats = v.gone[:0], v.ats[:0]
	v.r.slice(func() (work int) {
		number := min(c.next, s.past+uint64(len(s.order)))
		for ; number > s.past && work < viewSlice; number-- {
			work++
			if one := s.order[number-1-s.past]; !s.stale(one, v.now) {
				v.gone, v.ats = append(v.gone, one), append(v.ats, number)
			}
		}
		next, more = nodesCursor{left: true, next: number}, number > s.past
		v.work += work
		return work
	})
	for i, one := range v.gone {
		node := one.node()
		if !v.keeps(&node) {
			continue
		}
		if len(v.nodes) == v.limit {
			return nodesCursor{left: true, next: v.ats[i]}, true
		}
		v.nodes = append(v.nodes, node)
	}
	return next, more
}

func (r *Registry) encodeNodes(c nodesCursor) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, nodesCursorSize), r.incarnation)
	part := byte(0)
	if c.left {
		part = 1
	}
	return binary.BigEndian.AppendUint64(append(b, part), c.next)
}

// nodesCursor reads a cursor, which may be made up, or of an earlier incarnation: then it is that of the first page.
func (r *Registry) nodesCursor(at roles.Moment, cursor []byte) (c nodesCursor) {
	r.slice(func() int {
		r.begin(at)
		if len(cursor) == nodesCursorSize && binary.BigEndian.Uint32(cursor) == r.incarnation {
			c = nodesCursor{left: cursor[4] == 1, next: binary.BigEndian.Uint64(cursor[5:])}
		}
		if !c.left {
			c.next = min(c.next, uint64(r.leases.Size()))
		}
		return 1
	})
	return c
}
