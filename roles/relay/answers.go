package relay

import (
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// Room bounds the long answers that a relay has on their way to all its peers: those that a peer
// has asked for and may not read.
type Room interface {
	// Take takes room for an answer and reports whether there was any.
	Take(at roles.Moment, what Long) bool
	// Give gives it back: the answer has been taken, or its link is gone.
	Give(what Long)
	// Scarce reports whether there was no room for an answer lately.
	Scarce(at roles.Moment) bool
}

// Long is a kind of answer that takes room.
type Long int

// The kinds of long answers.
const (
	LongList   Long = iota // a LISTED: up to protocol.MaxList bytes
	LongLocate             // a LOCATED of more than roles.DefaultPage peers: up to protocol.MaxControl bytes

	shortAnswer Long = -1 // takes no room
)

// Answers implements [Room]. It is safe for concurrent use. The zero value has room for
// roles.MaxLists and roles.MaxLongPages.
type Answers struct {
	MaxLists int // 0: roles.MaxLists

	mu      sync.Mutex
	taken   [2]int
	refused time.Duration // when there was no room last
	ever    bool          // there was none at least once
}

// Take implements [Room].
func (a *Answers) Take(at roles.Moment, what Long) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken[what] >= a.most(what) {
		a.refused, a.ever = at.Now, true
		return false
	}
	a.taken[what]++
	return true
}

func (a *Answers) most(what Long) int {
	switch {
	case what == LongLocate:
		return roles.MaxLongPages
	case a.MaxLists > 0:
		return a.MaxLists
	}
	return roles.MaxLists
}

// Give implements [Room].
func (a *Answers) Give(what Long) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.taken[what]--
}

// Scarce implements [Room]: it remembers for as long as a peer that was refused may take to come
// back.
func (a *Answers) Scarce(at roles.Moment) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ever && at.Now-a.refused < 2*roles.BusyRetry
}

// Taken returns how many answers of a kind are on their way.
func (a *Answers) Taken(what Long) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.taken[what]
}
