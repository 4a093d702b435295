package dense

import (
	"testing"

	"pgregory.net/rapid"
)

// TestATableFindsWhatIsInIt compares a table with a map, with hashes that are equal, that differ in
// few bits, or that are spread.
func TestATableFindsWhatIsInIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alike := rapid.SampledFrom([]uint64{0, 1, 3 << 50, 7 << 45, 1<<64 - 1}).Draw(t, "bits that differ")
		hash := func(number uint32) uint64 {
			h := (uint64(number) + 1) * 0x9e3779b97f4a7c15
			return (h ^ h>>29) * 0xbf58476d1ce4e5b9 & alike
		}
		checked := func(number uint32) uint64 { return hash(number) }
		var table Table
		in := map[uint32]bool{}
		is := func(number uint32) bool {
			_, found := table.Find(hash(number), func(n uint32) bool { return n == number })
			return found
		}
		most := uint32(rapid.SampledFrom([]int{10, 300, fewest + 500}).Draw(t, "numbers"))
		if most > fewest { // only with hashes that are spread: a table of equal hashes is a list
			alike = 1<<64 - 1
			for number := range uint32(fewest) {
				table.Add(hash(number), number, checked)
				in[number] = true
			}
		}
		for range rapid.IntRange(1, 400).Draw(t, "changes") {
			number := uint32(rapid.IntRange(0, int(most)).Draw(t, "number"))
			if in[number] {
				table.Remove(hash(number), number, checked)
			} else {
				table.Add(hash(number), number, checked)
			}
			if in[number] = !in[number]; is(number) != in[number] {
				t.Fatalf("number %d is found: %v", number, !in[number])
			}
		}
		count := 0
		for number := range most + 1 {
			if is(number) != in[number] {
				t.Fatalf("number %d is found: %v", number, !in[number])
			}
			if in[number] {
				count++
			}
		}
		if table.count != count {
			t.Fatalf("it counts %d of %d", table.count, count)
		}
	})
}

// TestNumbersOfOneHashAreAllMet, those with a larger distance than an entry can hold among them.
func TestNumbersOfOneHashAreAllMet(t *testing.T) {
	var table Table
	hash := func(number uint32) uint64 { return uint64(number%2) << 40 }
	for number := range uint32(200) {
		table.Add(hash(number), number, hash)
	}
	for number := uint32(0); number < 200; number += 3 {
		table.Remove(hash(number), number, hash)
	}
	for parity := range uint32(2) {
		met := map[uint32]bool{}
		table.Find(hash(parity), func(number uint32) bool {
			met[number] = true
			return false
		})
		for number := parity; number < 200; number += 2 {
			if met[number] != (number%3 != 0) {
				t.Errorf("number %d is met: %v", number, met[number])
			}
		}
	}
}

// TestTheLargestNumberFitsAnEntry, at each distance, and one more does not.
func TestTheLargestNumberFitsAnEntry(t *testing.T) {
	for _, number := range []uint32{0, 1, MostNumber - 1, MostNumber} {
		for _, distance := range []int{0, 1, maxDistance - 1, maxDistance} {
			if e := newEntry(number, distance); e == 0 || entryNumber(e) != number || entryDistance(e) != distance {
				t.Errorf("number %d at distance %d is entry %#x: %d at %d", number, distance, e, entryNumber(e), entryDistance(e))
			}
		}
	}
	if e := newEntry(MostNumber+1, 0); entryNumber(e) == MostNumber+1 {
		t.Errorf("an entry can hold more than %d", MostNumber)
	}
	if e := newEntry(0, maxDistance+1); entryDistance(e) != maxDistance {
		t.Errorf("a larger distance than an entry can hold is %d", entryDistance(e))
	}
}
