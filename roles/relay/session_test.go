package relay_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

var visitor = netip.MustParseAddrPort("192.0.2.9:50000")

// accepted returns a story about a session whose link has just been opened.
func accepted(t *testing.T, directory relay.Directory) *rolestest.Story {
	t.Helper()
	session := relay.NewSession(directory, &relay.Answers{})
	s := rolestest.New(t, session, session.State)
	s.Tell(roles.Opened{Peer: visitor}, "Listening", "hear 0 first")
	s.Waits(roles.RequestTimeout)
	return s
}

func TestRegisterAndBye(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	s := accepted(t, registry)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle",
		"send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4000", "hear 0")
	s.Waits(roles.IdleTimeout)
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
	s.Waits(0)
	if !s.Machine.Final() || registry.Active(0) != 1 {
		t.Errorf("final: %v, active: %d", s.Machine.Final(), registry.Active(0))
	}
}

// TestALeaseBelongsToTheIDThatTheLinkHasProven: nobody else makes, keeps, changes or ends it. The link
// goes on.
func TestALeaseBelongsToTheIDThatTheLinkHasProven(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	open := func(id protocol.PeerID) *rolestest.Story {
		session := relay.NewSession(registry, &relay.Answers{})
		s := rolestest.New(t, session, session.State)
		s.Tell(roles.Opened{Peer: visitor, ID: id}, "Listening", "hear 0 first")
		return s
	}
	kinds := []protocol.Kind{protocol.KindRegister, protocol.KindRenew, protocol.KindPublish, protocol.KindLeave}
	mine := rolestest.Sample(protocol.KindRegister).(*protocol.Register).ID
	owner := open(mine)
	owner.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle",
		"send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4000", "hear 0")
	stranger := open(rolestest.Node(77))
	for _, kind := range kinds {
		stranger.Hear(0, rolestest.Sample(kind), "Idle", "send 0 ERROR denied by relay", "hear 0")
	}
	leases := registry.Leases(0)
	if len(leases) != 1 || leases[0].ID != mine || leases[0].Epoch != 1 {
		t.Errorf("%+v", leases)
	}
	answer := registry.Locate(roles.Moment{}, relay.From{Peer: visitor.Addr()}, &protocol.Locate{}).(*protocol.Located)
	if len(answer.Peers) != 1 || answer.Peers[0].ID != mine {
		t.Errorf("it is handed out as %+v", answer.Peers)
	}
	owner.Hear(0, rolestest.Sample(protocol.KindLeave), "Idle", "send 0 LEFT", "hear 0")
}

// TestASecretIsNotHandedOut: in plain an id suffices to end its lease.
func TestASecretIsNotHandedOut(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	s := accepted(t, registry)
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle",
		"send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4000", "hear 0")
	answer := registry.Locate(roles.Moment{}, relay.From{Peer: visitor.Addr()}, &protocol.Locate{}).(*protocol.Located)
	if len(answer.Peers) != 1 || !answer.Peers[0].ID.IsZero() {
		t.Errorf("it is handed out as %+v", answer.Peers)
	}
}

func TestALinkServesOneRequestAfterTheOther(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle", "send 0 ERROR no-lease by relay", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle",
		"send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4000", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindRenew), "Idle", "send 0 RENEWED ttl=90000 renew=30000 host=192.0.2.9 port=4000", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindLocate), "Idle", "send 0 LOCATED peers=1", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindLeave), "Idle", "send 0 LEFT", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindLocate), "Idle", "send 0 LOCATED peers=0", "hear 0")
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Idle", "send 0 ERROR superseded by relay epoch=1", "hear 0")
}

func TestASilentVisitorIsLetGoWithACode(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Ring("Rejecting", "send 0 ERROR timeout by relay", "halfclose 0", "discard 0")
	s.Waits(roles.CloseTimeout)
	s.Ring("Closed", "hangup 0")
	if want := roles.RequestTimeout + roles.CloseTimeout; s.At.Now != want {
		t.Errorf("it took %v, want %v", s.At.Now, want)
	}
}

func TestJunkIsRefusedWithItsCode(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Tell(roles.Malformed{Err: &protocol.Error{Code: protocol.BadVersion}}, "Rejecting",
		"send 0 ERROR version by relay", "halfclose 0", "discard 0")
	s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
}

