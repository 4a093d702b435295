package relay_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestACircuit, from the node's wait to the end that both have said.
func TestACircuit(t *testing.T) {
	c := newCrossing(t, nil)
	waits := c.waiting()
	client, tickets := c.asking(waits)
	waits.hear(awaitOf(theNode), "Awaiting: hear")
	client.tell(roles.PeerEnded{}, "Closed: hangup")

	node := c.link(0)
	node.hear(&protocol.Join{Ticket: tickets[1]}, "Joining: ")
	from := c.link(0)
	from.hear(&protocol.Join{Ticket: tickets[0]}, "Carrying: JOINED, splice 1048576, wake 3")
	node.tell(roles.Notified{}, "Carrying: JOINED, splice 1048576")
	node.tell(roles.Notified{}, "Carrying: ")
	for range 3 {
		from.tell(roles.Moved{Bytes: 500}, "Carrying: ")
	}
	node.tell(roles.Moved{Bytes: roles.CircuitPiece}, "Carrying: ")
	node.tell(roles.BodyDone{}, "Carrying: splice 1048576")
	from.tell(roles.PeerEnded{}, "Carrying: ")
	node.tell(roles.Moved{Bytes: 20}, "Carrying: ")
	node.tell(roles.PeerEnded{}, "Closed: hangup, wake 4")
	from.tell(roles.Notified{}, "Closed: hangup")
	if awaits, open := c.circuits.Counts(); awaits != 1 || open != 0 {
		t.Fatalf("%d wait, %d are open", awaits, open)
	}
	c.ended(tickets[0], fmt.Sprintf("%s after %d", protocol.Code(0), roles.CircuitPiece+1520))
	waits.tell(roles.PeerEnded{}, "Closed: AWAITED 1, hangup")
	if awaits, _ := c.circuits.Counts(); awaits != 0 {
		t.Fatal("a node waits on a link that is closed")
	}
}

// TestJoinsThatAreRefused: nobody is told what a ticket was for.
func TestJoinsThatAreRefused(t *testing.T) {
	const gone = "Rejecting: ERROR peer-gone, bye"
	c := newCrossing(t, nil)
	c.link(0).hear(&protocol.Join{Ticket: rolestest.Ticket(1)}, gone) // unknown

	_, tickets := c.asking(c.waiting())
	first := c.link(0)
	first.hear(&protocol.Join{Ticket: tickets[0]}, "Joining: ")
	c.link(0).hear(&protocol.Join{Ticket: tickets[0]}, gone) // used
	c.later(time.Second)
	first.ring(gone) // the other end is late
	if c.at.Now != roles.JoinTimeout {
		t.Fatalf("it has waited until %v", c.at.Now)
	}
	c.link(0).hear(&protocol.Join{Ticket: tickets[1]}, gone)
	c.ended(tickets[0], "peer-gone after 0")

	c = newCrossing(t, nil)
	_, tickets = c.asking(c.waiting())
	first = c.link(0)
	first.hear(&protocol.Join{Ticket: tickets[1]}, "Joining: ")
	first.tell(roles.Lost{Code: protocol.Lost}, "Closed: hangup") // lost before the other came
	c.link(0).hear(&protocol.Join{Ticket: tickets[0]}, gone)

	c = newCrossing(t, nil)
	_, tickets = c.asking(c.waiting())
	c.later(roles.JoinTimeout)
	c.link(0).hear(&protocol.Join{Ticket: tickets[0]}, gone) // late

	c = newCrossing(t, nil)
	node := c.waiting()
	client, tickets := c.asking(node)
	client.hear(&protocol.Join{Ticket: tickets[0]}, "Rejecting: ERROR unexpected, bye") // not on a link of its own
	c.link(theClient).hear(&protocol.Join{Ticket: tickets[0]}, "Rejecting: ERROR unexpected, bye")
	c.link(0).hear(&protocol.Join{Ticket: tickets[0]}, "Joining: ")
}

