package relay

import (
	"encoding/binary"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
)

// moves is the order in which leases moved: registered, came to another address or class, or
// published names. A node that moves during a walk for a file may come to where the walk has passed,
// be it among the holders or among those that may have the file. So a walk of several pages ends with
// the nodes that have moved since it began.
type moves struct {
	log  []uint32 // the slots of the latest moves, by number modulo the length
	last uint64   // the number of the latest move; the first is 1
}

// leastMoves is how many moves are kept at least. More leases have more: a walk under which all kept
// moves have been replaced begins again.
const leastMoves = 256

// moved notes that a lease moves, unless its node has nothing.
func (r *Registry) moved(slot uint32) {
	m, l := &r.moves, r.leases.At(slot)
	if _, p := r.publisher(slot); l.class == indexed && (p == nil || p.count == 0) {
		return
	}
	if kept := uint64(len(m.log)); kept < max(leastMoves, 2*uint64(r.leases.Used())) {
		grown := make([]uint32, max(leastMoves, 2*kept))
		for n := m.last; kept > 0 && n > m.last-min(kept, m.last); n-- {
			grown[n%uint64(len(grown))] = m.log[n%kept]
		}
		m.log = grown
	}
	m.last++
	m.log[m.last%uint64(len(m.log))] = slot
	l.moved = uint32(m.last)
}

// keeps reports whether all moves after one are kept.
func (m *moves) keeps(since uint64) bool {
	return since <= m.last && m.last-since <= uint64(len(m.log))
}

// begun splits the cursor of a walk into the latest move of before the walk and the position where the
// walk stands. Without a cursor that is good it returns the latest move of all, and no position.
func (r *Registry) begun(cursor []byte) (since uint64, position []byte) {
	if len(cursor) > 8 {
		if since = binary.BigEndian.Uint64(cursor); r.moves.keeps(since) {
			return since, cursor[8:]
		}
	}
	return r.moves.last, nil
}

// cursorOf returns the cursor of a walk that stands at a position.
func cursorOf(move uint64, position []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(position)), move), position...)
}

// late is the position of a walk that has passed everything but what has moved meanwhile.
func (r *Registry) late() []byte { return binary.BigEndian.AppendUint32(nil, r.incarnation) }

func (r *Registry) isLate(position []byte) bool {
	return len(position) == 4 && binary.BigEndian.Uint32(position) == r.incarnation
}

// movers fills a page with nodes that have moved since, and have the file or may have it. It returns
// the move up to which it got: the latest one, unless the page is full.
func (r *Registry) movers(p *page, m *protocol.Locate, since uint64) (upTo uint64) {
	p.reserve(uint32(min(r.moves.last-since, uint64(p.limit))))
	q := r.searchFor(m)
	for ; since < r.moves.last && !p.full(); since++ {
		p.scanned++
		slot := r.moves.log[(since+1)%uint64(len(r.moves.log))]
		l := r.leases.At(slot)
		if l.moved != uint32(since+1) || !l.used() || l.until <= p.now {
			continue
		}
		if it := q.heldBy(l, p); it != nil {
			p.addHolder(slot, l, it)
		} else if slices.Contains(q.classes, l.class) || q.vague {
			p.add(l)
		}
	}
	p.order()
	slices.SortStableFunc(p.peers, func(a, b protocol.Peer) int { return unknownLast(a) - unknownLast(b) })
	return since
}

func unknownLast(p protocol.Peer) int {
	if p.Hash.IsZero() {
		return 1
	}
	return 0
}

// search tells of one node after the other whether it has a file.
type search struct {
	r       *Registry
	ask     *protocol.Locate
	classes []class  // that may have it
	names   []sought // under which it may be held
	vague   bool     // there are too many names to look under each
}

// sought is a name under its hash.
type sought struct {
	name string
	hash uint64
}

// mostSought bounds the names of a content under which a search looks for each node.
const mostSought = 64

func (r *Registry) searchFor(m *protocol.Locate) *search {
	q := &search{r: r, ask: m, classes: walkOf(m)}
	if m.Name != "" {
		q.names = []sought{{m.Name, r.index.digest([]byte(m.Name))}}
		return q
	}
	items := r.index.lookUp("", m.Hash)
	for item, found := items.start(); found; item, found = items.after(item) {
		if q.vague = len(q.names) == mostSought; q.vague {
			break
		}
		q.names = append(q.names, sought{string(r.index.nameOf(item)), r.index.nameHash(item)})
	}
	return q
}

// heldBy returns the item under which a node has published the file, or nil.
func (q *search) heldBy(l *lease, p *page) *item {
	if l.publisher == 0 {
		return nil
	}
	for i := range q.names {
		if i > 0 {
			p.scanned++
		}
		if at, held := q.r.index.held(l.publisher-1, q.names[i].name, q.names[i].hash); held {
			it := q.r.index.items.At(q.r.index.holds.At(at).item())
			if it.mayBe(q.ask.Hash) && (q.ask.Name != "" || !it.hash.IsZero()) { // without a name only a known content counts
				return it
			}
		}
	}
	return nil
}
