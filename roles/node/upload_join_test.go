package node_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

const (
	dialsToJoin = "dial 0 192.0.2.1:4000 in plain"
	joins       = "send 0 JOIN ticket=05000000"
	secures     = "secure 0 accepts"
)

func invitation(busy bool) roles.Invited {
	return roles.Invited{Relay: "192.0.2.1:4000", Ticket: protocol.Ticket{5}, Busy: busy}
}

// invited returns a story about an upload that goes to the relay to meet a client.
func invited(t *testing.T, busy bool) *rolestest.Story {
	t.Helper()
	u := node.NewUpload()
	s := rolestest.New(t, u, u.State)
	s.Tell(invitation(busy), "Dialing", dialsToJoin)
	s.Waits(roles.DialTimeout)
	return s
}

func joining(t *testing.T, busy bool) *rolestest.Story {
	t.Helper()
	s := invited(t, busy)
	s.Tell(over4, "Joining", joins, hear)
	s.Waits(roles.JoinTimeout + roles.ReplyTimeout)
	return s
}

func securing(t *testing.T, busy bool) *rolestest.Story {
	t.Helper()
	s := joining(t, busy)
	s.Hear(0, &protocol.Joined{}, "Securing", secures)
	s.Waits(roles.HandshakeTimeout)
	return s
}

// TestAClientIsServedThroughTheRelay: once the circuit is secure, as on an accepted link.
func TestAClientIsServedThroughTheRelay(t *testing.T) {
	s := securing(t, false)
	s.Tell(roles.Opened{Peer: visitor, ID: rolestest.Node(3)}, "Listening", first)
	s.Waits(roles.RequestTimeout)
	s.Hear(0, &protocol.Get{Name: "a.txt"}, "Opening", "open-file a.txt")
	s.Tell(found(10), "Waiting", "ask-turn 10")
	s.Tell(roles.TurnGiven{}, "Sending", "report served", "send 0 CONTENT size=10 length=10 hash=aa", "send-body 0 0+10")
	s.Tell(roles.BodyDone{}, "Idle", hear, turnEnds)
	s.Tell(roles.PeerEnded{}, "Closed", hangUp)
	if served := s.Reports[0].(node.Served); served.Peer != visitor {
		t.Errorf("reported %+v", served)
	}
}

// TestAClientHearsThroughTheRelayThatTheNodeIsBusy: it would have to guess otherwise.
func TestAClientHearsThroughTheRelayThatTheNodeIsBusy(t *testing.T) {
	s := securing(t, true)
	s.Tell(roles.Opened{Peer: visitor}, "Rejecting", "send 0 ERROR busy by node retry=2000", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Closed", hangUp)
}

// TestAGuardedNodeKnowsWhoComesThroughTheRelay: the relay proves nothing, its client does.
func TestAGuardedNodeKnowsWhoComesThroughTheRelay(t *testing.T) {
	friend := rolestest.Node(1)
	for id, state := range map[protocol.PeerID]string{friend: "Opening", rolestest.Node(2): "Idle"} {
		u := node.NewGuardedUpload(func(id protocol.PeerID) bool { return id == friend })
		for _, in := range []roles.Input{
			invitation(false), roles.Opened{Peer: visitor}, roles.Heard{Message: &protocol.Joined{}}, roles.Opened{Peer: visitor, ID: id},
			roles.Heard{Message: &protocol.Get{Name: "a.txt"}},
		} {
			u.Step(roles.Moment{}, in)
		}
		if string(u.State()) != state {
			t.Errorf("%s: %s", id, u.State())
		}
	}
}

// TestACircuitThatDoesNotComeAboutEndsInSilence: nobody is there to be told.
func TestACircuitThatDoesNotComeAboutEndsInSilence(t *testing.T) {
	for _, at := range []func(*testing.T, bool) *rolestest.Story{invited, joining, securing} {
		at(t, false).Tell(roles.Lost{Code: protocol.Lost}, "Closed", hangUp)
		at(t, false).Tell(roles.Stopped{}, "Closed", hangUp)
		at(t, false).Tell(roles.Stopped{Scarce: true}, "Closed", hangUp)
		at(t, false).Ring("Closed", hangUp)
	}
	joining(t, false).Hear(0, refusal(protocol.PeerGone), "Closed", hangUp)
	joining(t, false).Tell(roles.PeerEnded{}, "Closed", hangUp)
}

// TestARelayThatBreaksTheProtocolIsToldSo: also one that has nothing else to say.
func TestARelayThatBreaksTheProtocolIsToldSo(t *testing.T) {
	s := joining(t, false)
	s.Hear(0, &protocol.Get{Name: "a.txt"}, "Rejecting", "send 0 ERROR unexpected by node", halfClose, discard)
	s.Ring("Closed", hangUp)
	s = joining(t, false)
	s.Tell(roles.Malformed{Err: &protocol.Error{Code: protocol.Malformed}}, "Rejecting", "send 0 ERROR malformed by node", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Closed", hangUp)
}
