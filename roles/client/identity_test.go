package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestTheFirstRelayThatIsMetIsExpectedFromThenOn, and said once it has answered: a link that breaks leads
// to no other.
func TestTheFirstRelayThatIsMetIsExpectedFromThenOn(t *testing.T) {
	q := client.NewQuery(relayAddress, &protocol.Locate{Name: "a.txt"})
	s := rolestest.New(t, q, q.State)
	s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000")
	s.Tell(roles.Opened{ID: rolestest.Node(9)}, "Locating", "send 0 LOCATE name=a.txt", "hear 0")
	s.Tell(roles.Lost{Code: protocol.Lost}, "Dialing", "hangup 0", "dial 0 relay:4000 expects 09")
	s.Tell(roles.Opened{ID: rolestest.Node(9)}, "Locating", "send 0 LOCATE name=a.txt", "hear 0")
	s.Hear(0, &protocol.Located{Cursor: []byte{7}}, "Locating", "report met", "send 0 LOCATE name=a.txt cursor=07", "hear 0", "report page")
	s.Hear(0, &protocol.Located{}, "Leaving", "halfclose 0", "discard 0", "report page", "report queryresult")
	q.Again()
	q.Expect(rolestest.Node(8))
	s = rolestest.New(t, q, q.State)
	s.Tell(roles.Started{}, "Dialing", "dial 0 relay:4000 expects 08")
	s.Tell(roles.Lost{Code: protocol.WrongPeer}, "Closed", "hangup 0", "report queryresult")
	answered(t, s, protocol.WrongPeer, protocol.Client)
}

// proven returns a story about a fetch of a relay that has proven an id and names these nodes.
func proven(t *testing.T, nodes []protocol.Peer) *rolestest.Story {
	t.Helper()
	f := client.NewFetch(client.Request{Relay: relayAddress, RelayID: rolestest.Node(9), Name: "a.txt"})
	s := rolestest.New(t, f, f.State)
	s.Tell(roles.Started{}, "Inspecting", "inspect-store 0 a.txt")
	s.Tell(roles.StoreInspected{}, "AskingRelay", "dial 0 relay:4000 expects 09")
	s.Tell(roles.Opened{ID: rolestest.Node(9)}, "AskingRelay", "send 0 LOCATE name=a.txt", "hear 0")
	s.Hear(0, &protocol.Located{Peers: nodes}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1)+" expects 01")
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	return s
}

// TestAnotherPeerInANodesPlaceIsPassedOver: the node is not asked, so that nothing is certain. Two nodes
// at one address are two nodes.
func TestAnotherPeerInANodesPlaceIsPassedOver(t *testing.T) {
	nodes := peers(1, 1)
	nodes[0].ID, nodes[1].ID = rolestest.Node(1), rolestest.Node(2)
	s := proven(t, nodes)
	s.Tell(roles.Lost{Link: 1, Code: protocol.WrongPeer}, "Seeking", "hangup 1", "report tried", dials(1, 1)+" expects 02")
	s.Tell(roles.Opened{Link: 1, ID: rolestest.Node(2)}, "Seeking", asks(1, guesses(1))...)
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "Failed", "report result")
	wants(t, s, client.Unsure, protocol.WrongPeer, protocol.NotFound)
}

// TestANodeThatHasMovedIsAskedWhereItIs: that another peer has its old address does not matter then.
func TestANodeThatHasMovedIsAskedWhereItIs(t *testing.T) {
	nodes := peers(1, 2)
	nodes[0].ID, nodes[1].ID = rolestest.Node(1), rolestest.Node(1)
	s := proven(t, nodes)
	s.Tell(roles.Lost{Link: 1, Code: protocol.WrongPeer}, "Seeking", "hangup 1", "report tried", dials(1, 2)+" expects 01")
	s.Tell(roles.Opened{Link: 1, ID: rolestest.Node(1)}, "Seeking", asks(1, guesses(1))...)
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.WrongPeer, protocol.NotFound)
}
