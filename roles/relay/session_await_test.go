package relay_test

import (
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestAnAwaitRenewsTheLease, as a RENEW does, and says what that says.
func TestAnAwaitRenewsTheLease(t *testing.T) {
	c := newCrossing(t, nil)
	j := c.link(theNode)
	j.hear(awaitOf(theNode), "Idle: ERROR no-lease, hear")
	j.hear(awaitOf(2), "Idle: ERROR denied, hear")
	j.hear(rolestest.Sample(protocol.KindRegister), "Idle: REGISTERED, hear")
	for range 10 {
		j.hear(awaitOf(theNode), "Awaiting: hear")
		began := c.at.Now
		j.ring("Idle: AWAITED 0")
		if waited := c.at.Now - began; waited != roles.AwaitMost {
			t.Fatalf("the answer came after %v", waited)
		}
	}
	is := j.last.(*protocol.Awaited)
	if is.TTL != 90_000 || is.Renew != 30_000 || is.Await != 1 || is.Port != 4000 || is.Host.Addr() != visitor.Addr() || c.registry.Active(c.at.Now) != 1 {
		t.Fatalf("%+v", is)
	}
	short := awaitOf(theNode)
	short.Wait = 50
	j.hear(short, "Awaiting: hear")
	if j.due != c.at.Now+50*time.Millisecond {
		t.Fatal("it waits for longer than it was asked to")
	}
	newer := *rolestest.Sample(protocol.KindRegister).(*protocol.Register)
	newer.Epoch = 2
	c.link(theNode).hear(&newer, "Idle: REGISTERED, hear")
	j.ring("Idle: AWAITED 0")
	j.hear(awaitOf(theNode), "Idle: ERROR superseded, hear")
}

// TestWhatIsSaidDuringAWaitEndsIt: AWAITED comes first, once, and the link is heard once at a time.
func TestWhatIsSaidDuringAWaitEndsIt(t *testing.T) {
	id := rolestest.Node(theNode)
	for name, one := range map[string]struct {
		in   roles.Input
		want string
	}{
		"PUBLISH":  {roles.Heard{Message: &protocol.Publish{ID: id, Epoch: 1, Index: 1}}, "Idle: AWAITED 0, PUBLISHED, hear"},
		"LEAVE":    {roles.Heard{Message: &protocol.Leave{ID: id, Epoch: 1}}, "Idle: AWAITED 0, LEFT, hear"},
		"RENEW":    {roles.Heard{Message: &protocol.Renew{ID: id, Epoch: 1}}, "Idle: AWAITED 0, RENEWED, hear"},
		"LOCATE":   {roles.Heard{Message: &protocol.Locate{}}, "Idle: AWAITED 0, LOCATED, hear"},
		"CIRCUIT":  {roles.Heard{Message: &protocol.Circuit{Node: rolestest.Node(77)}}, "Idle: AWAITED 0, ERROR unreachable, hear"},
		"ENTER":    {roles.Heard{Message: rolestest.Sample(protocol.KindEnter)}, "Idle: AWAITED 0, ENTERED, hear"},
		"AWAIT":    {roles.Heard{Message: awaitOf(theNode)}, "Awaiting: AWAITED 0, hear"},
		"another":  {roles.Heard{Message: awaitOf(2)}, "Idle: AWAITED 0, ERROR denied, hear"},
		"JOIN":     {roles.Heard{Message: &protocol.Join{}}, "Rejecting: AWAITED 0, ERROR unexpected, bye"},
		"CONTENT":  {roles.Heard{Message: rolestest.Sample(protocol.KindContent)}, "Rejecting: AWAITED 0, ERROR unexpected, bye"},
		"garbage":  {roles.Malformed{Err: &protocol.Error{Code: protocol.Malformed}}, "Rejecting: AWAITED 0, ERROR malformed, bye"},
		"FIN":      {roles.PeerEnded{}, "Closed: AWAITED 0, hangup"},
		"a stop":   {roles.Stopped{}, "Rejecting: AWAITED 0, ERROR draining, bye"},
		"scarcity": {roles.Stopped{Scarce: true}, "Rejecting: AWAITED 0, ERROR busy, bye"},
		"a break":  {roles.Lost{Code: protocol.Lost}, "Closed: hangup"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCrossing(t, nil)
			j := c.waiting()
			j.tell(one.in, one.want)
			j.tell(roles.Notified{}, string(j.State())+": ")
			if awaits, _ := c.circuits.Counts(); (awaits == 1) != (name != "LEAVE" && slices.Contains([]relay.SessionState{relay.SessionIdle, relay.SessionAwaiting}, j.State())) {
				t.Errorf("%d nodes wait", awaits)
			}
			if c.later(roles.AwaitGap); j.State() == relay.SessionIdle {
				c.link(theClient).hear(&protocol.Circuit{Node: id}, "Idle: ERROR unreachable, hear")
			}
		})
	}
}

// TestAnInvitationIsNotLostBetweenTwoAwaits: it comes with the answer that is due, or with the next.
func TestAnInvitationIsNotLostBetweenTwoAwaits(t *testing.T) {
	c := newCrossing(t, nil)
	j := c.waiting()
	client := c.link(theClient)
	ask := &protocol.Circuit{Node: rolestest.Node(theNode)}
	client.hear(ask, "Idle: OPENED, hear, wake 1")
	j.hear(&protocol.Locate{}, "Idle: AWAITED 1, LOCATED, hear") // it has spoken before it was woken
	j.tell(roles.Notified{}, "Idle: ")
	client.hear(ask, "Idle: OPENED, hear")
	client.hear(ask, "Idle: OPENED, hear")
	j.hear(awaitOf(theNode), "Idle: AWAITED 2, hear")
	j.hear(awaitOf(theNode), "Awaiting: hear")
	client.hear(ask, "Idle: OPENED, hear, wake 1")
	c.later(time.Second)
	j.due = c.at.Now // its wait ends as it is woken
	j.ring("Idle: AWAITED 1")
	j.tell(roles.Notified{}, "Idle: ")
	c.later(roles.AwaitGap)
	client.hear(ask, "Idle: ERROR unreachable, hear")
}