func TestAStoppingRelaySaysSo(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Tell(roles.Stopped{}, "Rejecting", "send 0 ERROR draining by relay", "halfclose 0", "discard 0")
	s.Tell(roles.Stopped{}, "Rejecting")
	s.Waits(roles.CloseTimeout)
	s.Tell(roles.Lost{Code: protocol.Lost}, "Closed", "hangup 0")
}

// TestALinkThatHasToMakeRoomIsToldBusy: the relay goes on, so its peer may come again.
func TestALinkThatHasToMakeRoomIsToldBusy(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Hear(0, rolestest.Sample(protocol.KindLocate), "Idle", "send 0 LOCATED peers=0", "hear 0")
	s.Tell(roles.Stopped{Scarce: true}, "Rejecting", "send 0 ERROR busy by relay retry=2000", "halfclose 0", "discard 0")
	s.Tell(roles.Stopped{}, "Rejecting")
}

func TestAnOldTimerChangesNothing(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Hear(0, rolestest.Sample(protocol.KindLocate), "Idle", "send 0 LOCATED peers=0", "hear 0")
	s.Tell(roles.TimerFired{Timer: roles.Deadline, Number: 1}, "Idle")
	s.Tell(roles.TimerFired{Timer: 7, Number: 2}, "Idle")
	s.Ring("Rejecting", "send 0 ERROR timeout by relay", "halfclose 0", "discard 0")
}

func TestAPooledSessionStartsOver(t *testing.T) {
	pool := roles.NewPool(func() *relay.Session { return relay.NewSession(relay.NewRegistry(relay.Policy{}), &relay.Answers{}) })
	for range 3 {
		m := pool.Take().(*relay.Session)
		s := rolestest.New(t, m, m.State)
		s.Tell(roles.Opened{Peer: visitor}, "Listening", "hear 0 first")
		s.Hear(0, rolestest.Sample(protocol.KindContent), "Rejecting",
			"send 0 ERROR unexpected by relay", "halfclose 0", "discard 0")
		s.Tell(roles.PeerEnded{}, "Closed", "hangup 0")
		pool.Return(m)
	}
}

func TestWhateverHappensToASession(t *testing.T) {
	var subjects []rolestest.Subject
	for _, room := range []relay.Room{ample{}, full{}, scarce{}, soon{}} {
		subjects = append(subjects, sessionSubject(room), closedSubject(room, 0), closedSubject(room, 1))
	}
	for _, turns := range []relay.Budget{turnless{relay.Now}, turnless{relay.Later}, turnless{relay.Spent}, soonTurn{}} {
		subjects = append(subjects, provingSubject(turns))
	}
	rolestest.Explore(t, append(subjects, circuitSubjects()...)...)
}

func sessionSubject(room relay.Room) rolestest.Subject {
	subject := rolestest.NewSubject(relay.SessionTable(), roles.Opened{Peer: visitor}, nil)
	rolestest.Reused(&subject, func() *relay.Session { return relay.NewSession(sampleDirectory{}, room) }, (*relay.Session).Reset)
	subject.Grown = 7
	subject.Others = []roles.Input{roles.Lost{Code: protocol.Lost, Text: "an answer from before was not taken"}}
	for _, info := range protocol.Kinds {
		subject.Says = append(subject.Says, rolestest.Sample(info.Kind))
	}
	subject.Says = append(subject.Says, &protocol.Locate{Limit: protocol.MaxPage})
	return subject
}

// provingSubject is a session of a relay that proves addresses.
func provingSubject(turns relay.Budget) rolestest.Subject {
	subject := rolestest.NewSubject(relay.SessionTable(), roles.Opened{Peer: visitor, ID: sampleNode()}, nil)
	rolestest.Within(&subject, relay.ProbeTable())
	rolestest.Reused(&subject, func() *relay.Session { return buildProving(turns) }, (*relay.Session).Reset)
	subject.Proves = sampleNode()
	subject.Grown = 9
	for _, kind := range []protocol.Kind{protocol.KindRegister, protocol.KindRenew, protocol.KindList} {
		subject.Says = append(subject.Says, rolestest.Sample(kind))
	}
	subject.Says = append(subject.Says, &protocol.Renew{ID: rolestest.Node(9), Epoch: 1})
	subject.Others = []roles.Input{roles.Lost{Code: protocol.Lost, Text: "an answer from before was not taken"}}
	return subject
}

