package client_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// heldBy has nodes hold a file as well.
func heldBy(one client.Offer, nodes ...client.Node) client.Offer {
	one.Holders = append(one.Holders, nodes...)
	return one
}

// getsOf are the lines for asking for small files on a link.
func getsOf(link int, offers ...client.Offer) (lines []string) {
	for _, one := range offers {
		lines = append(lines, fmt.Sprintf("send %d GET name=%s length=%d hash=%x", link, one.Name, one.Size, one.Hash[:1]))
	}
	return append(lines, fmt.Sprintf("hear %d", link))
}

// TestManyFilesComeThroughTheRelay over one circuit of each node, where no other holder can be dialed.
func TestManyFilesComeThroughTheRelay(t *testing.T) {
	a, b, c := heldBy(small("a", 1), behind(3)), heldBy(small("b", 2), behind(3)), heldBy(small("c", 3, 1), behind(3))
	s := gathers(t, a, b, c)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1), asksWay(1))
	through(s, 1, "Pipelining", 3, getsOf(1, a, b)...)
	if got := of[client.Relayed](t, s); got.Node != behind(3) {
		t.Errorf("%+v", got)
	}
	brings(s, 1, a, "hear 1")
	brings(s, 1, b, left(1, "commit-store 0 1")...)
	closes(s, 1, "Pipelining")
	s.Tell(placed([]int{0, 1}), "Pipelining", "report gathered", "report gathered")
}

// TestOneCircuitOfANodeIsEnough for however many files, where one that can be dialed gets two links.
func TestOneCircuitOfANodeIsEnough(t *testing.T) {
	for _, holder := range []client.Node{behind(3), at(1)} {
		var all []client.Offer
		for i := range 600 {
			one := client.Offer{Name: fmt.Sprintf("f%03d", i), Identity: client.Identity{Hash: protocol.Hash{1, byte(i), byte(i >> 8)}, Size: 10}}
			all = append(all, heldBy(one, holder))
		}
		s := gathers(t, all...)
		if holder.Relayed() {
			s.Tell(roles.Started{}, "Pipelining", asksWay(0))
		} else {
			s.Tell(roles.Started{}, "Pipelining", dials(0, 1), dials(1, 1))
		}
	}
}

// TestWhoCannotBeDialedGivesWayToTheRelay: a file whose other holder is lost is asked for through the relay, in the next
// round.
func TestWhoCannotBeDialedGivesWayToTheRelay(t *testing.T) {
	a := heldBy(small("a", 1, 1), behind(3))
	s := gathers(t, a)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1))
	s.Tell(roles.Lost{Link: 0, Code: protocol.Refused}, "Pipelining", "hangup 0", "report tried", asksWay(0))
	through(s, 0, "Pipelining", 3, getsOf(0, a)...)
	brings(s, 0, a, left(0, "commit-store 0")...)
}

// TestACircuitForManyIsMadeAgain: after a cut, whose reason is asked for, and once where the node did not come.
func TestACircuitForManyIsMadeAgain(t *testing.T) {
	a, b := heldBy(small("a", 1), behind(3)), heldBy(small("b", 2), behind(3))
	s := gathers(t, a, b)
	s.Tell(roles.Started{}, "Pipelining", asksWay(0))
	through(s, 0, "Pipelining", 3, getsOf(0, a, b)...)
	brings(s, 0, a, "hear 0")
	s.Tell(roles.Lost{Link: 0, Code: protocol.Lost}, "Pipelining", "hangup 0", "report tried", "commit-store 0")
	s.Tell(placed([]int{0}), "Pipelining", "report gathered", asksWay(0))
	for try := range 2 {
		asksCircuit(s, 0, "Pipelining", &protocol.Circuit{Node: rolestest.Node(3), Before: rolestest.Ticket(5)})
		s.Hear(1024, grants(), "Pipelining", dialsCircuit(0)...)
		s.Tell(roles.PeerEnded{Link: 1024}, "Pipelining", "hangup 1024")
		s.Tell(roles.Opened{Link: 0, Peer: theRelay}, "Pipelining", "send 0 "+rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(5)}), "hear 0")
		if try == 0 {
			s.Hear(0, refuses(protocol.PeerGone), "Pipelining", "hangup 0", "report tried", asksWay(0))
		} else {
			s.Hear(0, refuses(protocol.PeerGone), "Fetching", "hangup 0", "report tried", "inspect-store 1 b")
		}
	}
}

// TestARelayWithoutRoomForManyIsAskedLater, and one that has used up its quota not at all.
func TestARelayWithoutRoomForManyIsAskedLater(t *testing.T) {
	refusal := &protocol.Error{Code: protocol.Quota, By: protocol.Relay, Retry: 2000}
	s := gathers(t, heldBy(small("a", 1), behind(3)))
	s.Tell(roles.Started{}, "Pipelining", asksWay(0))
	asksCircuit(s, 0, "Pipelining", circuitTo(3))
	s.Hear(1024, refusal, "Pipelining", leaves(1024, "report tried")...)
	closes(s, 1024, "Pipelining")
	if s.Wait() < 2*time.Second || s.Wait() > 3*time.Second {
		t.Errorf("it waits %v", s.Wait())
	}
	s.Ring("Pipelining", asksWay(0))
	asksCircuit(s, 0, "Pipelining", circuitTo(3))
	final := *refusal
	final.Retry = protocol.ToMillis(time.Hour)
	s.Hear(1024, &final, "Fetching", leaves(1024, "report tried", "inspect-store 0 a")...)
}

