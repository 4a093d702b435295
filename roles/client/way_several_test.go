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

// have has nodes have a file, as the relay says.
func have(f file, all ...protocol.Peer) []protocol.Peer {
	for i := range all {
		all[i].Hash, all[i].Size = f.Hash, f.Size
	}
	return all
}

// TestTheReferenceModeTakesNodesInTheOrderOfTheRelay, whatever the way to them.
func TestTheReferenceModeTakesNodesInTheOrderOfTheRelay(t *testing.T) {
	s := locating(t, several(1))
	hearsOfPeers(s, append(behinds(3), append(peers(1), behinds(4)...)...), asksWay(1))
	through(s, 1, "Seeking", 3, asks(1, guesses(1))...)
	says(s, 1, protocol.NotFound, "Seeking", dials(2, 1))
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking", guesses(2))
	says(s, 2, protocol.NotFound, "Seeking", asksWay(1))
	closes(s, 2, "Seeking")
	through(s, 1, "Seeking", 4, asks(1, guesses(1))...)
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.NotFound, protocol.NotFound, protocol.NotFound)
}

// TestNodesThatCanBeDialedComeFirst: the relay is asked for ways when these have been tried for CircuitPatience.
func TestNodesThatCanBeDialedComeFirst(t *testing.T) {
	f := made(roles.ManyGroups*group, 1)
	s := locating(t, several(3))
	hearsOfPeers(s, have(f, append(behinds(3, 4), peers(1, 2)...)...), dials(1, 1), dials(2, 2))
	s.Waits(roles.CircuitPatience)
	s.Ring("Seeking", asksWay(3))
	if s.At.Now != roles.CircuitPatience {
		t.Errorf("the relay is asked after %v", s.At.Now)
	}
	through(s, 3, "Seeking", 3, asks(3, guesses(3))...)
	answers(1, s, "Seeking")
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Hear(3, f.outboard(0), "Opening")
	s.Tell(roles.StoreReady{}, "Fetching", "report begun", f.gets(1, 1, 1), f.gets(1, 2, 1), "hear 1", f.gets(3, 3, 1), "hear 3")
	s.Tell(roles.Lost{Link: 3, Code: protocol.Timeout}, "Fetching", append([]string{"hangup 3", "report tried"}, asksWay(3))...) // there is room for another one
}

// TestANodeBehindTheRelayIsAskedAtOnceIfNoOtherIsLeft that can be dialed.
func TestANodeBehindTheRelayIsAskedAtOnceIfNoOtherIsLeft(t *testing.T) {
	s := locating(t, several(4))
	hearsOfPeers(s, append(behinds(3), peers(1)...), dials(1, 1))
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Seeking", goes(1, asksWay(1))...)

	s = locating(t, several(4)) // where one node is enough, another is asked beside a silent one all the same
	hearsOfPeers(s, append(behinds(3), peers(1)...), dials(1, 1))
	s.Ring("Seeking", asksWay(2))
	if s.At.Now != roles.CircuitPatience {
		t.Errorf("the relay is asked after %v", s.At.Now)
	}
}

// TestALateCircuitGivesWay to one to another node, and is left if no more links may be open.
func TestALateCircuitGivesWay(t *testing.T) {
	s := locating(t, several(1))
	hearsOfPeers(s, behinds(3, 4), asksWay(1))
	through(s, 1, "Seeking", 3, asks(1, guesses(1))...)
	s.Ring("Seeking", goes(1, asksWay(1))...)
	if s.At.Now != roles.GroupPatience {
		t.Errorf("it is left after %v", s.At.Now)
	}

	f := made(roles.ManyGroups*group, 1)
	s = locating(t, several(2))
	hearsOfPeers(s, have(f, behinds(3, 4, 5)...), asksWay(1), asksWay(2))
	through(s, 1, "Seeking", 3, asks(1, guesses(1))...)
	s.At.Now = roles.GroupPatience - 1
	asksCircuit(s, 2, "Seeking", circuitTo(4))
	s.At.Now--
	s.Ring("Seeking", asksWay(3)) // beside the two, which wait for the node, and for the relay
	if s.At.Now != roles.GroupPatience {
		t.Errorf("the last one is asked after %v", s.At.Now)
	}
}

