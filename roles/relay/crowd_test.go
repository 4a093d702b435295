package relay_test

import (
	order "container/heap"
	"net/netip"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// proofCrowd drives the sessions of many nodes in virtual time. Each node is dialed for a while before it answers.
type proofCrowd struct {
	registry *relay.Registry
	budget   relay.Proofs
	now      time.Duration
	random   uint64
	due      moments
	answer   time.Duration // from a dial to the node's answer
	granted  map[protocol.Reach]int
	waited   time.Duration // the longest that a RENEW has waited for its answer
	renewed  int
}

// happening is what happens at a moment.
type happening struct {
	at time.Duration
	do func()
}

type moments []happening

func (m moments) Len() int           { return len(m) }
func (m moments) Less(i, j int) bool { return m[i].at < m[j].at }
func (m moments) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(x any)        { *m = append(*m, x.(happening)) }
func (m *moments) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

func (c *proofCrowd) after(wait time.Duration, do func()) {
	order.Push(&c.due, happening{c.now + wait, do})
}

func (c *proofCrowd) run() {
	for len(c.due) > 0 {
		next := order.Pop(&c.due).(happening)
		c.now = next.at
		next.do()
	}
}

// link opens a link of a node, over which it sends a message and ends.
func (c *proofCrowd) link(id protocol.PeerID, from netip.AddrPort, m protocol.Message) {
	session := relay.NewSession(c.registry, &relay.Answers{})
	session.Prove(&c.budget)
	asked, ended := c.now, false
	var step func(in roles.Input)
	step = func(in roles.Input) {
		if session.Final() {
			return
		}
		answered := false
		c.random = c.random*6364136223846793005 + 1442695040888963407
		for _, e := range session.Step(roles.Moment{Now: c.now, Rand: c.random >> 20}, in) {
			switch e := e.(type) {
			case roles.Dial:
				c.after(c.answer, func() { step(roles.Opened{Link: e.Link, ID: id}) })
			case roles.HalfClose:
				c.after(c.answer, func() { step(roles.PeerEnded(e)) })
			case roles.Arm:
				c.after(e.After, func() { step(roles.TimerFired{Timer: e.Timer, Number: e.Number}) })
			case roles.Send:
				answered = true
				c.answered(e.Message, asked)
			}
		}
		if answered && !ended {
			ended = true
			step(roles.PeerEnded{})
		}
	}
	step(roles.Opened{Peer: from, ID: id})
	step(roles.Heard{Message: m})
}

func (c *proofCrowd) answered(m protocol.Message, asked time.Duration) {
	switch m := m.(type) {
	case *protocol.Registered:
		c.granted[m.Reach]++
	case *protocol.Renewed:
		c.renewed++
		c.waited = max(c.waited, c.now-asked)
	}
}

// TestTenThousandRegistrationsAtOnce: after a restart of the relay, say. Those that have their turn soon hear that they
// are reached, the others are proven beside their next renewal, and none of these waits.
func TestTenThousandRegistrationsAtOnce(t *testing.T) {
	const nodes = 10_000
	c := &proofCrowd{registry: relay.NewRegistry(relay.Policy{Prove: true}), answer: 20 * time.Millisecond, granted: map[protocol.Reach]int{}}
	c.now = time.Hour
	for n := range nodes {
		id := protocol.PeerID{byte(n), byte(n >> 8), 1}
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{20, 0, byte(n >> 8), byte(n)}), 50000)
		c.link(id, from, &protocol.Register{ID: id, Epoch: 1, Port: 4000})
		for round := range 2 {
			spread := roles.RenewAfter * time.Duration(n) / nodes
			c.after(roles.RenewAfter*time.Duration(round)+spread+time.Second, func() { c.link(id, from, &protocol.Renew{ID: id, Epoch: 1}) })
		}
	}
	c.run()
	if c.granted[protocol.ReachDirect]+c.granted[protocol.ReachPending] != nodes || c.granted[protocol.ReachDirect] < 10*roles.MaxProbes {
		t.Errorf("they are granted %v", c.granted)
	}
	if c.renewed != 2*nodes || c.waited != 0 {
		t.Errorf("%d renewals, of which one waited for %v", c.renewed, c.waited)
	}
	unproven := 0
	for _, l := range c.registry.Leases(c.now) {
		if l.Reach != protocol.ReachDirect {
			unproven++
		}
	}
	if unproven > 0 || c.budget.UnderWay() != 0 {
		t.Errorf("%d nodes are not proven after two renewals; %d proofs are under way", unproven, c.budget.UnderWay())
	}
	t.Logf("granted: %v", c.granted)
}
