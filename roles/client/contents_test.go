package client_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// delivers has the node on a link send all of a file of one group, from the moment the store is ready.
func delivers(s *rolestest.Story, link roles.Link, f file) {
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(int(link))...)
	s.Hear(link, f.content(0, 1), "Fetching", f.takes(int(link), 0, 1))
	s.Tell(roles.Verified{Link: link}, "Finishing", "report had")
	finishes(s, link)
}

// TestAnotherContentIsFetchedWhenNobodyHasAllOfTheFirst: any one is better than none, and they are never mixed.
func TestAnotherContentIsFetchedWhenNobodyHasAllOfTheFirst(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	s := receiving(t, request, f, 1, 2, 3)
	s.Tell(roles.Verified{Link: 1}, "Fetching", "report had")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 2))...)
	answers(1, s, "Fetching")
	s.Hear(1, other.outboard(0), "Fetching", left(1, dials(2, 3))...)
	closes(s, 1, "Fetching")
	answers(2, s, "Fetching")
	says(s, 2, protocol.NotFound, "Fetching", dials(1, 1))
	closes(s, 2, "Fetching")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Seeking", goes(1, dials(1, 2))...)
	answers(1, s, "Seeking")
	s.Hear(1, other.outboard(0), "Opening", other.opens())
	delivers(s, 1, other)
	r := wants(t, s, client.Fetched, protocol.Lost, protocol.Variant, protocol.NotFound, protocol.Refused, 0)
	if r.Hash != other.Hash || r.Size != 10 || !slices.Equal(r.From, ats(2)) {
		t.Errorf("result %+v", r)
	}
	if len(r.Variants) != 1 || r.Variants[0].Identity != f.Identity || !slices.Equal(r.Variants[0].Nodes, ats(1)) {
		t.Errorf("variants %+v", r.Variants)
	}
}

// TestWhatWasStreamedIsNotBegunAnew: what has been printed can't be taken back.
func TestWhatWasStreamedIsNotBegunAnew(t *testing.T) {
	f, other := made(2*group, 1), made(10, 2)
	stream := request
	stream.Once, stream.Sources = true, 4
	s := receiving(t, stream, f, 1, 2)
	s.Tell(roles.Verified{Link: 1}, "Fetching", "report had")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 2))...)
	answers(1, s, "Fetching")
	s.Hear(1, other.outboard(0), "Fetching", left(1, dials(2, 1))...)
	closes(s, 1, "Fetching")
	s.Tell(roles.Lost{Link: 2, Code: protocol.Refused}, "Failed", goes(2, "report result")...)
	wants(t, s, client.Undelivered, protocol.Lost, protocol.Variant, protocol.Refused)

	s = receiving(t, stream, f, 1, 2) // nothing of it was printed yet
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 2))...)
	answers(1, s, "Fetching")
	s.Hear(1, other.outboard(0), "Fetching", left(1, dials(2, 1))...)
	closes(s, 1, "Fetching")
	s.Tell(roles.Lost{Link: 2, Code: protocol.Refused}, "Seeking", goes(2, dials(1, 2))...)
	answers(1, s, "Seeking")
	s.Hear(1, other.outboard(0), "Opening", other.opens())
	delivers(s, 1, other)
	wants(t, s, client.Fetched, protocol.Lost, protocol.Variant, protocol.Refused, 0)
}

