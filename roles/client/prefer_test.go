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
	s.Hear(1, other.outboard(0), "Seeking", left(1, dials(2, 2))...)
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking")
	s.Hear(2, f.outboard(0), "Opening", f.opens())
}

func TestAPartIsGivenUpWhenNobodyHasItsContentAnyMore(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	s := resuming(t, f, 1, 2)
	s.Hear(1, other.outboard(0), "Seeking", left(1, dials(2, 2))...)
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking")
	says(s, 2, protocol.NotFound, "Seeking", dials(1, 1))
	closes(s, 2, "Seeking")
	answers(1, s, "Seeking", other.gets(1, 0, 1))
	s.Hear(1, other.outboard(0), "Opening", other.opens())
	delivers(s, 1, other)
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
	s.Hear(0, &protocol.Located{Peers: listed}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 2))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	answers(1, s, "Seeking")
	says(s, 1, protocol.NotFound, "Seeking", dials(2, 1))
	closes(s, 1, "Seeking")
	s.Tell(roles.Opened{Link: 2}, "Seeking", other.gets(2, 0, 1), "hear 2")
	s.Hear(2, other.content(0, 1), "Opening", other.opens())
}
