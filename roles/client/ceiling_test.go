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

// noMore is what a relay says that makes no further circuit at once.
func noMore() *protocol.Error {
	return &protocol.Error{Code: protocol.Quota, By: protocol.Relay, Text: "an address has 4 circuits at once", Retry: protocol.ToMillis(roles.BusyRetry)}
}

// TestAsManyCircuitsAsSources are used at once. The relay is asked for no more of them at once than it makes for one address.
func TestAsManyCircuitsAsSources(t *testing.T) {
	f := made(roles.ManyGroups*group, 1)
	s := locating(t, several(3))
	hearsOfPeers(s, have(f, behinds(3, 4, 5, 6)...), asksWay(1), asksWay(2), asksWay(3))

	s = locating(t, several(8))
	hearsOfPeers(s, have(f, behinds(3, 4, 5, 6, 7, 8)...), asksWay(1), asksWay(2), asksWay(3), asksWay(4))
	asksCircuit(s, 1, "Seeking", circuitTo(3))
	s.Hear(1025, grants(), "Seeking", dialsCircuit(1)...)
	joins(s, 1, "Seeking", 3)
	s.Tell(roles.PeerEnded{Link: 1025}, "Seeking", "hangup 1025")
	s.Tell(roles.Opened{Link: 1, Peer: theRelay, ID: rolestest.Node(3)}, "Seeking", append(append([]string{"report relayed"}, asks(1, guesses(1))...), asksWay(5))...)
}

// nodesBehind are so many nodes that cannot be dialed, and send at one rate.
func nodesBehind(n int, rate int64) map[client.Node]*runner {
	all := map[client.Node]*runner{}
	for i := range n {
		all[behind(byte(3+i))] = &runner{rate: rate}
	}
	return all
}

// TestSeveralCircuitsAreFasterThanOne, as long as the relay makes them.
func TestSeveralCircuitsAreFasterThanOne(t *testing.T) {
	for circuits, within := range map[int]time.Duration{1: 62 * time.Second, 2: 32 * time.Second, 4: 17 * time.Second} {
		c := runs(t, made(60*group, 1), 4, nodesBehind(4, group))
		c.broker.most = circuits
		if r := c.run(); r.Outcome != client.Fetched || c.mostAt != circuits || c.now > within || c.twice() > 4 {
			t.Errorf("%d circuits: %v after %v, %d at once, %d groups twice", circuits, r.Outcome, c.now, c.mostAt, c.twice())
		}
	}
}

// TestACircuitTooManyIsNoFailure: those that are there go on, however often the relay refuses another one, and it is asked
// seldom.
func TestACircuitTooManyIsNoFailure(t *testing.T) {
	c := runs(t, made(600*group, 1), 8, nodesBehind(8, group))
	c.broker.most = 2
	if r := c.run(); r.Outcome != client.Fetched || c.now > 310*time.Second || c.broker.asked > 30 {
		t.Errorf("%v after %v, with %d CIRCUITs, %d of them joined", r.Outcome, c.now, c.broker.asked, c.broker.joined)
	}
}

// TestACircuitIsAskedForWhenOneHasEnded, whatever the relay has said before, and while one is late.
func TestACircuitIsAskedForWhenOneHasEnded(t *testing.T) {
	f := made(roles.ManyGroups*group, 1)
	for name, end := range map[string]func(*rolestest.Story){
		"lost": func(s *rolestest.Story) {
			s.Tell(roles.Lost{Link: 1, Code: protocol.Timeout}, "Seeking", goes(1, asksWay(1))...)
		},
		"late": func(s *rolestest.Story) {
			s.At.Now = roles.GroupPatience - 1
			s.Ring("Seeking", goes(1, asksWay(1), asksWay(2))...) // and last the late one again
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := locating(t, several(2))
			hearsOfPeers(s, have(f, behinds(3, 4)...), asksWay(1), asksWay(2))
			through(s, 1, "Seeking", 3, asks(1, guesses(1))...)
			asksCircuit(s, 2, "Seeking", circuitTo(4))
			again := noMore()
			again.Retry = protocol.ToMillis(roles.RetryMost)
			s.Hear(2+beside, again, "Seeking", leaves(2+beside, "report tried")...)
			closes(s, 2+beside, "Seeking")
			end(s)
		})
	}
}

