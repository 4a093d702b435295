package scenario

// Chooser makes the choices that a scenario or a fault leaves open. N returns a number from 0 to
// n-1; 0 is the choice without trouble. The label names the choice, for choosers that show it.
type Chooser interface {
	N(n int, label string) int
}

// Seeded draws all choices evenly from a SplitMix64 sequence. The zero value has seed 0.
type Seeded struct{ state uint64 }

// NewSeeded returns a Seeded that begins at the seed.
func NewSeeded(seed uint64) *Seeded { return &Seeded{seed} }

// N returns a number from 0 to n-1.
func (s *Seeded) N(n int, _ string) int {
	if n <= 1 {
		return 0
	}
	return int(s.Uint64() % uint64(n))
}

// Uint64 returns the next number of the sequence.
func (s *Seeded) Uint64() uint64 {
	s.state += 0x9e3779b97f4a7c15
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// chance is true once in so many times.
func chance(c Chooser, oneIn int, label string) bool { return c.N(oneIn, label) == oneIn-1 }

// pick draws one of several values; the first is the one without trouble.
func pick[T any](c Chooser, label string, of ...T) T { return of[c.N(len(of), label)] }