// TestACircuitHasTheTimeThatItsRateTakes: it is late when twice the time of a group is over, for each of the circuits that
// share the rate. Of a rate below that of a node that may stay no more is believed.
func TestACircuitHasTheTimeThatItsRateTakes(t *testing.T) {
	for _, one := range []struct {
		size, rate uint64
		patience   time.Duration
	}{
		{roles.ManyGroups * group, 10 << 20, roles.GroupPatience}, {roles.ManyGroups * group, 256 << 10, 8 * time.Second},
		{16 << 10, 4 << 10, 8 * time.Second}, {16 << 10, 1, 8 * time.Second},
	} {
		f := made(one.size, 1)
		s := locating(t, several(1))
		hearsOfPeers(s, have(f, behinds(3, 4)...), asksWay(1))
		slow := grants()
		slow.Rate = one.rate
		then := asks(1, guesses(1))
		if one.size < group {
			then = []string{"send 1 GET name=a.txt length=16384 hash=01", "hear 1"}
		}
		throughAt(s, 1, "Seeking", 3, slow, then...)
		s.Ring("Seeking", goes(1, asksWay(1))...)
		if s.At.Now != one.patience {
			t.Errorf("of a file of %d bytes at %d a second it is left after %v", one.size, one.rate, s.At.Now)
		}
	}
	f := made(roles.ManyGroups*group, 1)
	s := locating(t, several(2))
	hearsOfPeers(s, have(f, behinds(3, 4, 5)...), asksWay(1), asksWay(2))
	slow := grants()
	slow.Rate = 1 << 20
	throughAt(s, 1, "Seeking", 3, slow, asks(1, guesses(1))...)
	throughAt(s, 2, "Seeking", 4, slow, "send 2 TREE name=a.txt", "hear 2")
	s.Ring("Seeking", asksWay(3)) // beside the two, which send nothing
	if s.At.Now != 4*time.Second {
		t.Errorf("of two the first is late after %v", s.At.Now)
	}
}

// stops has a fetch of a file through the relay told to stop after so many of these inputs, and returns what it leaves
// open.
func stops(t *testing.T, inputs []roles.Input, after int) (f *client.Fetch, links map[roles.Link]bool, timers map[roles.Timer]bool) {
	t.Helper()
	f, links, timers = client.NewFetch(request), map[roles.Link]bool{}, map[roles.Timer]bool{}
	now := time.Duration(0)
	step := func(in roles.Input) {
		now += time.Millisecond
		for _, effect := range f.Step(roles.Moment{Now: now}, in) {
			switch e := effect.(type) {
			case roles.Dial:
				links[e.Link] = true
			case roles.HangUp:
				delete(links, e.Link)
			case roles.Arm:
				timers[e.Timer] = true
			case roles.Disarm:
				delete(timers, e.Timer)
			}
		}
	}
	for _, in := range inputs[:after] {
		step(in)
	}
	step(roles.Stopped{})
	return f, links, timers
}

