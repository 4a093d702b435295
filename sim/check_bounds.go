package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// tookTooLong holds L1 against an errand whose client was never hung: each state has its deadline, so that the whole
// has one too, whatever the others do.
func (c *checks) tookTooLong(r *errand) {
	for i := range c.w.scenario.Faults {
		if fault := &c.w.scenario.Faults[i]; fault.Who == r.op.Who && (fault.Class == scenario.Hang || fault.Class == scenario.StallReader) {
			return
		}
	}
	h := r.actor.proc.host
	if took, most := h.local(c.w.now)-h.local(r.started), c.bound(r); took > most {
		c.fail(L1, "%s %q took %v, more than %v", r.op.Do, r.op.Name, took, most)
	}
}

// bound is how long an errand may take in the worst case, on its own clock.
func (c *checks) bound(r *errand) time.Duration {
	const visit = roles.DialTimeout + 2*roles.ReplyTimeout + roles.HoldTimeout + roles.CloseTimeout + roles.DiskTimeout
	most := uint64(0)
	for i := range c.w.placed {
		most = max(most, c.w.placed[i].size)
	}
	stretches := time.Duration(protocol.Groups(most) + 2)
	moving := time.Duration(most/roles.MinProgress+2) * roles.ProgressTimeout
	pages := time.Duration(len(r.listed) + len(r.pages) + 60)
	visits := time.Duration(len(r.visited) + 1)
	return roles.DiskTimeout + roles.CommitTimeout + pages*visit + visits*(visit+stretches*(roles.ReplyTimeout+roles.ProgressTimeout)+moving+c.hashing())
}

// hashing is how long somebody may be kept waiting for a file to be hashed, or by a liar who says so.
func (c *checks) hashing() (most time.Duration) {
	for i := range c.w.scenario.Faults {
		if f := &c.w.scenario.Faults[i]; f.Class == scenario.SlowHash || f.Class == scenario.DiskHang {
			most += f.For + time.Minute
		}
	}
	if c.liars() {
		most += 2 * time.Minute
	}
	return most
}
