package transport

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// alarm is one timer of a machine. Its fields are guarded by the run's mutex.
type alarm struct {
	id     roles.Timer
	timer  *time.Timer
	number uint64
	due    time.Time
	armed  bool
}

func (r *run) alarm(id roles.Timer) *alarm {
	for _, a := range r.alarms {
		if a.id == id {
			return a
		}
	}
	a := &alarm{id: id}
	r.alarms = append(r.alarms, a)
	return a
}

// arm sets a timer. A timer that waits is counted as live, and so is the goroutine that it becomes.
func (r *run) arm(e roles.Arm) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.alarm(e.Timer)
	a.number, a.due, a.armed = e.Number, time.Now().Add(e.After), true
	switch {
	case a.timer == nil:
		r.live++
		a.timer = time.AfterFunc(e.After, func() { r.ring(a) })
	case a.timer.Stop():
		a.timer.Reset(e.After)
	default:
		r.live++
		a.timer.Reset(e.After)
	}
}

func (r *run) disarm(id roles.Timer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.alarm(id)
	a.armed = false
	if a.timer != nil && a.timer.Stop() {
		r.live--
		r.wake()
	}
}

// ring tells the machine that a timer came due, unless it was armed anew or disarmed just then.
func (r *run) ring(a *alarm) {
	defer r.leave()
	r.mu.Lock()
	due := a.armed && !time.Now().Before(a.due)
	number := a.number
	if due {
		a.armed = false
	}
	r.mu.Unlock()
	if due {
		r.post(letter{input: roles.Rang{Timer: a.id, Number: number}})
	}
}
