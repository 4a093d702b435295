package disk

import "time"

// A file system's clock ticks: a file that is written twice within a tick has the same time of change after both. So that
// time says which content the file has only once the clock has passed it.
const (
	Tick       = 100 * time.Millisecond // more than the clock of a usual file system takes
	CoarseTick = 3 * time.Second        // of one that counts in seconds or pairs of them
)

// RacyFor returns for how long a file that was changed then, in nanoseconds since 1970, may change again and keep that
// time. A time of the future, by a clock that is ahead of ours, is waited for a tick after it was first seen.
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
