package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// relayBugs are bugs around a relay's sessions and in front of its registry.
var relayBugs = []planted{
	{"a lease never expires", directory(func(b *before, d relay.Directory) {
		var first time.Duration
		freeze := func(at roles.Moment) roles.Moment {
			if first == 0 {
				first = at.Now
			}
			at.Now = first
			return at
		}
		b.register = func(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
			freeze(at) // the first call sets the clock, which then stands still
			return d.Register(at, from, m)
		}
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			return d.Locate(freeze(at), from, m)
		}
	}), []ID{S3, S22}, "a node that dies", "", lapsed},
	{"a late LEAVE evicts the newer registration", directory(func(b *before, d relay.Directory) {
		b.leave = func(at roles.Moment, m *protocol.Leave) protocol.Message {
			return d.Leave(at, &protocol.Leave{ID: m.ID, Epoch: 1 << 60})
		}
	}), []ID{S4}, "two nodes with one id, or a late LEAVE", "", nil},
	{"a lost lease is still acknowledged", directory(func(b *before, d relay.Directory) {
		b.renew = func(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
			d.Renew(at, from, m)
			return &protocol.Renewed{TTL: 90000, Renew: 30000}
		}
	}), []ID{S4, S15}, "a relay that restarts", "", nil},
	{"a lease lapses before its last answer said", directory(func(b *before, d relay.Directory) {
		b.renew = func(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
			answer := d.Renew(at, from, m)
			if renewed, is := answer.(*protocol.Renewed); is {
				renewed.TTL += 60_000
			}
			return answer
		}
	}), []ID{S3, S4, S15}, "a node that dies", "", nil},
	{"a relay of many leases asks as often as one of few", Plant{Policy: func(p *relay.Policy) { p.AnnounceRate = 0 }}, []ID{S4}, "a relay that spaces renewals", "", nil},
	{"a renewal does not tell where its node is", directory(func(b *before, d relay.Directory) {
		first := map[protocol.PeerID]relay.From{}
		b.register = func(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
			first[m.ID] = from
			return d.Register(at, from, m)
		}
		b.renew = func(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
			if was, known := first[m.ID]; known {
				from = was
			}
			return d.Renew(at, from, m)
		}
	}), []ID{S4, L2}, "a node that moves", scenario.Move, nil},
	{"an old epoch is accepted", directory(func(b *before, d relay.Directory) {
		b.register = func(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
			answer := d.Register(at, from, m)
			if refusal, is := answer.(*protocol.Error); is && refusal.Epoch > 0 {
				newer := *m
				newer.Epoch = refusal.Epoch + 1
				return d.Register(at, from, &newer)
			}
			return answer
		}
	}), []ID{S4}, "two nodes with one id, or a clock set back", "", nil},
	{"one node is left out of each page", directory(func(b *before, d relay.Directory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			if located, is := answer.(*protocol.Located); is && len(located.Peers) > 1 {
				located.Peers = located.Peers[1:]
			}
			return answer
		}
	}), []ID{S15, S2, L3}, "several nodes", "", nil},
	{"a node is listed at another port", directory(func(b *before, d relay.Directory) {
		b.register = func(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
			other := *m
			other.Port++
			return d.Register(at, from, &other)
		}
	}), []ID{S4}, "", "", nil},
	{"an illegal message is ignored", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, is := in.(roles.Heard)
			if is && !tables[sessionKind].hears["Listening"][heard.Message.Kind()] {
				return nil
			}
			return in
		}
	}), []ID{S8}, "an illegal message", "", nil},
	{"one bad entry drops its page", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, is := in.(roles.Heard)
			if page, publishes := heard.Message.(*protocol.Publish); is && publishes && page.LeftOut > 0 {
				return roles.Malformed{Err: &protocol.Error{Code: protocol.BadName}}
			}
			return in
		}
	}), []ID{S15}, "a stranger that publishes a bad name", "", badNamesScenario},
	{"a node with a bad name counts as one that has published all", directory(func(b *before, d relay.Directory) {
		b.publish = func(at roles.Moment, m *protocol.Publish) protocol.Message {
			whole := *m
			whole.LeftOut = 0
			return d.Publish(at, &whole)
		}
	}), []ID{S15, S2}, "a stranger that publishes a bad name", "", badNamesScenario},
	{"a node is not told that a name is refused", directory(func(b *before, d relay.Directory) {
		b.publish = func(at roles.Moment, m *protocol.Publish) protocol.Message {
			answer := d.Publish(at, m)
			if is, taken := answer.(*protocol.Published); taken {
				is.Refused = 0
			}
			return answer
		}
	}), []ID{S15}, "a stranger that publishes a bad name", "", badNamesScenario},
	{"an idle link is never closed", deaf(sessionKind, isTimerFired), []ID{L2, L1, L3, C2, S30}, "silence", "", nil},
	{"a relay hangs up without saying why", around(sessionKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for _, e := range effects {
				if half, is := e.(roles.HalfClose); is && half.Link == 0 {
					return without(effects, func(e roles.Effect) bool { _, is := e.(roles.Send); return is })
				}
			}
			return effects
		}
	}), []ID{S8, S30}, "an illegal message", "", nil},
}

