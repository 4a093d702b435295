package client_test

import (
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

const (
	dialsProven = "dial 0 relay:4000 expects 09"
	asksBeside  = "dial 1025 relay:4000 expects 09"
	dialsAhead  = "dial 1 192.0.2.200:4000 in plain"
)

// theProven is the relay, which has proven its id.
var theProven = roles.Opened{Peer: theRelay, ID: rolestest.Node(9)}

// toProven is a request to a relay that proves its id.
func toProven(w client.Request) client.Request {
	w.RelayID = rolestest.Node(9)
	return w
}

// locatingProven returns a story about a fetch that has asked a relay for nodes, which has proven its id.
func locatingProven(t *testing.T, w client.Request, left ...file) *rolestest.Story {
	t.Helper()
	s, inspected := started(t, toProven(w)), roles.StoreInspected{}
	for _, f := range left {
		inspected = roles.StoreInspected{Hash: f.Hash, Size: f.Size}
	}
	s.Tell(inspected, "AskingRelay", dialsProven)
	s.Tell(theProven, "AskingRelay", "send 0 "+rolestest.Say(&protocol.Locate{Name: w.Name}), "hear 0")
	return s
}

// sends are the lines for a CIRCUIT behind LOCATED.
func sends(n byte) []string {
	return []string{"send 0 " + rolestest.Say(circuitTo(n)), "hear 0", "report locating"}
}

// ahead returns a story about a fetch that asks for a circuit to the first of these nodes, behind LOCATED.
func ahead(t *testing.T, w client.Request, ids ...byte) *rolestest.Story {
	t.Helper()
	s := locatingProven(t, w)
	s.Hear(0, &protocol.Located{Peers: behinds(ids...)}, "AskingRelay", sends(ids[0])...)
	s.Waits(roles.ReplyTimeout)
	return s
}

// aheadQuerySubject explores a query that asks for a circuit behind the nodes.
func aheadQuerySubject() rolestest.Subject {
	subject := invitedSubject(&protocol.Locate{Name: "a.txt"})
	build := subject.New
	subject.New = func() rolestest.Explorable {
		q := build().(*client.Query)
		q.Then(circuitTo(3))
		return q
	}
	return subject
}

func aheadWaySubject(open *protocol.Opened) rolestest.Subject {
	subject := waySubject()
	subject.New = func() rolestest.Explorable {
		w := newWay()
		w.Holds(open, theRelay)
		return w
	}
	return subject
}

func aheadFetchSubject(w client.Request, f file) rolestest.Subject {
	subject := relayedFetchSubject(w, f)
	subject.Says[0] = &protocol.Located{Peers: behinds(3)}
	subject.Proves = rolestest.Node(9)
	return subject
}

// TestACircuitIsAskedForBehindTheNodes, on the same link, where all of them are reached through the relay.
func TestACircuitIsAskedForBehindTheNodes(t *testing.T) {
	for _, sources := range []int{1, 4} {
		f, w := made(group, 1), request
		w.Sources = sources
		s := ahead(t, w, 3, 4)
		s.At.Now += time.Second
		s.Hear(0, &protocol.Opened{Ticket: rolestest.Ticket(5), Bytes: 1 << 30, Rate: 1 << 20}, "Seeking", leaves(0, dialsAhead)...)
		s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
		joins(s, 1, "Seeking", 3)
		s.Tell(roles.Opened{Link: 1, Peer: theRelay, ID: rolestest.Node(3)}, "Seeking", append([]string{"report relayed"}, asks(1, guesses(1))...)...)
		if got, want := of[client.Relayed](t, s), (client.Relayed{Node: behind(3), Took: time.Second, Bytes: 1 << 30, Rate: 1 << 20}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		s.Hear(1, f.outboard(0), "Opening", f.opens())
		s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
		s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
		s.Tell(roles.PeerEnded{Link: 1}, "Fetching", append(goes(1), asksBeside)...) // to the other node: it is asked for by a link of its own
		s.Tell(roles.Opened{Link: 1025, Peer: theRelay, ID: rolestest.Node(9)}, "Fetching", "send 1025 "+rolestest.Say(circuitTo(4)), "hear 1025")
	}
}

// TestACircuitBehindTheNodesOverWhichTooLittleMayPass is not joined, and the relay makes no other one in vain.
func TestACircuitBehindTheNodesOverWhichTooLittleMayPass(t *testing.T) {
	s := ahead(t, request, 3, 4)
	s.Hear(0, &protocol.Opened{Ticket: rolestest.Ticket(5), Bytes: 999}, "Closing", leaves(0, "report tried", "report tried")...)
	closes(s, 0, "Failed", "report result")
	r := wants(t, s, client.Unsure, protocol.Quota, protocol.Quota)
	for _, tried := range r.Tried {
		if tried.By != protocol.Relay || !strings.Contains(tried.Text, "999 bytes") {
			t.Errorf("%+v", tried)
		}
	}
}

// TestNoCircuitIsAskedForBehindNodes that can be dialed, that are not to be asked, or by who has no id.
func TestNoCircuitIsAskedForBehindNodes(t *testing.T) {
	direct := request
	direct.Direct = true
	f, other := made(group+5, 1), behinds(3)
	other[0].Hash, other[0].Size = rolestest.Hash(77), 5
	for name, c := range map[string]struct {
		w     client.Request
		peers []protocol.Peer
		state string
		then  []string
	}{
		"a node that can be dialed": {request, append(peers(1), behinds(3)...), "Seeking", []string{dials(1, 1)}},
		"one behind the first":      {request, append(behinds(3), peers(1)...), "Seeking", []string{asksBeside}},
		"no circuits":               {direct, behinds(3), "Closing", nil},
		"nobody":                    {request, nil, "Closing", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := locatingProven(t, c.w)
			s.Hear(0, &protocol.Located{Peers: c.peers}, c.state, append(leaves(0, "report locating"), c.then...)...)
		})
	}
	s := locatingProven(t, request, f)
	s.Hear(0, &protocol.Located{Peers: append(other, behinds(4)...)}, "AskingRelay", sends(4)...) // the first has another content than the part that is here
	s = locating(t, request)
	hearsOfPeers(s, behinds(3), asksWay(1)) // in plain
}

// TestACircuitIsAskedForBehindEachPage of nodes that are reached through the relay; not for one that was asked already.
func TestACircuitIsAskedForBehindEachPage(t *testing.T) {
	s := locatingProven(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(1), Cursor: []byte{1}}, "Seeking", leaves(0, "report locating", dials(1, 1))...)
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	again := func(cursor ...byte) {
		s.Tell(theProven, "AskingRelay", "send 0 "+rolestest.Say(&protocol.Locate{Name: "a.txt", Cursor: cursor}), "hear 0")
	}
	answers(1, s, "Seeking", guesses(1))
	says(s, 1, protocol.NotFound, "AskingRelay", dialsProven)
	closes(s, 1, "AskingRelay")
	again(1)
	s.Hear(0, &protocol.Located{Peers: behinds(3), Cursor: []byte{2}}, "AskingRelay", sends(3)...)
	s.Hear(0, refuses(protocol.Unreachable), "AskingRelay", leaves(0, "report tried")...)
	s.Tell(roles.PeerEnded{}, "AskingRelay", "hangup 0", dialsProven)
	again(2)
	s.Hear(0, &protocol.Located{Peers: behinds(3, 4)}, "AskingRelay", sends(4)...)
	s.Hear(0, refuses(protocol.Unreachable), "Closing", leaves(0, "report tried")...)
	s.Tell(roles.PeerEnded{}, "Failed", "hangup 0", "report result")
	wants(t, s, client.Unsure, protocol.NotFound, protocol.Unreachable, protocol.Unreachable)
}

