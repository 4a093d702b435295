package rolestest

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// alarms are the running timers of a machine.
type alarms []alarm

type alarm struct {
	roles.Arm
	at time.Duration
}

func (a *alarms) arm(now time.Duration, e roles.Arm) {
	a.disarm(e.Timer)
	*a = append(*a, alarm{e, now + e.After})
}

func (a *alarms) disarm(timer roles.Timer) {
	*a = slices.DeleteFunc(*a, func(one alarm) bool { return one.Timer == timer })
}

// first returns the alarm that is due first, or nil.
func (a alarms) first() (first *alarm) {
	for i := range a {
		if first == nil || a[i].at < first.at {
			first = &a[i]
		}
	}
	return first
}
