package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// TestLinksCloseWhileOthersAreAsked, but no more than MaxClosing at once: then the next node waits for
// one to be closed. The result comes when all are.
func TestLinksCloseWhileOthersAreAsked(t *testing.T) {
	nodes := make([]byte, roles.MaxClosing+2)
	for i := range nodes {
		nodes[i] = byte(i + 1)
	}
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(nodes...)}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
	const last = roles.MaxClosing - 1 // the relay's link is closing, too
	for link := roles.Link(1); link <= last; link++ {
		answers(link, s, "Seeking")
		if link < last {
			says(s, link, protocol.NotFound, "Seeking", dials(int(link)+1, byte(link)+1))
		}
	}
	says(s, last, protocol.NotFound, "Seeking")
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0", dials(last+1, last+1))
	s.Tell(roles.Lost{Link: last + 1, Code: protocol.Refused}, "Seeking", goes(last+1, dials(last+1, last+2))...)
	s.Tell(roles.Lost{Link: last + 1, Code: protocol.Refused}, "Seeking", goes(last+1, dials(last+1, last+3))...)
	s.Tell(roles.Lost{Link: last + 1, Code: protocol.Refused}, "Closing", goes(last+1)...)
	for link := roles.Link(1); link < last; link++ {
		s.Ring("Closing", "hangup "+string(rune('0'+link)))
	}
	closes(s, last, "Failed", "report result")
	if r := result(t, s); r.Outcome != client.Unsure || len(r.Tried) != len(nodes) || s.At.Now != roles.CloseTimeout {
		t.Errorf("%v after %v: %+v", r.Outcome, s.At.Now, r.Tried)
	}
}

// TestAStopWaitsForNoLink: what is certain stays, and what is whole is put in its place.
func TestAStopWaitsForNoLink(t *testing.T) {
	s := asked(t, request, 1)
	says(s, 1, protocol.NotFound, "Closing")
	s.Tell(roles.Stopped{}, "NotFound", "hangup 1", "report result")
	wants(t, s, client.NobodyHad, protocol.NotFound)

	f := made(10, 1)
	s = fetching(t, request, f, 1)
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Finishing", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Committing", left(1, "commit-store 0")...)
	s.Tell(roles.Stopped{}, "Committing", "hangup 1")
	s.Tell(roles.StoreCommitted{Items: []roles.Placed{{}}}, "Done", "report result")
	wants(t, s, client.Fetched, 0)
}

// TestTheNextPageWaitsForTheRelaysLink, of which there is one.
func TestTheNextPageWaitsForTheRelaysLink(t *testing.T) {
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Cursor: []byte{1}}, "AskingRelay", "halfclose 0", "discard 0", "report locating")
	s.Waits(roles.CloseTimeout)
	s.Ring("AskingRelay", "hangup 0", "dial 0 relay:4000")
	s.Waits(roles.DialTimeout)
}
