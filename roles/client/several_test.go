package client_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// several is a request for up to so many sources at once.
func several(n int) client.Request {
	w := request
	w.Sources = n
	return w
}

// comes has a stretch of one group come on a link, whose node is then asked for some more.
func comes(s *rolestest.Story, link roles.Link, group uint64, then ...string) {
	s.Tell(roles.Verified{Link: link, Group: group}, "Fetching", append([]string{"report had"}, then...)...)
	s.Tell(roles.BodyDone{Link: link}, "Fetching", fmt.Sprintf("hear %d", link))
}

// both returns a story about a fetch of 8 groups to which two nodes send: 0 and 1 are asked for of one, 2 and 3 of the
// other.
func both(t *testing.T, f file, nodes ...byte) *rolestest.Story {
	t.Helper()
	s := asked(t, several(2), nodes...)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", append(f.begins(1), dials(2, nodes[1]))...)
	answers(2, s, "Fetching", f.gets(2, 2, 1))
	s.Hear(2, f.outboard(0), "Fetching", f.gets(2, 3, 1), "hear 2")
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Hear(2, f.content(2, 1), "Fetching", f.takes(2, 2, 1))
	return s
}

func TestALargeFileComesFromSeveralNodes(t *testing.T) {
	f := made(roles.ManyGroups*group, 1)
	s := both(t, f, 1, 2, 3)
	comes(s, 2, 2, f.gets(2, 4, 2), f.gets(2, 6, 2)) // it has delivered, and the other has not
	s.Hear(2, f.content(3, 1), "Fetching", f.takes(2, 3, 1))
	comes(s, 2, 3)
	comes(s, 1, 0)
	s.Hear(1, f.content(1, 1), "Fetching", f.takes(1, 1, 1))
	comes(s, 1, 1, f.gets(1, 7, 1), f.gets(1, 6, 1)) // the last ones are asked for twice
	s.Hear(2, f.content(4, 2), "Fetching", f.takes(2, 4, 2))
	s.Tell(roles.Verified{Link: 2, Group: 4}, "Fetching", "report had")
	comes(s, 2, 5)
	s.Hear(1, f.content(7, 1), "Fetching", f.takes(1, 7, 1))
	comes(s, 1, 7)
	s.Hear(2, f.content(6, 2), "Fetching", f.takes(2, 6, 2))
	s.Tell(roles.Verified{Link: 2, Group: 6}, "Committing", "report had", "hangup 1", "report tried", "hangup 2", "report tried", "commit-store 0") // group 7 need not come
	s.Tell(roles.StoreCommitted{Items: []roles.Placed{{}}}, "Done", "report result")
	if r := wants(t, s, client.Fetched, 0, 0); !slices.Equal(r.From, ats(2, 1)) {
		t.Errorf("from %v", r.From)
	}
}

func TestASmallFileStaysWithOneNode(t *testing.T) {
	f := made(roles.ManyGroups*group-group, 1)
	s := asked(t, several(4), 1, 2)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
}

// TestNodesThatHaveTheSameAreDialedTogether: of a large file the relay has told that they do. One is asked for a group
// before the tree is there.
func TestNodesThatHaveTheSameAreDialedTogether(t *testing.T) {
	f := made(roles.ManyGroups*group, 1)
	s := locating(t, several(4))
	tells(s, f, f, dials(1, 1), dials(2, 2))
	answers(2, s, "Seeking", guesses(2))
	answers(1, s, "Seeking")
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Hear(2, f.outboard(0), "Opening")
	s.Tell(roles.StoreReady{}, "Fetching", "report begun", f.gets(1, 1, 1), f.gets(1, 2, 1), "hear 1", f.gets(2, 3, 1), "hear 2")
}

// TestNodesThatMayNotHaveTheSameAreDialedInTurn: nor are two where one is enough, where some of the file is here, and in
// the mode with one node at a time.
func TestNodesThatMayNotHaveTheSameAreDialedInTurn(t *testing.T) {
	f, other, small := made(roles.ManyGroups*group, 1), made(roles.ManyGroups*group, 2), made(roles.ManyGroups*group-group, 1)
	for name, c := range map[string]struct {
		w             client.Request
		first, second file
		left          []file
	}{
		"other contents": {several(4), f, other, nil},
		"unknown":        {several(4), f, file{}, nil},
		"small":          {several(4), small, small, nil},
		"begun":          {several(4), f, f, []file{f}},
		"one at a time":  {several(1), f, f, nil},
	} {
		t.Run(name, func(t *testing.T) { tells(locating(t, c.w, c.left...), c.first, c.second, dials(1, 1)) })
	}
}

