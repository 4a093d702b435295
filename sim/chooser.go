package sim

// Chooser makes the choices that a scenario or a fault leaves open. N returns a number from 0 to n-1, where 0 is
// what happens when nothing is wrong; the label says what is being chosen.
type Chooser interface {
	N(n int, label string) int
}

// Boring always chooses what happens when nothing is wrong.
type Boring struct{}

// N returns 0.
func (Boring) N(int, string) int { return 0 }

// Seeded chooses evenly by a SplitMix64 sequence. The zero value is seed 0.
type Seeded struct{ state uint64 }

// NewSeeded returns a Seeded that begins at the seed.
func NewSeeded(seed uint64) *Seeded { return &Seeded{seed} }

// N returns a number from 0 to n-1.
func (s *Seeded) N(n int, _ string) int {
	if n <= 1 {
		return 0
	}
	return int(s.next() % uint64(n))
}

func (s *Seeded) next() uint64 {
	s.state += 0x9e3779b97f4a7c15
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// chance is true once in so many times, never for a chooser that is Boring.
func chance(c Chooser, oneIn int, label string) bool { return c.N(oneIn, label) == oneIn-1 }

// pick chooses one of several, the first being the boring one.
func pick[T any](c Chooser, label string, of ...T) T { return of[c.N(len(of), label)] }
