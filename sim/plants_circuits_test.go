package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// The stories of planted bugs: some of those of circuits, one a seed.
var (
	resetLegs   = oneOf(legResets)
	scarceBytes = oneOf(quotas)
)

// oneOf returns the story of a seed.
func oneOf(all func() []*scenario.Scenario) func(seed uint64) *scenario.Scenario {
	return func(seed uint64) *scenario.Scenario {
		stories := all()
		return stories[seed%uint64(len(stories))]
	}
}

// oneCircuit has a relay that makes one circuit at once, and clients that want several.
func oneCircuit(seed uint64) *scenario.Scenario {
	s := circuitScenario(seed)
	s.Relay.Ways = 1
	for i := range s.Ops {
		s.Ops[i].At = s.Ops[0].At + time.Duration(i)*time.Millisecond
	}
	return s
}

// unmoved has a client and a node between which nothing passes for long.
func unmoved(seed uint64) *scenario.Scenario {
	at, span := 7*time.Second+time.Duration(seed)*time.Millisecond, 75*time.Second
	return longCircuit(seed, scenario.Fault{Class: scenario.Hang, Who: "c0", At: at, For: span}, scenario.Fault{Class: scenario.Hang, Who: "n0", At: at, For: span})
}

// darkNode has a node that falls silent, and a client that asks for it before its lease has lapsed.
func darkNode(seed uint64) *scenario.Scenario {
	s := circuitScenario(seed)
	s.Heal, s.Ops = 2*time.Minute, []scenario.Op{{At: 50 * time.Second, Do: scenario.DoFetch, Who: "c0", Name: "both"}}
	s.Faults = []scenario.Fault{{Class: scenario.PowerLoss, Who: "n0", At: 6 * time.Second, For: 100 * time.Second}}
	return s
}

// crashedNode has a node whose links break, and a client that asks for it before it could be back.
func crashedNode(seed uint64) *scenario.Scenario {
	s := circuitScenario(seed)
	s.Ops = []scenario.Op{{At: tenths(65 + int(seed%50)), Do: scenario.DoFetch, Who: "c0", Name: "both"}}
	s.Faults = []scenario.Fault{{Class: scenario.Crash, Who: "n0", At: 6 * time.Second, For: 20 * time.Second}}
	return s
}

// shut has a client or a node that is revoked while a file comes through a closed relay.
func shut(seed uint64) *scenario.Scenario {
	s := longCircuit(seed, scenario.Fault{Class: scenario.Revoke, Who: []string{"c0", "n0"}[seed%2], At: 8 * time.Second, For: 20 * time.Second})
	s.Relay.Closed = true
	return s
}

// oneNAT has two clients at one address, in a closed relay or an open one: together they pass more than one may.
func oneNAT(closed bool) func(seed uint64) *scenario.Scenario {
	return func(seed uint64) *scenario.Scenario {
		s := circuitScenario(seed)
		s.Behind, s.Relay.Closed, s.Relay.Passes = true, closed, 700_000
		s.Ops = []scenario.Op{
			{At: tenths(50), Do: scenario.DoFetch, Who: "c0", Name: "both"},
			{At: tenths(100 + int(seed%50)), Do: scenario.DoFetch, Who: "c1", Name: "both"},
		}
		return s
	}
}

// twoAddresses has a member of a closed relay that comes from another address once it has passed the most of its bytes.
func twoAddresses(seed uint64) *scenario.Scenario {
	s := circuitScenario(seed)
	s.Heal, s.Relay.Closed, s.Relay.Both, s.Relay.Passes = time.Minute, true, true, 700_000
	s.Ops = []scenario.Op{
		{At: tenths(50), Do: scenario.DoFetch, Who: "c0", Name: "both"},
		{At: tenths(150 + int(seed%50)), Do: scenario.DoFetch, Who: "c0", Name: "both"},
	}
	s.Faults = []scenario.Fault{{Class: scenario.Address, Who: "relay", At: tenths(120), For: 40 * time.Second, N: 1}}
	return s
}

// unjoined has a relay that says nothing to those that join.
func unjoined(seed uint64) *scenario.Scenario {
	s := circuitLie("joining silence", scenario.Honest)
	s.Seed = seed
	return s
}

// mixed has a node that can be dialed, and one that cannot.
func mixed(seed uint64) *scenario.Scenario {
	s := circuitScenario(seed)
	s.Nodes[seed%2].Walled = false
	return s
}

// saying plants a machine that says other messages.
func saying(kind machineKind, change func(in roles.Input, m protocol.Message)) Plant {
	return around(kind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for _, e := range effects {
				if send, is := e.(roles.Send); is {
					change(in, send.Message)
				}
			}
			return effects
		}
	})
}

