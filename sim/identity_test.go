package sim

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// identityStories are stories of identities: somebody in the middle, at the relay or at a node; keys that
// are lost; a stranger who would change another's lease; and plain links, which prove nothing.
func identityStories() (all []*scenario.Scenario) {
	for seed := range uint64(4) {
		all = append(all, middle(seed), downgraded(seed), cut(seed), reused(seed), stolen(seed), switched(seed))
	}
	plain := middle(0)
	plain.Relay.Plain, plain.Faults = true, nil
	return append(all, plain)
}

// middle is a story with somebody in the middle for a while: of the relay, or of a node.
func middle(seed uint64) *scenario.Scenario {
	s := story(0, scenario.Honest, scenario.Fault{
		Class: scenario.Middle, At: 500 * time.Millisecond, For: time.Minute, Who: []string{"relay", "n0"}[seed%2],
	})
	s.Seed = seed
	return s
}

// downgraded is a story with somebody in the middle who answers in plain.
func downgraded(seed uint64) *scenario.Scenario {
	s := middle(seed)
	s.Faults[0].N = 1
	return s
}

// cut is a story of a server whose streams end without a word that nothing is missing.
func cut(seed uint64) *scenario.Scenario {
	s := middle(seed)
	s.Faults = []scenario.Fault{{Class: scenario.Crash, Event: []int{60, 150, 85, 160}[seed%4], For: time.Second, Who: []string{"relay", "n0"}[seed%2], N: 1}}
	return s
}

// switched is a story of a stranger with a lease, who speaks as another in between.
func switched(seed uint64) *scenario.Scenario {
	s := middle(seed)
	s.Faults = []scenario.Fault{{Class: scenario.Attack, At: time.Second, Who: "relay", Name: scenario.Switch}}
	return s
}

// reused is a story of a node that gets the address of another, which the relay still lists there, or
// that loses its key.
func reused(seed uint64) *scenario.Scenario {
	s := middle(seed)
	s.Faults = []scenario.Fault{{Class: scenario.Move, At: 900 * time.Millisecond, Who: "n0", N: 1}}
	if seed%2 == 1 {
		s.Faults = []scenario.Fault{{Class: scenario.NewKey, At: 900 * time.Millisecond, Who: "n0"}}
	}
	return s
}

// stolen is a story of a stranger who would change the lease of a node.
func stolen(seed uint64) *scenario.Scenario {
	s := middle(seed)
	s.Faults = []scenario.Fault{{Class: scenario.Attack, At: time.Second, Who: "relay", Name: scenario.Steal}}
	return s
}

// identityBugs are bugs in who expects whom, and who may change what.
var identityBugs = []planted{
	{"a relay does not ask whose lease it is", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if opened, is := in.(roles.Opened); is {
				opened.ID = protocol.PeerID{}
				return opened
			}
			return in
		}
	}), []ID{S23, S15, S3, L3, S27}, "a stranger who knows an id", "", stolen},
	{"a link that has a lease may end another's", around(sessionKind, func(b *bugged) {
		var of protocol.PeerID
		b.before = func(in roles.Input) roles.Input {
			if opened, is := in.(roles.Opened); is {
				of = opened.ID
			}
			heard, _ := in.(roles.Heard)
			if leave, is := heard.Message.(*protocol.Leave); is && of == sampleKey && leave.ID != of {
				return roles.Heard{Message: &protocol.Leave{ID: of, Epoch: leave.Epoch}}
			}
			return in
		}
	}), []ID{S23}, "a stranger with a lease of its own", "", switched},
	{"whoever answers in plain is taken for the peer", Plant{Downgraded: true}, []ID{S23}, "", "", downgraded},
	{"a client does not expect the relay that it has met", around(queryKind, expectsNobody), []ID{S23}, "", "", middle},
	{"a fetch does not expect the node that the relay has named", around(fetchKind, expectsNobody), []ID{S23, S2}, "", "", reused},
	{"a node does not expect its relay", around(memberKind, expectsNobody), []ID{S23}, "", "", middle},
	{"a relay names nodes without their ids", directory(func(b *before, d relay.Directory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			if located, is := answer.(*protocol.Located); is {
				for i := range located.Peers {
					if p := &located.Peers[i]; p.Host != nil {
						p.ID, p.Circuit = protocol.PeerID{}, 0
					}
				}
			}
			return answer
		}
	}), []ID{S3, S15}, "", "", middle},
	{"a wrong peer counts as asked", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if lost, is := in.(roles.Lost); is && lost.Code == protocol.WrongPeer {
				lost.Code = protocol.NotFound
				return lost
			}
			return in
		}
	}), []ID{S2, L3}, "a file that only the node has whose address another has", "", onlyThere},
}

// onlyThere is a story of a file that one node has, at whose address another answers.
func onlyThere(seed uint64) *scenario.Scenario {
	s := middle(1)
	s.Seed = seed
	s.Ops = []scenario.Op{{At: time.Second, Do: scenario.DoFetch, Who: "c0", Name: scenario.MissingName}}
	return s
}

// expectsNobody plants a machine that takes whoever answers.
var expectsNobody = dialling(func(dial *roles.Dial) { dial.ID = protocol.PeerID{} })

// dialling plants a machine whose dials are changed.
func dialling(change func(dial *roles.Dial)) func(b *bugged) {
	return func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				if dial, is := e.(roles.Dial); is {
					change(&dial)
					effects[i] = dial
				}
			}
			return effects
		}
	}
}

func TestEachStoryOfIdentitiesShowsWhatItIsAbout(t *testing.T) {
	for _, x := range []struct {
		story func(seed uint64) *scenario.Scenario
		seed  uint64
		shows Counter
	}{{middle, 0, WrongPeer}, {middle, 1, WrongPeer}, {reused, 0, WrongPeer}, {downgraded, 0, Downgrade}, {downgraded, 1, Downgrade}, {cut, 0, Truncated}, {stolen, 0, NotTheirs}, {switched, 0, NotTheirs}, {stolen, 0, FirstContact}} {
		result := Run(x.story(x.seed), Options{})
		if result.Violation != nil {
			t.Error(result.Violation)
		}
		if result.Coverage.Counters[x.shows] == 0 {
			t.Errorf("%q did not happen with seed %d", x.shows, x.seed)
		}
	}
}
