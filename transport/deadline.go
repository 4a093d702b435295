package transport

import (
	"sync"
	"time"
)

// deadline is a point in time that can be moved while goroutines wait for it.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	over  chan struct{} // closed when the deadline has passed; replaced only after that, so that waiters keep it
	done  bool          // over is closed
	moves int           // numbers the moves, so that a timer that was stopped too late does nothing
}

func newDeadline() *deadline { return &deadline{over: make(chan struct{})} }

// passed returns a channel that is closed once the deadline has passed.
func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.over
}

// set moves the deadline; the zero time is never.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.moves++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.done {
		d.over, d.done = make(chan struct{}), false
	}
	if t.IsZero() {
		return
	}
	if wait := time.Until(t); wait > 0 {
		move := d.moves
		d.timer = time.AfterFunc(wait, func() { d.pass(move) })
		return
	}
	d.done = true
	close(d.over)
}

func (d *deadline) pass(move int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if move == d.moves && !d.done {
		d.done = true
		close(d.over)
	}
}