// splicing plants a session that does not hear certain inputs while its link is the end of a circuit.
func splicing(to func(in roles.Input) bool) Plant {
	return around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if state := b.Machine.(interface{ State() relay.SessionState }).State(); state == relay.SessionCarrying && to(in) {
				return nil
			}
			return in
		}
	})
}

func isAwaited(e roles.Effect) bool {
	send, _ := e.(roles.Send)
	_, is := send.Message.(*protocol.Awaited)
	return is
}

// circuitBugs are bugs in ways through the relay.
var circuitBugs = []planted{
	{"a session does not wake the other end", around(sessionKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			return without(effects, func(e roles.Effect) bool { _, is := e.(roles.Wake); return is })
		}
	}), []ID{S30}, "a circuit", "", circuitScenario},
	{"a relay passes on more than it has granted", around(sessionKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				if splice, is := e.(roles.Splice); is {
					splice.Bytes++
					effects[i] = splice
				}
			}
			return effects
		}
	}), []ID{S30}, "a circuit", "", circuitScenario},
	{"what passes counts for nobody where clients take turns", around(sessionKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				if splice, is := e.(roles.Splice); is {
					splice.From = roles.Origin{}
					effects[i] = splice
				}
			}
			return effects
		}
	}), []ID{S30}, "a circuit", "", circuitScenario},
	{"what passes is not counted", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if moved, is := in.(roles.Moved); is {
				moved.Bytes = 0
				return moved
			}
			return in
		}
	}), []ID{S30, S31}, "a circuit", "", scarceBytes},
	{"JOINED is said to the first who joins", around(sessionKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			heard, _ := in.(roles.Heard)
			says := func(e roles.Effect) bool { _, is := e.(roles.Send); return is }
			if _, joins := heard.Message.(*protocol.Join); joins && !slices.ContainsFunc(effects, says) {
				return append(effects, roles.Send{Message: &protocol.Joined{}})
			}
			return effects
		}
	}), []ID{S30}, "a circuit", "", circuitScenario},
	{"a client expects nobody at the other end of its circuit", around(fetchKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				if secure, is := e.(roles.Secure); is {
					effects[i] = roles.Secure{Link: secure.Link}
				}
			}
			return effects
		}
	}), []ID{S30}, "a circuit", "", circuitScenario},
	{"a node does not follow invitations", around(memberKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			return without(effects, func(e roles.Effect) bool {
				report, _ := e.(roles.Report)
				_, is := report.Outcome.(node.Invited)
				return is
			})
		}
	}), []ID{L3, L5}, "a circuit", "", circuitScenario},
	{"a node awaits clients under the epoch of an earlier registration", saying(memberKind, func(_ roles.Input, m protocol.Message) {
		if await, is := m.(*protocol.Await); is {
			await.Epoch--
		}
	}), []ID{L2, L3}, "a node that nobody can dial", "", circuitScenario},
	{"an AWAIT does not renew the lease", unrenewed(), []ID{S4, S15, S27}, "a node that nobody can dial", "", circuitScenario},
	{"a node is named by its id although it awaits nobody", directory(func(b *before, d relay.Directory) {
		b.awaits = func(at roles.Moment, id protocol.PeerID, until time.Duration) protocol.Held {
			return d.Awaits(at, id, at.Now+time.Hour)
		}
	}), []ID{S3, S15, S22}, "a node that awaits clients no more", "", darkNode},
	{"a node is named by its id although its link is gone", directory(func(b *before, d relay.Directory) {
		b.awaits = func(at roles.Moment, id protocol.PeerID, until time.Duration) (held protocol.Held) {
			if until > 0 {
				held = d.Awaits(at, id, until)
			}
			return held
		}
	}), []ID{S3, S15, S22, S27}, "a node that crashes, and a client that asks for it at once", "", crashedNode},
	{"nodes that are reached through the relay alone come first", directory(func(b *before, d relay.Directory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			if located, is := answer.(*protocol.Located); is {
				slices.SortStableFunc(located.Peers, func(a, b protocol.Peer) int { return len(a.Host) - len(b.Host) })
			}
			return answer
		}
	}), []ID{S27, S15}, "a node that can be dialed, and one that cannot", "", mixed},
	{"a node is not told that clients come through the relay", saying(sessionKind, func(_ roles.Input, m protocol.Message) {
		switch m := m.(type) {
		case *protocol.Registered:
			m.Await = 0
		case *protocol.Renewed:
			m.Await = 0
		}
	}), []ID{L2, L3}, "a node that nobody can dial", "", circuitScenario},
	{"a client never asks through the relay", Plant{Request: func(r *client.Request) { r.Direct = true }},
		[]ID{L3, L5}, "a node that nobody can dial", "", circuitScenario},
	{"a client gives a circuit up that was cut", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if lost, is := in.(roles.Lost); is && lost.Code == protocol.Lost {
				lost.Code = protocol.Unreachable
				return lost
			}
			return in
		}
	}), []ID{L5}, "a leg that is reset once", "", resetLegs},
	{"an AWAIT is answered twice", around(sessionKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			if i := slices.IndexFunc(effects, isAwaited); i >= 0 {
				return slices.Insert(effects, i, effects[i])
			}
			return effects
		}
	}), []ID{S30}, "a node that nobody can dial", "", circuitScenario},
	{"what comes behind an AWAIT is answered first", around(sessionKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			if i := slices.IndexFunc(effects, isAwaited); i >= 0 {
				return append(slices.Delete(slices.Clone(effects), i, i+1), effects[i])
			}
			return effects
		}
	}), []ID{S30, S6, S8}, "a stranger that awaits clients", "", strangersAwait("awaiting RENEW")},
	{"an AWAIT is not answered if nobody comes", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if b.Machine.(interface{ State() relay.SessionState }).State() == relay.SessionAwaiting && isTimerFired(in) {
				return nil
			}
			return in
		}
	}), []ID{S30}, "a node that nobody can dial", "", circuitScenario},
	{"an invitation is lost", saying(sessionKind, func(_ roles.Input, m protocol.Message) {
		if awaited, is := m.(*protocol.Awaited); is {
			awaited.Invitations = nil
		}
	}), []ID{S30}, "a circuit", "", circuitScenario},
	{"a relay does not say why it has cut the circuit before", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, _ := in.(roles.Heard)
			if ask, is := heard.Message.(*protocol.Circuit); is {
				return roles.Heard{Link: heard.Link, Message: &protocol.Circuit{Node: ask.Node}}
			}
			return in
		}
	}), []ID{S31}, "a leg that is reset once", "", resetLegs},
	{"a relay does not say whose limit is used up, and until when", saying(sessionKind, func(_ roles.Input, m protocol.Message) {
		if refusal, is := m.(*protocol.Error); is && refusal.Code == protocol.Quota {
			refusal.Text, refusal.Retry = "used up", 0
		}
	}), []ID{S31}, "an address that may pass few bytes", "", scarceBytes},
	{"a client does not heed how many bytes may pass", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, _ := in.(roles.Heard)
			if m, is := heard.Message.(*protocol.Opened); is {
				opened := *m
				opened.Bytes = 0
				return roles.Heard{Link: heard.Link, Message: &opened}
			}
			return in
		}
	}), []ID{S32}, "an address that may pass few groups", "", oneOf(scarce)},
	{"a client does not say why the relay refuses a circuit", around(fetchKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				report, _ := e.(roles.Report)
				if tried, is := report.Outcome.(client.Tried); is && tried.By == protocol.Relay {
					tried.Code, tried.By, tried.Text = protocol.Lost, protocol.Client, "it did not work"
					effects[i] = roles.Report{Outcome: tried}
				}
			}
			return effects
		}
	}), []ID{S31}, "a circuit that is refused", "", oneCircuit},
	{"two members at one address share their limits in a closed relay", Plant{Confused: true}, []ID{S30}, "two clients behind one NAT", "", oneNAT(true)},
	{"a member's second address begins anew", Plant{Confused: true}, []ID{S30}, "a member with two addresses", "", twoAddresses},
	{"a new key begins anew in an open relay", Plant{Confused: true}, []ID{S30}, "two clients behind one NAT", "", oneNAT(false)},
	{"the ends of both directions do not end a circuit", splicing(func(in roles.Input) bool { _, is := in.(roles.PeerEnded); return is }),
		[]ID{S30}, "a circuit", "", circuitScenario},
	{"a circuit over which nothing passes never ends", splicing(isTimerFired), []ID{S30}, "a client and a node that hang", "", unmoved},
	{"a closed relay keeps the circuits of whom its owner has revoked", Plant{Sheltering: true}, []ID{S30}, "", scenario.Revoke, shut},
	{"a client waits for ever for the other end of its circuit", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if fired, is := in.(roles.TimerFired); is && fired.Timer >= roles.Timer(2*client.WayLinks) {
				return nil
			}
			return in
		}
	}), []ID{L1}, "a relay that does not answer JOIN", "", unjoined},
}

// unrenewed is a relay that answers AWAIT from the last RENEWED.
func unrenewed() Plant {
	awaiting := false
	plant := around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, _ := in.(roles.Heard)
			_, awaiting = heard.Message.(*protocol.Await)
			return in
		}
	})
	plant.Directory = func(d relay.Directory) relay.Directory {
		b := &before{Directory: d}
		last := map[protocol.PeerID]protocol.Renewed{}
		b.renew = func(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
			if was, known := last[m.ID]; known && awaiting {
				return &was
			}
			answer := d.Renew(at, from, m)
			if renewed, is := answer.(*protocol.Renewed); is {
				last[m.ID] = *renewed
			}
			return answer
		}
		return b
	}
	return plant
}
