package relay_test

import (
	"crypto/ed25519"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// vectors seeds a fuzzer with each vector, and with all that are requests in one stream.
func vectors(f *testing.F, more ...protocol.Message) {
	f.Helper()
	var all []byte
	for _, stream := range rolestest.Vectors(f, os.DirFS("../../protocol/testdata/vectors")) {
		f.Add(stream, []byte{})
		if m, _, _ := protocol.DecodeWithin(stream, protocol.MaxFirst); m != nil && len(all) < 4<<10 {
			all = append(all, stream...)
		}
	}
	f.Add(all, []byte{})
	var dialogue []byte
	for _, m := range more {
		dialogue = protocol.Append(dialogue, m)
	}
	f.Add(dialogue, []byte{})
	f.Add(dialogue, slices.Repeat([]byte{8}, 2*len(more)))
	f.Add(dialogue, []byte{0, 0, 0, 5})
	f.Add(dialogue, []byte{0, 6, 0, 0xff})
}

// mine is the id of a peer, a key.
var mine = protocol.PeerID(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey))

// requests are those of a node that comes, publishes, asks and leaves.
func requests() []protocol.Message {
	return []protocol.Message{
		&protocol.Register{ID: mine, Epoch: 1, Port: 4000},
		&protocol.Publish{ID: mine, Epoch: 1, Index: 1, To: 1, Latest: 1, Changes: []protocol.Entry{{Name: "a.txt", Size: 5, Hash: rolestest.Hash(1)}}},
		&protocol.Await{ID: mine, Epoch: 1, Wait: 1000}, &protocol.Circuit{Node: mine},
		&protocol.Renew{ID: mine, Epoch: 1}, rolestest.Sample(protocol.KindLocate), &protocol.Locate{Name: "a.txt", Limit: protocol.MaxPage},
		rolestest.Sample(protocol.KindList), &protocol.Leave{ID: mine, Epoch: 1}, rolestest.Sample(protocol.KindLocate),
	}
}

// besiege has an adversary speak with a session. It is quiet for no longer than a session may take.
func besiege(t *testing.T, session *relay.Session, a *rolestest.Adversary) {
	a.Effects, a.Quiet, a.Memory = 8, 64, 2<<20
	a.Patience = roles.ReplyTimeout + roles.ListPatience + roles.IdleTimeout + roles.CloseTimeout + roles.AwaitMost + time.Second
	a.Attack(t, session)
}

// FuzzSession: whatever a peer says, an open relay ends the link in time, and no lease is of another id
// than the link has proven.
func FuzzSession(f *testing.F) {
	vectors(f, requests()...)
	f.Fuzz(func(t *testing.T, stream, choices []byte) {
		registry, circuits := relay.NewRegistry(relay.Policy{Circuits: true}), newCircuits(relay.OpenLimits)
		session := relay.NewSession(registry, &relay.Answers{})
		session.Carry(circuits)
		asked := 0 // AWAITs without an answer
		besiege(t, session, &rolestest.Adversary{
			Stream: stream, Choices: choices, Begin: roles.Opened{Peer: visitor, ID: mine, Exporter: proven, Number: ownLink},
			Watch: func(in roles.Input, effects []roles.Effect) {
				for _, e := range effects {
					if send, is := e.(roles.Send); is && send.Message.Kind() == protocol.KindAwaited {
						asked--
					}
				}
				if heard, is := in.(roles.Heard); is && heard.Message.Kind() == protocol.KindAwait && session.State() == relay.SessionAwaiting {
					asked++
				}
				if asked < 0 && session.State() == relay.SessionAwaiting || asked > 1 {
					t.Fatalf("%d AWAITs have no answer", asked)
				}
				if asked < 0 { // it was answered at once
					asked = 0
				}
			},
		})
		if awaits, _ := circuits.Counts(); awaits != 0 {
			t.Error("a node waits on a link that has ended")
		}
		for _, lease := range registry.Leases(0) {
			if lease.ID != mine {
				t.Errorf("a lease of %s", lease.ID.Short())
			}
		}
	})
}

// FuzzPlainSession: in plain a peer may give any id.
func FuzzPlainSession(f *testing.F) {
	vectors(f, requests()...)
	f.Fuzz(func(t *testing.T, stream, choices []byte) {
		registry := relay.NewRegistry(relay.Policy{})
		besiege(t, relay.NewSession(registry, &relay.Answers{}), &rolestest.Adversary{
			Stream: stream, Choices: choices, Begin: roles.Opened{Peer: visitor},
		})
		if n := registry.Active(0); n > len(stream)/protocol.HeaderSize {
			t.Errorf("%d leases", n)
		}
	})
}