// TestARelayThatBreaksTheProtocolOnTheWayToManyIsToldSo.
func TestARelayThatBreaksTheProtocolOnTheWayToManyIsToldSo(t *testing.T) {
	s := gathers(t, heldBy(small("a", 1), behind(3)))
	s.Tell(roles.Started{}, "Pipelining", asksWay(0))
	asksCircuit(s, 0, "Pipelining", circuitTo(3))
	s.Hear(1024, grants(), "Pipelining", dialsCircuit(0)...)
	s.Tell(roles.Opened{Link: 0, Peer: theRelay}, "Pipelining", "send 0 "+rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(5)}), "hear 0")
	s.Hear(0, grants(), "Fetching", append([]string{"send 0 ERROR unexpected by client"}, left(0, "inspect-store 0 a")...)...)
	closes(s, 0, "Fetching")
	closes(s, 1024, "Fetching")
}

// TestAStoppedGatherLeavesNoLinkToTheRelay: the one that is closing beside a circuit is hung up as well.
func TestAStoppedGatherLeavesNoLinkToTheRelay(t *testing.T) {
	s := gathers(t, heldBy(small("a", 1), behind(3)))
	s.Tell(roles.Started{}, "Pipelining", asksWay(0))
	asksCircuit(s, 0, "Pipelining", circuitTo(3))
	s.Hear(1024, grants(), "Pipelining", dialsCircuit(0)...)
	joins(s, 0, "Pipelining", 3)
	s.Tell(roles.Opened{Link: 0, Peer: theRelay, ID: rolestest.Node(3)}, "Pipelining", append([]string{"report relayed"}, getsOf(0, heldBy(small("a", 1)))...)...)
	s.Tell(roles.Stopped{}, "Done", "hangup 1024", "hangup 0", "report tried", "report gathered")
}

// TestWhoWantsManyWithoutCircuitsGetsNone: nobody is asked through the relay.
func TestWhoWantsManyWithoutCircuitsGetsNone(t *testing.T) {
	g := client.NewGather(client.GatherRequest{Relay: relayAddress, Direct: true, Wanted: []client.Offer{heldBy(small("a", 1), behind(3))}})
	s := rolestest.New(t, g, g.State)
	s.Tell(roles.Started{}, "Fetching", "inspect-store 0 a")
	s.Tell(roles.StoreInspected{}, "Fetching", "dial 16 relay:4000")
}

// openingRelayed returns a story about a Reader that dials the relay for a way to the first of these nodes.
func openingRelayed(t *testing.T, r *client.Reader, all []protocol.Peer, then ...string) *rolestest.Story {
	t.Helper()
	s := rolestest.New(t, r, r.State)
	s.Tell(roles.Started{}, "AskingRelay", "dial 0 relay:4000")
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt", "hear 0")
	s.Hear(0, &protocol.Located{Peers: all}, "Opening", append([]string{"halfclose 0", "discard 0", "report locating"}, then...)...)
	s.Tell(roles.PeerEnded{}, "Opening", "hangup 0")
	return s
}

func newReader() *client.Reader { return client.NewReader(relayAddress, "a.txt", protocol.Hash{}) }

// TestAFileIsReadThroughTheRelay, and a circuit that was cut is made again.
func TestAFileIsReadThroughTheRelay(t *testing.T) {
	f := made(3*group, 1)
	s := openingRelayed(t, newReader(), behinds(3), asksWay(1))
	through(s, 1, "Opening", 3, asks(1)...)
	s.Hear(1, f.outboard(0), "Holding", "report pinned")
	s.Tell(roles.Wanted{First: 0, Count: 2}, "Reading", f.gets(1, 0, 1), f.gets(1, 1, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Reading", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Reading", "report had")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Reading", goes(1, asksWay(1))...)
	asksCircuit(s, 1, "Reading", &protocol.Circuit{Node: rolestest.Node(3), Before: rolestest.Ticket(5)})
	s.Tell(roles.Stopped{}, "Closed", "hangup 1025")
}

// TestAReaderAsksThroughTheRelayWhomItCannotDial, also long after it has heard of the node.
func TestAReaderAsksThroughTheRelayWhomItCannotDial(t *testing.T) {
	f := made(3*group, 1)
	one := protocol.Peer{Host: protocol.IP{192, 0, 2, 1}, Port: 5000, ID: rolestest.Node(4), Circuit: 1}
	dial := dials(1, 1) + " expects 04"
	s := openingRelayed(t, newReader(), []protocol.Peer{one}, dial)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Opening", goes(1, asksWay(1))...)
	through(s, 1, "Opening", 4, asks(1)...)
	s.Hear(1, f.outboard(0), "Holding", "report pinned")

	s = openingRelayed(t, newReader(), []protocol.Peer{one}, dial)
	answers(1, s, "Opening")
	s.Hear(1, f.outboard(0), "Holding", "report pinned")
	s.Ring("Resting", left(1)...)
	closes(s, 1, "Resting")
	s.Tell(roles.Wanted{First: 0, Count: 1}, "Reading", dial)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Reading", goes(1, asksWay(1))...)
}

// TestAReaderThatWantsNoCircuitsIsNotCertain.
func TestAReaderThatWantsNoCircuitsIsNotCertain(t *testing.T) {
	r := newReader()
	r.Direct()
	s := rolestest.New(t, r, r.State)
	s.Tell(roles.Started{}, "AskingRelay", "dial 0 relay:4000")
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt", "hear 0")
	s.Hear(0, &protocol.Located{Peers: behinds(3)}, "Closing", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{}, "Failed", "hangup 0", "report unread")
	if r := of[client.Unread](t, s).Result; r.Outcome != client.Unsure || r.Unasked.Declined != 1 {
		t.Errorf("%+v", r)
	}
}