// TestARefusalBehindTheNodesIsThatOfAVisit, and the next node is asked for.
func TestARefusalBehindTheNodesIsThatOfAVisit(t *testing.T) {
	const us = protocol.Client
	for name, c := range map[string]struct {
		in   roles.Input
		then []string
		want client.Tried
	}{
		"unreachable": {roles.Heard{Message: refuses(protocol.Unreachable)}, leaves(0, "report tried", asksBeside), client.Tried{Code: protocol.Unreachable, By: protocol.Relay, Text: refuses(protocol.Unreachable).Text}},
		"busy":        {roles.Heard{Message: refuses(protocol.Busy)}, leaves(0, "report tried", asksBeside), client.Tried{Code: protocol.Busy, By: protocol.Relay, Text: refuses(protocol.Busy).Text}},
		"nonsense":    {roles.Heard{Message: &protocol.Listed{}}, append([]string{"send 0 ERROR unexpected by client"}, leaves(0, "report tried", asksBeside)...), client.Tried{Code: protocol.Unexpected, By: us, Text: "LISTED is not expected while Opening"}},
		"junk":        {roles.Malformed{Err: &protocol.Error{Code: protocol.Malformed, Text: "junk"}}, append([]string{"send 0 ERROR malformed by client"}, leaves(0, "report tried", asksBeside)...), client.Tried{Code: protocol.Malformed, By: us, Text: "junk"}},
		"silence":     {nil, []string{"hangup 0", "report tried", asksBeside}, client.Tried{Code: protocol.Timeout, By: us, Text: "no answer in time"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := ahead(t, request, 3, 4)
			if c.want.Node = behind(3); c.in == nil {
				s.Ring("Seeking", c.then...)
				c.want.Took = roles.ReplyTimeout
			} else {
				s.Tell(c.in, "Seeking", c.then...)
			}
			if got := of[client.Tried](t, s); got != c.want {
				t.Errorf("tried %+v, not %+v", got, c.want)
			}
		})
	}
}

// TestARelayWithoutRoomBehindTheNodesIsAskedLater, by a link of its own.
func TestARelayWithoutRoomBehindTheNodesIsAskedLater(t *testing.T) {
	s := ahead(t, request, 3)
	s.Hear(0, &protocol.Error{Code: protocol.Quota, By: protocol.Relay, Text: "why", Retry: protocol.ToMillis(20 * time.Second)}, "Waiting", leaves(0, "report tried")...)
	s.Tell(roles.PeerEnded{}, "Waiting", "hangup 0")
	if s.Wait() < 20*time.Second {
		t.Errorf("it waits %v", s.Wait())
	}
	s.Ring("Seeking", asksBeside)
}

