package disk

import "time"

// A file system's clock ticks: a file that is written twice within a tick keeps its time of change.
// So the time identifies a content only once the clock has passed it.
const (
	Tick       = 100 * time.Millisecond // more than the clock of a usual file system takes
	CoarseTick = 3 * time.Second        // of one that counts in seconds or pairs of them
)

// RacyFor returns how long a file that changed at a time, in nanoseconds since 1970, may still
// change without getting another one. A time of the future, from a clock that is ahead of ours, is
// waited for a tick after it was first seen.
func RacyFor(changed int64, now time.Time) time.Duration {
	wait := Tick
	if changed%int64(time.Second) == 0 {
		wait = CoarseTick
	}
	age := time.Duration(now.UnixNano() - changed)
	if age < 0 {
		return wait
	}
	return max(0, wait-age)
}
