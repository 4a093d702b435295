package relay

const blockSlots = 1 << 10

// slab is a growing array that never moves an element: a number stays good until it is freed. T
// holds no pointer, so that millions of elements cost the garbage collector nothing.
type slab[T any] struct {
	blocks []*[blockSlots]T
	top    uint32   // numbers ever used
	spare  []uint32 // freed ones
}

func (s *slab[T]) size() uint32        { return s.top }
func (s *slab[T]) used() uint32        { return s.top - uint32(len(s.spare)) }
func (s *slab[T]) at(number uint32) *T { return &s.blocks[number/blockSlots][number%blockSlots] }

func (s *slab[T]) take() uint32 {
	if n := len(s.spare); n > 0 {
		number := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return number
	}
	if int(s.top) == len(s.blocks)*blockSlots {
		s.blocks = append(s.blocks, new([blockSlots]T))
	}
	s.top++
	return s.top - 1
}

func (s *slab[T]) free(number uint32) {
	clear(s.blocks[number/blockSlots][number%blockSlots : number%blockSlots+1])
	s.spare = append(s.spare, number)
}
