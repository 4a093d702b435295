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
	wakes  time.Time // when the timer goes off; zero: it does not run
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

// arm sets a timer. One that goes off before that is left alone: most are put off again and again, and it is enough to
// look then.
func (r *run) arm(e roles.Arm) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.alarm(e.Timer)
	now := time.Now()
	a.number, a.due, a.armed = e.Number, now.Add(e.After), true
	if a.wakes.IsZero() || a.wakes.After(a.due) {
		r.wind(a, now)
	}
}

// wind has the timer go off when the alarm is due. A timer that waits is counted as live, and so is the goroutine that it
// becomes.
func (r *run) wind(a *alarm, now time.Time) {
	a.wakes = a.due
	wait := a.due.Sub(now)
	switch {
	case a.timer == nil:
		r.live++
		a.timer = time.AfterFunc(wait, func() { r.ring(a) })
	case a.timer.Stop():
		a.timer.Reset(wait)
	default:
		r.live++
		a.timer.Reset(wait)
	}
}

func (r *run) disarm(id roles.Timer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alarm(id).armed = false
}

// silence stops all timers.
func (r *run) silence() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.alarms {
		a.armed = false
		if a.timer != nil && a.timer.Stop() {
			r.live--
			r.wake()
		}
	}
}

// ring tells the machine that a timer came due, unless it was armed anew or disarmed just then.
func (r *run) ring(a *alarm) {
	defer r.leave()
	r.mu.Lock()
	now := time.Now()
	due := a.armed && !now.Before(a.due)
	if a.wakes = (time.Time{}); a.armed && !due {
		r.wind(a, now)
	}
	number := a.number
	if due {
		a.armed = false
	}
	r.mu.Unlock()
	if due {
		r.post(letter{input: roles.TimerFired{Timer: a.id, Number: number}})
	}
}