// TestWhatWasStreamedIsAskedForAsItWas: a node whose file has changed since may still have what it was, as of a file that
// has grown.
func TestWhatWasStreamedIsAskedForAsItWas(t *testing.T) {
	f, stream := made(2*group, 1), request
	stream.Once = true
	s := receiving(t, stream, f, 1, 2)
	s.Tell(roles.Verified{Link: 1}, "Fetching", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	says(s, 1, protocol.Changed, "Fetching", dials(2, 2))
	closes(s, 1, "Fetching")
	answers(2, s, "Fetching") // a node that has not had it
	says(s, 2, protocol.NotFound, "Fetching", dials(1, 1))
	closes(s, 2, "Fetching")
	s.Tell(roles.Opened{Link: 1}, "Fetching", f.insists(1)...)
	s.Hear(1, f.outboard(0), "Fetching", f.gets(1, 1, 1), "hear 1")
	s.Hear(1, f.content(1, 1), "Fetching", f.takes(1, 1, 1))
	s.Tell(roles.Verified{Link: 1, Group: 1}, "Finishing", "report had")
	finishes(s, 1)
	wants(t, s, client.Fetched, protocol.Changed, protocol.NotFound, 0)
}

// TestALiarCostsOneGroup: it isn't asked again, and what only liars speak for is given up at once.
func TestALiarCostsOneGroup(t *testing.T) {
	lie, f := made(2*group, 1), made(10, 2)
	s := receiving(t, request, lie, 1, 2)
	s.Tell(roles.BodyWrong{Link: 1}, "Fetching")
	s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	s.Hear(1, lie.content(1, 1), "Seeking", parts1(protocol.BadHash, dials(2, 2))...)
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking")
	s.Hear(2, f.outboard(0), "Opening", f.opens())
	delivers(s, 2, f)
	if r := wants(t, s, client.Fetched, protocol.BadHash, 0); r.Hash != f.Hash || !slices.Equal(r.From, ats(2)) || len(r.Variants) > 0 {
		t.Errorf("result %+v", r)
	}
}

// TestAContentOfLiarsIsTriedAgainWithAnHonestNode: it was given up for the first liar alone, before the honest node, which
// is asked while another content is wanted, said that it has it.
func TestAContentOfLiarsIsTriedAgainWithAnHonestNode(t *testing.T) {
	f, lie := made(10, 1), made(20, 2)
	w := request
	w.Sources = 2
	// silent: the first node does not answer for a while, so that the next one is asked beside it, which has the other content
	silent := func(s *rolestest.Story, first, beside file, next byte) {
		s.Ring("Seeking", dials(2, next))
		answers(1, s, "Seeking")
		s.Hear(1, first.outboard(0), "Opening", first.opens())
		answers(2, s, "Opening")
		s.Hear(2, beside.outboard(0), "Opening", left(2)...)
		closes(s, 2, "Opening")
	}
	// lies: the first node sends a wrong group
	lies := func(s *rolestest.Story, of file, next byte) {
		s.Tell(roles.StoreReady{}, "Fetching", of.begins(1)...)
		s.Hear(1, of.content(0, 1), "Fetching", of.takes(1, 0, 1))
		s.Tell(roles.BodyWrong{Link: 1}, "Fetching")
		s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Seeking", goes(1, dials(1, next))...)
	}
	s := located(t, w, 1, 2, 3)
	silent(s, f, lie, 2)
	lies(s, f, 2)
	silent(s, lie, f, 3)
	lies(s, lie, 3)
	answers(1, s, "Seeking")
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	delivers(s, 1, f)
	wants(t, s, client.Fetched, protocol.Variant, protocol.BadHash, protocol.Variant, protocol.BadHash, 0)
}

func parts1(code protocol.Code, rest ...string) []string {
	return append([]string{fmt.Sprintf("send 1 ERROR %s by client", code)}, left(1, rest...)...)
}

// TestWhatALiarSpokeForIsFetchedFromAlternates: a group of it was verified, or an honest node has it as well.
func TestWhatALiarSpokeForIsFetchedFromOthers(t *testing.T) {
	f := made(2*group, 1)
	s := asked(t, request, 1, 2)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{Has: set(1)}, "Fetching", "report begun", f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.BodyWrong{Link: 1}, "Fetching")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 2))...)
	answers(1, s, "Fetching")
	s.Hear(1, f.outboard(0), "Fetching", f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Finishing", "report had")
	finishes(s, 1)
	wants(t, s, client.Fetched, protocol.BadHash, 0)
}

// TestALiarIsNotAskedAgain although the relay lists it again, and it is all there is.
func TestALiarIsNotAskedAgain(t *testing.T) {
	lie := made(2*group, 1)
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(1), Cursor: []byte{1}}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	answers(1, s, "Seeking")
	s.Hear(1, lie.outboard(0), "Opening", lie.opens())
	s.Tell(roles.StoreReady{}, "Fetching", lie.begins(1)...)
	s.Hear(1, lie.content(0, 1), "Fetching", lie.takes(1, 0, 1))
	s.Tell(roles.BodyWrong{Link: 1}, "Fetching")
	s.Tell(roles.PeerEnded{Link: 1}, "AskingRelay", goes(1, "dial 0 relay:4000")...)
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt cursor=01", "hear 0")
	s.Hear(0, &protocol.Located{Peers: peers(1)}, "Closing", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{}, "Failed", "hangup 0", "report result")
	wants(t, s, client.Undelivered, protocol.BadHash)
}

