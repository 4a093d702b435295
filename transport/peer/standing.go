package peer

import (
	"net/netip"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// standing is how a node stands with its relay, for its owner to see. What tells of it is its membership's
// machine, as long as the node runs.
type standing struct {
	mu       sync.Mutex
	started  time.Time // zero: the node has not been run
	ended    bool
	uploads  *uploads    // nil as long as there is no server
	turns    *node.Turns // the same
	id       protocol.PeerID
	listen   netip.AddrPort
	proves   bool
	catalog  *catalog // nil: nothing is published
	listed   *NodeListing
	unlisted NodeUnlisted // while there is no listing
	next     time.Time    // of the next exchange; zero: one is under way, or none follows
	told     protocol.Held
	refused  int
	unheard  string // why the relay has not taken what was published last; "": it has
	awaiting bool
	turned   time.Time // when that changed last
	came     uint64
}

// change makes a change.
func (s *standing) change(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(time.Now())
}

func (s *standing) begin() {
	s.change(func(now time.Time) { s.started, s.unlisted.Since = now, now })
}

// end takes note that the node does not run any more.
func (s *standing) end() {
	s.change(func(now time.Time) {
		s.ended, s.next = true, time.Time{}
		if s.awaiting {
			s.awaiting, s.turned = false, now
		}
		if s.listed != nil || s.unlisted.Text == "" {
			s.unlist(now, NodeUnlisted{Text: ErrEnded.Error(), Tried: now})
		}
	})
}

// list takes note that the relay lists the node, as from now on, or as before.
func (s *standing) list(listing Listing) {
	s.change(func(now time.Time) {
		if s.listed == nil {
			s.listed = &NodeListing{Since: now, Heard: now, Until: now.Add(listing.TTL)}
		}
		s.listed.Listing = listing
	})
}

// fail takes note of why the relay does not list the node.
func (s *standing) fail(why *Error) {
	s.change(func(now time.Time) {
		s.unlist(now, NodeUnlisted{Code: why.Code, By: why.By, Text: why.Text, Tried: now, Fails: s.unlisted.Fails + 1})
	})
}

// leave takes note of why the node does not want to be listed any more.
func (s *standing) leave(why error) {
	s.change(func(now time.Time) { s.unlist(now, NodeUnlisted{Text: why.Error(), Tried: now}) })
}

// unlist notes why there is no listing, and that there is none from now on. The caller holds the mutex.
func (s *standing) unlist(now time.Time, why NodeUnlisted) {
	if why.Since = s.unlisted.Since; s.listed != nil {
		why.Since = now
	}
	s.listed, s.unlisted = nil, why
}

// followedMembership is a Membership whose inputs and effects are followed, for what it does not report.
type followedMembership struct {
	*node.Membership
	standing *standing
}

// Step implements [roles.Machine].
func (f *followedMembership) Step(at roles.Moment, in roles.Input) []roles.Effect {
	effects := f.Membership.Step(at, in)
	f.standing.change(func(now time.Time) { f.standing.follow(now, f.State(), in, effects) })
	return effects
}

// follow takes note of what an input has led to. The caller holds the mutex.
func (s *standing) follow(now time.Time, state node.MembershipState, in roles.Input, effects []roles.Effect) {
	if heard, is := in.(roles.Heard); is {
		s.heard(now, heard.Message)
	}
	if state != node.MembershipLeased && state != node.MembershipOffline {
		s.next = time.Time{}
		return
	}
	for _, effect := range effects {
		if arm, is := effect.(roles.Arm); is && arm.Timer == roles.Deadline {
			s.next = now.Add(arm.After)
		}
	}
}

// heard takes note of an answer of the relay. The caller holds the mutex.
func (s *standing) heard(now time.Time, m protocol.Message) {
	switch m := m.(type) {
	case *protocol.Registered:
		s.told = m.Held
		s.renewed(now, m.TTL)
	case *protocol.Renewed:
		s.told = m.Held
		s.renewed(now, m.TTL)
	case *protocol.Awaited:
		s.renewed(now, m.TTL)
	case *protocol.Published:
		s.told, s.unheard = protocol.Held{Index: m.Index, Sequence: m.Sequence}, ""
	}
}

// renewed takes note of a lease. The caller holds the mutex.
func (s *standing) renewed(now time.Time, ttl uint64) {
	s.unlisted.Fails = 0
	if s.listed != nil {
		s.listed.Heard, s.listed.Until = now, now.Add(roles.Millis(ttl))
	}
}

// await takes note of whether clients can come through the relay.
func (s *standing) await(on bool) {
	s.change(func(now time.Time) {
		if s.awaiting != on {
			s.awaiting, s.turned = on, now
		}
	})
}
