package relay

import "math/bits"

// table finds numbers by a hash of what they stand for, which it does not keep: whoever asks says whether a number is
// the one. It costs 5 to 7 bytes a number, holds no pointer to any, and grows one of many parts at a time, so that no
// call waits for all of it.
type table struct {
	small part   // while there are few
	parts []part // by the hash's top bits, once there are many
	count int
}

const (
	partBits = 12
	fewest   = 4096 // numbers from which on there are parts
)

// part is a hash table with linear probing, in which whoever is farther from home has the place. A place is zero, or has
// a number plus one, and above it how far that is from home. So what does not belong here is passed over without a look
// at what it stands for, and what stands behind a place that is emptied can be moved up.
type part struct {
	places []uint32
	used   int
}

const (
	numberBits = 26
	mostNumber = 1<<numberBits - 2      // the largest number that a table can have
	farthest   = 1<<(32-numberBits) - 1 // this far or farther; how far, the hash of the number says
)

func numberIn(place uint32) uint32 { return place&(1<<numberBits-1) - 1 }
func farIn(place uint32) int       { return int(place >> numberBits) }

func placed(number uint32, far int) uint32 {
	return number + 1 | uint32(min(far, farthest))<<numberBits
}

func (t *table) part(hash uint64) *part {
	if t.parts == nil {
		return &t.small
	}
	return &t.parts[hash>>(64-partBits)]
}

// find returns the first number under a hash that is the one.
func (t *table) find(hash uint64, is func(number uint32) bool) (number uint32, found bool) {
	p := t.part(hash)
	at, found := p.find(hash, is)
	if !found {
		return 0, false
	}
	return numberIn(p.places[at]), true
}

// add puts a number in under its hash. The hash of numbers that are in can be asked for.
func (t *table) add(hash uint64, number uint32, of func(number uint32) uint64) {
	if t.count++; t.count == fewest && t.parts == nil {
		t.split(of)
	}
	t.part(hash).add(hash, number, of)
}

func (t *table) split(of func(uint32) uint64) {
	t.parts = make([]part, 1<<partBits)
	for _, place := range t.small.places {
		if place != 0 {
			hash := of(numberIn(place))
			t.part(hash).add(hash, numberIn(place), of)
		}
	}
	t.small = part{}
}

// remove takes out a number that is in, or changes nothing.
func (t *table) remove(hash uint64, number uint32, of func(number uint32) uint64) {
	p := t.part(hash)
	if at, found := p.find(hash, func(n uint32) bool { return n == number }); found {
		t.count--
		p.used--
		p.empty(at, of)
	}
}

func (p *part) find(hash uint64, is func(uint32) bool) (at int, found bool) {
	if p.used == 0 {
		return 0, false
	}
	at = p.home(hash)
	for far := 0; p.places[at] != 0 && farIn(p.places[at]) >= min(far, farthest); far++ {
		if farIn(p.places[at]) == min(far, farthest) && is(numberIn(p.places[at])) {
			return at, true
		}
		at = p.after(at)
	}
	return 0, false
}

// empty takes what is in a place out, and moves up what stands behind it only because the place was taken.
func (p *part) empty(at int, of func(uint32) uint64) {
	for next := p.after(at); p.places[next] != 0; next = p.after(next) {
		far := p.far(next, of)
		if far == 0 {
			break
		}
		p.places[at] = placed(numberIn(p.places[next]), far-1)
		at = next
	}
	p.places[at] = 0
}

func (p *part) add(hash uint64, number uint32, of func(uint32) uint64) {
	if 8*(p.used+1) > 7*len(p.places) {
		old := p.places
		p.places = make([]uint32, max(8, len(old)+len(old)*2/5))
		for _, place := range old {
			if place != 0 {
				p.put(of(numberIn(place)), numberIn(place), of)
			}
		}
	}
	p.used++
	p.put(hash, number, of)
}

func (p *part) put(hash uint64, number uint32, of func(uint32) uint64) {
	at := p.home(hash)
	for far := 0; ; far++ {
		if p.places[at] == 0 {
			p.places[at] = placed(number, far)
			return
		}
		if there := p.farther(at, far, of); there < far {
			other := numberIn(p.places[at])
			p.places[at] = placed(number, far)
			number, far = other, there
		}
		at = p.after(at)
	}
}

// farther returns how far what is in a place is from home; where that matters not to one who is so far, only at least
// that.
func (p *part) farther(at, far int, of func(uint32) uint64) int {
	if there := farIn(p.places[at]); there < farthest || far <= farthest {
		return there
	}
	return p.far(at, of)
}

// far returns how far what is in a place is from home.
func (p *part) far(at int, of func(uint32) uint64) int {
	if far := farIn(p.places[at]); far < farthest {
		return far
	}
	return (at - p.home(of(numberIn(p.places[at]))) + len(p.places)) % len(p.places)
}

// home is where a hash belongs, by the bits that did not choose the part.
func (p *part) home(hash uint64) int {
	high, _ := bits.Mul64(hash<<partBits, uint64(len(p.places)))
	return int(high)
}

func (p *part) after(at int) int {
	if at++; at < len(p.places) {
		return at
	}
	return 0
}