// FuzzJoin: whatever the peers of a circuit send to each other, their relay passes on no more than it may, and ends.
func FuzzJoin(f *testing.F) {
	limits := relay.Limits{Circuits: 1, CircuitsFrom: 1, BytesFrom: 5000, Rate: 2000, Awaits: 1}
	w := openWay(newCircuits(limits))
	vectors(f, &protocol.Join{Ticket: w.client}, rolestest.Sample(protocol.KindLocate), &protocol.Join{Ticket: w.node})
	f.Fuzz(func(t *testing.T, stream, choices []byte) {
		circuits, passed := newCircuits(limits), int64(0)
		openWay(circuits)
		circuits.Join(roles.Moment{}, otherLink, w.node)
		session := relay.NewSession(sampleDirectory{}, full{})
		session.Carry(circuits)
		a := &rolestest.Adversary{
			Stream: stream, Choices: choices, Begin: roles.Opened{Peer: visitor, Number: ownLink}, Effects: 8, Quiet: 64, Memory: 2 << 20,
			Patience: roles.CircuitIdle + 5*time.Second,
			Watch: func(in roles.Input, effects []roles.Effect) {
				if moved, is := in.(roles.Moved); is {
					passed += moved.Bytes
				}
				for _, e := range effects {
					if splice, is := e.(roles.Splice); is && passed+int64(splice.Bytes) > limits.BytesFrom {
						t.Fatalf("%d bytes may pass after %d", splice.Bytes, passed)
					}
				}
			},
		}
		a.Attack(t, session)
	})
}

// FuzzClosedSession: a closed relay tells a stranger nothing but denied, leases it nothing, and admits
// only a peer that has signed with a token's key.
func FuzzClosedSession(f *testing.F) {
	invite := rolestest.Invite()
	enter := invite.Enter(proven, mine)
	vectors(f, append([]protocol.Message{rolestest.Sample(protocol.KindLocate), rolestest.Sample(protocol.KindEnter), enter}, requests()...)...)
	f.Fuzz(func(t *testing.T, stream, choices []byte) {
		registry := relay.NewRegistry(relay.Policy{})
		members, last := gate{}, (*protocol.Enter)(nil)
		besiege(t, relay.NewClosedSession(registry, &relay.Answers{}, members, rolestest.Node(9)), &rolestest.Adversary{
			Stream: stream, Choices: choices, Begin: roles.Opened{Peer: visitor, ID: mine, Exporter: proven},
			Keys: []protocol.PeerID{{}, invite.KeyID()},
			Admit: func(e roles.Admit) []roles.Input {
				return []roles.Input{roles.Admitted{Role: protocol.BothRoles}, roles.Admitted{Role: protocol.ClientRole}, roles.Admitted{Code: protocol.Denied}}
			},
			Watch: func(in roles.Input, effects []roles.Effect) {
				if heard, is := in.(roles.Heard); is {
					last, _ = heard.Message.(*protocol.Enter)
				}
				if admitted, is := in.(roles.Admitted); is && admitted.Role != 0 {
					members[mine] = admitted.Role
				}
				for _, e := range effects {
					if admit, is := e.(roles.Admit); is && (admit.ID != mine || admit.Token != last.Token || !last.SignedBy(invite.KeyID(), proven, mine, rolestest.Node(9))) {
						t.Fatal(rolestest.Describe(admit))
					}
					if len(members) == 0 {
						toldStranger(t, in, e)
					}
				}
			},
		})
		if len(members) == 0 && registry.Active(0) > 0 {
			t.Error("a stranger has a lease")
		}
	})
}

// refusals are what a stranger may hear of a closed relay: that it is denied, and whatever the relay thinks of how it
// speaks.
var refusals = []protocol.Code{protocol.Denied, protocol.Unexpected, protocol.Timeout, protocol.Draining, protocol.Internal}

// toldStranger fails unless an effect is one that a stranger may cause.
func toldStranger(t *testing.T, in roles.Input, e roles.Effect) {
	send, is := e.(roles.Send)
	if !is {
		return
	}
	refusal, is := send.Message.(*protocol.Error)
	malformed, junk := in.(roles.Malformed)
	if !is || !slices.Contains(refusals, refusal.Code) && !(junk && refusal.Code == malformed.Err.Code) {
		t.Fatalf("%s is answered with %s", reflect.TypeOf(in), rolestest.Say(send.Message))
	}
}
