package transport

import (
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// alarm is one timer of a machine, or of a link's withheld outbox. Its fields are guarded by the run's
// mutex.
type alarm struct {
	id     roles.Timer
	link   *link // whose outbox is withheld; nil: it is the machine's
	timer  *time.Timer
	number uint64
	due    time.Time
	armed  bool
	wakes  time.Time // when the timer fires; zero: it does not run
}

// alarm returns the alarm of a timer, which it makes if need be.
func (r *run) alarm(id roles.Timer) *alarm {
	for _, a := range r.alarms {
		if a.id == id && a.link == nil {
			return a
		}
	}
	a := &alarm{id: id}
	r.alarms = append(r.alarms, a)
	return a
}

// arm sets a timer. A timer that fires earlier is left running: most are put off again and again,
// and ring winds it again then.
func (r *run) arm(e roles.Arm) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.alarm(e.Timer)
	a.number = e.Number
	r.set(a, e.After)
}

// armFlush has a link's outbox written soon.
func (r *run) armFlush(k *link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k.patience == nil {
		k.patience = &alarm{link: k}
		r.alarms = append(r.alarms, k.patience)
	}
	r.set(k.patience, withheldFor)
}

func (r *run) set(a *alarm, after time.Duration) {
	now := time.Now()
	a.due, a.armed = now.Add(after), true
	if a.wakes.IsZero() || a.wakes.After(a.due) {
		r.wind(a, now)
	}
}

// wind sets the timer to fire when the alarm is due. A waiting timer counts as live, and so does
// the goroutine that it starts.
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

// ring posts TimerFired, unless the timer has just been armed again or disarmed.
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
	switch {
	case !due:
	case a.link != nil:
		r.post(letter{from: a.link, flush: true})
	default:
		r.post(letter{input: roles.TimerFired{Timer: a.id, Number: number}})
	}
}
