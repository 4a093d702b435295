package scale

import "time"

// rand is a SplitMix64 sequence, the only source of random numbers of a world.
type rand uint64

func (l *rand) next() uint64 {
	*l += 0x9e3779b97f4a7c15
	z := uint64(*l)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below draws evenly from 0 to n-1; n is above zero.
func (l *rand) below(n int) int { return int(l.next() % uint64(n)) }

// between draws evenly from least to most.
func (l *rand) between(least, most time.Duration) time.Duration {
	return least + time.Duration(l.next()%uint64(most-least+1))
}
