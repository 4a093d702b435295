package roles

import "sync"

// Pool keeps machines that serve links for the next link: building one costs many times what one conversation does.
type Pool[M Resetter] struct{ pool sync.Pool }

// Resetter is a machine that can start over.
type Resetter interface {
	Machine
	Reset()
}

// NewPool returns an empty pool of the machines that build makes.
func NewPool[M Resetter](build func() M) *Pool[M] {
	return &Pool[M]{sync.Pool{New: func() any { return build() }}}
}

// Take returns a machine at its start.
func (p *Pool[M]) Take() Machine { return p.pool.Get().(M) }

// Return takes a machine back. Its last owner must not touch it again.
func (p *Pool[M]) Return(m Machine) {
	machine := m.(M)
	machine.Reset()
	p.pool.Put(machine)
}
