package relay_test

import (
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// gate admits as its map says.
type gate map[protocol.PeerID]protocol.Role

func (g gate) Role(id protocol.PeerID) protocol.Role {
	if g.Barred(id) {
		return 0
	}
	return g[id]
}

// barred marks an id that was revoked.
const barred protocol.Role = 1 << 7

func (g gate) Barred(id protocol.PeerID) bool { return g[id]&barred != 0 }

var proven = [protocol.ExporterSize]byte{1, 2, 3}

// closed returns a session of a closed relay on a link that has proven Node(1).
func closed(t *testing.T, g gate, id protocol.PeerID) *rolestest.Story {
	t.Helper()
	session := relay.NewClosedSession(sampleDirectory{}, &relay.Answers{}, g, rolestest.Node(9))
	s := rolestest.New(t, session, session.State)
	s.Tell(roles.Opened{Peer: visitor, ID: id, Exporter: proven}, "Listening", "hear 0 first")
	return s
}

const deniedByRelay = "send 0 ERROR denied by relay"

// text returns what people read of the last refusal.
func refused(t *testing.T, s *rolestest.Story, m protocol.Message) string {
	t.Helper()
	for _, effect := range s.Machine.Step(s.At, roles.Heard{Message: m}) {
		if send, is := effect.(roles.Send); is {
			if refusal, is := send.Message.(*protocol.Error); is && refusal.Code == protocol.Denied {
				return refusal.Text
			}
		}
	}
	t.Fatalf("%s is not refused", m.Kind())
	return ""
}

// TestAClosedRelayTellsAStrangerNothing: to each request the same, whatever there is.
func TestAClosedRelayTellsAStrangerNothing(t *testing.T) {
	for _, id := range []protocol.PeerID{rolestest.Node(1), {}} {
		for _, kind := range []protocol.Kind{protocol.KindRegister, protocol.KindRenew, protocol.KindLeave, protocol.KindPublish, protocol.KindLocate, protocol.KindList} {
			s := closed(t, gate{rolestest.Node(2): protocol.BothRoles}, id)
			s.Hear(0, rolestest.Sample(kind), "Idle", deniedByRelay, "hear 0")
			s.Hear(0, rolestest.Sample(kind), "Idle", deniedByRelay, "hear 0")
			if text := refused(t, s, rolestest.Sample(kind)); text != "this relay is closed: ask its owner for an invite, which stands in place of its host and port" {
				t.Errorf("%s: %q", kind, text)
			}
		}
	}
}

func TestAMemberMayWhatItsRoleSays(t *testing.T) {
	asks := []protocol.Kind{protocol.KindLocate, protocol.KindList}
	shares := []protocol.Kind{protocol.KindRegister, protocol.KindRenew, protocol.KindLeave, protocol.KindPublish}
	for role, may := range map[protocol.Role][]protocol.Kind{
		protocol.NodeRole: append(shares, asks...), protocol.BothRoles: append(shares, asks...), protocol.ClientRole: asks,
	} {
		for _, kind := range append(shares, asks...) {
			s := closed(t, gate{rolestest.Node(1): role}, rolestest.Node(1))
			denied := false
			for _, effect := range s.Machine.Step(s.At, roles.Heard{Message: rolestest.Sample(kind)}) {
				send, is := effect.(roles.Send)
				denied = denied || is && rolestest.Describe(send) == deniedByRelay
			}
			want := true
			for _, one := range may {
				want = want && one != kind
			}
			if denied != want {
				t.Errorf("%s to a %s: denied is %v", kind, role, denied)
			}
		}
	}
}

func TestAnInviteAdmits(t *testing.T) {
	invite := rolestest.Invite()
	g := gate{}
	s := closed(t, g, rolestest.Node(1))
	enter := invite.Enter(proven, rolestest.Node(1))
	s.Hear(0, enter, "Entering", "find-token "+invite.Token.String())
	s.Waits(roles.DiskTimeout)
	s.Tell(roles.TokenFound{Key: invite.KeyID()}, "Entering", "admit 01 by "+invite.Token.String()+" from "+visitor.Addr().String())
	g[rolestest.Node(1)] = protocol.BothRoles
	s.Tell(roles.Admitted{Role: protocol.BothRoles}, "Idle", "send 0 ENTERED role=both", "hear 0")
	s.Tell(roles.Admitted{Role: protocol.BothRoles}, "Idle")
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle", "send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.1 port=4000", "hear 0")
	s.Hear(0, enter, "Entering", "find-token "+invite.Token.String()) // once more costs nothing
	s.Tell(roles.TokenFound{}, "Idle", "send 0 ENTERED role=both", "hear 0")
	delete(g, rolestest.Node(1))
	s.Hear(0, rolestest.Sample(protocol.KindLocate), "Rejecting", deniedByRelay, "halfclose 0", "discard 0")
}

// TestOnlyAGoodSignatureAsksForAdmission: of this link, this peer, this relay, this token.
func TestOnlyAGoodSignatureAsksForAdmission(t *testing.T) {
	invite, other := rolestest.Invite(), rolestest.Invite()
	other.Secret[0]++
	wrong := rolestest.Invite()
	wrong.Relay = rolestest.Node(8)
	for name, enter := range map[string]*protocol.Enter{
		"another link": invite.Enter([protocol.ExporterSize]byte{9}, rolestest.Node(1)), "another peer": invite.Enter(proven, rolestest.Node(2)),
		"another secret": other.Enter(proven, rolestest.Node(1)), "another relay": wrong.Enter(proven, rolestest.Node(1)), "nothing": {Token: invite.Token},
	} {
		s := closed(t, gate{}, rolestest.Node(1))
		s.Hear(0, enter, "Entering", "find-token "+invite.Token.String())
		s.Tell(roles.TokenFound{Key: invite.KeyID()}, "Idle", deniedByRelay, "hear 0")
		s.Hear(0, enter, "Entering", "find-token "+invite.Token.String())
		s.Tell(roles.TokenFound{}, "Idle", deniedByRelay, "hear 0")
		s.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle", deniedByRelay, "hear 0")
		if s.Machine.Final() {
			t.Error(name)
		}
	}
}

// TestWhyAnInviteAdmitsNobodyIsSaid, as the gate says it.
func TestWhyAnInviteAdmitsNobodyIsSaid(t *testing.T) {
	invite := rolestest.Invite()
	for _, code := range []protocol.Code{protocol.Denied, protocol.Internal} {
		s := closed(t, gate{}, rolestest.Node(1))
		s.Hear(0, invite.Enter(proven, rolestest.Node(1)), "Entering", "find-token "+invite.Token.String())
		s.Tell(roles.TokenFound{Key: invite.KeyID()}, "Entering", "admit 01 by "+invite.Token.String()+" from "+visitor.Addr().String())
		s.Tell(roles.Admitted{Code: code, Text: "used up"}, "Idle", "send 0 ERROR "+code.String()+" by relay", "hear 0")
	}
}

// TestWhoIsRevokedWhileItRegistersIsNotListed: those who end leases may have come before its lease was there.
func TestWhoIsRevokedWhileItRegistersIsNotListed(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	session := relay.NewClosedSession(registry, &relay.Answers{}, &fickle{}, rolestest.Node(9))
	s := rolestest.New(t, session, session.State)
	s.Tell(roles.Opened{Peer: visitor, ID: sampleNode()}, "Listening", "hear 0 first")
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Rejecting", deniedByRelay, "halfclose 0", "discard 0")
	if active := registry.Active(0); active != 0 {
		t.Errorf("%d nodes are listed", active)
	}
}

// TestWhoIsRevokedHearsThatNoInviteHelps.
func TestWhoIsRevokedHearsThatNoInviteHelps(t *testing.T) {
	s := closed(t, gate{rolestest.Node(1): protocol.BothRoles | barred}, rolestest.Node(1))
	if text := refused(t, s, rolestest.Sample(protocol.KindLocate)); !strings.Contains(text, "revoked") || !strings.Contains(text, "no invite") {
		t.Errorf("%q", text)
	}
}

func TestAnOpenRelayHasEverybodyIn(t *testing.T) {
	session := relay.NewSession(sampleDirectory{}, &relay.Answers{})
	s := rolestest.New(t, session, session.State)
	s.Tell(roles.Opened{Peer: visitor, ID: rolestest.Node(1)}, "Listening", "hear 0 first")
	s.Hear(0, rolestest.Sample(protocol.KindEnter), "Idle", "send 0 ENTERED role=both", "hear 0")

	session = relay.NewSession(sampleDirectory{}, &relay.Answers{})
	s = rolestest.New(t, session, session.State)
	s.Tell(roles.Opened{Peer: visitor}, "Listening", "hear 0 first")
	s.Hear(0, rolestest.Sample(protocol.KindEnter), "Idle", deniedByRelay, "hear 0")
}

func TestADiskThatHangsAdmitsNobody(t *testing.T) {
	invite := rolestest.Invite()
	s := closed(t, gate{}, rolestest.Node(1))
	s.Hear(0, invite.Enter(proven, rolestest.Node(1)), "Entering", "find-token "+invite.Token.String())
	s.Ring("Rejecting", "send 0 ERROR internal by relay", "halfclose 0", "discard 0")
	s.Tell(roles.TokenFound{Key: invite.KeyID()}, "Rejecting")
	s.Tell(roles.Admitted{Role: protocol.BothRoles}, "Rejecting")
}

// fickle admits a peer for its first request, and not after that.
type fickle struct{ asked int }

func (f *fickle) Role(protocol.PeerID) protocol.Role {
	f.asked++
	if f.asked > 1 {
		return 0
	}
	return protocol.BothRoles
}

func (f *fickle) Barred(protocol.PeerID) bool { return f.asked > 1 }

// fickleSession is a session with such a gate.
type fickleSession struct {
	*relay.Session
	gate *fickle
}

// closedSubject explores a closed relay, whose gate has been asked so often.
func closedSubject(room relay.Room, asked int) rolestest.Subject {
	subject := sessionSubject(room)
	subject.Begin = roles.Opened{Peer: visitor, ID: rolestest.Node(1)}
	subject.Tokens = []roles.Input{roles.TokenFound{}, roles.TokenFound{Key: rolestest.Invite().KeyID()}}
	subject.Admits = []roles.Input{roles.Admitted{Role: protocol.BothRoles}, roles.Admitted{Code: protocol.Denied}}
	rolestest.Reused(&subject, func() fickleSession {
		gate := &fickle{asked}
		return fickleSession{relay.NewClosedSession(sampleDirectory{}, room, gate, rolestest.Node(9)), gate}
	}, func(s fickleSession) {
		s.Reset()
		s.gate.asked = asked
	})
	return subject
}
