package relay_test

import (
	"net/netip"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/story"
)

var visitor = netip.MustParseAddrPort("192.0.2.9:50000")

// accepted returns a story about a session that a visitor has just opened.
func accepted(t *testing.T, directory relay.Directory) *story.Story {
	t.Helper()
	session := relay.NewSession(directory)
	s := story.New(t, session, session.State)
	s.Tell(roles.Opened{Peer: visitor}, "Listening", "hear 0 first")
	s.Waits(protocol.RequestTimeout)
	return s
}

func TestRegisterAndBye(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	s := accepted(t, registry)
	s.Hear(0, story.Sample(protocol.KindRegister), "Lingering",
		"send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4000", "hear 0")
	s.Waits(protocol.IdleTimeout)
	s.Tell(roles.Ended{}, "Closed", "hangup 0")
	s.Waits(0)
	if !s.Machine.Final() || registry.Active(0) != 1 {
		t.Errorf("final: %v, active: %d", s.Machine.Final(), registry.Active(0))
	}
}

func TestALinkServesOneRequestAfterTheOther(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Hear(0, story.Sample(protocol.KindRenew), "Lingering", "send 0 ERROR no-lease by relay", "hear 0")
	s.Hear(0, story.Sample(protocol.KindRegister), "Lingering",
		"send 0 REGISTERED ttl=90000 renew=30000 host=192.0.2.9 port=4000", "hear 0")
	s.Hear(0, story.Sample(protocol.KindRenew), "Lingering", "send 0 RENEWED ttl=90000 renew=30000", "hear 0")
	s.Hear(0, story.Sample(protocol.KindLocate), "Lingering", "send 0 LOCATED peers=1", "hear 0")
	s.Hear(0, story.Sample(protocol.KindLeave), "Lingering", "send 0 LEFT", "hear 0")
	s.Hear(0, story.Sample(protocol.KindLocate), "Lingering", "send 0 LOCATED peers=0", "hear 0")
	s.Hear(0, story.Sample(protocol.KindRegister), "Lingering", "send 0 ERROR superseded by relay epoch=1", "hear 0")
}

func TestASilentVisitorIsLetGoWithACode(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Ring("Parting", "send 0 ERROR timeout by relay", "halfclose 0", "discard 0")
	s.Waits(protocol.CloseTimeout)
	s.Ring("Closed", "hangup 0")
	if want := protocol.RequestTimeout + protocol.CloseTimeout; s.At.Now != want {
		t.Errorf("it took %v, want %v", s.At.Now, want)
	}
}

func TestJunkIsRefusedWithItsCode(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Tell(roles.Garbled{Err: &protocol.Error{Code: protocol.BadVersion}}, "Parting",
		"send 0 ERROR version by relay", "halfclose 0", "discard 0")
	s.Tell(roles.Ended{}, "Closed", "hangup 0")
}

func TestAStoppingRelaySaysSo(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Tell(roles.Stopped{}, "Parting", "send 0 ERROR draining by relay", "halfclose 0", "discard 0")
	s.Tell(roles.Stopped{}, "Parting")
	s.Waits(protocol.CloseTimeout)
	s.Tell(roles.Lost{Code: protocol.Lost}, "Closed", "hangup 0")
}

func TestAnOldTimerChangesNothing(t *testing.T) {
	s := accepted(t, relay.NewRegistry(relay.Policy{}))
	s.Hear(0, story.Sample(protocol.KindLocate), "Lingering", "send 0 LOCATED peers=0", "hear 0")
	s.Tell(roles.Rang{Timer: roles.Deadline, Number: 1}, "Lingering")
	s.Tell(roles.Rang{Timer: 7, Number: 2}, "Lingering")
	s.Ring("Parting", "send 0 ERROR timeout by relay", "halfclose 0", "discard 0")
}

func TestAPooledSessionStartsOver(t *testing.T) {
	pool := roles.NewPool(func() *relay.Session { return relay.NewSession(relay.NewRegistry(relay.Policy{})) })
	for range 3 {
		m := pool.Take().(*relay.Session)
		s := story.New(t, m, m.State)
		s.Tell(roles.Opened{Peer: visitor}, "Listening", "hear 0 first")
		s.Hear(0, story.Sample(protocol.KindContent), "Parting",
			"send 0 ERROR unexpected by relay", "halfclose 0", "discard 0")
		s.Tell(roles.Ended{}, "Closed", "hangup 0")
		pool.Return(m)
	}
}

func TestWhateverHappensToASession(t *testing.T) {
	subject := story.NewSubject(relay.SessionTable, roles.Opened{Peer: visitor}, func() story.Explorable {
		return relay.NewSession(clerk{})
	})
	for _, info := range protocol.Kinds {
		subject.Says = append(subject.Says, story.Sample(info.Kind))
	}
	story.Explore(t, subject)
}

// clerk answers whatever it is asked with a sample.
type clerk struct{}

func (clerk) Register(roles.Moment, netip.Addr, *protocol.Register) protocol.Message {
	return story.Sample(protocol.KindRegistered)
}
func (clerk) Renew(roles.Moment, *protocol.Renew) protocol.Message {
	return story.Sample(protocol.KindRenewed)
}
func (clerk) Leave(roles.Moment, *protocol.Leave) protocol.Message {
	return story.Sample(protocol.KindLeft)
}
func (clerk) Publish(roles.Moment, *protocol.Publish) protocol.Message {
	return story.Sample(protocol.KindPublished)
}
func (clerk) Locate(roles.Moment, *protocol.Locate) protocol.Message {
	return story.Sample(protocol.KindLocated)
}
func (clerk) List(roles.Moment, *protocol.List) protocol.Message {
	return story.Sample(protocol.KindListed)
}
