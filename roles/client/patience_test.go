package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// hashingOn is what a node says that is hashing for ever.
func hashingOn(done uint64) *protocol.Hashing {
	return &protocol.Hashing{Done: done * roles.MinProgress, Size: protocol.GroupSize}
}

// TestTheReferenceModeComesBackToASlowNodeLast: one that only says that it gets on is left for the next, which gets the
// same time; then each has four times as long.
func TestTheReferenceModeComesBackToASlowNodeLast(t *testing.T) {
	s := asked(t, request, 1, 2)
	s.Hear(1, hashingOn(1), "Seeking", "hear 1", "report hashing")
	s.Waits(roles.GroupPatience)
	s.Ring("Seeking", goes(1, dials(1, 2))...)
	if s.At.Now != roles.GroupPatience {
		t.Errorf("the second node is dialed after %v", s.At.Now)
	}
	answers(1, s, "Seeking")
	s.Ring("Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking")
	s.Hear(1, hashingOn(1), "Seeking", "hear 1", "report hashing")
	s.At.Now += roles.ReplyTimeout - 1
	s.Hear(1, hashingOn(2), "Seeking", "hear 1", "report hashing")
	s.Ring("Seeking", goes(1, dials(1, 2))...)
	if s.At.Now != (1+1+4)*roles.GroupPatience {
		t.Errorf("the second node has its second turn after %v", s.At.Now)
	}
	answers(1, s, "Seeking")
	s.Hear(1, refusal(protocol.NotFound), "Seeking", leaves(1)...)
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking")
	s.Waits(roles.ReplyTimeout) // nobody else waits
	s.Hear(1, refusal(protocol.NotFound), "Seeking", leaves(1)...)
	s.Tell(roles.PeerEnded{Link: 1}, "NotFound", goes(1, "report result")...)
	wants(t, s, client.NobodyHad, protocol.Timeout, protocol.Timeout, protocol.Timeout, protocol.NotFound, protocol.NotFound)
}

// TestTheNextPageComesBeforeASlowNode: those that have not been asked come first.
func TestTheNextPageComesBeforeASlowNode(t *testing.T) {
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(1), Cursor: []byte{1}}, "AskingRelay", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0", dials(1, 1))
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "AskingRelay", goes(1, "dial 0 relay:4000")...)
}
