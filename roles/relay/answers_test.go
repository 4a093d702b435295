package relay_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// sharing returns stories about sessions that share a room.
func sharing(t *testing.T, answers *relay.Answers, directory relay.Directory) func() *rolestest.Story {
	return func() *rolestest.Story {
		t.Helper()
		session := relay.NewSession(directory, answers)
		s := rolestest.New(t, session, session.State)
		s.Tell(roles.Opened{Peer: visitor}, "Listening", "hear 0 first")
		return s
	}
}

// counting is a Directory that counts the lists that it makes.
type counting struct {
	sampleDirectory
	lists   int
	pattern string // of the last
	limit   uint64 // the same
	most    uint64 // peers that a LOCATE asked for
}

func (c *counting) List(at roles.Moment, from relay.From, m *protocol.List) protocol.Message {
	c.lists++
	c.pattern, c.limit = m.Pattern, m.Limit
	return c.sampleDirectory.List(at, from, m)
}

func (c *counting) Locate(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
	c.most = m.Limit
	return c.sampleDirectory.Locate(at, from, m)
}

// shortened lets the LIST that a session has put off wait in vain: after ListPatience, and not before,
// it is answered with a short page.
func shortened(t *testing.T, s *rolestest.Story) {
	t.Helper()
	began := s.At.Now
	for range roles.ListPatience/roles.ListTurn - 1 {
		s.Waits(roles.ListTurn)
		s.Ring("Waiting")
	}
	s.Ring("Idle", "send 0 "+rolestest.Say(rolestest.Sample(protocol.KindListed)), "hear 0")
	if took := s.At.Now - began; took != roles.ListPatience {
		t.Errorf("a list was answered with a short page after %v", took)
	}
}

// TestFewListsAreOnTheirWayAtOnce: one more waits for its turn, and is not even made; its room is
// another's as soon as an answer has been taken, its link is gone, or its peer is let go.
func TestFewListsAreOnTheirWayAtOnce(t *testing.T) {
	answers, directory := &relay.Answers{}, &counting{}
	newcomer := sharing(t, answers, directory)
	list, listed := &protocol.List{}, "send 0 "+rolestest.Say(rolestest.Sample(protocol.KindListed))+" told"
	var busy []*rolestest.Story
	for range roles.MaxLists {
		s := newcomer()
		s.Hear(0, list, "Answering", listed)
		busy = append(busy, s)
	}
	refused := func() {
		t.Helper()
		s := newcomer()
		s.Hear(0, list, "Waiting")
		shortened(t, s)
		if directory.limit != roles.ShortList {
			t.Errorf("the page is of %d items", directory.limit)
		}
	}
	refused()
	if directory.lists != roles.MaxLists+1 || answers.Taken(relay.LongList) != roles.MaxLists {
		t.Errorf("%d lists were made, %d are on their way", directory.lists, answers.Taken(relay.LongList))
	}
	newcomer().Hear(0, &protocol.Locate{}, "Idle", "send 0 "+rolestest.Say(rolestest.Sample(protocol.KindLocated)), "hear 0")
	newcomer().Hear(0, rolestest.Sample(protocol.KindRenew), "Idle", "send 0 "+rolestest.Say(rolestest.Sample(protocol.KindRenewed)), "hear 0")

	busy[0].Tell(roles.Sent{}, "Idle", "hear 0")
	busy[1].Tell(roles.Lost{Code: protocol.Lost}, "Closed", "hangup 0")
	busy[2].Ring("Closed", "hangup 0")
	busy[3].Tell(roles.Stopped{}, "Rejecting", "send 0 ERROR draining by relay", "halfclose 0", "discard 0")
	busy[4].Machine.(*relay.Session).Reset()
	for range 5 {
		newcomer().Hear(0, list, "Answering", listed)
	}
	refused()
	busy[3].Tell(roles.Sent{}, "Rejecting") // its room has been given back
	refused()
}

// TestASlowPeerIsLetGoOnlyForOthers: while nobody else wants the room a list may take its time.
func TestASlowPeerIsLetGoOnlyForOthers(t *testing.T) {
	answers := &relay.Answers{MaxLists: 1}
	newcomer := sharing(t, answers, sampleDirectory{})
	listed := "send 0 " + rolestest.Say(rolestest.Sample(protocol.KindListed)) + " told"
	s := newcomer()
	s.Hear(0, &protocol.List{}, "Answering", listed)
	for range roles.ReplyTimeout/roles.AnswerPatience - 1 {
		s.Waits(roles.AnswerPatience)
		s.Ring("Answering")
	}
	s.Ring("Closed", "hangup 0")
	if s.At.Now != roles.ReplyTimeout || answers.Taken(relay.LongList) != 0 {
		t.Errorf("it was let go after %v", s.At.Now)
	}

	s = newcomer()
	s.Hear(0, &protocol.List{}, "Answering", listed)
	newcomer().Hear(0, &protocol.List{}, "Waiting")
	s.Ring("Closed", "hangup 0")
	if s.At.Now != roles.AnswerPatience {
		t.Errorf("it was let go after %v", s.At.Now)
	}
}

