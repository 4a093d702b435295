package client

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// busyWait returns for how long a server is left alone that has said for the n-th time in a row that it is
// busy: for what it asked for, doubled each time up to most, and up to half of it longer, so that clients
// which it refused together come back apart. No server has a client wait for longer than RetryMost, and
// half of that.
func busyWait(retry time.Duration, n int, most time.Duration, random uint64) time.Duration {
	first := min(max(retry, roles.RetryFirst), roles.RetryMost)
	wait := min(first<<min(n-1, mostDoublings), max(first, most))
	return wait + time.Duration(random%uint64(wait/2))
}

const mostDoublings = 6

// busy notes the nodes that have said that they are busy: each is asked again, later, and MaxBusyVisits
// times in a row.
type busy struct{ nodes []busyNode }

// busyNode is a node that has been busy.
type busyNode struct {
	Node
	times int           // in a row
	waits bool          // it is left alone
	due   time.Duration // until then
}

func (b *busy) at(node Node) int {
	return slices.IndexFunc(b.nodes, func(n busyNode) bool { return n.Node == node })
}

// said notes that a node is busy, and reports whether it is to be asked again.
func (b *busy) said(at roles.Moment, node Node, retry time.Duration) bool {
	i := b.at(node)
	if i < 0 {
		i = len(b.nodes)
		b.nodes = append(b.nodes, busyNode{Node: node})
	}
	n := &b.nodes[i]
	if n.times++; n.times >= roles.MaxBusyVisits {
		return false
	}
	n.waits, n.due = true, at.Now+busyWait(retry, n.times, roles.BusyMost, at.Rand)
	return true
}

// anew has each node asked as often as one that has not been busy.
func (b *busy) anew() {
	for i := range b.nodes {
		b.nodes[i].times = 0
	}
}

// gave notes that a node has brought something: it has been busy no times in a row.
func (b *busy) gave(node Node) {
	if i := b.at(node); i >= 0 {
		b.nodes[i].times = 0
	}
}

// waits reports whether a node is left alone.
func (b *busy) waits(node Node) bool {
	i := b.at(node)
	return i >= 0 && b.nodes[i].waits
}

// next returns when the first of those that are left alone is asked again.
func (b *busy) next() (due time.Duration, some bool) {
	for _, n := range b.nodes {
		if n.waits && (!some || n.due < due) {
			due, some = n.due, true
		}
	}
	return due, some
}

// some reports whether a node is left alone.
func (b *busy) some() bool {
	_, some := b.next()
	return some
}

// over returns the nodes that have been left alone for long enough.
func (b *busy) over(at roles.Moment) (nodes []Node) {
	for i := range b.nodes {
		if n := &b.nodes[i]; n.waits && n.due <= at.Now {
			n.waits = false
			nodes = append(nodes, n.Node)
		}
	}
	return nodes
}
