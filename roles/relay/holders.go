package relay

import (
	"encoding/binary"

	"github.com/relaypeer/relaypeer/protocol"
)

// A Locate for a file goes through the items that it may mean, and through the ring of each one's holds from where the
// Locate before left it, so that the load goes round. Where it stands is the cursor: life, item, hold, and how many of
// this item's holds are still to come. If that hold is gone meanwhile, the item's ring is gone through again: a client
// meets some holders twice rather than missing one.
type trail struct{ life, item, hold, left uint32 }

const trailCursor = 16 // bytes

// holders fills a page with nodes that have published what is looked for. The cursor is for the rest of them, nil if
// that is all.
func (r *Registry) holders(p *page, m *protocol.Locate, luck uint64) []byte {
	items := r.index.meant(m.Name, m.Hash)
	first := len(p.peers)
	t, going := r.parseTrail(m.Cursor)
	for _, number := range items {
		if going && number < t.item {
			continue
		}
		if !going || number > t.item {
			it := r.index.items.at(number)
			t = trail{life: r.life, item: number, hold: it.first, left: it.count}
		}
		going = false
		if !r.follow(p, &t) {
			shuffle(p.peers[first:], luck)
			return t.cursor()
		}
	}
	shuffle(p.peers[first:], luck)
	return nil
}

// follow goes on along a trail, and reports whether it came to its end before the page did.
func (r *Registry) follow(p *page, t *trail) bool {
	it := r.index.items.at(t.item)
	p.reserve(t.left)
	for ; t.left > 0 && !p.full(); t.left-- {
		h := r.index.holds.at(t.hold)
		if p.add(r.slab.at(h.slot)) {
			last := &p.peers[len(p.peers)-1]
			last.Hash, last.Size = it.hash, it.size
		}
		t.hold = h.next
	}
	it.first = t.hold
	return t.left == 0
}

func (t *trail) cursor() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, trailCursor), t.life)
	b = binary.BigEndian.AppendUint32(b, t.item)
	b = binary.BigEndian.AppendUint32(b, t.hold)
	return binary.BigEndian.AppendUint32(b, t.left)
}

// parseTrail reads a cursor that a peer may have made up: whatever it says, the trail stays in one item's ring, and goes
// round once at most.
func (r *Registry) parseTrail(cursor []byte) (t trail, ours bool) {
	if len(cursor) != trailCursor {
		return t, false
	}
	t = trail{
		life: binary.BigEndian.Uint32(cursor),
		item: binary.BigEndian.Uint32(cursor[4:]),
		hold: binary.BigEndian.Uint32(cursor[8:]),
		left: binary.BigEndian.Uint32(cursor[12:]),
	}
	if t.life != r.life || t.item >= r.index.items.size() {
		return t, false
	}
	it := r.index.items.at(t.item)
	if t.hold >= r.index.holds.size() || r.index.holds.at(t.hold).of != t.item+1 {
		t.hold, t.left = it.first, it.count
	}
	t.left = min(t.left, it.count)
	return t, true
}

// shuffle puts peers into an order drawn for one answer.
func shuffle(peers []protocol.Peer, luck uint64) {
	for i := len(peers) - 1; i > 0; i-- {
		luck = luck*6364136223846793005 + 1442695040888963407
		j := int((luck >> 33) % uint64(i+1))
		peers[i], peers[j] = peers[j], peers[i]
	}
}