// TestAWayThatIsStoppedLeavesNothing open, in whatever state, and whether or not the link to the relay is closed.
func TestAWayThatIsStoppedLeavesNothing(t *testing.T) {
	f := made(10, 1)
	begin := []roles.Input{
		roles.Started{}, roles.StoreInspected{}, roles.Opened{}, roles.Heard{Message: &protocol.Located{Peers: behinds(3)}}, roles.PeerEnded{},
		roles.Opened{Link: 1025, Peer: theRelay}, roles.Heard{Link: 1025, Message: grants()},
	}
	rest := []roles.Input{
		roles.Opened{Link: 1, Peer: theRelay}, roles.Heard{Link: 1, Message: &protocol.Joined{}}, roles.Opened{Link: 1, Peer: theRelay, ID: rolestest.Node(3)},
		roles.Heard{Link: 1, Message: f.outboard(0)}, roles.StoreReady{}, roles.Heard{Link: 1, Message: f.content(0, 1)},
		roles.Verified{Link: 1}, roles.BodyDone{Link: 1}, roles.PeerEnded{Link: 1},
	}
	closed := append(append(append([]roles.Input{}, begin...), roles.PeerEnded{Link: 1025}), rest...)
	for name, inputs := range map[string][]roles.Input{
		"closing": append(append([]roles.Input{}, begin...), rest...), "closed": closed,
		"lost":    append(append([]roles.Input{}, begin...), roles.Lost{Link: 1, Code: protocol.Refused}),
		"refused": append(append([]roles.Input{}, begin[:6]...), roles.Heard{Link: 1025, Message: refuses(protocol.Unreachable)}),
	} {
		for after := 1; after <= len(inputs); after++ {
			t.Run(fmt.Sprint(name, after), func(t *testing.T) {
				machine, links, timers := stops(t, inputs, after)
				if machine.State() == client.FetchCommitting {
					if len(links) > 0 {
						t.Errorf("links %v while it commits", links)
					}
				} else if !machine.Final() || len(links) > 0 || len(timers) > 0 {
					t.Errorf("in %s, with links %v and timers %v", machine.State(), links, timers)
				}
			})
		}
	}
}

// TestTheLinkToTheRelayMayOutliveTheVisit: it is waited for, and what happens there is none of the visit's business.
func TestTheLinkToTheRelayMayOutliveTheVisit(t *testing.T) {
	f := made(10, 1)
	s := relaying(t, request, 3)
	asksCircuit(s, 1, "Seeking", circuitTo(3))
	s.Hear(1025, grants(), "Seeking", dialsCircuit(1)...)
	joins(s, 1, "Seeking", 3)
	s.Tell(roles.Opened{Link: 1, Peer: theRelay, ID: rolestest.Node(3)}, "Seeking", append([]string{"report relayed"}, asks(1, guesses(1))...)...)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Finishing", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Committing", left(1, "commit-store 0")...)
	s.Tell(roles.StoreCommitted{Items: []roles.Placed{{}}}, "Closing")
	closes(s, 1, "Closing")
	s.Ring("Done", "hangup 1025", "report result")
	wants(t, s, client.Fetched, 0)

	for name, c := range map[string]struct {
		in   roles.Input
		then []string
	}{
		"ended": {roles.PeerEnded{Link: 1025}, []string{"hangup 1025"}},
		"lost":  {roles.Lost{Link: 1025, Code: protocol.Lost}, []string{"hangup 1025"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := relaying(t, request, 3)
			asksCircuit(s, 1, "Seeking", circuitTo(3))
			s.Hear(1025, grants(), "Seeking", dialsCircuit(1)...)
			joins(s, 1, "Seeking", 3)
			s.Tell(roles.Opened{Link: 1, Peer: theRelay, ID: rolestest.Node(3)}, "Seeking", append([]string{"report relayed"}, asks(1, guesses(1))...)...)
			s.Tell(c.in, "Seeking", c.then...)
			s.Tell(roles.Moved{Link: 1025, Bytes: roles.MinProgress}, "Seeking") // too late
			says(s, 1, protocol.NotFound, "Closing")
			closes(s, 1, "NotFound", "report result")
			wants(t, s, client.NobodyHad, protocol.NotFound)
		})
	}
}

// TestALateTimerOfAWayIsNotTheVisits: neither of the way's nor of its query's.
func TestALateTimerOfAWayIsNotTheVisits(t *testing.T) {
	s := relaying(t, request, 3)
	through(s, 1, "Seeking", 3, asks(1, guesses(1))...)
	for _, timer := range []roles.Timer{1 + 1 + beside, 1 + 1 + 2*beside} {
		for number := range uint64(16) {
			s.Tell(roles.TimerFired{Timer: timer, Number: number}, "Seeking")
		}
	}
}
