package client_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// beside is the distance from the link of a circuit to that on which the relay is asked for it.
const beside = 1024

// theRelay is where the relay answers.
var theRelay = netip.MustParseAddrPort("192.0.2.200:4000")

// asksWay is the line for dialing the relay for a way.
func asksWay(link int) string { return fmt.Sprintf("dial %d relay:4000", link+beside) }

// asksCircuit has the relay be there for a way, and be asked for a circuit.
func asksCircuit(s *rolestest.Story, link roles.Link, state string, m *protocol.Circuit) {
	s.Tell(roles.Opened{Link: link + beside, Peer: theRelay}, state, fmt.Sprintf("send %d %s", link+beside, rolestest.Say(m)), fmt.Sprintf("hear %d", link+beside))
}

// dialsCircuit are the lines when the relay has granted a circuit.
func dialsCircuit(link int) []string {
	return leaves(link+beside, fmt.Sprintf("dial %d 192.0.2.200:4000 in plain", link))
}

// joins has a granted circuit be joined, so that the node is to prove its id.
func joins(s *rolestest.Story, link roles.Link, state string, n byte) {
	s.Tell(roles.Opened{Link: link, Peer: theRelay}, state, fmt.Sprintf("send %d %s", link, rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(5)})), fmt.Sprintf("hear %d", link))
	s.Hear(link, &protocol.Joined{}, state, fmt.Sprintf("secure %d expects %02x", link, n))
}

// through has a way be made to a node that is being asked for, with what is asked of it then.
func through(s *rolestest.Story, link roles.Link, state string, n byte, then ...string) {
	throughAt(s, link, state, n, grants(), then...)
}

// throughAt is through, with this answer of the relay.
func throughAt(s *rolestest.Story, link roles.Link, state string, n byte, grants *protocol.Opened, then ...string) {
	asksCircuit(s, link, state, circuitTo(n))
	s.Hear(link+beside, grants, state, dialsCircuit(int(link))...)
	joins(s, link, state, n)
	s.Tell(roles.PeerEnded{Link: link + beside}, state, fmt.Sprintf("hangup %d", link+beside))
	s.Tell(roles.Opened{Link: link, Peer: theRelay, ID: rolestest.Node(n)}, state, append([]string{"report relayed"}, then...)...)
}

// hearsOfPeers tells a fetch of nodes, with what it does then.
func hearsOfPeers(s *rolestest.Story, all []protocol.Peer, then ...string) {
	s.Hear(0, &protocol.Located{Peers: all}, "Seeking", append([]string{"halfclose 0", "discard 0", "report locating"}, then...)...)
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
}

// relaying returns a story about a fetch that dials the relay for a way to the first of these nodes.
func relaying(t *testing.T, w client.Request, ids ...byte) *rolestest.Story {
	t.Helper()
	s := locating(t, w)
	hearsOfPeers(s, behinds(ids...), asksWay(1))
	return s
}