// TestALinkThatBreaksBehindTheNodesIsMadeAnew for the circuit alone; twice in a row it is the node's visit that has failed,
// which is made once more.
func TestALinkThatBreaksBehindTheNodesIsMadeAnew(t *testing.T) {
	breaks := func() *rolestest.Story {
		s := ahead(t, request, 3)
		s.Tell(roles.Lost{Code: protocol.Lost}, "AskingRelay", "hangup 0", "dial 0 relay:4000 last 192.0.2.200 expects 09")
		s.Tell(theProven, "AskingRelay", "send 0 "+rolestest.Say(circuitTo(3)), "hear 0")
		return s
	}
	s := breaks()
	s.Hear(0, grants(), "Seeking", leaves(0, dialsAhead)...)
	s = breaks()
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0", "report tried", asksBeside)
	s = ahead(t, request, 3)
	s.Tell(roles.Lost{Code: protocol.Lost}, "AskingRelay", "hangup 0", "dial 0 relay:4000 last 192.0.2.200 expects 09")
	s.Tell(roles.Lost{Code: protocol.Refused, Text: "gone"}, "Failed", "hangup 0", "report tried", "report result")
	wants(t, s, client.Unsure, protocol.Refused)
}

// TestATicketIsGoodForOneVisit: where its circuit does not come about, another one is asked for.
func TestATicketIsGoodForOneVisit(t *testing.T) {
	s := ahead(t, request, 3)
	s.Hear(0, grants(), "Seeking", leaves(0, dialsAhead)...)
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	s.Tell(roles.Opened{Link: 1, Peer: theRelay}, "Seeking", "send 1 "+rolestest.Say(&protocol.Join{Ticket: rolestest.Ticket(5)}), "hear 1")
	s.Hear(1, refuses(protocol.PeerGone), "Seeking", append(goes(1), asksBeside)...)
}

// TestATicketThatHasGrownOldIsNotUsed: a node waits until fewer links are closing.
func TestATicketThatHasGrownOldIsNotUsed(t *testing.T) {
	for _, c := range []struct {
		later time.Duration
		then  string
	}{{roles.JoinTimeout/2 - 1, dialsAhead}, {roles.JoinTimeout / 2, asksBeside}} {
		var nodes []byte
		for n := range byte(roles.MaxClosing) {
			nodes = append(nodes, n+1)
		}
		s := locatingProven(t, request)
		s.Hear(0, &protocol.Located{Peers: peers(nodes...), Cursor: []byte{1}}, "Seeking", leaves(0, "report locating", dials(1, 1))...)
		s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
		for i, n := range nodes {
			answers(roles.Link(n), s, "Seeking", guesses(int(n)))
			if i+1 < len(nodes) {
				says(s, roles.Link(n), protocol.NotFound, "Seeking", dials(int(n)+1, n+1))
			} else {
				says(s, roles.Link(n), protocol.NotFound, "AskingRelay", dialsProven)
			}
		}
		s.Tell(theProven, "AskingRelay", "send 0 "+rolestest.Say(&protocol.Locate{Name: "a.txt", Cursor: []byte{1}}), "hear 0")
		s.Hear(0, &protocol.Located{Peers: behinds(30)}, "AskingRelay", sends(30)...)
		s.Hear(0, grants(), "Seeking", leaves(0)...)
		s.At.Now += c.later
		closes(s, 0, "Seeking")
		closes(s, 1, "Seeking", c.then)
	}
}

// TestAStopLeavesTheTicket, which lapses at the relay.
func TestAStopLeavesTheTicket(t *testing.T) {
	s := ahead(t, request, 3)
	s.Tell(roles.Stopped{}, "Failed", "hangup 0", "report result")
	s = ahead(t, request, 3)
	s.Hear(0, grants(), "Seeking", leaves(0, dialsAhead)...)
	s.Tell(roles.Stopped{}, "Failed", "hangup 0", "hangup 1", "report result")
}

// TestAClosedRelayIsEnteredOnce for both.
func TestAClosedRelayIsEnteredOnce(t *testing.T) {
	w := request
	w.Entry = roles.Entry{Invite: rolestest.Invite(), ID: rolestest.Node(1)}
	s := started(t, toProven(w))
	s.Tell(roles.StoreInspected{}, "AskingRelay", dialsProven)
	s.Tell(theProven, "AskingRelay", rolestest.Describe(roles.Send{Message: rolestest.Sample(protocol.KindEnter)}), "send 0 LOCATE name=a.txt", "hear 0")
	s.Hear(0, &protocol.Entered{Role: protocol.ClientRole}, "AskingRelay", "hear 0", "report entered")
	s.Hear(0, &protocol.Located{Peers: behinds(3)}, "AskingRelay", sends(3)...)
	s.Hear(0, grants(), "Seeking", leaves(0, dialsAhead)...)
}
