package dense

const (
	blockSlots = 1 << 6
	mostBlocks = 16 // that are allocated at once
)

// Slab is a growing array that never moves an element: a number stays good until it is freed. T
// holds no pointer, so that millions of elements cost the garbage collector nothing.
type Slab[T any] struct {
	blocks []*[blockSlots]T
	top    uint32   // numbers ever used
	spare  []uint32 // freed ones
}

// Size returns how many numbers have ever been used.
func (s *Slab[T]) Size() uint32 { return s.top }

// Used returns how many numbers are used now.
func (s *Slab[T]) Used() uint32 { return s.top - uint32(len(s.spare)) }

// At returns the element of a number, which stays where it is.
func (s *Slab[T]) At(number uint32) *T { return &s.blocks[number/blockSlots][number%blockSlots] }

// Take returns an unused number. Its element is zero.
func (s *Slab[T]) Take() uint32 {
	if n := len(s.spare); n > 0 {
		number := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return number
	}
	if int(s.top) == len(s.blocks)*blockSlots {
		s.grow()
	}
	s.top++
	return s.top - 1
}

// grow adds room: about as much as there is, so that a registry of few nodes stays small.
func (s *Slab[T]) grow() {
	blocks := make([][blockSlots]T, min(max(1, len(s.blocks)), mostBlocks))
	for i := range blocks {
		s.blocks = append(s.blocks, &blocks[i])
	}
}

// Free takes a number back.
func (s *Slab[T]) Free(number uint32) {
	clear(s.blocks[number/blockSlots][number%blockSlots : number%blockSlots+1])
	s.spare = append(s.spare, number)
}
