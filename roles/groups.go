package roles

import "math/bits"

// Groups is a set of a file's chunk groups: group g is bit g%64 of word g/64. A group beyond its
// end is not in the set.
type Groups []uint64

// Has reports whether a group is in the set.
func (s Groups) Has(group uint64) bool {
	return group/64 < uint64(len(s)) && s[group/64]>>(group%64)&1 != 0
}

// Add puts a group in; the set grows to hold it.
func (s *Groups) Add(group uint64) {
	for uint64(len(*s)) <= group/64 {
		*s = append(*s, 0)
	}
	(*s)[group/64] |= 1 << (group % 64)
}

// Remove takes a group out.
func (s Groups) Remove(group uint64) {
	if s.Has(group) {
		s[group/64] &^= 1 << (group % 64)
	}
}

// Count returns how many groups are in the set.
func (s Groups) Count() (n uint64) {
	for _, word := range s {
		n += uint64(bits.OnesCount64(word))
	}
	return n
}
