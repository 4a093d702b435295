package peer

import (
	"context"
	"time"
)

// keep samples the totals after each step until ctx is done, as long as something happens: of all who keep one history
// one does that. What keep returns waits for the end. Afterwards the history is sampled when it is read.
func (h *history) keep(ctx context.Context) (end func()) {
	h.take(time.Now())
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for h.awaits(ctx) {
			h.sample(ctx)
		}
	}()
	return func() {
		stop()
		<-ended
	}
}

// happened wakes the one who samples, if nothing has happened for long.
func (h *history) happened() {
	if h.idle.Load() && h.idle.CompareAndSwap(true, false) {
		h.woken <- struct{}{}
	}
}

// awaits waits until something happens. It reports false when ctx is done.
func (h *history) awaits(ctx context.Context) bool {
	select {
	case <-h.woken:
		h.skip(time.Now())
		return true
	case <-ctx.Done():
		return false
	}
}

// sample samples the totals after each step, until nothing happens any more.
func (h *history) sample(ctx context.Context) {
	for {
		next := time.NewTimer(h.wait(time.Now()))
		select {
		case now := <-next.C:
			if h.take(now) {
				continue
			}
		case <-ctx.Done():
			next.Stop()
		}
		h.idle.Store(true)
		if ctx.Err() != nil || !h.more() || !h.idle.CompareAndSwap(true, false) {
			return
		}
	}
}

// wait returns for how long a step goes on.
func (h *history) wait(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(0, h.start.Add(time.Duration(h.steps+1)*HistoryStep).Sub(now))
}

// more reports whether something has happened since the latest step.
func (h *history) more() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.all {
		if r := &h.all[i]; r.total() != r.before {
			return true
		}
	}
	return false
}

// skip ends the steps in which nothing has happened: what has happened just now is of the next one.
func (h *history) skip(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	over := max(h.steps, int64(now.Sub(h.start)/HistoryStep))
	for i := range h.all {
		h.all[i].put(h.steps, over, 0)
	}
	h.steps = over
}
