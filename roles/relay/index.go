package relay

import (
	"slices"

	"lukechampine.com/blake3/guts"

	"github.com/relaypeer/relaypeer/protocol"
)

// index is what nodes have published: which contents there are under which names, and who holds them. Nothing in it is a
// pointer, and a name stands in it once. The registry's mutex guards it.
type index struct {
	key    [8]uint32 // of the hashes, so that nobody can make up names that collide
	keyed  bool
	names  arena
	items  pile[item]
	holds  pile[hold]
	byName table // items; those of one name are found one after the other
	byHash table // of each content one item, from which the others are reached
	byNode table // holds, by node and name
	count  int   // holds
}

// item is one content under one name.
type item struct {
	hash       protocol.Hash
	size       uint64
	name       uint32 // in the arena
	first      uint32 // of the ring of its holds
	count      uint32 // of these; 0: free
	prev, next uint32 // the ring of the items of one content
	length     uint16 // bytes of the name
}

// hold says that a node holds an item.
type hold struct {
	of, slot      uint32 // of is the item plus one; 0: free
	prev, next    uint32 // the ring of the holds of one item
	before, after uint32 // the ring of the holds of one node
}

// mostVariants bounds the contents under one name: a name is looked up by going through them.
const mostVariants = 64

// useKey draws the key of the hashes, once.
func (x *index) useKey(luck uint64) {
	if x.keyed {
		return
	}
	for i := range x.key {
		luck = luck*6364136223846793005 + 1442695040888963407
		x.key[i] = uint32(luck >> 32)
	}
	x.keyed = true
}

// digest is a keyed hash of up to 1024 bytes: BLAKE3 of one chunk.
func (x *index) digest(b []byte) uint64 {
	words := guts.CompressNode(guts.CompressChunk(b, &x.key, 0, guts.FlagKeyedHash))
	return uint64(words[0])<<32 | uint64(words[1])
}