// TestTheWordThatTheOtherCameMayBeLate: the deadline does not end a circuit that has both its ends.
func TestTheWordThatTheOtherCameMayBeLate(t *testing.T) {
	c := newCrossing(t, nil)
	_, tickets := c.asking(c.waiting())
	first, last := c.link(0), c.link(0)
	first.hear(&protocol.Join{Ticket: tickets[0]}, "Joining: ")
	c.later(roles.JoinTimeout - 1)
	last.hear(&protocol.Join{Ticket: tickets[1]}, "Carrying: JOINED, splice 1048576, wake 3")
	first.ring("Carrying: JOINED, splice 1048576")
	first.tell(roles.Notified{}, "Carrying: ")
	last.tell(roles.BodyDone{}, "Carrying: splice 1048576")
}

// TestInPlainOnlyAJoinIsTaken where TLS is spoken.
func TestInPlainOnlyAJoinIsTaken(t *testing.T) {
	c := newCrossing(t, nil)
	for _, kind := range []protocol.Kind{
		protocol.KindRegister, protocol.KindRenew, protocol.KindLeave, protocol.KindPublish, protocol.KindLocate, protocol.KindList, protocol.KindEnter,
		protocol.KindAwait, protocol.KindCircuit,
	} {
		c.link(0).hear(rolestest.Sample(kind), "Rejecting: ERROR tls-required, bye")
	}
	if c.registry.Active(0) != 0 {
		t.Fatal("it has been served")
	}
	plain := relay.NewSession(c.registry, &relay.Answers{})
	s := rolestest.New(t, plain, plain.State)
	s.Tell(roles.Opened{Peer: visitor}, "Listening", "hear 0 first")
	s.Hear(0, rolestest.Sample(protocol.KindCircuit), "Idle", deniedByRelay, "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindAwait), "Idle", deniedByRelay, "hear 0")
	plain = relay.NewSession(c.registry, &relay.Answers{})
	s = rolestest.New(t, plain, plain.State)
	s.Tell(roles.Opened{Peer: visitor}, "Listening", "hear 0 first")
	s.Hear(0, rolestest.Sample(protocol.KindJoin), "Rejecting", "send 0 ERROR unexpected by relay", "halfclose 0", "discard 0")
}

// TestACircuitIsCutWhereItsBytesEnd, and the client hears why with its next one.
func TestACircuitIsCutWhereItsBytesEnd(t *testing.T) {
	for _, limit := range []int64{1, 7, roles.CircuitPiece - 1, roles.CircuitPiece, roles.CircuitPiece + 1} {
		c := newCrossing(t, func(l *relay.Limits) { l.BytesFrom = limit })
		client, node, asks, ticket := c.carrying(fmt.Sprintf("splice %d", min(limit, roles.CircuitPiece)))
		left := limit
		for left > roles.CircuitPiece {
			node.tell(roles.Moved{Bytes: roles.CircuitPiece}, "Carrying: ")
			left -= roles.CircuitPiece
			node.tell(roles.BodyDone{}, fmt.Sprintf("Carrying: splice %d", min(left, roles.CircuitPiece)))
		}
		node.tell(roles.Moved{Bytes: left - left/2}, "Carrying: ")
		node.tell(roles.Moved{Bytes: left / 2}, "Carrying: ")
		node.tell(roles.BodyDone{}, fmt.Sprintf("Closed: hangup, wake %d", client.number))
		client.tell(roles.Moved{Bytes: 1}, "Closed: hangup") // before it is woken
		asks.hear(&protocol.Circuit{Node: rolestest.Node(theNode), Before: ticket}, "Idle: ERROR quota, hear")
		if retry := roles.Millis(asks.last.(*protocol.Error).Retry); retry != 24*time.Hour {
			t.Fatalf("it refills after %v", retry)
		}
		c.ended(ticket, fmt.Sprintf("quota after %d", limit))
	}
}

// TestAQuotaThatIsUsedUpBeforeBothCame ends the circuit as it begins.
func TestAQuotaThatIsUsedUpBeforeBothCame(t *testing.T) {
	c := newCrossing(t, func(l *relay.Limits) { l.BytesFrom = 10 })
	waits := c.waiting()
	_, second := c.asking(waits)
	waits.hear(awaitOf(theNode), "Awaiting: hear")
	_, first := c.asking(waits)
	one := c.circuits.Join(c.at, 100, first[0])
	c.circuits.Moved(c.at, one.Circuit, 10)
	client, node := c.link(0), c.link(0)
	client.hear(&protocol.Join{Ticket: second[0]}, "Joining: ")
	node.hear(&protocol.Join{Ticket: second[1]}, fmt.Sprintf("Closed: JOINED, hangup, wake %d, wake %d", client.number, client.number))
	client.tell(roles.Notified{}, "Rejecting: ERROR peer-gone, bye")
}

// TestACircuitOverWhichNothingPassesEnds after CircuitIdle since anything has, in either direction.
func TestACircuitOverWhichNothingPassesEnds(t *testing.T) {
	c := newCrossing(t, nil)
	client, node, _, ticket := c.carrying(wholePiece)
	c.later(roles.CircuitIdle - time.Second)
	node.tell(roles.Moved{Bytes: 1}, "Carrying: ")
	moved := c.at.Now
	client.ring("Carrying: ")
	node.ring("Carrying: ")
	client.ring(fmt.Sprintf("Closed: hangup, wake %d", node.number))
	if quiet := c.at.Now - moved; quiet != roles.CircuitIdle {
		t.Fatalf("it has ended after %v", quiet)
	}
	node.tell(roles.Notified{}, "Closed: hangup")
	c.ended(ticket, "idle after 1")
}

// TestARateMakesPiecesWait, which is neither idle nor lost when the relay stops.
func TestARateMakesPiecesWait(t *testing.T) {
	c := newCrossing(t, func(l *relay.Limits) { l.Rate = 64 << 10 })
	_, node, _, _ := c.carrying("splice 8192")
	for n := range 20 {
		node.tell(roles.Moved{Bytes: 8192}, "Carrying: ")
		node.tell(roles.BodyDone{}, "Carrying: ")
		node.ring("Carrying: splice 8192")
		if c.at.Now != time.Duration(n+1)*time.Second/8 {
			t.Fatalf("piece %d at %v", n, c.at.Now)
		}
	}
	node.tell(roles.Moved{Bytes: 8192}, "Carrying: ")
	node.tell(roles.BodyDone{}, "Carrying: ")
	began := c.at.Now
	node.tell(roles.Stopped{}, "Draining: ")
	node.ring("Draining: splice 8192")
	if c.at.Now-began != time.Second/8 {
		t.Fatal("the piece has waited for the stop")
	}

	c = newCrossing(t, func(l *relay.Limits) { l.Rate = 40 }) // a piece takes longer than CircuitIdle
	client, node, _, _ := c.carrying("splice 4096")
	node.tell(roles.Moved{Bytes: 4096}, "Carrying: ")
	node.tell(roles.BodyDone{}, "Carrying: ")
	client.ring("Carrying: ")
	node.ring("Carrying: splice 4096")
	if want := 4096 * time.Second / 40; c.at.Now != want {
		t.Fatalf("the piece has waited for %v", c.at.Now)
	}
	node.tell(roles.Moved{Bytes: 4096}, "Carrying: ")
	node.tell(roles.BodyDone{}, "Carrying: ")
	began = c.at.Now
	node.tell(roles.Stopped{}, "Draining: ")
	node.ring(fmt.Sprintf("Closed: hangup, wake %d", client.number))
	if c.at.Now-began != roles.CircuitDrain {
		t.Fatalf("the relay waits for %v", c.at.Now-began)
	}
}

// TestEachDirectionEndsByItself, in either order.
func TestEachDirectionEndsByItself(t *testing.T) {
	for _, clientFirst := range []bool{true, false} {
		c := newCrossing(t, nil)
		first, last, _, ticket := c.carrying(wholePiece)
		if !clientFirst {
			first, last = last, first
		}
		first.tell(roles.PeerEnded{}, "Carrying: ")
		c.later(roles.CircuitIdle - 1)
		last.tell(roles.Moved{Bytes: roles.CircuitPiece}, "Carrying: ")
		last.tell(roles.BodyDone{}, "Carrying: splice 1048576")
		c.later(1)
		first.ring("Carrying: ")
		last.tell(roles.PeerEnded{}, fmt.Sprintf("Closed: hangup, wake %d", first.number))
		first.tell(roles.Notified{}, "Closed: hangup")
		c.ended(ticket, fmt.Sprintf("%s after %d", protocol.Code(0), roles.CircuitPiece))
	}
}

// TestALegThatBreaksEndsTheCircuit, also when its direction has ended, and each input that is late ends the other one.
func TestALegThatBreaksEndsTheCircuit(t *testing.T) {
	for _, late := range []roles.Input{roles.Notified{}, roles.BodyDone{}, roles.PeerEnded{}, roles.Moved{Bytes: 5}, roles.Lost{Code: protocol.Lost}} {
		for _, half := range []bool{true, false} {
			c := newCrossing(t, nil)
			client, node, _, ticket := c.carrying(wholePiece)
			if half {
				client.tell(roles.PeerEnded{}, "Carrying: ")
			}
			client.tell(roles.Lost{Code: protocol.Lost}, fmt.Sprintf("Closed: hangup, wake %d", node.number))
			node.tell(late, "Closed: hangup")
			c.ended(ticket, "peer-gone after 0")
		}
	}
}

// TestALinkThatIsCutOffLeavesItsCircuit: nobody can be woken, and the other end finds out.
func TestALinkThatIsCutOffLeavesItsCircuit(t *testing.T) {
	c := newCrossing(t, nil)
	client, node, _, ticket := c.carrying(wholePiece)
	c.later(roles.CircuitKept)
	node.tell(roles.Moved{Bytes: 1}, "Carrying: ")
	client.Reset()
	c.ended(ticket, "peer-gone after 1")
	node.ring("Closed: hangup")
	if c.at.Now != roles.CircuitIdle {
		t.Fatalf("it has ended at %v", c.at.Now)
	}
	c = newCrossing(t, nil)
	c.waiting().Reset()
	if awaits, _ := c.circuits.Counts(); awaits != 0 {
		t.Fatal("a node waits on a link that is gone")
	}
}

// TestARelayThatStopsLetsCircuitsEnd, for CircuitDrain.
func TestARelayThatStopsLetsCircuitsEnd(t *testing.T) {
	c := newCrossing(t, nil)
	client, node, _, ticket := c.carrying(wholePiece)
	client.tell(roles.Stopped{}, "Draining: ")
	client.tell(roles.Stopped{}, "Draining: ")
	client.tell(roles.Stopped{Scarce: true}, "Draining: ")
	node.tell(roles.Stopped{}, "Draining: ")
	node.tell(roles.Moved{Bytes: 9}, "Draining: ")
	node.tell(roles.BodyDone{}, "Draining: splice 1048576")
	client.ring(fmt.Sprintf("Closed: hangup, wake %d", node.number))
	if c.at.Now != roles.CircuitDrain {
		t.Fatalf("it has ended at %v", c.at.Now)
	}
	node.tell(roles.Notified{}, "Closed: hangup")
	c.ended(ticket, "draining after 9")

	c = newCrossing(t, nil)
	client, node, _, _ = c.carrying(wholePiece)
	c.later(roles.CircuitIdle - time.Second)
	client.tell(roles.Stopped{}, "Draining: ")
	client.ring(fmt.Sprintf("Closed: hangup, wake %d", node.number)) // it was idle before

	for _, scarce := range []bool{false, true} {
		c = newCrossing(t, nil)
		_, tickets := c.asking(c.waiting())
		client = c.link(0)
		client.hear(&protocol.Join{Ticket: tickets[0]}, "Joining: ")
		why := map[bool]string{false: "draining", true: "busy"}[scarce]
		client.tell(roles.Stopped{Scarce: scarce}, "Rejecting: ERROR "+why+", bye")
		c.link(0).hear(&protocol.Join{Ticket: tickets[1]}, "Rejecting: ERROR peer-gone, bye")
		c.ended(tickets[0], why+" after 0")
	}
}

// TestACircuitMakesRoomWhereLinksAreScarce.
func TestACircuitMakesRoomWhereLinksAreScarce(t *testing.T) {
	c := newCrossing(t, nil)
	client, node, _, ticket := c.carrying(wholePiece)
	node.tell(roles.Stopped{Scarce: true}, fmt.Sprintf("Closed: hangup, wake %d", client.number))
	client.tell(roles.Notified{}, "Closed: hangup")
	c.ended(ticket, "busy after 0")
}

// TestAClosedRelayMakesCircuitsForItsMembers, to nodes, and cuts those of whoever is revoked.
func TestAClosedRelayMakesCircuitsForItsMembers(t *testing.T) {
	members := gate{rolestest.Node(theNode): protocol.BothRoles, rolestest.Node(theClient): protocol.ClientRole}
	expel := func(c *crossing, id byte) []uint64 {
		delete(members, rolestest.Node(id))
		return c.circuits.Expel(c.at.Now, func(id protocol.PeerID) bool { return members.Role(id) != 0 })
	}
	closed := func() *crossing {
		members[rolestest.Node(theNode)], members[rolestest.Node(theClient)] = protocol.BothRoles, protocol.ClientRole
		c := newCrossing(t, nil)
		c.gate = members
		return c
	}
	c := closed()
	c.link(7).hear(&protocol.Circuit{Node: rolestest.Node(theNode)}, "Idle: ERROR denied, hear")
	c.link(theClient).hear(awaitOf(theClient), "Idle: ERROR denied, hear")
	c.link(0).hear(rolestest.Sample(protocol.KindLocate), "Rejecting: ERROR tls-required, bye")
	client, node, _, ticket := c.carrying(wholePiece)
	if wake := expel(c, theClient); len(wake) != 2 {
		t.Fatalf("%v are woken", wake)
	}
	client.tell(roles.Notified{}, "Closed: hangup")
	node.tell(roles.Notified{}, "Closed: hangup")
	c.ended(ticket, "denied after 0")

	c = closed()
	waits := c.waiting()
	_, tickets := c.asking(waits)
	waits.hear(awaitOf(theNode), "Awaiting: hear")
	half := c.link(0)
	half.hear(&protocol.Join{Ticket: tickets[0]}, "Joining: ")
	asks := c.link(theClient)
	asks.hear(&protocol.Circuit{Node: rolestest.Node(theNode)}, "Idle: OPENED, hear, wake 1")
	if wake := expel(c, theNode); len(wake) != 2 {
		t.Fatalf("%v are woken", wake)
	}
	half.tell(roles.Notified{}, "Rejecting: ERROR peer-gone, bye")
	waits.tell(roles.Notified{}, "Rejecting: ERROR denied, bye")
	asks.hear(&protocol.Circuit{Node: rolestest.Node(theNode)}, "Idle: ERROR unreachable, hear")

	c = closed()
	waits = c.waiting()
	members[rolestest.Node(theNode)] = protocol.ClientRole
	waits.tell(roles.Notified{}, "Rejecting: ERROR denied, bye")
}

// BenchmarkRelayedPiece measures a piece of a circuit, as its session counts and grants it.
func BenchmarkRelayedPiece(b *testing.B) {
	circuits := newCircuits(relay.Limits{Circuits: 4, CircuitsFrom: 4, BytesFrom: relay.NoLimit, Rate: relay.NoLimit, Awaits: 4})
	w := openWay(circuits)
	circuits.Join(roles.Moment{}, otherLink, w.node)
	session := relay.NewSession(sampleDirectory{}, full{})
	session.Carry(circuits)
	session.Step(roles.Moment{}, roles.Opened{Peer: visitor, Number: ownLink})
	session.Step(roles.Moment{}, roles.Heard{Message: &protocol.Join{Ticket: w.client}})
	b.ReportAllocs()
	for b.Loop() {
		session.Step(roles.Moment{}, roles.Moved{Bytes: roles.CircuitPiece})
		session.Step(roles.Moment{}, roles.BodyDone{})
	}
}
