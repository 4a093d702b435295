package scale

import (
	"container/heap"
	"time"
)

// clock is virtual time: what will happen, the earliest first, and in the order of asking where it happens at once.
type clock struct {
	now    time.Duration
	asked  uint64
	coming events
}

type event struct {
	at    time.Duration
	order uint64
	do    func()
}

// after has something done after a time.
func (c *clock) after(wait time.Duration, do func()) {
	c.asked++
	heap.Push(&c.coming, event{c.now + wait, c.asked, do})
}

// run lets everything happen until the end.
func (c *clock) run(end time.Duration) {
	for len(c.coming) > 0 && c.coming[0].at < end {
		next := heap.Pop(&c.coming).(event)
		c.now = next.at
		next.do()
	}
	c.now = end
}

// events is a heap.Interface.
type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return x
}
