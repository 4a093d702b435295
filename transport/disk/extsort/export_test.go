package extsort

import "testing"

// Scratch is the temporary file of a Sorter.
type Scratch = scratch

// Create has Sorters make their temporary files by another function until the test ends.
func Create(t *testing.T, other func() (Scratch, error)) {
	before := create
	create = other
	t.Cleanup(func() { create = before })
}

// Held returns how many bytes of records there is memory for.
func (s *Sorter) Held() int { return cap(s.arena) }