// TestAFileThatChangedIsAskedForOnceMore: at the end, when nobody is left; what is there now is another content.
func TestAFileThatChangedIsAskedForOnceMore(t *testing.T) {
	f, now := made(2*group, 1), made(10, 2)
	s := receiving(t, request, f, 1, 2)
	s.Tell(roles.Verified{Link: 1}, "Fetching", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	says(s, 1, protocol.Changed, "Fetching", dials(2, 2))
	closes(s, 1, "Fetching")
	answers(2, s, "Fetching")
	says(s, 2, protocol.NotFound, "Fetching", dials(1, 1))
	closes(s, 2, "Fetching")
	answers(1, s, "Fetching")
	s.Hear(1, now.outboard(0), "Seeking", left(1, dials(2, 1))...)
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking")
	s.Hear(2, now.outboard(0), "Opening", now.opens())
	delivers(s, 2, now)
	r := wants(t, s, client.Fetched, protocol.Changed, protocol.NotFound, protocol.Variant, 0)
	if len(r.Variants) > 0 {
		t.Errorf("what a node had before is told as if it had it now: %+v", r.Variants)
	}
}

// TestAFileThatChangesAllTheTimeIsGivenUp: a node is believed to have had MaxContents contents, then it is over.
func TestAFileThatChangesAllTheTimeIsGivenUp(t *testing.T) {
	s := asked(t, request, 1)
	f := made(2*group, 1)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	visits, link := 1, roles.Link(1)
	for state := "Opening"; !s.Machine.Final(); visits++ {
		f = made(2*group, byte(1+visits))
		if state == "Opening" {
			s.Machine.Step(s.At, roles.StoreReady{})
			s.Machine.Step(s.At, roles.Heard{Link: link, Message: refusal(protocol.Changed)})
		} else {
			s.Machine.Step(s.At, roles.Heard{Link: link, Message: f.outboard(0)})
		}
		s.Machine.Step(s.At, roles.PeerEnded{Link: link})
		if s.Machine.Final() {
			break
		}
		link = 3 - link // the next visit began before the link of the last one was closed
		s.Machine.Step(s.At, roles.Opened{Link: link})
		state = string(s.Machine.(*client.Fetch).State())
		if visits > 10 {
			t.Fatal("the node is visited again and again")
		}
	}
	if r := s.Machine.(*client.Fetch).Result(); r.Outcome != client.Undelivered || len(r.Tried) != visits {
		t.Errorf("after %d visits: %+v", visits, r)
	}
}

// TestOnlyTheHashThatIsWishedForWillDo: who has another content under the name does not have the file.
func TestOnlyTheHashThatIsWishedForWillDo(t *testing.T) {
	f, other := made(10, 1), made(10, 2)
	w := request
	w.Hash = f.Hash
	s := located(t, w, 1, 2, 3)
	s.Tell(roles.Opened{Link: 1}, "Seeking", f.insists(1)...)
	says(s, 1, protocol.Changed, "Seeking", dials(2, 2))
	closes(s, 1, "Seeking")
	s.Tell(roles.Opened{Link: 2}, "Seeking", f.insists(2)...)
	says(s, 2, protocol.NotFound, "Seeking", dials(1, 3))
	closes(s, 2, "Seeking")
	s.Tell(roles.Opened{Link: 1}, "Seeking", f.insists(1)...)
	s.Hear(1, other.outboard(0), "Closing", parts1(protocol.BadHash)...) // it was asked for one content, and tells of another
	closes(s, 1, "Failed", "report result")
	wants(t, s, client.Unsure, protocol.Changed, protocol.NotFound, protocol.BadHash)

	s = located(t, w, 1)
	s.Tell(roles.Opened{Link: 1}, "Seeking", f.insists(1)...)
	says(s, 1, protocol.Changed, "Closing")
	closes(s, 1, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.Changed)
}
