package dense

import "math/bits"

// Table finds numbers by a hash of their keys. It keeps neither keys nor hashes: the caller of Find
// says whether a number is the right one, and of returns the hash of a number that is in the table.
// It costs 5 to 7 bytes a number. It consists of many shards that grow one at a time, so that no call
// waits for all of it to grow.
type Table struct {
	small  shard   // the only shard of a small table
	shards []shard // of a large table, by the hash's top bits
	count  int
}

const (
	shardBits = 12
	fewest    = 4096 // numbers of the smallest table that has shards
)

// shard is a hash table with linear probing and Robin Hood hashing: an entry displaces one that is
// closer to its home slot. An entry is zero (free), or a number plus one with the distance from its
// home slot in the upper bits. By the distance a search skips entries of other home slots without
// asking for their keys, and remove can shift later entries back instead of leaving a tombstone.
type shard struct {
	entries []uint32
	used    int
}

// MostNumber is the largest number that a Table can hold.
const MostNumber = 1<<numberBits - 2

const (
	numberBits  = 26
	maxDistance = 1<<(32-numberBits) - 1 // stands for all larger distances, which the number's hash tells
)

func entryNumber(entry uint32) uint32 { return entry&(1<<numberBits-1) - 1 }
func entryDistance(entry uint32) int  { return int(entry >> numberBits) }

func newEntry(number uint32, distance int) uint32 {
	return number + 1 | uint32(min(distance, maxDistance))<<numberBits
}

func (t *Table) shard(hash uint64) *shard {
	if t.shards == nil {
		return &t.small
	}
	return &t.shards[hash>>(64-shardBits)]
}

// Find returns the first number under a hash that is the right one.
func (t *Table) Find(hash uint64, is func(number uint32) bool) (number uint32, found bool) {
	s := t.shard(hash)
	at, found := s.find(hash, is)
	if !found {
		return 0, false
	}
	return entryNumber(s.entries[at]), true
}

// Add inserts a number under its hash.
func (t *Table) Add(hash uint64, number uint32, of func(number uint32) uint64) {
	if t.count++; t.count == fewest && t.shards == nil {
		t.split(of)
	}
	t.shard(hash).add(hash, number, of)
}

// split distributes the numbers of a table that has become large over shards.
func (t *Table) split(of func(uint32) uint64) {
	t.shards = make([]shard, 1<<shardBits)
	for _, entry := range t.small.entries {
		if entry != 0 {
			hash := of(entryNumber(entry))
			t.shard(hash).add(hash, entryNumber(entry), of)
		}
	}
	t.small = shard{}
}

// Remove deletes a number, if the table has it.
func (t *Table) Remove(hash uint64, number uint32, of func(number uint32) uint64) {
	s := t.shard(hash)
	if at, found := s.find(hash, func(n uint32) bool { return n == number }); found {
		t.count--
		s.used--
		s.empty(at, of)
	}
}

func (s *shard) find(hash uint64, is func(uint32) bool) (at int, found bool) {
	if s.used == 0 {
		return 0, false
	}
	at = s.home(hash)
	for distance := 0; ; distance++ {
		entry, known := s.entries[at], min(distance, maxDistance)
		if entry == 0 || entryDistance(entry) < known {
			return 0, false
		}
		if entryDistance(entry) == known && is(entryNumber(entry)) {
			return at, true
		}
		at = s.after(at)
	}
}

// empty frees a slot and shifts the entries behind it back, up to one that is in its home slot.
func (s *shard) empty(at int, of func(uint32) uint64) {
	for next := s.after(at); s.entries[next] != 0; next = s.after(next) {
		distance := s.distance(next, of)
		if distance == 0 {
			break
		}
		s.entries[at] = newEntry(entryNumber(s.entries[next]), distance-1)
		at = next
	}
	s.entries[at] = 0
}

func (s *shard) add(hash uint64, number uint32, of func(uint32) uint64) {
	if 8*(s.used+1) > 7*len(s.entries) {
		old := s.entries
		s.entries = make([]uint32, max(8, len(old)+len(old)*2/5))
		for _, entry := range old {
			if entry != 0 {
				s.put(of(entryNumber(entry)), entryNumber(entry), of)
			}
		}
	}
	s.used++
	s.put(hash, number, of)
}

// put stores a number in the first slot from its home slot on that is free or holds an entry
// closer to its own home slot; that entry then moves on in the same way.
func (s *shard) put(hash uint64, number uint32, of func(uint32) uint64) {
	at := s.home(hash)
	for distance := 0; ; distance++ {
		if s.entries[at] == 0 {
			s.entries[at] = newEntry(number, distance)
			return
		}
		if other := s.distanceUpTo(at, distance, of); other < distance {
			displaced := entryNumber(s.entries[at])
			s.entries[at] = newEntry(number, distance)
			number, distance = displaced, other
		}
		at = s.after(at)
	}
}

// distanceUpTo returns the distance of an entry if it is below limit, and otherwise any number from
// limit on. So it needs the entry's hash only where both distances exceed maxDistance.
func (s *shard) distanceUpTo(at, limit int, of func(uint32) uint64) int {
	if distance := entryDistance(s.entries[at]); distance < maxDistance || limit <= maxDistance {
		return distance
	}
	return s.distance(at, of)
}

// distance returns how many slots an entry is behind its home slot.
func (s *shard) distance(at int, of func(uint32) uint64) int {
	if distance := entryDistance(s.entries[at]); distance < maxDistance {
		return distance
	}
	return (at - s.home(of(entryNumber(s.entries[at]))) + len(s.entries)) % len(s.entries)
}

// home returns the home slot of a hash, by the bits that do not choose the shard.
func (s *shard) home(hash uint64) int {
	high, _ := bits.Mul64(hash<<shardBits, uint64(len(s.entries)))
	return int(high)
}

// after returns the next slot; the first follows the last.
func (s *shard) after(at int) int {
	if at++; at < len(s.entries) {
		return at
	}
	return 0
}
