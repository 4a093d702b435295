package client_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestTheReasonOfACutIsAskedFor with the next circuit to the same node.
func TestTheReasonOfACutIsAskedFor(t *testing.T) {
	f := made(3*group, 1)
	s := relaying(t, request, 3)
	through(s, 1, "Seeking", 3, asks(1, guesses(1))...)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Fetching", "report had", f.gets(1, 2, 1))
	s.Tell(roles.PeerEnded{Link: 1}, "Fetching", goes(1, asksWay(1))...)
	asksCircuit(s, 1, "Fetching", &protocol.Circuit{Node: rolestest.Node(3), Before: rolestest.Ticket(5)})
	s.Hear(1025, &protocol.Opened{Ticket: rolestest.Ticket(6), Last: protocol.Quota, LastBytes: 99}, "Fetching", dialsCircuit(1)...)
	s.Tell(roles.PeerEnded{Link: 1025}, "Fetching", "hangup 1025")
	s.Tell(roles.Opened{Link: 1, Peer: theRelay}, "Fetching", "send 1 "+rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(6)}), "hear 1")
	s.Hear(1, &protocol.Joined{}, "Fetching", "secure 1 expects 03")
	s.Tell(roles.Opened{Link: 1, Peer: theRelay, ID: rolestest.Node(3)}, "Fetching", append([]string{"report relayed"}, asks(1, f.gets(1, 1, 1))...)...)
	last := client.Relayed{}
	for _, outcome := range s.Reports {
		if is, some := outcome.(client.Relayed); some {
			last = is
		}
	}
	if last.Last != protocol.Quota || last.LastBytes != 99 {
		t.Errorf("%+v", last)
	}
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, asksWay(1))...) // it had brought something before
	asksCircuit(s, 1, "Fetching", &protocol.Circuit{Node: rolestest.Node(3), Before: rolestest.Ticket(6)})
	s.Hear(1025, &protocol.Error{Code: protocol.Quota, By: protocol.Relay, Retry: protocol.ToMillis(time.Hour), Text: "1 GiB a day"}, "Closing", leaves(1025, "report tried")...)
	closes(s, 1025, "Failed", "report result")
	wants(t, s, client.Undelivered, protocol.Lost, protocol.Lost, protocol.Quota)
}

// TestAFileOfOneGroupNeedsNoTreeThroughTheRelay either.
func TestAFileOfOneGroupNeedsNoTreeThroughTheRelay(t *testing.T) {
	f, listed := made(10, 1), behinds(3)
	listed[0].Hash, listed[0].Size = f.Hash, f.Size
	s := locating(t, request)
	hearsOfPeers(s, listed, asksWay(1))
	through(s, 1, "Seeking", 3, f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Opening", f.opens())
}

// TestWhoWantsNoCircuitsIsNotCertain about nodes that cannot be reached otherwise.
func TestWhoWantsNoCircuitsIsNotCertain(t *testing.T) {
	w := request
	w.Direct = true
	s := locating(t, w)
	one := protocol.Peer{Host: protocol.IP{192, 0, 2, 1}, Port: 5000, ID: rolestest.Node(4), Circuit: 1}
	hearsOfPeers(s, append(behinds(3), one), dials(1, 1)+" expects 04")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Unreachable}, "Failed", goes(1, "report result")...)
	if r := wants(t, s, client.Unsure, protocol.Unreachable); r.Unasked.Declined != 1 {
		t.Errorf("unasked %+v", r.Unasked)
	}
	s = locating(t, w)
	hearsOfPeers(s, append(behinds(3), one), dials(1, 1)+" expects 04")
	s.Tell(roles.Opened{Link: 1, Peer: netip.MustParseAddrPort("192.0.2.1:5000"), ID: rolestest.Node(4)}, "Seeking", asks(1, guesses(1))...)
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "Failed", "report result")
	wants(t, s, client.Unsure, protocol.NotFound)
}

// TestANodeThatCannotBeDialedAfterAllIsAskedThroughTheRelay, once; what it says there is certain.
func TestANodeThatCannotBeDialedAfterAllIsAskedThroughTheRelay(t *testing.T) {
	one := protocol.Peer{Host: protocol.IP{192, 0, 2, 1}, Port: 5000, ID: rolestest.Node(4), Circuit: 1}
	for _, code := range []protocol.Code{protocol.Refused, protocol.Unreachable, protocol.WrongPeer, protocol.Lost, protocol.Timeout} {
		begin := func() *rolestest.Story {
			s := locating(t, request)
			hearsOfPeers(s, []protocol.Peer{one}, dials(1, 1)+" expects 04")
			s.Tell(roles.Lost{Link: 1, Code: code}, "Seeking", goes(1, asksWay(1))...)
			return s
		}
		s := begin()
		through(s, 1, "Seeking", 4, asks(1, guesses(1))...)
		says(s, 1, protocol.NotFound, "Closing")
		closes(s, 1, "NotFound", "report result")
		wants(t, s, client.NobodyHad, code, protocol.NotFound)

		s = begin()
		asksCircuit(s, 1, "Seeking", circuitTo(4))
		s.Hear(1025, refuses(protocol.Unreachable), "Closing", leaves(1025, "report tried")...)
		closes(s, 1025, "Failed", "report result")
		wants(t, s, client.Unsure, code, protocol.Unreachable)
	}
	s := locating(t, request) // a link was made: it is dialed again
	hearsOfPeers(s, []protocol.Peer{one}, dials(1, 1)+" expects 04")
	s.Tell(roles.Opened{Link: 1, Peer: netip.MustParseAddrPort("192.0.2.1:5000"), ID: rolestest.Node(4)}, "Seeking", asks(1, guesses(1))...)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Seeking", goes(1, dials(1, 1)+" last 192.0.2.1 expects 04")...)
}

// TestWhatANodeSaysLastCountsOverWhateverWay: here the relay gets to know that it can be dialed.
func TestWhatANodeSaysLastCountsOverWhateverWay(t *testing.T) {
	one := protocol.Peer{Host: protocol.IP{192, 0, 2, 1}, Port: 5000, ID: rolestest.Node(3)}
	s := locating(t, request)
	hearsOfPeers(s, append(behinds(3), one), asksWay(1))
	asksCircuit(s, 1, "Seeking", circuitTo(3))
	s.Hear(1025, refuses(protocol.Denied), "Seeking", leaves(1025, "report tried", dials(2, 1)+" expects 03")...)
	closes(s, 1025, "Seeking")
	answers(2, s, "Seeking", guesses(2))
	says(s, 2, protocol.NotFound, "Closing")
	closes(s, 2, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.Denied, protocol.NotFound)
}
