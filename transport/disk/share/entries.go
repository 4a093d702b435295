package share

import (
	"encoding/binary"
	"hash/maphash"
	"iter"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/dense"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// entries are the names in a share. They hold no pointer, so that a million of them cost the garbage
// collector nothing: an entry is called by its number, and of its name there is what follows its
// folder's.
type entries struct {
	slab      dense.Slab[entry]
	bases     dense.Arena // of names: the number of the entry, and then what follows the folder's name
	byName    dense.Table
	byContent dense.Table     // the first of those that are known to have a content
	seed      maphash.Seed    // so that nobody can construct names that collide
	count     int             // of names
	told      map[link]stated // what followers were told, of those of which something else is so
	dirs      []*dir          // by their numbers
	freed     []dirNumber
	name      []byte // of hash
	other     []byte // of isNamed
}

// link is the number of an entry plus one; 0: none.
type link uint32

// dirNumber is the number of a folder plus one; 0: none.
type dirNumber uint32

const numberSize = 4 // of an entry's number before the base of its name

// stated is what followers are told of a file besides its content.
type stated struct{ size, modified uint64 }

func statedBy(sig index.Signature) stated {
	return stated{uint64(sig.Size), protocol.SecondsOf(time.Unix(0, sig.Modified))}
}

func newEntries() entries { return entries{seed: maphash.MakeSeed(), told: map[link]stated{}} }

// at returns the entry that a link leads to, or nil.
func (x *entries) at(l link) *entry {
	if l == 0 {
		return nil
	}
	return x.slab.At(uint32(l - 1))
}

// named returns the entry of a name, or nil.
func (x *entries) named(name string) *entry {
	x.name = append(x.name[:0], name...)
	number, found := x.byName.Find(maphash.Bytes(x.seed, x.name), func(number uint32) bool {
		x.other = x.appendName(x.other[:0], x.slab.At(number))
		return string(x.other) == name
	})
	if !found {
		return nil
	}
	return x.slab.At(number)
}

// all yields the entries of all names.
func (x *entries) all() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for number := range x.slab.Size() {
			if e := x.slab.At(number); e.in != 0 && !yield(e) {
				return
			}
		}
	}
}

// usedUp reports whether there is room for no other name.
func (x *entries) usedUp() bool { return x.slab.Used() >= dense.MostNumber || x.bases.UsedUp() }

// add adds a name that was seen in a folder.
func (x *entries) add(d *dir, name string) *entry {
	x.bases.Tidy(func(base []byte, _, to uint32) { x.slab.At(binary.LittleEndian.Uint32(base)).name = to })
	number := x.slab.Take()
	e := x.slab.At(number)
	e.self = link(number + 1)
	x.call(d, e, name)
	x.name = append(x.name[:0], name...)
	x.byName.Add(maphash.Bytes(x.seed, x.name), number, x.nameHash)
	x.count++
	return e
}

// call puts an entry into the list of the folder in which it was seen, and notes its name there.
func (x *entries) call(d *dir, e *entry, name string) {
	base := name
	if rest, below := strings.CutPrefix(name, d.name); below && strings.HasPrefix(rest, "/") {
		base = rest[1:]
		e.unset(whole)
	} else {
		e.set(whole)
	}
	record := binary.LittleEndian.AppendUint32(x.name[:0], uint32(e.self-1))
	x.name = append(record, base...)
	e.name = x.bases.Put(x.name)
	e.in, e.next = d.number, d.files
	if first := x.at(d.files); first != nil {
		first.previous = e.self
	}
	d.files = e.self
}

// place moves an entry to the folder in which it was seen last.
func (x *entries) place(d *dir, e *entry) {
	if e.in == d.number {
		return
	}
	name := x.entryName(e)
	x.displace(e)
	x.call(d, e, name)
}

// displace takes an entry off the list of its folder. It has no name then.
func (x *entries) displace(e *entry) {
	if previous := x.at(e.previous); previous != nil {
		previous.next = e.next
	} else {
		x.dirs[e.in-1].files = e.next
	}
	if next := x.at(e.next); next != nil {
		next.previous = e.previous
	}
	x.bases.Drop(e.name)
	e.in, e.previous, e.next = 0, 0, 0
}

