package peer

import "time"

// speedOver is the time over which a speed is reckoned, at least; at most it is twice that.
const speedOver = 2 * time.Second

// speed is how fast something has gone lately. Its zero value is that of something which has not begun.
type speed struct {
	total         uint64
	before, since mark
}

// mark is how much there was at a time.
type mark struct {
	at    time.Duration
	total uint64
}

// begin sets the time from which on it is reckoned.
func (s *speed) begin(now time.Duration) { *s = speed{before: mark{at: now}, since: mark{at: now}} }

// add counts more.
func (s *speed) add(now time.Duration, more uint64) {
	if now-s.since.at >= speedOver {
		s.before, s.since = s.since, mark{now, s.total}
	}
	s.total += more
}

// lately returns how much it has been in a second. A stop shows within twice speedOver.
func (s *speed) lately(now time.Duration) uint64 {
	from := s.before
	if now-s.since.at >= speedOver {
		from = s.since
	}
	took := max(now-from.at, speedLeast)
	return uint64(float64(s.total-from.total) / took.Seconds())
}

// speedLeast is the shortest time over which a speed is reckoned.
const speedLeast = 100 * time.Millisecond
