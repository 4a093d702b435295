package relay

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Expel ends the leases of all ids that are not to be kept, and returns how many. It looks at all leases,
// a few at a time, and lets others in between.
func (r *Registry) Expel(now time.Duration, keep func(id protocol.PeerID) bool) (expelled int) {
	for from, more := uint32(0), true; more; from += expelStep {
		r.mu.Lock()
		size := r.leases.Size()
		for slot := from; slot < min(from+expelStep, size); slot++ {
			if l := r.leases.At(slot); l.used() && !keep(l.id) {
				r.release(slot, now)
				expelled++
			}
		}
		r.mu.Unlock()
		more = from+expelStep < size
	}
	return expelled
}

// expelStep is the number of slots that Expel looks at while others wait.
const expelStep = 4096
