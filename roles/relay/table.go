package relay

import "math/bits"

// table finds numbers by a hash of what they stand for, which it does not keep: whoever asks says whether a number is
// the one. It costs 5 to 8 bytes a number, holds no pointer to any, and grows one of many parts at a time, so that no
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

// part is a hash table with linear probing. A place holds a number plus one, or zero.
type part struct {
	places []uint32
	used   int
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
	if p.used == 0 {
		return 0, false
	}
	for at := p.home(hash); p.places[at] != 0; at = p.after(at) {
		if number := p.places[at] - 1; is(number) {
			return number, true
		}
	}
	return 0, false
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
			hash := of(place - 1)
			t.part(hash).add(hash, place-1, of)
		}
	}
	t.small = part{}
}

// remove takes out a number that is in, or changes nothing.
func (t *table) remove(hash uint64, number uint32, of func(number uint32) uint64) {
	p := t.part(hash)
	if p.used == 0 {
		return
	}
	at := p.home(hash)
	for p.places[at] != number+1 {
		if p.places[at] == 0 {
			return
		}
		at = p.after(at)
	}
	t.count--
	p.used--
	p.close(at, of)
}

// close empties a place, and moves up what stands behind it only because the place was taken.
func (p *part) close(at int, of func(uint32) uint64) {
	for next := p.after(at); p.places[next] != 0; next = p.after(next) {
		home := p.home(of(p.places[next] - 1))
		if between := (next - home + len(p.places)) % len(p.places); between >= (next-at+len(p.places))%len(p.places) {
			p.places[at] = p.places[next]
			at = next
		}
	}
	p.places[at] = 0
}

func (p *part) add(hash uint64, number uint32, of func(uint32) uint64) {
	if 5*(p.used+1) > 4*len(p.places) {
		old := p.places
		p.places = make([]uint32, max(8, len(old)+len(old)/2))
		for _, place := range old {
			if place != 0 {
				p.put(of(place-1), place)
			}
		}
	}
	p.used++
	p.put(hash, number+1)
}

func (p *part) put(hash uint64, place uint32) {
	at := p.home(hash)
	for p.places[at] != 0 {
		at = p.after(at)
	}
	p.places[at] = place
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
