package relay

const blockSlots = 1 << 10

// pile is a growing array that never moves what is in it: a number stays good until it is freed. T holds no pointer, so
// that millions cost the garbage collector nothing.
type slab[T any] struct {
	blocks []*[blockSlots]T
	top    uint32   // numbers ever used
	spare  []uint32 // freed ones
}

func (p *slab[T]) size() uint32        { return p.top }
func (p *slab[T]) used() uint32        { return p.top - uint32(len(p.spare)) }
func (p *slab[T]) at(number uint32) *T { return &p.blocks[number/blockSlots][number%blockSlots] }

func (p *slab[T]) take() uint32 {
	if n := len(p.spare); n > 0 {
		number := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return number
	}
	if int(p.top) == len(p.blocks)*blockSlots {
		p.blocks = append(p.blocks, new([blockSlots]T))
	}
	p.top++
	return p.top - 1
}

func (p *slab[T]) free(number uint32) {
	clear(p.blocks[number/blockSlots][number%blockSlots : number%blockSlots+1])
	p.spare = append(p.spare, number)
}
