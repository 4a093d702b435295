package sim

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// oneAddress is a story of hosts with an address of each family, of which those of one family die, for a moment or for longer than a lease, while files are asked for.
func oneAddress(seed uint64) *scenario.Scenario {
	c := scenario.NewSeeded(seed)
	pick := func(of ...int) int { return of[c.N(len(of), "of")] }
	second := func(n int) time.Duration { return time.Duration(n) * time.Second }
	s := &scenario.Scenario{Seed: seed, Heal: 300 * time.Second, Clients: 2, Relay: scenario.Relay{Both: true}}
	for i := range 2 {
		s.Nodes = append(s.Nodes, scenario.Node{ID: i, Both: true, Quiet: c.N(3, "quiet") == 0, Files: []scenario.File{
			{Name: "large", Content: 1, Size: 9*group + 5}, {Name: "own" + string(rune('0'+i)), Content: 2 + i, Size: 70000},
		}})
	}
	family := c.N(2, "family")
	for _, who := range []string{"relay", "n0", "n1"} {
		if c.N(3, "dies") > 0 {
			s.Faults = append(s.Faults, scenario.Fault{Class: scenario.Address, Who: who, At: second(10 * c.N(12, "at")), For: second(pick(5, 45, 145, 1000)), N: family + 2*c.N(2, "how")})
		}
	}
	for i, verb := range []scenario.Verb{scenario.DoFetch, scenario.DoGather, scenario.DoRead, scenario.DoList, scenario.DoFetch, scenario.DoFetch} {
		op := scenario.Op{At: second(15+10*c.N(20, "when")) + 333*time.Millisecond, Do: verb, Who: scenario.ClientName(i % 2), Sources: pick(0, 2)}
		switch verb {
		case scenario.DoFetch, scenario.DoRead:
			op.Name = []string{"large", "own0", "own1"}[c.N(3, "name")]
			op.Once = verb == scenario.DoFetch && c.N(4, "once") == 0
		}
		if verb == scenario.DoRead {
			op.Sources = 0
		}
		s.Ops = append(s.Ops, op)
	}
	return s
}

// TestANodeWithOneGoodAddressIsReached runs many of these stories.
func TestANodeWithOneGoodAddressIsReached(t *testing.T) {
	total := NewCoverage()
	for seed := range uint64(200) {
		o := Run(oneAddress(seed), Options{Hasty: seed%2 == 0})
		if o.Violation != nil {
			var why strings.Builder
			Explain(&why, oneAddress(seed), Options{Hasty: seed%2 == 0}, "")
			t.Fatal(why.String())
		}
		total.Add(o.Coverage)
	}
	for _, often := range []Counter{OtherAddress, MovedOne} {
		if total.Counters[often] < 50 {
			t.Errorf("%s: %d times", often, total.Counters[often])
		}
	}
}

// addressStories are some of these, and nodes whose renewal over the other family comes to nothing.
func addressStories() (all []*scenario.Scenario) {
	for seed := range uint64(40) {
		all = append(all, oneAddress(seed))
	}
	// A node's second link to the relay is reset, and the relay crashes, hangs, or stops, or the node
	// does, at each of its moments.
	for _, class := range []scenario.Class{scenario.Crash, scenario.Hang, scenario.Graceful} {
		for event := 10; event < 110; event += 2 {
			for _, who := range []string{"relay", "n0"} {
				s := bothScenario()
				s.Faults = []scenario.Fault{{Class: class, Event: event, Who: who, For: 20 * time.Second}}
				all = append(all, s)
			}
		}
	}
	for at := range 12 {
		s := bothScenario()
		s.Faults = []scenario.Fault{{Class: scenario.Reset, At: 3*time.Millisecond + time.Duration(at)*500*time.Microsecond, Who: "n0", With: "relay", N: at % 3}}
		all = append(all, s)
	}
	for seed := range uint64(20) {
		all = append(all, resetAtRelay(seed))
	}
	return all
}

// addressBugs are bugs around hosts with two addresses.
var addressBugs = []planted{
	{"a second address is not tried", around(fetchKind, dialling(func(dial *roles.Dial) { dial.Also = "" })), []ID{L12}, "a node of which an address is dead", "", oneAddress},
	{"a node is silent at the address to which its link broke, and is asked there again", around(fetchKind, dialling(func(dial *roles.Dial) {
		if dial.Last.IsValid() {
			dial.To, dial.Also, dial.Last = netip.AddrPortFrom(dial.Last, nodePort).String(), "", netip.Addr{}
		}
	})), []ID{L12, S10}, "an address that dies while a file comes", "", dyingAddress},
	{"a node renews over one family alone", around(memberKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if opened, is := in.(roles.Opened); is {
				opened.Peer = netip.AddrPort{}
				return opened
			}
			return in
		}
	}), []ID{L12, L3}, "a node of which an address dies", "", oneAddress},
	{"an address takes the place of the other family's", directory(func(b *before, d relay.Directory) {
		last := map[protocol.PeerID]netip.Addr{}
		b.renew = func(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
			last[m.ID] = from.Peer
			return d.Renew(at, from, m)
		}
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			if located, is := answer.(*protocol.Located); is {
				for i := range located.Peers {
					p := &located.Peers[i]
					for _, addr := range last {
						if p.Also != nil && p.Also.Addr() == addr {
							p.Host, p.Also = p.Also, nil
						}
					}
				}
			}
			return answer
		}
	}), []ID{S3, S15}, "a node with two addresses", "", oneAddress},
	{"an address that has lapsed is handed out", directory(func(b *before, d relay.Directory) {
		pairs := map[netip.Addr]protocol.IP{}
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			if located, is := answer.(*protocol.Located); is {
				for i := range located.Peers {
					p := &located.Peers[i]
					if p.Also != nil {
						pairs[p.Host.Addr()], pairs[p.Also.Addr()] = p.Also, p.Host
					} else {
						p.Also = pairs[p.Host.Addr()]
					}
				}
			}
			return answer
		}
	}), []ID{S3, S15}, "an address that is dead for long", "", oneAddress},
}

// dyingAddress is a story in which the address over which a file comes falls silent meanwhile.
func dyingAddress(seed uint64) *scenario.Scenario {
	s := oneAddress(seed)
	s.Nodes = s.Nodes[:1]
	s.Ops = []scenario.Op{{At: 20 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "large"}}
	s.Faults = []scenario.Fault{{Class: scenario.Address, Who: "n0", At: 20*time.Second + time.Duration(5+seed%12)*time.Millisecond, For: 200 * time.Second, N: 1}}
	return s
}
