package client

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// ceiling is the relay's word that it makes no further circuit at once: that is no matter of the node. Nobody is asked for
// through the relay until some time, or until a circuit of this fetch has ended.
type ceiling struct {
	times int // in a row
	due   time.Duration
}

// hits notes that the relay makes no further circuit. It reports whether the node waits for that alone: while others
// lead to nodes, the limit is no reason to give it up.
func (f *Fetch) hits(v Visited) bool {
	if f.most() == 1 || v.Code != protocol.Quota || !v.Busy {
		return false
	}
	f.ceiling.times++
	f.ceiling.due = max(f.ceiling.due, f.now.Now+busyWait(v.Retry, f.ceiling.times, roles.BusyMost, f.now.Rand))
	if f.circuits() == 0 {
		return false
	}
	f.behind = append(f.behind, v.Node)
	return true
}

// keptOut reports whether nodes wait until the relay makes further circuits.
func (f *Fetch) keptOut() bool { return len(f.behind) > 0 && f.ceiling.due > f.now.Now }

// lift notes that a circuit has ended, or has been made in spite of the limit.
func (f *Fetch) lift(ended bool) {
	if ended || f.ceiling.due <= f.now.Now {
		f.ceiling = ceiling{}
	}
}

// circuits counts the visits through the relay, also those whose way is being made.
func (f *Fetch) circuits() (n int) {
	for _, s := range f.sources {
		if s.visiting() && s.tried.Node.Relayed() {
			n++
		}
	}
	return n
}

// asks returns for how many ways the relay may be asked at once: one, where it has just refused another one.
func (c *ceiling) asks() int {
	if c.times > 0 {
		return 1
	}
	return roles.MaxCircuitsFrom
}

// usedUp goes on after a visit that ended for what may pass over circuits. If it brought something the relay is asked once
// more: it has counted better, and may allow so much for each circuit. Otherwise nobody else need be asked for through it.
func (f *Fetch) usedUp(v Visited) bool {
	switch {
	case !v.Spent:
		return false
	case v.Gave:
		f.candidates = append(f.candidates, v.Node)
		return true
	}
	pass := func(node Node) bool {
		if node.Relayed() && !f.barred[node] {
			f.tried(Tried{Node: node, Code: v.Code, By: v.By, Text: v.Text})
		}
		return node.Relayed()
	}
	f.behind, f.candidates = slices.DeleteFunc(f.behind, pass), slices.DeleteFunc(f.candidates, pass)
	return true
}