// TestAFileComesThroughTheRelay from a node that nobody can dial.
func TestAFileComesThroughTheRelay(t *testing.T) {
	f := made(group+5, 1)
	s := relaying(t, request, 3)
	s.Waits(roles.DialTimeout)
	asksCircuit(s, 1, "Seeking", circuitTo(3))
	s.Waits(roles.ReplyTimeout)
	s.At.Now += time.Second
	s.Hear(1+beside, &protocol.Opened{Ticket: rolestest.Ticket(5), Bytes: 1 << 30, Rate: 1 << 20}, "Seeking", dialsCircuit(1)...)
	s.Waits(roles.CloseTimeout)
	s.Tell(roles.Opened{Link: 1, Peer: theRelay}, "Seeking", "send 1 "+rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(5)}), "hear 1")
	s.Tell(roles.PeerEnded{Link: 1 + beside}, "Seeking", "hangup 1025")
	s.Waits(roles.JoinTimeout + roles.CloseTimeout)
	s.Hear(1, &protocol.Joined{}, "Seeking", "secure 1 expects 03")
	s.Waits(roles.HandshakeTimeout)
	s.Tell(roles.Opened{Link: 1, Peer: theRelay, ID: rolestest.Node(3)}, "Seeking", append([]string{"report relayed"}, asks(1, guesses(1))...)...)
	s.Waits(roles.ReplyTimeout)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Fetching", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	s.Hear(1, f.content(1, 1), "Fetching", f.takes(1, 1, 1))
	s.Tell(roles.Verified{Link: 1, Group: 1}, "Finishing", "report had")
	finishes(s, 1)
	r := wants(t, s, client.Fetched, 0)
	if !slices.Equal(r.From, []client.Node{behind(3)}) || r.Tried[0].By != protocol.Node || r.Unasked != (client.Unasked{}) {
		t.Errorf("result %+v", r)
	}
	if got, want := of[client.Relayed](t, s), (client.Relayed{Node: behind(3), Took: time.Second, Bytes: 1 << 30, Rate: 1 << 20}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestTheRelayOfAWayHasToBeTheSame: it proves its id, and a closed one admits us.
func TestTheRelayOfAWayHasToBeTheSame(t *testing.T) {
	l := client.NewLoneWay(client.Broker{Relay: relayAddress, ID: rolestest.Node(9), Entry: roles.Entry{Invite: rolestest.Invite(), ID: rolestest.Node(1)}}, behind(3), rolestest.Ticket(8))
	s := rolestest.New(t, l, l.State)
	s.Tell(roles.Started{}, "AskingRelay", "dial 1025 relay:4000 expects 09")
	s.Tell(roles.Opened{Link: 1025, Peer: theRelay, ID: rolestest.Node(9)}, "AskingRelay",
		rolestest.Describe(roles.Send{Link: 1025, Message: rolestest.Sample(protocol.KindEnter)}),
		"send 1025 "+rolestest.Say(&protocol.Circuit{Node: rolestest.Node(3), Before: rolestest.Ticket(8)}), "hear 1025")
	s.Hear(1025, &protocol.Entered{Role: protocol.ClientRole}, "AskingRelay", "hear 1025", "report entered")
	s.Hear(1025, grants(), "Dialing", dialsCircuit(1)...)
}

// failing is a way on which something goes wrong: at the end there is none, for this reason.
type failing struct {
	up   func(s *rolestest.Story) // to where it does
	in   roles.Input
	then []string // in place of hanging up the link
	code protocol.Code
	by   protocol.Party
	text string
}

// failures are all ways to fail.
func failures() map[string]failing {
	toAsking := func(*rolestest.Story) {}
	toOpening := func(s *rolestest.Story) { asksCircuit(s, 1, "Seeking", circuitTo(3)) }
	toDialing := func(s *rolestest.Story) {
		toOpening(s)
		s.Hear(1+beside, grants(), "Seeking", dialsCircuit(1)...)
		s.Tell(roles.PeerEnded{Link: 1 + beside}, "Seeking", "hangup 1025")
	}
	toJoining := func(s *rolestest.Story) {
		toDialing(s)
		s.Tell(roles.Opened{Link: 1, Peer: theRelay}, "Seeking", "send 1 "+rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(5)}), "hear 1")
	}
	toSecuring := func(s *rolestest.Story) {
		toDialing(s)
		joins(s, 1, "Seeking", 3)
	}
	leaving, hangsUp := leaves(1+beside, "report tried"), []string{"hangup 1", "report tried"}
	junk := &protocol.Error{Code: protocol.Malformed, Text: "junk"}
	asked := func(in roles.Input, then []string, code protocol.Code, by protocol.Party, text string) failing {
		return failing{toOpening, in, then, code, by, text}
	}
	says := func(code protocol.Code) failing {
		return asked(roles.Heard{Link: 1025, Message: refuses(code)}, leaving, code, protocol.Relay, refuses(code).Text)
	}
	return map[string]failing{
		"no relay":        {toAsking, roles.Lost{Link: 1025, Code: protocol.Refused, Text: "refused"}, []string{"hangup 1025", "report tried"}, protocol.Refused, protocol.Client, "refused"},
		"unreachable":     says(protocol.Unreachable),
		"denied":          says(protocol.Denied),
		"internal":        says(protocol.Internal),
		"relay is silent": asked(nil, []string{"hangup 1025", "report tried"}, protocol.Timeout, protocol.Client, "no answer in time"),
		"other answer":    asked(roles.Heard{Link: 1025, Message: &protocol.Listed{}}, append([]string{"send 1025 ERROR unexpected by client"}, leaving...), protocol.Unexpected, protocol.Client, "LISTED is not expected while Opening"),
		"no link":         {toDialing, roles.Lost{Link: 1, Code: protocol.Refused, Text: "refused"}, hangsUp, protocol.Refused, protocol.Client, "refused"},
		"no link in time": {toDialing, nil, hangsUp, protocol.Timeout, protocol.Client, "the circuit was not made in time"},
		"not joined":      {toJoining, roles.Heard{Link: 1, Message: refuses(protocol.Unreachable)}, hangsUp, protocol.Unreachable, protocol.Relay, refuses(protocol.Unreachable).Text},
		"joining, silent": {toJoining, nil, hangsUp, protocol.Timeout, protocol.Client, "the circuit was not made in time"},
		"joining, other":  {toJoining, roles.Heard{Link: 1, Message: grants()}, append([]string{"send 1 ERROR unexpected by client"}, left(1)...), protocol.Unexpected, protocol.Client, "OPENED is not expected while Joining"},
		"joining, junk":   {toJoining, roles.Malformed{Link: 1, Err: junk}, append([]string{"send 1 ERROR malformed by client"}, left(1)...), protocol.Malformed, protocol.Client, "junk"},
		"another node":    {toSecuring, roles.Lost{Link: 1, Code: protocol.WrongPeer, Text: "it is another"}, hangsUp, protocol.WrongPeer, protocol.Client, "it is another"},
		"node is silent":  {toSecuring, nil, hangsUp, protocol.Timeout, protocol.Client, "the circuit was not made in time"},
	}
}