func ofNode(nameHash uint64, slot uint32) uint64 {
	h := nameHash ^ (uint64(slot)+1)*0x9e3779b97f4a7c15
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

func (h *hold) item() uint32 { return h.of - 1 }

func (x *index) nameOf(number uint32) []byte {
	it := x.items.at(number)
	return x.names.at(it.name, int(it.length))
}

// The hashes under which the tables have what they have.
func (x *index) nameHash(item uint32) uint64    { return x.digest(x.nameOf(item)) }
func (x *index) contentHash(item uint32) uint64 { return x.digest(x.items.at(item).hash[:]) }
func (x *index) holdHash(number uint32) uint64 {
	h := x.holds.at(number)
	return ofNode(x.nameHash(h.item()), h.slot)
}

// named returns the items of a name, lowest number first.
func (x *index) named(name string) (items []uint32) {
	x.byName.find(x.digest([]byte(name)), func(number uint32) bool {
		if string(x.nameOf(number)) == name {
			items = append(items, number)
		}
		return false
	})
	slices.Sort(items)
	return items
}

// meant returns the items of a name, of a content, or of both: a node that is asked for both looks under the name.
func (x *index) meant(name string, hash protocol.Hash) []uint32 {
	if name == "" {
		return x.ofContent(hash)
	}
	items := x.named(name)
	if hash.IsZero() {
		return items
	}
	return slices.DeleteFunc(items, func(number uint32) bool { return x.items.at(number).hash != hash })
}

// ofContent returns items of a content, as many as there may be variants of a name, lowest number first.
func (x *index) ofContent(hash protocol.Hash) (items []uint32) {
	first, found := x.ring(hash)
	for number := first; found && len(items) < mostVariants; {
		items = append(items, number)
		if number = x.items.at(number).next; number == first {
			break
		}
	}
	slices.Sort(items)
	return items
}

func (x *index) ring(hash protocol.Hash) (item uint32, found bool) {
	return x.byHash.find(x.digest(hash[:]), func(number uint32) bool { return x.items.at(number).hash == hash })
}

// set notes that a node has a content under a name, in the place of what it had there. It reports whether there was room
// for it among the variants of that name.
func (x *index) set(slot uint32, p *publisher, e *protocol.Entry) bool {
	x.unset(slot, p, e.Name)
	nameHash := x.digest([]byte(e.Name))
	variants := 0
	number, found := x.byName.find(nameHash, func(number uint32) bool {
		if string(x.nameOf(number)) != e.Name {
			return false
		}
		variants++
		it := x.items.at(number)
		return it.hash == e.Hash && it.size == e.Size
	})
	switch {
	case !found && variants >= mostVariants:
		return false
	case !found:
		number = x.newItem(nameHash, e)
	}
	x.hold(number, slot, p, nameHash)
	return true
}

func (x *index) newItem(nameHash uint64, e *protocol.Entry) uint32 {
	number := x.items.take()
	it := x.items.at(number)
	*it = item{hash: e.Hash, size: e.Size, name: x.names.keep(e.Name), length: uint16(len(e.Name)), prev: number, next: number}
	x.byName.add(nameHash, number, x.nameHash)
	if other, found := x.ring(e.Hash); found {
		next := x.items.at(other).next
		it.prev, it.next = other, next
		x.items.at(other).next, x.items.at(next).prev = number, number
	} else {
		x.byHash.add(x.digest(e.Hash[:]), number, x.contentHash)
	}
	return number
}

func (x *index) hold(number, slot uint32, p *publisher, nameHash uint64) {
	at := x.holds.take()
	h := x.holds.at(at)
	*h = hold{of: number + 1, slot: slot, prev: at, next: at, before: at, after: at}
	it := x.items.at(number)
	if it.count > 0 {
		last := x.holds.at(it.first).prev
		h.prev, h.next = last, it.first
		x.holds.at(last).next, x.holds.at(it.first).prev = at, at
	} else {
		it.first = at
	}
	it.count++
	if p.count > 0 {
		last := x.holds.at(p.first).before
		h.before, h.after = last, p.first
		x.holds.at(last).after, x.holds.at(p.first).before = at, at
	} else {
		p.first = at
	}
	p.count++
	x.count++
	x.byNode.add(ofNode(nameHash, slot), at, x.holdHash)
}

// unset forgets what a node had under a name.
func (x *index) unset(slot uint32, p *publisher, name string) {
	at, found := x.byNode.find(ofNode(x.digest([]byte(name)), slot), func(at uint32) bool {
		h := x.holds.at(at)
		return h.slot == slot && string(x.nameOf(h.item())) == name
	})
	if found {
		x.release(at, p)
	}
}

// clear forgets up to so many holds of a node, and returns how many.
func (x *index) clear(p *publisher, most int) (cleared int) {
	for ; p.count > 0 && cleared < most; cleared++ {
		x.release(p.first, p)
	}
	return cleared
}

func (x *index) release(at uint32, p *publisher) {
	h := *x.holds.at(at)
	x.byNode.remove(x.holdHash(at), at, x.holdHash)
	x.holds.at(h.prev).next, x.holds.at(h.next).prev = h.next, h.prev
	x.holds.at(h.before).after, x.holds.at(h.after).before = h.after, h.before
	x.count--
	p.count--
	if p.first == at {
		p.first = h.after
	}
	it := x.items.at(h.item())
	if it.first == at {
		it.first = h.next
	}
	x.holds.free(at)
	if it.count--; it.count == 0 {
		x.forget(h.item())
	}
}

// forget drops an item that nobody holds any more.
func (x *index) forget(number uint32) {
	it := *x.items.at(number)
	x.byName.remove(x.nameHash(number), number, x.nameHash)
	contentHash := x.contentHash(number)
	x.byHash.remove(contentHash, number, x.contentHash)
	if it.next != number {
		x.items.at(it.prev).next, x.items.at(it.next).prev = it.next, it.prev
		if _, found := x.ring(it.hash); !found {
			x.byHash.add(contentHash, it.next, x.contentHash)
		}
	}
	x.names.free(it.name, int(it.length))
	x.items.free(number)
}
