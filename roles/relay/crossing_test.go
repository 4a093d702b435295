package relay_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// crossing is a relay with circuits, and the links of some peers to it, which share one clock.
type crossing struct {
	t        *testing.T
	at       roles.Moment
	registry *relay.Registry
	circuits *relay.Circuits
	gate     relay.Gate
	links    []*joint
}

// joint is a link with its session. It hears no more than it is asked to.
type joint struct {
	*relay.Session
	in     *crossing
	number uint64
	hears  int           // requests to hear that are outstanding
	due    time.Duration // of the deadline; 0: none runs
	timer  roles.TimerFired
	last   protocol.Message // that it has sent
}

func newCrossing(t *testing.T, change func(*relay.Limits)) *crossing {
	limits := relay.OpenLimits
	if change != nil {
		change(&limits)
	}
	return &crossing{t: t, at: roles.Moment{Rand: 2}, registry: relay.NewRegistry(relay.Policy{Circuits: true}), circuits: newCircuits(limits)}
}

// link opens a link that has proven the id of a node, a key; 0: it is in plain.
func (c *crossing) link(node byte) *joint {
	c.t.Helper()
	session := relay.NewSession(c.registry, &relay.Answers{})
	if c.gate != nil {
		session = relay.NewClosedSession(c.registry, &relay.Answers{}, c.gate, rolestest.Node(9))
	}
	session.Carry(c.circuits)
	j := &joint{Session: session, in: c, number: uint64(len(c.links) + 1)}
	c.links = append(c.links, j)
	opened := roles.Opened{Peer: visitor, Number: j.number}
	if node > 0 {
		opened.ID = rolestest.Node(node)
	}
	j.tell(opened, "Listening: hear")
	return j
}

// tell gives the session an input, and says what state and effects must follow.
func (j *joint) tell(in roles.Input, want string) {
	j.in.t.Helper()
	j.in.at.Rand += 2 // never one with which something is proven again
	switch in.(type) {
	case roles.Heard, roles.Malformed, roles.PeerEnded:
		j.hears = 0
	}
	var lines []string
	for _, e := range j.Step(j.in.at, in) {
		if line := j.take(e); line != "" {
			lines = append(lines, line)
		}
	}
	if got := string(j.State()) + ": " + strings.Join(lines, ", "); got != want {
		j.in.t.Fatalf("link %d is told %T\n%s\nwant\n%s", j.number, in, got, want)
	}
	if j.hears > 1 {
		j.in.t.Fatalf("link %d is heard twice at once", j.number)
	}
}

// take describes an effect in a few words.
func (j *joint) take(e roles.Effect) string {
	switch e := e.(type) {
	case roles.Arm:
		j.due, j.timer = j.in.at.Now+e.After, roles.TimerFired{Timer: e.Timer, Number: e.Number}
		return ""
	case roles.Disarm:
		j.due = 0
		return ""
	case roles.Send:
		j.last = e.Message
		switch m := e.Message.(type) {
		case *protocol.Error:
			return "ERROR " + m.Code.String()
		case *protocol.Awaited:
			return fmt.Sprintf("AWAITED %d", len(m.Invitations))
		}
		return e.Message.Kind().String()
	case roles.Hear:
		j.hears++
		return "hear"
	case roles.HalfClose:
		return "bye"
	case roles.Discard:
		return ""
	case roles.HangUp:
		return "hangup"
	case roles.Wake:
		return fmt.Sprintf("wake %d", e.Number)
	case roles.Splice:
		if want := (roles.Origin{ID: rolestest.Node(theClient)}); e.From != want {
			j.in.t.Fatalf("link %d passes on bytes of %+v", j.number, e.From)
		}
		return fmt.Sprintf("splice %d", e.Bytes)
	}
	return rolestest.Describe(e)
}

func (j *joint) hear(m protocol.Message, want string) {
	j.in.t.Helper()
	if j.hears != 1 {
		j.in.t.Fatalf("link %d is not heard", j.number)
	}
	j.tell(roles.Heard{Message: m}, want)
}

// ring lets time pass until the link's deadline.
func (j *joint) ring(want string) {
	j.in.t.Helper()
	if j.due == 0 {
		j.in.t.Fatalf("link %d has no deadline in %s", j.number, j.State())
	}
	j.in.at.Now = max(j.in.at.Now, j.due)
	j.due = 0
	j.tell(j.timer, want)
}

func (c *crossing) later(d time.Duration) { c.at.Now += d }

const theNode, theClient = 1, 5

func awaitOf(node byte) *protocol.Await {
	return &protocol.Await{ID: rolestest.Node(node), Epoch: 1, Wait: 20_000}
}

// waiting returns a link on which the node is registered and waits.
func (c *crossing) waiting() *joint {
	c.t.Helper()
	j := c.link(theNode)
	j.hear(rolestest.Sample(protocol.KindRegister), "Idle: REGISTERED, hear")
	j.hear(awaitOf(theNode), "Awaiting: hear")
	return j
}

// asking returns a link of the client that has a ticket, and the node's ticket.
func (c *crossing) asking(node *joint) (client *joint, tickets [2]protocol.Ticket) {
	c.t.Helper()
	client = c.link(theClient)
	client.hear(&protocol.Circuit{Node: rolestest.Node(theNode)}, fmt.Sprintf("Idle: OPENED, hear, wake %d", node.number))
	node.tell(roles.Notified{}, "Idle: AWAITED 1")
	return client, [2]protocol.Ticket{client.last.(*protocol.Opened).Ticket, node.last.(*protocol.Awaited).Invitations[0].Ticket}
}

const wholePiece = "splice 1048576"

// carrying returns the two ends of a circuit, the client's ticket, and a link over which to ask for another.
func (c *crossing) carrying(piece string) (client, node, asks *joint, ticket protocol.Ticket) {
	c.t.Helper()
	asks, tickets := c.asking(c.waiting())
	client, node = c.link(0), c.link(0)
	client.hear(&protocol.Join{Ticket: tickets[0]}, "Joining: ")
	node.hear(&protocol.Join{Ticket: tickets[1]}, fmt.Sprintf("Carrying: JOINED, %s, wake %d", piece, client.number))
	client.tell(roles.Notified{}, "Carrying: JOINED, "+piece)
	return client, node, asks, tickets[0]
}

// lastOf asks why the circuit of a ticket has ended.
func (c *crossing) lastOf(ticket protocol.Ticket) string {
	c.t.Helper()
	if answer, is := c.circuits.Open(c.at, relay.From{Peer: hostN(7), ID: rolestest.Node(theClient)}, &protocol.Circuit{Node: rolestest.Node(theNode), Before: ticket}); is != 0 {
		opened := answer.(*protocol.Opened)
		return fmt.Sprintf("%s after %d", opened.Last, opened.LastBytes)
	}
	answer, _ := c.circuits.Open(c.at, relay.From{Peer: netip.MustParseAddr("127.0.0.1"), ID: rolestest.Node(theClient)}, &protocol.Circuit{Node: rolestest.Node(theNode), Before: ticket})
	if opened, is := answer.(*protocol.Opened); is {
		return fmt.Sprintf("%s after %d", opened.Last, opened.LastBytes)
	}
	c.circuits.Await(c.at, rolestest.Node(theNode), roles.HostOf(hostN(7)), 1000)
	return c.lastOf(ticket)
}

func (c *crossing) ended(ticket protocol.Ticket, want string) {
	c.t.Helper()
	if got := c.lastOf(ticket); got != want {
		c.t.Fatalf("the client hears that the circuit has ended with %s, want %s", got, want)
	}
}
