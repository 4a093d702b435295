package relay

import (
	"encoding/binary"

	"github.com/relaypeer/relaypeer/protocol"
)

// A Locate for a file goes through the items that it may mean, and round the ring of each one's holds from where the
// Locate before left it, so that the load goes round. Where it stands is the cursor: which hold comes next, and at which
// the round ends. If the first is gone meanwhile, the item's ring is gone round again; if the second is, once more from
// here: a client meets some holders twice rather than missing one.
type holderCursor struct {
	incarnation, item uint32
	next, end         mark // where both are the same, nothing of the item has been seen
}

// mark is a hold that will not be taken for another that has its number later.
type mark struct{ hold, generation uint32 }

const holderCursorSize = 24 // bytes

// holders fills a page with nodes that have published what is looked for. The cursor is for the rest of them, nil if
// that is all.
func (r *Registry) holders(p *page, m *protocol.Locate, random uint64) (cursor []byte) {
	q := r.index.lookUp(m.Name, m.Hash)
	if q.several() {
		p.named = map[uint32]bool{}
	}
	t, item, found := r.resume(&q, m.Cursor)
	for found {
		if t.item != item {
			t = r.index.cursorAt(item)
		}
		if !r.follow(p, &t) {
			t.incarnation = r.incarnation
			cursor = t.encode()
			break
		}
		item, found = q.after(item)
	}
	shuffle(p.peers, random)
	return cursor
}

const noItem = 1<<32 - 1

// resume returns where a quest goes on: at an item, and in it if the trail is of that item.
func (r *Registry) resume(q *lookup, cursor []byte) (t holderCursor, item uint32, found bool) {
	t, going := r.parseHolderCursor(cursor)
	x := &r.index
	switch {
	case !going:
		item, found = q.start()
	case !q.ring:
		item, found = q.from(t.item)
	case x.alive(t.item, t.next) && x.items.at(t.item).hash == q.hash:
		item, found = t.item, true
	default: // the item may be gone: begin the ring again
		item, found = q.start()
		going = false
	}
	switch {
	case !going || !found || item != t.item || !x.alive(item, t.next):
		t.item = noItem
	case !x.alive(item, t.end):
		t.end = t.next
	}
	return t, item, found
}

// trail returns one round of an item's ring.
func (x *index) cursorAt(item uint32) holderCursor {
	m := x.mark(x.items.at(item).first)
	return holderCursor{item: item, next: m, end: m}
}

func (x *index) mark(hold uint32) mark { return mark{hold, x.holds.at(hold).generation} }

// alive reports whether a hold still is what it was, one of that item.
func (x *index) alive(item uint32, m mark) bool {
	if m.hold >= x.holds.size() {
		return false
	}
	h := x.holds.at(m.hold)
	return h.of == item+1 && h.generation == m.generation
}

// follow goes on along a trail, and reports whether it came to its end before the page did.
func (r *Registry) follow(p *page, t *holderCursor) bool {
	it := r.index.items.at(t.item)
	p.reserve(it.count)
	for !p.full() {
		h := r.index.holds.at(t.next.hold)
		p.scanned++
		if slot, l := r.runs(h, p.now); l != nil && p.first(slot) {
			p.add(l)
			last := &p.peers[len(p.peers)-1]
			last.Hash, last.Size = it.hash, it.size
		}
		t.next = r.index.mark(h.next)
		it.first = h.next
		if t.next == t.end {
			return true
		}
	}
	return false
}

func (t *holderCursor) encode() []byte {
	b := make([]byte, 0, holderCursorSize)
	for _, n := range [...]uint32{t.incarnation, t.item, t.next.hold, t.next.generation, t.end.hold, t.end.generation} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// parseTrail reads a cursor that a peer may have made up: whatever it says, the trail is gone on with only where the
// holds that it names are.
func (r *Registry) parseHolderCursor(cursor []byte) (t holderCursor, ours bool) {
	if len(cursor) != holderCursorSize {
		return t, false
	}
	at := func(i int) uint32 { return binary.BigEndian.Uint32(cursor[4*i:]) }
	t = holderCursor{incarnation: at(0), item: at(1), next: mark{at(2), at(3)}, end: mark{at(4), at(5)}}
	return t, t.incarnation == r.incarnation && t.item < r.index.items.size()
}

// shuffle puts peers into an order drawn for one answer.
func shuffle(peers []protocol.Peer, random uint64) {
	for i := len(peers) - 1; i > 0; i-- {
		random = random*6364136223846793005 + 1442695040888963407
		j := int((random >> 33) % uint64(i+1))
		peers[i], peers[j] = peers[j], peers[i]
	}
}
