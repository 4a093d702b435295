package relay

import "math/bits"

// table finds numbers by a hash of what they stand for, which it does not keep: whoever asks says whether a number is
// the one. It costs 5 to 7 bytes a number, holds no pointer to any, and grows one of many parts at a time, so that no
// call waits for all of it.
type hashTable struct {
	small  shard   // while there are few
	shards []shard // by the hash's top bits, once there are many
	count  int
}

const (
	shardBits = 12
	fewest    = 4096 // numbers from which on there are parts
)

// part is a hash table with linear probing, in which whoever is farther from home has the place. A place is zero, or has
// a number plus one, and above it how far that is from home. So what does not belong here is passed over without a look
// at what it stands for, and what stands behind a place that is emptied can be moved up.
type shard struct {
	entries []uint32
	used    int
}

const (
	numberBits  = 26
	mostNumber  = 1<<numberBits - 2      // the largest number that a table can have
	maxDistance = 1<<(32-numberBits) - 1 // this far or farther; how far, the hash of the number says
)

func entryNumber(place uint32) uint32 { return place&(1<<numberBits-1) - 1 }
func entryDistance(place uint32) int  { return int(place >> numberBits) }

func newEntry(number uint32, far int) uint32 {
	return number + 1 | uint32(min(far, maxDistance))<<numberBits
}

func (t *hashTable) shard(hash uint64) *shard {
	if t.shards == nil {
		return &t.small
	}
	return &t.shards[hash>>(64-shardBits)]
}

// find returns the first number under a hash that is the one.
func (t *hashTable) find(hash uint64, is func(number uint32) bool) (number uint32, found bool) {
	p := t.shard(hash)
	at, found := p.find(hash, is)
	if !found {
		return 0, false
	}
	return entryNumber(p.entries[at]), true
}

// add puts a number in under its hash. The hash of numbers that are in can be asked for.
func (t *hashTable) add(hash uint64, number uint32, of func(number uint32) uint64) {
	if t.count++; t.count == fewest && t.shards == nil {
		t.split(of)
	}
	t.shard(hash).add(hash, number, of)
}

func (t *hashTable) split(of func(uint32) uint64) {
	t.shards = make([]shard, 1<<shardBits)
	for _, place := range t.small.entries {
		if place != 0 {
			hash := of(entryNumber(place))
			t.shard(hash).add(hash, entryNumber(place), of)
		}
	}
	t.small = shard{}
}

// remove takes out a number that is in, or changes nothing.
func (t *hashTable) remove(hash uint64, number uint32, of func(number uint32) uint64) {
	p := t.shard(hash)
	if at, found := p.find(hash, func(n uint32) bool { return n == number }); found {
		t.count--
		p.used--
		p.empty(at, of)
	}
}

func (p *shard) find(hash uint64, is func(uint32) bool) (at int, found bool) {
	if p.used == 0 {
		return 0, false
	}
	at = p.home(hash)
	for far := 0; p.entries[at] != 0 && entryDistance(p.entries[at]) >= min(far, maxDistance); far++ {
		if entryDistance(p.entries[at]) == min(far, maxDistance) && is(entryNumber(p.entries[at])) {
			return at, true
		}
		at = p.after(at)
	}
	return 0, false
}

// empty takes what is in a place out, and moves up what stands behind it only because the place was taken.
func (p *shard) empty(at int, of func(uint32) uint64) {
	for next := p.after(at); p.entries[next] != 0; next = p.after(next) {
		far := p.distance(next, of)
		if far == 0 {
			break
		}
		p.entries[at] = newEntry(entryNumber(p.entries[next]), far-1)
		at = next
	}
	p.entries[at] = 0
}

func (p *shard) add(hash uint64, number uint32, of func(uint32) uint64) {
	if 8*(p.used+1) > 7*len(p.entries) {
		old := p.entries
		p.entries = make([]uint32, max(8, len(old)+len(old)*2/5))
		for _, place := range old {
			if place != 0 {
				p.put(of(entryNumber(place)), entryNumber(place), of)
			}
		}
	}
	p.used++
	p.put(hash, number, of)
}

func (p *shard) put(hash uint64, number uint32, of func(uint32) uint64) {
	at := p.home(hash)
	for far := 0; ; far++ {
		if p.entries[at] == 0 {
			p.entries[at] = newEntry(number, far)
			return
		}
		if there := p.distanceAtLeast(at, far, of); there < far {
			other := entryNumber(p.entries[at])
			p.entries[at] = newEntry(number, far)
			number, far = other, there
		}
		at = p.after(at)
	}
}

// farther returns how far what is in a place is from home; where that matters not to one who is so far, only at least
// that.
func (p *shard) distanceAtLeast(at, far int, of func(uint32) uint64) int {
	if there := entryDistance(p.entries[at]); there < maxDistance || far <= maxDistance {
		return there
	}
	return p.distance(at, of)
}

// far returns how far what is in a place is from home.
func (p *shard) distance(at int, of func(uint32) uint64) int {
	if far := entryDistance(p.entries[at]); far < maxDistance {
		return far
	}
	return (at - p.home(of(entryNumber(p.entries[at]))) + len(p.entries)) % len(p.entries)
}

// home is where a hash belongs, by the bits that did not choose the part.
func (p *shard) home(hash uint64) int {
	high, _ := bits.Mul64(hash<<shardBits, uint64(len(p.entries)))
	return int(high)
}

func (p *shard) after(at int) int {
	if at++; at < len(p.entries) {
		return at
	}
	return 0
}
