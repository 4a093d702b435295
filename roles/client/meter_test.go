package client_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestACircuitEndsWithAWholeGroup, however many bytes the relay lets pass: it cuts none, what has passed is used, and the
// client says why it has not got the rest, without asking again and again.
func TestACircuitEndsWithAWholeGroup(t *testing.T) {
	const groups = 10
	for _, circuits := range []int{1, 3} {
		for bytes := int64(group / 4); bytes < (groups+2)*group; bytes += group / 3 {
			c := runs(t, made(groups*group-group/2, 1), 4, nodesBehind(circuits, 4*group))
			c.broker.bytes = bytes
			r := c.run()
			brought := int64(len(c.came)) * group
			last := c.tried[len(c.tried)-1]
			switch {
			case c.broker.cuts > 0:
				t.Errorf("%d bytes: the relay has cut %d circuits", bytes, c.broker.cuts)
			case c.twice() > 0 || c.broker.passed > brought*103/100+int64(c.broker.joined)*20_000:
				t.Errorf("%d bytes: %d have passed for %d groups; %d came twice", bytes, c.broker.passed, len(c.came), c.twice())
			case r.Outcome == client.Fetched:
				continue
			case bytes-brought > group*11/10+brought/16+int64(circuits)*20_000:
				t.Errorf("%d bytes: %d groups came", bytes, len(c.came))
			case last.Code != protocol.Quota || last.By != protocol.Relay || !strings.Contains(last.Text, "bytes"):
				t.Errorf("%d bytes: the last visit ends with %s by %s: %s", bytes, last.Code, last.By, last.Text)
			case c.broker.asked > 3+2*circuits || bytes < group && c.broker.joined > 0:
				t.Errorf("%d bytes: %d CIRCUITs, %d JOINs", bytes, c.broker.asked, c.broker.joined)
			}
		}
	}
}

// TestAShortLastGroupMayPassWhereNoOtherCould: for the end of a file as many bytes are needed as it has.
func TestAShortLastGroupMayPassWhereNoOtherCould(t *testing.T) {
	for _, circuits := range []int{1, 2} {
		c := runs(t, made(2*group+1, 1), 4, nodesBehind(circuits, 4*group))
		c.broker.bytes = 2*group + group/4
		if r := c.run(); r.Outcome != client.Fetched || c.broker.cuts > 0 {
			t.Errorf("%d circuits: %v, %d groups came, %d CIRCUITs, %d cuts", circuits, r.Outcome, len(c.came), c.broker.asked, c.broker.cuts)
		}
	}
}

// TestWhatMayPassOverCircuitsIsNoFailure where a node can be dialed: it brings the rest.
func TestWhatMayPassOverCircuitsIsNoFailure(t *testing.T) {
	for _, bytes := range []int64{group / 2, 3 * group, 8 * group} {
		nodes := nodesBehind(2, 4*group)
		nodes[at(1)] = &runner{rate: group, busy: time.Second}
		c := runs(t, made(20*group, 1), 4, nodes)
		c.broker.bytes = bytes
		if r := c.run(); r.Outcome != client.Fetched || c.broker.cuts > 0 || c.now > 25*time.Second {
			t.Errorf("%d bytes: %v after %v, %d cuts", bytes, r.Outcome, c.now, c.broker.cuts)
		}
	}
}

// TestNobodyElseIsAskedForWhereTooLittleMayPass: of many nodes the relay is asked for a way to one.
func TestNobodyElseIsAskedForWhereTooLittleMayPass(t *testing.T) {
	s := locating(t, several(1))
	hearsOfPeers(s, have(made(3*group, 1), behinds(3, 4, 5)...), asksWay(1))
	asksCircuit(s, 1, "Seeking", circuitTo(3))
	few := &protocol.Opened{Ticket: rolestest.Ticket(5), Bytes: group}
	s.Hear(1025, few, "Closing", append([]string{"halfclose 1025", "discard 1025"}, "report tried", "report tried", "report tried")...)
	closes(s, 1025, "Failed", "report result")
	r := wants(t, s, client.Unsure, protocol.Quota, protocol.Quota, protocol.Quota)
	for _, tried := range r.Tried {
		if tried.By != protocol.Relay || !strings.Contains(tried.Text, "1048576 bytes") {
			t.Errorf("%+v", tried)
		}
	}
}