func buildProving(turns relay.Budget) *relay.Session {
	session := relay.NewSession(unprovenDirectory{}, full{})
	session.Prove(turns)
	return session
}

// unprovenDirectory lists nodes at addresses that are not proven.
type unprovenDirectory struct{ sampleDirectory }

func (unprovenDirectory) Register(roles.Moment, relay.From, *protocol.Register) protocol.Message {
	granted := *rolestest.Sample(protocol.KindRegistered).(*protocol.Registered)
	granted.Reach = protocol.ReachPending
	return &granted
}

func (unprovenDirectory) Renew(roles.Moment, relay.From, *protocol.Renew) protocol.Message {
	renewed := *rolestest.Sample(protocol.KindRenewed).(*protocol.Renewed)
	renewed.Host, renewed.Port, renewed.Reach = protocol.IPOf(visitor.Addr()), 4000, protocol.ReachRefused
	return &renewed
}

// soonTurn gives a turn to those that have waited for one.
type soonTurn struct{ turnless }

func (soonTurn) Take(at roles.Moment, _ netip.Addr, _ bool) relay.Permit {
	if at.Now >= 2*roles.ProbeRetry {
		return relay.Now
	}
	return relay.Later
}

func TestASessionThatIsResetIsAsANewOne(t *testing.T) {
	for _, room := range []relay.Room{ample{}, full{}, scarce{}, soon{}} {
		build := func() *relay.Session { return relay.NewSession(sampleDirectory{}, room) }
		rolestest.StartsOver(t, sessionSubject(room), build, (*relay.Session).Reset, nil)
	}
	turns := turnless{relay.Now}
	rolestest.StartsOver(t, provingSubject(turns), func() *relay.Session { return buildProving(turns) }, (*relay.Session).Reset, nil)
}

// full is a Room without room, soon one that has some later, scarce one that others want, too, ample
// one that nobody else wants.
type (
	soon   struct{ full }
	full   struct{}
	scarce struct{ full }
	ample  struct{ scarce }
)

func (full) Take(roles.Moment, relay.Long) bool { return false }
func (soon) Take(at roles.Moment, _ relay.Long) bool {
	return at.Now >= 2*roles.ListTurn
}
func (full) Give(relay.Long)                      {}
func (full) Scarce(roles.Moment) bool             { return true }
func (ample) Scarce(roles.Moment) bool            { return false }
func (scarce) Take(roles.Moment, relay.Long) bool { return true }

// sampleDirectory answers each request with a sample.
type sampleDirectory struct{}

func (sampleDirectory) Register(roles.Moment, relay.From, *protocol.Register) protocol.Message {
	return rolestest.Sample(protocol.KindRegistered)
}
func (sampleDirectory) Renew(roles.Moment, relay.From, *protocol.Renew) protocol.Message {
	return rolestest.Sample(protocol.KindRenewed)
}
func (sampleDirectory) Leave(roles.Moment, *protocol.Leave) protocol.Message {
	return rolestest.Sample(protocol.KindLeft)
}
func (sampleDirectory) Publish(roles.Moment, *protocol.Publish) protocol.Message {
	return rolestest.Sample(protocol.KindPublished)
}
func (sampleDirectory) Locate(_ roles.Moment, _ relay.From, m *protocol.Locate) protocol.Message {
	if m.Limit > roles.DefaultPage {
		return &protocol.Located{Peers: make([]protocol.Peer, roles.DefaultPage+1)}
	}
	return rolestest.Sample(protocol.KindLocated)
}
func (sampleDirectory) Awaits(roles.Moment, protocol.PeerID, time.Duration) (is protocol.Held) {
	return is
}
func (sampleDirectory) Proved(_ roles.Moment, proof relay.Proof) protocol.Reached {
	return protocol.Reached{Reach: proof.Reach}
}
func (sampleDirectory) List(roles.Moment, relay.From, *protocol.List) protocol.Message {
	return rolestest.Sample(protocol.KindListed)
}

// TestAnErrorIsAnsweredAsAnyMessageThatIsNoRequest: it is the last word of the side that dialed,
// which throws the answer away.
func TestAnErrorIsAnsweredAsAnyMessageThatIsNoRequest(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	farewell := &protocol.Error{Code: protocol.Malformed, By: protocol.Client}
	s.Hear(0, farewell, "Rejecting", "send 0 ERROR unexpected by relay", "halfclose 0", "discard 0")
}