// TestASilentNodeIsOvertaken: who idles asks for what the silent one was asked for, and nobody waits for it.
func TestASilentNodeIsOvertaken(t *testing.T) {
	f := made(roles.ManyGroups*group, 1)
	s := both(t, f, 1, 2)
	comes(s, 2, 2, f.gets(2, 4, 2), f.gets(2, 6, 2))
	s.Hear(2, f.content(3, 1), "Fetching", f.takes(2, 3, 1))
	comes(s, 2, 3)
	s.Hear(2, f.content(4, 2), "Fetching", f.takes(2, 4, 2))
	s.Tell(roles.Verified{Link: 2, Group: 4}, "Fetching", "report had")
	comes(s, 2, 5)
	s.Hear(2, f.content(6, 2), "Fetching", f.takes(2, 6, 2))
	s.Tell(roles.Verified{Link: 2, Group: 6}, "Fetching", "report had")
	comes(s, 2, 7, f.gets(2, 1, 1))
	s.Hear(2, f.content(1, 1), "Fetching", f.takes(2, 1, 1))
	comes(s, 2, 1, f.gets(2, 0, 1))
	s.Hear(2, f.content(0, 1), "Fetching", f.takes(2, 0, 1))
	s.Tell(roles.Verified{Link: 2}, "Finishing", "report had", "hangup 1", "report tried")
	finishes(s, 2)
	if r := wants(t, s, client.Fetched, protocol.Timeout, 0); r.Tried[0].Node != at(1) || !slices.Equal(r.From, ats(2)) {
		t.Errorf("result %+v", r)
	}
}

// TestWhatALostNodeOwedIsFetchedByTheOther, while the lost one is dialed again.
func TestWhatALostNodeOwedIsFetchedByTheOther(t *testing.T) {
	f := made(roles.ManyGroups*group, 1)
	s := both(t, f, 1, 2)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 1))...)
	comes(s, 2, 2, f.gets(2, 0, 2), f.gets(2, 4, 2))
}

// TestANodeThatRestedIsAskedAgain when others fail: what it did was good.
func TestANodeThatRestedIsAskedAgain(t *testing.T) {
	f := made(roles.ManyGroups*group, 1)
	s := asked(t, several(3), 1, 2, 3)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{Has: set(0, 1, 2, 3, 4, 5, 6)}, "Fetching", "report begun", f.gets(1, 7, 1), "hear 1", dials(2, 2), dials(3, 3))
	answers(2, s, "Fetching", f.gets(2, 7, 1))
	s.Hear(2, f.outboard(0), "Fetching", "hear 2")
	answers(3, s, "Fetching")
	s.Hear(3, f.outboard(0), "Fetching", left(3)...) // two are asked for the only group that is missing
	closes(s, 3, "Fetching")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 3), dials(3, 1))...)
	s.Tell(roles.Lost{Link: 3, Code: protocol.Refused}, "Fetching", goes(3)...)
	s.Tell(roles.Lost{Link: 2, Code: protocol.Lost}, "Fetching", goes(2, dials(2, 2))...)
	answers(1, s, "Fetching", f.gets(1, 7, 1))
	s.Hear(1, f.outboard(0), "Fetching", "hear 1")
}

// TestADeadNodeCostsASecond: another one is dialed beside it, up to as many as may be.
func TestADeadNodeCostsASecond(t *testing.T) {
	s := located(t, several(3), 1, 2, 3, 4)
	s.Waits(roles.DialPatience)
	s.Ring("Seeking", dials(2, 2))
	s.Waits(roles.DialPatience)
	s.Ring("Seeking", dials(3, 3))
	if s.At.Now != 2*roles.DialPatience {
		t.Errorf("the third is dialed after %v", s.At.Now)
	}
	f := made(10, 1)
	answers(3, s, "Seeking", guesses(3))
	s.Hear(3, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(3)...)
	s.Hear(3, f.content(0, 1), "Fetching", f.takes(3, 0, 1))
	s.Tell(roles.Verified{Link: 3}, "Finishing", "report had", "hangup 1", "report tried", "hangup 2", "report tried")
	finishes(s, 3)
	wants(t, s, client.Fetched, protocol.Timeout, protocol.Timeout, 0)
}

// TestASlowAnswerCostsASecond: what holds for a dial holds for a node that was reached and says nothing.
func TestASlowAnswerCostsASecond(t *testing.T) {
	s := located(t, several(2), 1, 2)
	s.At.Now += roles.DialPatience / 2
	answers(1, s, "Seeking", guesses(1))
	s.Ring("Seeking", dials(2, 2))
	if s.At.Now != roles.DialPatience {
		t.Errorf("the second is dialed after %v", s.At.Now)
	}
	s.Hear(1, refusal(protocol.NotFound), "Seeking", left(1)...)
	closes(s, 1, "Seeking")
	s.Waits(roles.DialTimeout)
}

func TestTheReferenceModeHasOneLink(t *testing.T) {
	s := located(t, several(1), 1, 2)
	s.Waits(roles.GroupPatience) // and then it would be hung up
	f := made(20*group, 1)
	answers(1, s, "Seeking", guesses(1))
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
	s.Waits(roles.GroupPatience)
}

// TestNodesWithOtherContentAreLeftBesides: each of the others is asked what it has, and only the first content counts.
func TestNodesWithOtherContentAreLeftBesides(t *testing.T) {
	f, other := made(roles.ManyGroups*group, 1), made(10, 2)
	s := asked(t, several(2), 1, 2, 3)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", append(f.begins(1), dials(2, 2))...)
	answers(2, s, "Fetching", f.gets(2, 2, 1))
	s.Hear(2, other.outboard(0), "Fetching", left(2, dials(3, 3))...)
	closes(s, 2, "Fetching")
	s.At.Now += 2 * time.Second
	s.Tell(roles.Stopped{}, "Failed", "hangup 1", "hangup 3", "report result")
	if r := result(t, s); len(r.Variants) != 1 || r.Variants[0].Identity != other.Identity || fmt.Sprint(r.Variants[0].Nodes) != fmt.Sprint(ats(2)) {
		t.Errorf("variants %+v", r.Variants)
	}
}
