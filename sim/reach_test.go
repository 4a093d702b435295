package sim

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// walled is a story of nodes behind firewalls that come and go, and of nodes that register anew or move while
// they are proven.
func walled(seed uint64) *scenario.Scenario {
	c := scenario.NewSeeded(seed)
	second := func(n int) time.Duration { return time.Duration(n) * time.Second }
	s := &scenario.Scenario{Seed: seed, Heal: 200 * time.Second, Clients: 2, Relay: scenario.Relay{Plain: c.N(4, "plain") == 0, Both: c.N(3, "both") == 0}}
	for i := range 3 {
		s.Nodes = append(s.Nodes, scenario.Node{ID: i, Quiet: c.N(3, "quiet") == 0, Both: s.Relay.Both, Start: second(c.N(3, "start")), Files: []scenario.File{
			{Name: "shared", Content: 1, Size: 70000}, {Name: "own" + string(rune('0'+i)), Content: 2 + i, Size: 1000},
		}})
	}
	for i := range s.Nodes {
		who := scenario.NodeName(i)
		if c.N(4, "walled") > 0 {
			s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Firewall, Who: who, At: second(c.N(60, "at")), For: second(20 + c.N(100, "for")), N: c.N(2, "how")})
		}
		switch c.N(4, "meanwhile") {
		case 1:
			s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Crash, Who: who, At: second(c.N(60, "crash")), For: second(1)})
		case 2:
			s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Move, Who: who, At: second(c.N(60, "move"))})
		}
	}
	for i := range 6 {
		op := scenario.Op{At: second(5 + c.N(150, "when")), Do: scenario.DoFetch, Who: scenario.ClientName(i % 2), Name: []string{"shared", "own0", "own1", "own2"}[c.N(4, "name")]}
		s.Ops = append(s.Ops, op)
	}
	return s
}

// hurried is a story of a node that registers anew while a proof of its last registration is under way.
func hurried(seed uint64) *scenario.Scenario {
	s := walled(seed)
	s.Faults = nil
	for i := range s.Nodes {
		who := scenario.NodeName(i)
		s.Faults = append(s.Faults,
			scenario.Fault{Class: scenario.Firewall, Who: who, At: 20 * time.Second, For: 100 * time.Second},
			scenario.Fault{Class: scenario.Crash, Who: who, At: time.Duration(25+seed%20) * time.Second, For: 500 * time.Millisecond},
			scenario.Fault{Class: scenario.Crash, Who: who, At: time.Duration(27+seed%20) * time.Second, For: 200 * time.Millisecond})
	}
	return s
}

// reachStories are some of these, and a relay that stops while a node waits for the turn of its address.
func reachStories() (all []*scenario.Scenario) {
	for seed := range uint64(40) {
		all = append(all, walled(seed), hurried(seed))
	}
	for after := range 10 {
		s := hurried(0)
		for i := range s.Nodes {
			at := func(ms int) time.Duration { return 25*time.Second + time.Duration(ms)*time.Millisecond }
			s.Faults[3*i+1].At, s.Faults[3*i+1].For = at(0), 100*time.Millisecond
			s.Faults[3*i+2].At, s.Faults[3*i+2].For = at(500), 100*time.Millisecond
		}
		s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Graceful, Who: "relay", At: 25600*time.Millisecond + time.Duration(100*after)*time.Millisecond, For: time.Second})
		all = append(all, s)
	}
	return all
}

// TestWhoCannotBeReachedIsNotHandedOut runs many of these stories.
func TestWhoCannotBeReachedIsNotHandedOut(t *testing.T) {
	total := NewCoverage()
	for seed := range uint64(200) {
		for _, story := range []func(uint64) *scenario.Scenario{walled, hurried} {
			o := Run(story(seed), Options{Hasty: seed%2 == 0})
			if o.Violation != nil {
				var why strings.Builder
				Explain(&why, story(seed), Options{Hasty: seed%2 == 0}, "")
				t.Fatal(why.String())
			}
			total.Add(o.Coverage)
		}
	}
	for _, often := range []Counter{NotReached, ReachedAgain, LateProof, Withheld} {
		if total.Counters[often] < 20 {
			t.Errorf("%s: %d times", often, total.Counters[often])
		}
	}
}