// TestEachFailureOfAWayIsTheVisits reason, and none of them is tried again at once.
func TestEachFailureOfAWayIsTheVisits(t *testing.T) {
	for name, c := range failures() {
		t.Run(name, func(t *testing.T) {
			s := relaying(t, request, 3)
			c.up(s)
			closing := roles.Link(0)
			for _, link := range []roles.Link{1, 1 + beside} {
				if slices.Contains(c.then, fmt.Sprintf("discard %d", link)) {
					closing = link
				}
			}
			state, then := "Failed", append(slices.Clone(c.then), "report result")
			if closing > 0 {
				state, then = "Closing", c.then
			}
			if c.in == nil {
				s.Ring(state, then...)
			} else {
				s.Tell(c.in, state, then...)
			}
			if closing > 0 {
				s.Waits(roles.CloseTimeout)
				closes(s, closing, "Failed", "report result")
			}
			if got := wants(t, s, client.Unsure, c.code).Tried[0]; got.Node != behind(3) || got.By != c.by || got.Text != c.text {
				t.Errorf("tried %+v", got)
			}
		})
	}
}

// TestANodeThatDidNotComeIsAskedForOnceMore, and so is one to which a link broke.
func TestANodeThatDidNotComeIsAskedForOnceMore(t *testing.T) {
	for name, c := range map[string]struct {
		in   func(s *rolestest.Story) roles.Input
		code protocol.Code
	}{
		"not there":   {func(*rolestest.Story) roles.Input { return roles.Heard{Link: 1, Message: refuses(protocol.PeerGone)} }, protocol.PeerGone},
		"relay ends":  {func(*rolestest.Story) roles.Input { return roles.PeerEnded{Link: 1} }, protocol.PeerGone},
		"link broken": {func(*rolestest.Story) roles.Input { return roles.Lost{Link: 1, Code: protocol.Lost} }, protocol.Lost},
		"cut while it proves its id": {func(s *rolestest.Story) roles.Input {
			s.Hear(1, &protocol.Joined{}, "Seeking", "secure 1 expects 03")
			return roles.Lost{Link: 1, Code: protocol.Lost}
		}, protocol.Lost},
	} {
		t.Run(name, func(t *testing.T) {
			s := relaying(t, request, 3)
			for try := range 2 {
				asksCircuit(s, 1, "Seeking", circuitTo(3)) // nothing has been passed by the circuit: there is none to ask about
				s.Hear(1025, grants(), "Seeking", dialsCircuit(1)...)
				s.Tell(roles.PeerEnded{Link: 1025}, "Seeking", "hangup 1025")
				s.Tell(roles.Opened{Link: 1, Peer: theRelay}, "Seeking", "send 1 "+rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(5)}), "hear 1")
				if try == 0 {
					s.Tell(c.in(s), "Seeking", goes(1, asksWay(1))...)
				} else {
					s.Tell(c.in(s), "Failed", goes(1, "report result")...)
				}
			}
			wants(t, s, client.Unsure, c.code, c.code)
		})
	}
}

