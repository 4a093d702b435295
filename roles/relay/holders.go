package relay

import (
	"encoding/binary"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
)

// holderCursor is where a Locate for a file stands. Such a Locate goes through the items that match
// the request and, for each, once round the ring of its holds. It begins where the Locate before it
// stopped, which spreads the load over the holders. The cursor names the next hold and the hold at
// which the round ends. If the next hold is released meanwhile, the item's round begins again; if
// the end is, a full round begins at next. A client then meets some holders twice but misses none.
type holderCursor struct {
	incarnation, item uint32
	unknown           bool // the item has no content: those come last
	next, end         mark // equal: the round has just begun
}

// mark identifies a hold. The generation tells it from later holds with the same number.
type mark struct{ hold, generation uint32 }

const holderCursorSize = 24 // bytes

// holders fills a page with nodes that have published the requested file, from a position of before on.
// The next position leads to the rest of them; it is nil if the page holds the last.
func (r *Registry) holders(p *page, m *protocol.Locate, position []byte, random uint64) (next []byte) {
	q := r.index.lookUp(m.Name, m.Hash)
	if q.several() {
		p.named = map[uint32]bool{}
	}
	c, item, found := r.resume(&q, position)
	for found {
		if c.item != item {
			c = r.index.cursorAt(item)
		}
		if !r.follow(p, &c) {
			c.incarnation = r.incarnation
			next = c.encode()
			break
		}
		item, found = q.after(item)
	}
	known := slices.IndexFunc(p.peers, func(holder protocol.Peer) bool { return holder.Hash.IsZero() })
	if known < 0 {
		known = len(p.peers)
	}
	shuffle(p.peers[:known], random)
	shuffle(p.peers[known:], random)
	return next
}

const noItem = 1<<32 - 1

// resume returns the item at which a lookup goes on, and the holder cursor within that item. The
// cursor's item is noItem if the item's round is to begin.
func (r *Registry) resume(q *lookup, cursor []byte) (c holderCursor, item uint32, found bool) {
	c, going := r.parseHolderCursor(cursor)
	x := &r.index
	switch {
	case !going:
		item, found = q.start()
	case !q.ring:
		item, found = q.from(c.rank())
	case x.alive(c.item, c.next) && x.items.At(c.item).hash == q.hash:
		item, found = c.item, true
	default: // the item may be gone: begin the ring again
		item, found = q.start()
		going = false
	}
	switch {
	case !going || !found || item != c.item || !x.alive(item, c.next):
		c.item = noItem
	case !x.alive(item, c.end):
		c.end = c.next
	}
	return c, item, found
}

// cursorAt returns the cursor of a whole round of an item's holds.
func (x *index) cursorAt(item uint32) holderCursor {
	it := x.items.At(item)
	m := x.mark(it.first)
	return holderCursor{item: item, unknown: it.hash.IsZero(), next: m, end: m}
}

func (c *holderCursor) rank() uint32 { return rankOf(c.item, c.unknown) }

func (x *index) mark(hold uint32) mark { return mark{hold, x.holds.At(hold).generation} }

// alive reports whether the marked hold of an item still exists.
func (x *index) alive(item uint32, m mark) bool {
	if m.hold >= x.holds.Size() {
		return false
	}
	h := x.holds.At(m.hold)
	return h.is > 0 && h.item() == item && h.generation == m.generation
}

// follow adds the holders from a cursor on to the page and advances the cursor. It reports whether
// the item's round ended before the page was full.
func (r *Registry) follow(p *page, c *holderCursor) bool {
	it := r.index.items.At(c.item)
	p.reserve(it.count)
	for !p.full() {
		h := r.index.holds.At(c.next.hold)
		p.scanned++
		if slot, l := r.active(h, p.now); l != nil && p.first(slot) {
			p.addHolder(slot, l, it)
		}
		c.next = r.index.mark(h.next)
		it.first = h.next
		if c.next == c.end {
			return true
		}
	}
	return false
}

func (c *holderCursor) encode() []byte {
	b := make([]byte, 0, holderCursorSize)
	for _, n := range [...]uint32{
		c.incarnation, c.rank(), c.next.hold, c.next.generation, c.end.hold, c.end.generation,
	} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// parseHolderCursor reads a cursor, which a peer may have made up: resume checks that the holds
// that it names exist. It reports whether the cursor belongs to this incarnation of the registry.
func (r *Registry) parseHolderCursor(cursor []byte) (c holderCursor, ours bool) {
	if len(cursor) != holderCursorSize {
		return c, false
	}
	at := func(i int) uint32 { return binary.BigEndian.Uint32(cursor[4*i:]) }
	c = holderCursor{incarnation: at(0), item: at(1) &^ unknownRank, unknown: at(1) >= unknownRank, next: mark{at(2), at(3)}, end: mark{at(4), at(5)}}
	return c, c.incarnation == r.incarnation && c.item < r.index.items.Size()
}

// shuffle puts peers into a random order.
func shuffle(peers []protocol.Peer, random uint64) {
	for i := len(peers) - 1; i > 0; i-- {
		random = random*6364136223846793005 + 1442695040888963407
		j := int((random >> 33) % uint64(i+1))
		peers[i], peers[j] = peers[j], peers[i]
	}
}