// TestANodeWhoseLinkIsGoneIsNamedNoMore: clients are not sent to a link that is known to be broken until its time is over.
func TestANodeWhoseLinkIsGoneIsNamedNoMore(t *testing.T) {
	for name, end := range map[string]func(j *joint){
		"lost as it waits": func(j *joint) { j.tell(roles.Lost{Code: protocol.Lost}, "Closed: hangup") },
		"lost between two": func(j *joint) {
			j.ring("Idle: AWAITED 0")
			j.tell(roles.Lost{Code: protocol.Lost}, "Closed: hangup")
		},
		"ended": func(j *joint) { j.tell(roles.PeerEnded{}, "Closed: AWAITED 0, hangup") },
		"garbage": func(j *joint) {
			j.tell(roles.Malformed{Err: &protocol.Error{Code: protocol.Malformed}}, "Rejecting: AWAITED 0, ERROR malformed, bye")
		},
		"cut off": func(j *joint) { j.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCrossing(t, nil)
			j := c.waiting()
			if relayedOf(c, theClient) != 1 {
				t.Fatal("the node is not named")
			}
			end(j)
			if relayedOf(c, theClient) != 0 {
				t.Fatal("the node is named")
			}
			again := c.link(theNode)
			again.hear(awaitOf(theNode), "Awaiting: hear")
			j.Reset()
			if relayedOf(c, theClient) != 1 {
				t.Fatal("the node is not named, and waits again")
			}
		})
	}
}

// TestAwaitedSaysWhatIsHeldNow: the node may have published over another link meanwhile.
func TestAwaitedSaysWhatIsHeldNow(t *testing.T) {
	c := newCrossing(t, nil)
	j := c.waiting()
	c.link(theNode).hear(&protocol.Publish{ID: rolestest.Node(theNode), Epoch: 1, Index: 3, To: 1, Latest: 1, Changes: []protocol.Entry{{Name: "a", Hash: rolestest.Hash(1)}}}, "Idle: PUBLISHED, hear")
	j.ring("Idle: AWAITED 0")
	if held := j.last.(*protocol.Awaited).Held; held != (protocol.Held{Index: 3, Sequence: 1}) {
		t.Fatalf("%+v", held)
	}
}

// TestANodeThatFollowsNoInvitationIsLetGo, with its next word or when its wait ends.
func TestANodeThatFollowsNoInvitationIsLetGo(t *testing.T) {
	for _, asks := range []bool{true, false} {
		c := newCrossing(t, nil)
		j := c.waiting()
		for n := range roles.MaxMissed {
			c.asking(j)
			c.links[len(c.links)-1].tell(roles.PeerEnded{}, "Closed: hangup")
			if n < roles.MaxMissed-1 || !asks {
				j.hear(awaitOf(theNode), "Awaiting: hear")
			}
			c.later(roles.JoinTimeout)
		}
		c.link(theClient).hear(&protocol.Circuit{Node: rolestest.Node(theNode)}, "Idle: ERROR unreachable, hear")
		if asks {
			j.hear(awaitOf(theNode), "Rejecting: ERROR timeout, bye")
		} else {
			j.ring("Rejecting: ERROR timeout, bye")
		}
		if awaits, _ := c.circuits.Counts(); awaits != 0 || relayedOf(c, theClient) != 0 {
			t.Fatalf("%d wait", awaits)
		}
	}
}

// relayedOf counts the nodes that are handed out as reached through the relay.
func relayedOf(c *crossing, client byte) (count int) {
	located := c.registry.Locate(c.at, relay.From{Peer: hostN(1), ID: rolestest.Node(client)}, &protocol.Locate{}).(*protocol.Located)
	for _, peer := range located.Peers {
		count += int(peer.Circuit)
	}
	return count
}

// TestANodeWaitsOnItsLatestLink: the earlier one ends, and takes nothing away.
func TestANodeWaitsOnItsLatestLink(t *testing.T) {
	c := newCrossing(t, nil)
	old := c.waiting()
	j := c.link(theNode)
	j.hear(awaitOf(theNode), "Awaiting: hear, wake 1")
	old.tell(roles.Notified{}, "Rejecting: ERROR superseded, bye")
	old.tell(roles.PeerEnded{}, "Closed: hangup")
	if awaits, _ := c.circuits.Counts(); awaits != 1 || relayedOf(c, theClient) != 1 {
		t.Fatal("the node has no way any more")
	}
	c.asking(j)

	c = newCrossing(t, nil)
	old = c.waiting()
	c.link(theNode).hear(awaitOf(theNode), "Awaiting: hear, wake 1")
	c.later(roles.AwaitMost - 1)
	old.tell(roles.Heard{Message: &protocol.Locate{}}, "Idle: AWAITED 0, LOCATED, hear")
	c.later(roles.AwaitGap)
	if relayedOf(c, theClient) != 1 {
		t.Fatal("the node has no way any more")
	}
}
