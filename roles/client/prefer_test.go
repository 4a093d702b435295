package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

func preferring(f file) client.Request {
	w := request
	w.Prefer = f.Identity
	return w
}

// TestAPartIsNotGivenUpForTheFirstWhoHasAnotherContent: whoever else has the content can complete it.
func TestAPartIsNotGivenUpForTheFirstWhoHasAnotherContent(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	s := asked(t, preferring(f), 1, 2)
	s.Hear(1, other.outboard(0), "Seeking", leaves(1)...)
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 2))...)
	answers(1, s, "Seeking")
	s.Hear(1, f.outboard(0), "Opening", f.opens())
}

func TestAPartIsGivenUpWhenNobodyHasItsContentAnyMore(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	s := asked(t, preferring(f), 1, 2)
	s.Hear(1, other.outboard(0), "Seeking", leaves(1)...)
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 2))...)
	answers(1, s, "Seeking")
	says(s, 1, protocol.NotFound, "Seeking")
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking")
	s.Hear(1, other.outboard(0), "Opening", other.opens())
	delivers(s, other)
	if r := wants(t, s, client.Fetched, protocol.Variant, protocol.NotFound, 0); len(r.Variants) > 0 {
		t.Errorf("nobody has %+v", r.Variants)
	}
}

// TestNodesThatAreKnownToHaveAnotherContentWaitTheirTurn: the relay has said so, and need not be asked twice.
func TestNodesThatAreKnownToHaveAnotherContentWaitTheirTurn(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	fetch := client.NewFetch(preferring(f))
	s := rolestest.New(t, fetch, fetch.State)
	s.Tell(roles.Started{}, "AskingRelay", "dial 0 relay:4000")
	s.Tell(roles.Opened{Link: 0}, "AskingRelay", "send 0 LOCATE name=a.txt", "hear 0")
	listed := peers(1, 2)
	listed[0].Hash, listed[0].Size = other.Hash, other.Size
	s.Hear(0, &protocol.Located{Peers: listed}, "AskingRelay", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{Link: 0}, "Seeking", "hangup 0", dials(1, 2))
	answers(1, s, "Seeking")
	says(s, 1, protocol.NotFound, "Seeking")
	s.Tell(roles.PeerEnded{Link: 1}, "Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking")
	s.Hear(1, other.outboard(0), "Opening", other.opens())
}