// TestAListThatIsPutOffHasItsTurn: it is answered once there is room, as it was asked.
func TestAListThatIsPutOffHasItsTurn(t *testing.T) {
	answers, directory := &relay.Answers{MaxLists: 1}, &counting{}
	newcomer := sharing(t, answers, directory)
	listed := "send 0 " + rolestest.Say(rolestest.Sample(protocol.KindListed)) + " told"
	first, second := newcomer(), newcomer()
	first.Hear(0, &protocol.List{}, "Answering", listed)
	second.Hear(0, &protocol.List{Pattern: "second"}, "Waiting")
	second.Ring("Waiting")
	if directory.lists != 1 {
		t.Errorf("%d lists are made", directory.lists)
	}
	first.Tell(roles.Sent{}, "Idle", "hear 0")
	second.Ring("Answering", listed)
	second.Waits(roles.AnswerPatience)
	if directory.pattern != "second" || answers.Taken(relay.LongList) != 1 {
		t.Errorf("%q is listed; %d lists are on their way", directory.pattern, answers.Taken(relay.LongList))
	}
	// One that waits takes no room with it.
	for _, end := range []roles.Input{roles.Stopped{}, roles.Lost{Code: protocol.Lost}} {
		s := newcomer()
		s.Hear(0, &protocol.List{}, "Waiting")
		s.Machine.Step(s.At, end)
	}
	second.Tell(roles.Sent{}, "Idle", "hear 0")
	if answers.Taken(relay.LongList) != 0 {
		t.Error("room is taken by one that has gone")
	}
}

// TestALocateIsNeverRefused: without room for a long page it gets a short one.
func TestALocateIsNeverRefused(t *testing.T) {
	answers, directory := &relay.Answers{}, &counting{}
	newcomer := sharing(t, answers, directory)
	long := &protocol.Locate{Limit: protocol.MaxPage}
	page := fmt.Sprintf("send 0 LOCATED peers=%d told", roles.DefaultPage+1)
	for range roles.MaxLongPages {
		newcomer().Hear(0, long, "Answering", page)
	}
	newcomer().Hear(0, long, "Idle", "send 0 "+rolestest.Say(rolestest.Sample(protocol.KindLocated)), "hear 0")
	if directory.most != roles.DefaultPage || long.Limit != protocol.MaxPage {
		t.Errorf("a page of %d was asked for, and the request says %d", directory.most, long.Limit)
	}
	// A page that turns out short takes no room.
	answers = &relay.Answers{}
	sharing(t, answers, relay.NewRegistry(relay.Policy{}))().Hear(0, long, "Idle", "send 0 LOCATED peers=0", "hear 0")
	if answers.Taken(relay.LongLocate) != 0 {
		t.Error("room is taken for a short page")
	}
}

// TestAPageIsMadeWhileOthersAreServed: names go, come and are matched at the same time, and each
// that is there from the first page to the last is listed once.
func TestAPageIsMadeWhileOthersAreServed(t *testing.T) {
	registry := relay.NewRegistry(relay.Policy{})
	at := roles.Moment{Rand: 1}
	id := protocol.PeerID{1}
	registry.Register(at, relay.From{Peer: netip.MustParseAddr("192.0.2.1")}, &protocol.Register{ID: id, Epoch: 1, Port: 1})
	m := &protocol.Publish{ID: id, Epoch: 1, Index: 1, Latest: 4000}
	for m.To < m.Latest {
		m.From, m.Changes = m.To, nil
		for len(m.Changes) < protocol.MaxPage {
			m.Changes = append(m.Changes, protocol.Entry{Name: fmt.Sprintf("stays/%05d", m.To), Hash: protocol.Hash{1}})
			m.To++
		}
		registry.Publish(at, m)
	}
	over := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() {
		for i := m.To; ; i++ {
			e := protocol.Entry{Name: fmt.Sprintf("goes/%d", i/2%50)}
			if i%2 == 0 {
				e.Hash = protocol.Hash{2}
			}
			registry.Publish(at, &protocol.Publish{ID: id, Epoch: 1, Index: 1, From: i, To: i + 1, Latest: i + 1, Changes: []protocol.Entry{e}})
			registry.Renew(at, relay.From{Peer: netip.MustParseAddr("192.0.2.1")}, &protocol.Renew{ID: id, Epoch: 1})
			select {
			case <-over:
				return
			default:
			}
		}
	})
	for range 5 {
		listed := map[string]int{}
		for ask := (&protocol.List{Pattern: "s*a*s/[0-9]????", Limit: 100, Holders: 1}); ; {
			answer := registry.List(at, relay.From{}, ask).(*protocol.Listed)
			for _, item := range answer.Items {
				listed[item.Name]++
				if item.Count != 1 || len(item.Holders) != 1 || len(answer.Peers) != 1 {
					t.Errorf("%+v, peers: %v", item, answer.Peers)
				}
			}
			if ask.Cursor = answer.Cursor; ask.Cursor == nil {
				break
			}
		}
		for name, times := range listed {
			if times != 1 {
				t.Errorf("%q was listed %d times", name, times)
			}
		}
		if len(listed) != 4000 {
			t.Errorf("%d names were listed", len(listed))
		}
	}
	close(over)
	beside.Wait()
}
