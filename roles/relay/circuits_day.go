package relay

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// Passed is how much the circuits of a client have passed of the day that began at a time, for the next start of the
// relay.
type Passed struct {
	From  roles.Origin
	Bytes int64
	Since time.Duration // may be before the relay's start
}

// Passed returns what has passed in the days that are not over.
func (c *Circuits) Passed(now time.Duration) (all []Passed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for from, u := range c.used {
		if u.bytes > 0 && now-u.since < day {
			all = append(all, Passed{from, u.bytes, u.since})
		}
	}
	return all
}

// Restore takes what had passed before the relay was started again. What counts for an address is of no use to a closed
// relay, nor what counts for an id to an open one.
func (c *Circuits) Restore(now time.Duration, all []Passed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range all {
		if c.closed == one.From.ID.IsZero() {
			continue
		}
		if one.Bytes > 0 && one.Since > now-day && one.Since <= now && c.used[one.From] == nil && len(c.used) < roles.MaxRated {
			c.used[one.From] = &use{bytes: one.Bytes, since: one.Since}
		}
	}
}
