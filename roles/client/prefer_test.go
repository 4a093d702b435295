package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// resuming returns a story about a fetch that prefers a content, and has asked the first of these nodes what the file is.
func resuming(t *testing.T, f file, nodes ...byte) *rolestest.Story {
	t.Helper()
	s := locating(t, request, f)
	hearsOf(s, nodes...)
	answers(1, s, "Seeking")
	return s
}

// TestAPartIsNotGivenUpForTheFirstWhoHasAnotherContent: whoever else has the content can complete it.
func TestAPartIsNotGivenUpForTheFirstWhoHasAnotherContent(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	s := resuming(t, f, 1, 2)
	s.Hear(1, other.outboard(0), "Seeking", leaves(1)...)
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 2))...)
	answers(1, s, "Seeking")
	s.Hear(1, f.outboard(0), "Opening", f.opens())
}

func TestAPartIsGivenUpWhenNobodyHasItsContentAnyMore(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	s := resuming(t, f, 1, 2)
	s.Hear(1, other.outboard(0), "Seeking", leaves(1)...)
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 2))...)
	answers(1, s, "Seeking")
	says(s, 1, protocol.NotFound, "Seeking")
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking", other.gets(1, 0, 1))
	s.Hear(1, other.outboard(0), "Opening", other.opens())
	delivers(s, other)
	if r := wants(t, s, client.Fetched, protocol.Variant, protocol.NotFound, 0); len(r.Variants) > 0 {
		t.Errorf("nobody has %+v", r.Variants)
	}
}

// TestNodesThatAreKnownToHaveAnotherContentWaitTheirTurn: the relay has said so, and need not be asked twice.
func TestNodesThatAreKnownToHaveAnotherContentWaitTheirTurn(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	s := locating(t, request, f)
	listed := peers(1, 2)
	listed[0].Hash, listed[0].Size = other.Hash, other.Size
	s.Hear(0, &protocol.Located{Peers: listed}, "AskingRelay", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{Link: 0}, "Seeking", "hangup 0", dials(1, 2))
	answers(1, s, "Seeking")
	says(s, 1, protocol.NotFound, "Seeking")
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking", other.gets(1, 0, 1))
	s.Hear(1, other.outboard(0), "Opening", other.opens())
}