// TestWhereNoCircuitIsThereTheRelayIsAskedLater for one at a time, and MaxBusyVisits times for each node.
func TestWhereNoCircuitIsThereTheRelayIsAskedLater(t *testing.T) {
	c := runs(t, made(20*group, 1), 4, nodesBehind(2, group))
	c.broker.most, c.broker.open = 2, 2
	if r := c.run(); r.Outcome != client.Unsure || c.broker.asked > 2*roles.MaxBusyVisits+2 {
		t.Errorf("%v after %v, with %d CIRCUITs", r.Outcome, c.now, c.broker.asked)
	}
	c = runs(t, made(20*group, 1), 4, nodesBehind(2, group))
	c.broker.most, c.broker.open = 2, 2
	c.at(time.Minute, nil, func() { c.broker.open = 0 })
	if r := c.run(); r.Outcome != client.Fetched || c.mostAt != 2 || c.now > 100*time.Second {
		t.Errorf("%v after %v, %d circuits", r.Outcome, c.now, c.mostAt)
	}
}

// TestManyFilesComeOverACircuitOfEachNode, at once. Where the relay makes no further one the node waits with its files until
// another circuit has ended, and one that can be dialed waits for nothing.
func TestManyFilesComeOverACircuitOfEachNode(t *testing.T) {
	a, b, c, d := heldBy(small("a", 1), behind(3)), heldBy(small("b", 2), behind(4)), heldBy(small("c", 3), behind(5)), small("d", 4, 1)
	s := gathers(t, a, b, c, d)
	s.Tell(roles.Started{}, "Pipelining", dials(0, 1), asksWay(1), asksWay(2), asksWay(3))
	through(s, 1, "Pipelining", 3, getsOf(1, a)...)
	for link, n := range map[roles.Link]byte{2: 4, 3: 5} {
		asksCircuit(s, link, "Pipelining", circuitTo(n))
		s.Hear(link+beside, noMore(), "Pipelining", leaves(int(link)+beside, "report tried")...)
		closes(s, link+beside, "Pipelining")
	}
	s.Tell(roles.Lost{Link: 0, Code: protocol.Refused}, "Pipelining", "hangup 0", "report tried")
	s.Hear(1, &protocol.Content{Size: a.Size, Length: a.Size, Hash: a.Hash}, "Pipelining", fmt.Sprintf("receive-body 1 0+%d", a.Size))
	s.Tell(roles.Verified{Link: 1}, "Pipelining", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Pipelining", left(1, "commit-store 0", asksWay(0), asksWay(2))...)
}

// TestManyFilesThroughARelayThatMakesFewCircuits come all the same, from more nodes than that.
func TestManyFilesThroughARelayThatMakesFewCircuits(t *testing.T) {
	nodes := map[client.Node]*actor{}
	var wanted []client.Offer
	for n := range byte(12) {
		node, name := behind(100+n), fmt.Sprintf("f%02d", n)
		nodes[node] = &actor{files: map[string]file{name: made(10, n+1)}}
		wanted = append(wanted, client.Offer{Name: name, Identity: nodes[node].files[name].Identity, Holders: []client.Node{node}})
	}
	p := newPlay(t, client.GatherRequest{Sources: 4, Wanted: wanted}, nodes)
	step := 0
	p.choose = func(n int) int { step++; return step % n }
	p.run()
	for name, r := range p.results() {
		if r.Outcome != client.Fetched {
			t.Errorf("%s: %v", name, r.Outcome)
		}
	}
	refused := 0
	for _, outcome := range p.reports {
		if tried, is := outcome.(client.Tried); is && tried.Code == protocol.Quota {
			refused++
		}
	}
	if n := p.inspected(); n > 0 || refused == 0 || refused > 12 {
		t.Errorf("%d of them came one by one; %d circuits were refused", n, refused)
	}
}

// TestOneOfManyFilesHasOneCircuit at a time, unless it is fetched alone: all share what the relay makes for one address.
func TestOneOfManyFilesHasOneCircuit(t *testing.T) {
	for size, circuits := range map[uint64]int{9 * group: 1, 64 * group: 2} {
		f := made(size, 1)
		g := client.NewGather(client.GatherRequest{Relay: relayAddress, Sources: 4, Wanted: []client.Offer{heldBy(offered("a", f), behind(3), behind(4))}})
		s := rolestest.New(t, g, g.State)
		s.Tell(roles.Started{}, "Fetching", "inspect-store 0 a")
		s.Tell(roles.StoreInspected{}, "Fetching", "dial 16 relay:4000")
		s.Tell(roles.Opened{Link: 16}, "Fetching", fmt.Sprintf("send 16 LOCATE name=a hash=%x", f.Hash[:1]), "hear 16")
		then := []string{"halfclose 16", "discard 16"}
		for n := range circuits {
			then = append(then, asksWay(17+n))
		}
		s.Hear(16, &protocol.Located{Peers: have(f, behinds(3, 4)...)}, "Fetching", then...)
	}
}