// TestManyFilesEndWhereNoMoreMayPass: none is cut. The relay is asked once more, for it has counted better; what is left is
// then not asked for over a link for many any more.
func TestManyFilesEndWhereNoMoreMayPass(t *testing.T) {
	a, b, c := heldBy(small("a", 1), behind(3)), heldBy(small("b", 2), behind(3)), heldBy(small("c", 3), behind(3))
	a.Size, b.Size, c.Size = group, group, group
	s := gathers(t, a, b, c)
	s.Tell(roles.Started{}, "Pipelining", asksWay(0))
	asksCircuit(s, 0, "Pipelining", circuitTo(3))
	s.Hear(1024, &protocol.Opened{Ticket: rolestest.Ticket(5), Bytes: 5 * group / 2}, "Pipelining", dialsCircuit(0)...)
	joins(s, 0, "Pipelining", 3)
	s.Tell(roles.PeerEnded{Link: 1024}, "Pipelining", "hangup 1024")
	s.Tell(roles.Opened{Link: 0, Peer: theRelay, ID: rolestest.Node(3)}, "Pipelining", append([]string{"report relayed"}, getsOf(0, a, b)...)...)
	brings(s, 0, a, "hear 0")
	brings(s, 0, b, left(0, "commit-store 0 1")...)
	if tried := of[client.Tried](t, s); tried.Code != protocol.Quota || tried.By != protocol.Relay {
		t.Errorf("%+v", tried)
	}
	closes(s, 0, "Pipelining")
	s.Tell(placed([]int{0, 1}), "Pipelining", "report gathered", "report gathered", asksWay(0))
	asksCircuit(s, 0, "Pipelining", circuitTo(3))
	s.Hear(1024, &protocol.Opened{Ticket: rolestest.Ticket(6), Bytes: group / 2}, "Fetching", leaves(1024, "report tried", "inspect-store 2 c")...)
}

// TestAReaderEndsWhereNoMoreMayPass, and says so.
func TestAReaderEndsWhereNoMoreMayPass(t *testing.T) {
	f := made(3*group, 1)
	s := openingRelayed(t, newReader(), behinds(3), asksWay(1))
	asksCircuit(s, 1, "Opening", circuitTo(3))
	s.Hear(1025, &protocol.Opened{Ticket: rolestest.Ticket(5), Bytes: 3 * group / 2}, "Opening", dialsCircuit(1)...)
	joins(s, 1, "Opening", 3)
	s.Tell(roles.PeerEnded{Link: 1025}, "Opening", "hangup 1025")
	s.Tell(roles.Opened{Link: 1, Peer: theRelay, ID: rolestest.Node(3)}, "Opening", append([]string{"report relayed"}, asks(1)...)...)
	s.Hear(1, f.outboard(0), "Holding", "report pinned")
	s.Tell(roles.Wanted{First: 0, Count: 3}, "Reading", f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Reading", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Reading", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Reading", left(1, asksWay(2))...)
	closes(s, 1, "Reading")
	asksCircuit(s, 2, "Reading", circuitTo(3))
	s.Hear(1026, &protocol.Opened{Ticket: rolestest.Ticket(6), Bytes: group / 3, Refill: protocol.ToMillis(time.Hour)}, "AskingRelay", leaves(1026, "report tried", "dial 0 relay:4000")...)
	closes(s, 1026, "AskingRelay")
	s.Tell(roles.Opened{}, "AskingRelay", fmt.Sprintf("send 0 LOCATE name=a.txt hash=%x", f.Hash[:1]), "hear 0")
	s.Hear(0, &protocol.Located{Peers: behinds(3)}, "Resting", "halfclose 0", "discard 0", "report locating", "report unread")
	if r := of[client.Unread](t, s).Result; r.Code != protocol.Quota || !strings.Contains(r.Text, "1h0m0s") {
		t.Errorf("%+v", r)
	}
}