// spending is a budget with a bug.
type spending struct {
	relay.Budget
	take func(at roles.Moment, addr netip.Addr, again bool) relay.Permit
	give func(at roles.Moment, addr netip.Addr, found protocol.Reach)
}

func (s *spending) Take(at roles.Moment, addr netip.Addr, again bool) relay.Permit {
	if s.take != nil {
		return s.take(at, addr, again)
	}
	return s.Budget.Take(at, addr, again)
}

func (s *spending) Give(at roles.Moment, addr netip.Addr, found protocol.Reach) {
	if s.give != nil {
		s.give(at, addr, found)
		return
	}
	s.Budget.Give(at, addr, found)
}

func spends(bug func(s *spending)) Plant {
	return Plant{Budget: func(t relay.Budget) relay.Budget {
		s := &spending{Budget: t}
		bug(s)
		return s
	}}
}

// reachBugs are bugs in what a relay knows of where nodes can be reached.
var reachBugs = []planted{
	{"a proof expects nobody's id", around(sessionKind, expectsNobody), []ID{S27}, "nothing", "", walled},
	{"a relay dials whom it is told to", around(sessionKind, dialling(func(dial *roles.Dial) {
		dial.To = hostAddress(clientRole, 0).String()
	})), []ID{S27}, "nothing", "", walled},
	{"a proof that fails counts as one", directory(func(b *before, d relay.Directory) {
		b.proved = func(at roles.Moment, proof relay.Proof) protocol.Reached {
			proof.Reach = protocol.ReachDirect
			return d.Proved(at, proof)
		}
	}), []ID{S4, S27}, "a node that cannot be reached", scenario.Firewall, walled},
	{"a proof of an earlier registration counts", directory(func(b *before, d relay.Directory) {
		last := map[protocol.PeerID]uint64{}
		b.register = func(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
			last[m.ID] = max(last[m.ID], m.Epoch)
			return d.Register(at, from, m)
		}
		b.proved = func(at roles.Moment, proof relay.Proof) protocol.Reached {
			proof.Epoch = last[proof.ID]
			return d.Proved(at, proof)
		}
	}), []ID{S4}, "a node that registers anew while it is proven", "", hurried},
	{"a node that could not be reached is handed out", directory(func(b *before, d relay.Directory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			located, is := answer.(*protocol.Located)
			if !is {
				return answer
			}
			for _, l := range d.(*relay.Registry).Leases(at.Now) {
				if l.Reach.Failed() {
					located.Peers = append(located.Peers, protocol.Peer{Host: protocol.IPOf(l.At.Addr()), Port: l.At.Port()})
				}
			}
			return located
		}
	}), []ID{S3}, "a node that cannot be reached", scenario.Firewall, walled},
	{"what is not proven comes first", directory(func(b *before, d relay.Directory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			if located, is := answer.(*protocol.Located); is {
				slices.Reverse(located.Peers)
			}
			return answer
		}
	}), []ID{S27, S15}, "a node that is being proven", "", walled},
	{"a node that moves is not proven anew", directory(func(b *before, d relay.Directory) {
		b.renew = func(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
			answer := d.Renew(at, from, m)
			if renewed, is := answer.(*protocol.Renewed); is && renewed.Reach == protocol.ReachPending {
				renewed.Reach = protocol.ReachDirect
			}
			return answer
		}
	}), []ID{S27}, "a node that moves", scenario.Move, walled},
	{"what has failed is not tried again", spends(func(s *spending) {
		s.take = func(at roles.Moment, addr netip.Addr, again bool) relay.Permit {
			if again {
				return relay.Spent
			}
			return s.Budget.Take(at, addr, again)
		}
	}), []ID{L2}, "a firewall that comes down", scenario.Firewall, walled},
	{"a permit is not given back", spends(func(s *spending) {
		s.give = func(roles.Moment, netip.Addr, protocol.Reach) {}
	}), []ID{L2}, "a firewall that comes down", scenario.Firewall, walled},
}