// remove removes the name of an entry. The entry stays as long as it is held.
func (x *entries) remove(e *entry) {
	number := uint32(e.self - 1)
	x.byName.Remove(x.nameHash(number), number, x.nameHash)
	x.displace(e)
	x.count--
	x.state(e)
	e.signature = index.Signature{} // a worker that is about to hash it sees that
	x.hold(e)
	x.release(e)
}

// hold keeps the number of an entry from being given to another one, until it is released.
func (x *entries) hold(e *entry) { e.held++ }

func (x *entries) release(e *entry) {
	if e.held--; e.held == 0 && e.in == 0 {
		x.slab.Free(uint32(e.self - 1))
	}
}

func (x *entries) entryName(e *entry) string { return string(x.appendName(nil, e)) }

func (x *entries) appendName(b []byte, e *entry) []byte {
	if d := x.dirs[e.in-1]; !e.is(whole) {
		b = append(append(b, d.name...), '/')
	}
	return append(b, x.bases.At(e.name)[numberSize:]...)
}

func (x *entries) nameHash(number uint32) uint64 {
	x.name = x.appendName(x.name[:0], x.slab.At(number))
	return maphash.Bytes(x.seed, x.name)
}

// stated returns the size and the date that followers were told.
func (x *entries) stated(e *entry) stated {
	if e.is(restated) {
		return x.told[e.self]
	}
	return statedBy(e.signature)
}

// state notes that followers are told size and date as they are now.
func (x *entries) state(e *entry) {
	if e.is(restated) {
		delete(x.told, e.self)
		e.unset(restated)
	}
}

// keepStated keeps the size and the date that followers were told of a file that has another signature now.
func (x *entries) keepStated(e *entry, now index.Signature) {
	told := x.stated(e)
	if x.state(e); e.isTold() && told != statedBy(now) {
		x.told[e.self] = told
		e.set(restated)
	}
}

// enroll gives a folder a number.
func (x *entries) enroll(d *dir) {
	if n := len(x.freed); n > 0 {
		d.number, x.freed = x.freed[n-1], x.freed[:n-1]
		x.dirs[d.number-1] = d
		return
	}
	x.dirs = append(x.dirs, d)
	d.number = dirNumber(len(x.dirs))
}

// expel takes the number of a folder back, in which no name is.
func (x *entries) expel(d *dir) {
	x.dirs[d.number-1] = nil
	x.freed = append(x.freed, d.number)
}

func (x *entries) contentHash(number uint32) uint64 {
	return maphash.Bytes(x.seed, x.slab.At(number).hash[:])
}

// having returns the first entry that is known to have a content, or nil.
func (x *entries) having(hash protocol.Hash) *entry {
	number, found := x.byContent.Find(maphash.Bytes(x.seed, hash[:]), func(number uint32) bool { return x.slab.At(number).hash == hash })
	if !found {
		return nil
	}
	return x.slab.At(number)
}

// prepend makes an entry the first of those with its content.
func (x *entries) prepend(e *entry) {
	e.before, e.after = 0, 0
	if first := x.having(e.hash); first != nil {
		x.unlist(first)
		e.after, first.before = first.self, e.self
	}
	x.list(e)
}

// extract takes an entry away from the others with its content.
func (x *entries) extract(e *entry) {
	before, after := x.at(e.before), x.at(e.after)
	if before == nil {
		x.unlist(e)
	} else {
		before.after = e.after
	}
	if after != nil {
		if after.before = e.before; before == nil {
			x.list(after)
		}
	}
	e.before, e.after = 0, 0
}

func (x *entries) list(e *entry) {
	x.byContent.Add(maphash.Bytes(x.seed, e.hash[:]), uint32(e.self-1), x.contentHash)
}

func (x *entries) unlist(e *entry) {
	x.byContent.Remove(maphash.Bytes(x.seed, e.hash[:]), uint32(e.self-1), x.contentHash)
}
