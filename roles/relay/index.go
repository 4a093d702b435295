package relay

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/dense"
)

// index is the union of all published indexes: the contents under each name, and the nodes that
// hold them. A ring in it is a circular doubly linked list of slab numbers. Its elements hold no
// pointers. The registry's mutex guards it.
type index struct {
	key         dense.Key // of the hashes, so that nobody can construct names that collide
	names       dense.Arena
	items       dense.Slab[item]
	holds       dense.Slab[hold]
	byName      dense.Table // items, all of one name under one hash
	byHash      dense.Table // one item of each content; its ring leads to the others
	byNode      dense.Table // holds, by publisher and name
	count       int         // holds
	bytes       int         // of the holds' names, each counted with every hold
	generations uint32      // holds ever made, modulo 2^32
}

// item is one content under one name, or a name without a content: those have no ring.
type item struct {
	hash       protocol.Hash
	size       uint64
	mark       protocol.Mark
	name       uint32 // in the arena
	first      uint32 // of the ring of its holds: where the next Locate begins
	count      uint32 // of its holds; 0: free
	prev, next uint32 // the ring of the items of one content
}

// hold says that a node holds an item.
type hold struct {
	is            uint64 // the item plus one (0: free), and below dateBits when the content was changed, as the publisher says
	by            uint32 // the publisher
	prev, next    uint32 // the ring of the item's holds; those that stay keep their order
	before, after uint32 // the ring of the publisher's holds
	generation    uint32 // tells it from other holds with the same number, and which was published last
}

// dateBits are those of a date. More would be one that no entry has.
const (
	dateBits = 33
	dateMask = 1<<dateBits - 1

	_ = uint(protocol.MaxModified - 1<<dateBits)
	_ = uint(1<<dateBits - protocol.MaxModified)
)

// mostVariants bounds the contents under one name, because a lookup goes through all of them.
const mostVariants = 64

// digest is a keyed hash of a name or a content.
func (x *index) digest(b []byte) uint64 { return x.key.Hash(b) }

// digestOf is the keyed hash of a number. It reveals neither the number nor the key.
func (x *index) digestOf(n uint64) uint64 { return x.digest(binary.BigEndian.AppendUint64(nil, n)) }

// byBoth is the hash of a name and a publisher.
func byBoth(nameHash uint64, by uint32) uint64 {
	h := nameHash ^ (uint64(by)+1)*0x9e3779b97f4a7c15
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// is reports whether an item of the entry's name is the entry's, whatever its date.
func (it *item) is(e *protocol.Entry) bool {
	return it.hash == e.Hash && it.size == e.Size && it.mark == e.Mark
}

// mayBe reports whether an item is of a content, or may be since it has none yet. The zero hash stands
// for any content.
func (it *item) mayBe(hash protocol.Hash) bool {
	return hash.IsZero() || it.hash.IsZero() || it.hash == hash
}

// holdOf returns what a hold is of: an item, with a date.
func holdOf(item uint32, modified uint64) uint64 { return uint64(item+1)<<dateBits | modified }

func (h *hold) item() uint32 { return uint32(h.is>>dateBits) - 1 }

func (h *hold) modified() uint64 { return h.is & dateMask }

// isAfter reports whether a hold was published after another one, of which there have been less than 2^31 since.
func (h *hold) isAfter(other *hold) bool { return int32(h.generation-other.generation) > 0 }

func (x *index) nameOf(item uint32) []byte { return x.names.At(x.items.At(item).name) }

// The hashes under which the hash tables hold an item or a hold.
func (x *index) nameHash(item uint32) uint64    { return x.digest(x.nameOf(item)) }
func (x *index) contentHash(item uint32) uint64 { return x.digest(x.items.At(item).hash[:]) }
func (x *index) holdHash(number uint32) uint64 {
	h := x.holds.At(number)
	return byBoth(x.nameHash(h.item()), h.by)
}

// named returns the items of a name, lowest number first.
func (x *index) named(name string) (items []uint32) {
	x.byName.Find(x.digest([]byte(name)), func(number uint32) bool {
		if string(x.nameOf(number)) == name {
			items = append(items, number)
		}
		return false
	})
	slices.Sort(items)
	return items
}

// unknownRank is set in the rank of an item without a content.
const unknownRank = 1 << 31

// rank orders the items of a name: by their numbers, those without a content last.
func (x *index) rank(item uint32) uint32 { return rankOf(item, x.items.At(item).hash.IsZero()) }

func rankOf(item uint32, unknown bool) uint32 {
	if unknown {
		return item | unknownRank
	}
	return item
}

// ring returns one item of a content; its ring leads to the others.
func (x *index) ring(hash protocol.Hash) (item uint32, found bool) {
	return x.byHash.Find(x.digest(hash[:]), func(number uint32) bool { return x.items.At(number).hash == hash })
}

// held returns a publisher's hold of a name.
func (x *index) held(by uint32, name string, nameHash uint64) (hold uint32, found bool) {
	return x.byNode.Find(byBoth(nameHash, by), func(at uint32) bool {
		h := x.holds.At(at)
		return h.by == by && string(x.nameOf(h.item())) == name
	})
}

// full reports whether the numbers of the index are used up.
func (x *index) full() bool { return x.holds.Size() >= dense.MostNumber || x.names.UsedUp() }

// lookup is the set of items that match a Locate, in a fixed order: items of one name by their
// ranks, items of one content round their ring.
type lookup struct {
	x     *index
	ring  bool
	items []uint32 // of a name
	first uint32   // of a ring
	found bool     // whether the ring exists
	hash  protocol.Hash
}

// lookUp returns the items of a name, of a content, or of both: under a name, those without a content
// may be of any.
func (x *index) lookUp(name string, hash protocol.Hash) lookup {
	q := lookup{x: x, hash: hash, ring: name == ""}
	if q.ring {
		q.first, q.found = x.ring(hash)
		return q
	}
	q.items = x.named(name)
	slices.SortFunc(q.items, func(a, b uint32) int { return cmp.Compare(x.rank(a), x.rank(b)) })
	q.items = slices.DeleteFunc(q.items, func(number uint32) bool { return !x.items.At(number).mayBe(hash) })
	return q
}

// several reports whether one node may hold more than one of the items.
func (q *lookup) several() bool { return q.ring && q.found && q.x.items.At(q.first).next != q.first }

// start returns the first item.
func (q *lookup) start() (item uint32, found bool) {
	if q.ring {
		return q.first, q.found
	}
	return q.from(0)
}

// from returns the first item of a name from a rank on.
func (q *lookup) from(rank uint32) (item uint32, found bool) {
	at, _ := slices.BinarySearchFunc(q.items, rank, func(number, rank uint32) int { return cmp.Compare(q.x.rank(number), rank) })
	if at == len(q.items) {
		return 0, false
	}
	return q.items[at], true
}

// after returns the item behind another.
func (q *lookup) after(number uint32) (item uint32, found bool) {
	if q.ring {
		next := q.x.items.At(number).next
		return next, next != q.first
	}
	return q.from(q.x.rank(number) + 1)
}
