package scale

import "time"

// clock is virtual time with a queue of events: the earliest first, and those of one time in the
// order in which they were scheduled.
type clock struct {
	now    time.Duration
	asked  uint64
	coming []event // a heap; container/heap would allocate each event
}

type event struct {
	at    time.Duration
	order uint64
	do    func()
}

func (e *event) before(f *event) bool { return e.at < f.at || e.at == f.at && e.order < f.order }

// after schedules a function.
func (c *clock) after(wait time.Duration, do func()) {
	c.asked++
	c.coming = append(c.coming, event{c.now + wait, c.asked, do})
	for i := len(c.coming) - 1; i > 0; {
		above := (i - 1) / 2
		if !c.coming[i].before(&c.coming[above]) {
			return
		}
		c.coming[i], c.coming[above] = c.coming[above], c.coming[i]
		i = above
	}
}

// run executes all events before the end.
func (c *clock) run(end time.Duration) {
	for len(c.coming) > 0 && c.coming[0].at < end {
		next := c.pop()
		c.now = next.at
		next.do()
	}
	c.now = end
}

func (c *clock) pop() event {
	first, last := c.coming[0], len(c.coming)-1
	c.coming[0], c.coming[last] = c.coming[last], event{}
	c.coming = c.coming[:last]
	for i := 0; ; {
		least := i
		for _, below := range [2]int{2*i + 1, 2*i + 2} {
			if below < last && c.coming[below].before(&c.coming[least]) {
				least = below
			}
		}
		if least == i {
			return first
		}
		c.coming[i], c.coming[least] = c.coming[least], c.coming[i]
		i = least
	}
}