// TestARelayWhoseLinkBreaksIsAskedAgain, as a Query does, and once more by another visit.
func TestARelayWhoseLinkBreaksIsAskedAgain(t *testing.T) {
	s := relaying(t, request, 3)
	for try := range 2 {
		asksCircuit(s, 1, "Seeking", circuitTo(3))
		s.Tell(roles.Lost{Link: 1025, Code: protocol.Lost}, "Seeking", "hangup 1025", "dial 1025 relay:4000 last 192.0.2.200")
		asksCircuit(s, 1, "Seeking", circuitTo(3))
		if try == 0 {
			s.Tell(roles.PeerEnded{Link: 1025}, "Seeking", "hangup 1025", "report tried", asksWay(1))
		}
	}
	s.Tell(roles.PeerEnded{Link: 1025}, "Failed", "hangup 1025", "report tried", "report result")
	wants(t, s, client.Unsure, protocol.Lost, protocol.Lost)
}

// TestARelayWithoutRoomIsAskedLater: where all circuits are in use, where many wait for the node, and where there is no
// room for another link to join it.
func TestARelayWithoutRoomIsAskedLater(t *testing.T) {
	refusal := func(code protocol.Code, retry time.Duration) *protocol.Error {
		return &protocol.Error{Code: code, By: protocol.Relay, Text: "why", Retry: protocol.ToMillis(retry)}
	}
	for _, code := range []protocol.Code{protocol.Quota, protocol.Busy} {
		s := relaying(t, request, 3)
		for range 2 {
			asksCircuit(s, 1, "Seeking", circuitTo(3))
			s.Hear(1025, refusal(code, 20*time.Second), "Waiting", leaves(1025, "report tried")...)
			closes(s, 1025, "Waiting")
			if s.Wait() < 20*time.Second || s.Wait() > 30*time.Second {
				t.Errorf("it waits %v", s.Wait())
			}
			s.Ring("Seeking", asksWay(1))
		}
		through(s, 1, "Seeking", 3, asks(1, guesses(1))...)
		says(s, 1, protocol.NotFound, "Closing")
		closes(s, 1, "NotFound", "report result")
		wants(t, s, client.NobodyHad, code, code, protocol.NotFound)
	}

	s := relaying(t, request, 3)
	asksCircuit(s, 1, "Seeking", circuitTo(3))
	s.Hear(1025, refusal(protocol.Quota, time.Hour), "Closing", leaves(1025, "report tried")...)
	closes(s, 1025, "Failed", "report result")
	if r := wants(t, s, client.Unsure, protocol.Quota); r.Tried[0].Text != "why" || r.Tried[0].By != protocol.Relay {
		t.Errorf("tried %+v", r.Tried)
	}

	s = relaying(t, request, 3)
	asksCircuit(s, 1, "Seeking", circuitTo(3))
	s.Hear(1025, grants(), "Seeking", dialsCircuit(1)...)
	s.Tell(roles.PeerEnded{Link: 1025}, "Seeking", "hangup 1025")
	s.Tell(roles.Opened{Link: 1, Peer: theRelay}, "Seeking", "send 1 "+rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(5)}), "hear 1")
	s.Hear(1, refusal(protocol.Busy, 20*time.Second), "Waiting", goes(1)...)
	if s.Wait() < 20*time.Second {
		t.Errorf("it waits %v", s.Wait())
	}
}

// TestABusyRelayIsNotWaitedForWhileOthersCanBeAsked for another node.
func TestABusyRelayIsNotWaitedForWhileOthersCanBeAsked(t *testing.T) {
	s := relaying(t, request, 3, 4)
	asksCircuit(s, 1, "Seeking", circuitTo(3))
	s.Hear(1025, refuses(protocol.Busy), "Seeking", leaves(1025, "report tried", asksWay(2))...)
	asksCircuit(s, 2, "Seeking", circuitTo(4))
}