// loadBugs are bugs that show where strangers ask for lists and do not read them, or an index is full.
var loadBugs = []planted{
	{"any number of lists are on their way", Plant{Room: func(room relay.Room) relay.Room { return boundless{room} }},
		[]ID{S25}, "strangers that ask for lists", "", deafLists},
	{"the room of a list is never given back", Plant{Room: func(room relay.Room) relay.Room { return stingy{room} }},
		[]ID{S25, L9}, "a list", "", nil},
	{"a peer that does not take its list is never let go", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if _, is := in.(roles.TimerFired); is && b.Machine.(*pooledSession).State() == relay.SessionAnswering {
				return nil
			}
			return in
		}
	}), []ID{L1, L9, C2}, "strangers that ask for lists", "", deafLists},
	{"a list waits for its room for ever", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if _, is := in.(roles.TimerFired); is && b.Machine.(*pooledSession).State() == relay.SessionWaiting {
				return nil
			}
			return in
		}
	}), []ID{L1, L3, L9, C2}, "strangers that ask for lists", "", deafLists},
	{"the names of all nodes have no bound", Plant{Policy: func(p *relay.Policy) { p.MaxIndex = 0 }}, []ID{S15}, "a small relay", "", fullRelay},
	{"the index of a small relay stays full", staysFull, []ID{S15, L4}, "a small relay, and a node that dies", "", fullRelay},
	{"a full index forgets what it holds", directory(func(b *before, d relay.Directory) {
		b.publish = func(at roles.Moment, m *protocol.Publish) protocol.Message {
			answer := d.Publish(at, m)
			if refusal, is := answer.(*protocol.Error); is && refusal.Code == protocol.Limit {
				d.Publish(at, &protocol.Publish{ID: m.ID, Epoch: m.Epoch, Index: m.Index, Latest: m.Latest})
			}
			return answer
		}
	}), []ID{S15, L4}, "a small relay", "", fullIndex},
	{"a full index refuses names that are gone", staysFull, []ID{S15, L4}, "a small relay, and a file that is deleted", "", fullIndex},
}

// staysFull is a relay whose index refuses every page once it has refused one.
var staysFull = directory(func(b *before, d relay.Directory) {
	full := false
	b.publish = func(at roles.Moment, m *protocol.Publish) protocol.Message {
		if full {
			return &protocol.Error{Code: protocol.Limit, Text: "full"}
		}
		answer := d.Publish(at, m)
		refusal, is := answer.(*protocol.Error)
		full = is && refusal.Code == protocol.Limit
		return answer
	}
})

// boundless is a room without a bound; stingy never gets any back.
type (
	boundless struct{ relay.Room }
	stingy    struct{ relay.Room }
)

func (boundless) Take(roles.Moment, relay.Long) bool { return true }
func (boundless) Give(relay.Long)                    {}
func (stingy) Give(relay.Long)                       {}

// deafLists are strangers that ask for lists and take none, while a client asks for one.
func deafLists(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Heal, s.Relay.Lists = seed, patienceWithStrangers+20*time.Second, 1+int(seed%3)
	s.Ops = append(s.Ops, scenario.Op{At: 1600 * time.Millisecond, Do: scenario.DoList, Who: "c0"})
	s.Faults = []scenario.Fault{{Class: scenario.Attack, At: 1500 * time.Millisecond, Who: "relay", Name: scenario.DeafLists}}
	return s
}

// fullIndex is a relay with less room than a node has names, and a file that is deleted.
func fullIndex(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Relay.Entries = seed, 1
	s.Nodes[0].Files = append(s.Nodes[0].Files, scenario.File{Name: "more", Content: 50, Size: 7}, scenario.File{Name: "most", Content: 51, Size: 7})
	s.Faults = []scenario.Fault{{Class: scenario.FileDelete, At: 5 * time.Second, Who: "n0", Name: "more"}}
	return s
}

// fullRelay is a relay with less room than its nodes have names together; one of them deletes a file, or
// dies, and the other finds room.
func fullRelay(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Relay.Names, s.Heal = seed, 2, 3*time.Minute
	fault := scenario.Fault{Class: scenario.FileDelete, At: 5 * time.Second, Who: "n0", Name: "both"}
	if seed%2 == 1 {
		fault = scenario.Fault{Class: scenario.PowerLoss, At: 5 * time.Second, For: 3 * time.Minute, Who: "n0"}
	}
	s.Faults = []scenario.Fault{fault}
	s.Ops = []scenario.Op{{At: 170 * time.Second, Do: scenario.DoList, Who: "c0"}, {At: 20 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: scenario.MissingName}}
	return s
}

// lapsed is a node that dies, and a client that asks after its lease has lapsed.
func lapsed(seed uint64) *scenario.Scenario {
	s := sweepScenario()
	s.Seed, s.Heal, s.Relay.Page = seed, 3*time.Minute, 0
	s.Ops = []scenario.Op{{At: 2 * time.Minute, Do: scenario.DoFetch, Who: "c0", Name: "both"}}
	s.Faults = []scenario.Fault{{Class: scenario.PowerLoss, At: 2 * time.Second, For: 3 * time.Minute, Who: "n0"}}
	return s
}
