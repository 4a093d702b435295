package client_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// request is what the stories are about, unless they say otherwise: the reference mode.
var request = client.Request{Relay: relayAddress, Name: "a.txt"}

// started returns a story about a fetch that asks its store what an earlier try left.
func started(t *testing.T, w client.Request) *rolestest.Story {
	t.Helper()
	f := client.NewFetch(w)
	s := rolestest.New(t, f, f.State)
	s.Tell(roles.Started{}, "Inspecting", "inspect-store 0 "+w.Name)
	s.Waits(roles.DiskTimeout)
	return s
}

// wanted returns a story about a fetch that dials the relay, after an earlier try that left a part of a content.
func wanted(t *testing.T, w client.Request, left ...file) *rolestest.Story {
	t.Helper()
	s, inspected := started(t, w), roles.StoreInspected{}
	for _, f := range left {
		inspected = roles.StoreInspected{Hash: f.Hash, Size: f.Size}
	}
	s.Tell(inspected, "AskingRelay", "dial 0 relay:4000")
	s.Waits(roles.DialTimeout)
	return s
}

func locating(t *testing.T, w client.Request, left ...file) *rolestest.Story {
	t.Helper()
	s := wanted(t, w, left...)
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 "+rolestest.Say(&protocol.Locate{Name: w.Name, Hash: w.Hash}), "hear 0")
	s.Waits(roles.ReplyTimeout)
	return s
}

// located returns a story about a fetch that has heard of these nodes and dials the first.
func located(t *testing.T, w client.Request, nodes ...byte) *rolestest.Story {
	t.Helper()
	s := locating(t, w)
	hearsOf(s, nodes...)
	return s
}

// hearsOf tells a fetch of these nodes. It dials the first.
func hearsOf(s *rolestest.Story, nodes ...byte) {
	s.Hear(0, &protocol.Located{Peers: peers(nodes...)}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, nodes[0]))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
}

// finishes ends the last stretch of a fetch that has all groups: the store commits them while the link
// closes.
func finishes(s *rolestest.Story, link roles.Link) {
	s.Tell(roles.BodyDone{Link: link}, "Committing", left(int(link), "commit-store 0")...)
	s.Waits(roles.CloseTimeout)
	commits(s, link)
}

func commits(s *rolestest.Story, link roles.Link) {
	s.Tell(roles.StoreCommitted{Items: []roles.Placed{{}}}, "Closing")
	closes(s, link, "Done", "report result")
}

// asks are the lines for asking what the file is, and for groups that are asked for at once.
func asks(link int, gets ...string) []string {
	return append(append([]string{fmt.Sprintf("send %d TREE name=a.txt", link)}, gets...), fmt.Sprintf("hear %d", link))
}

// guesses is the line for a GET of the first group of whatever the file is.
func guesses(link int) string { return fmt.Sprintf("send %d GET name=a.txt length=%d", link, group) }

func answers(link roles.Link, s *rolestest.Story, state string, gets ...string) {
	s.Tell(roles.Opened{Link: link}, state, asks(int(link), gets...)...)
}

// asked returns a story about a fetch that has asked the first of these nodes what the file is.
func asked(t *testing.T, w client.Request, nodes ...byte) *rolestest.Story {
	t.Helper()
	s := located(t, w, nodes...)
	answers(1, s, "Seeking", guesses(1))
	return s
}

// fetching returns a story about a fetch of a file that has asked the first of these nodes for its first groups.
func fetching(t *testing.T, w client.Request, f file, nodes ...byte) *rolestest.Story {
	t.Helper()
	s := asked(t, w, nodes...)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
	return s
}

// begins are the lines for when the store is ready: the first group has been asked for, and one is
// asked for ahead.
func (f file) begins(link int) []string {
	lines := []string{"report begun"}
	if f.Size > group {
		lines = append(lines, f.gets(link, 1, 1))
	}
	return append(lines, fmt.Sprintf("hear %d", link))
}

// says has the node on a link refuse in a state of the fetch.
func says(s *rolestest.Story, link roles.Link, code protocol.Code, state string, rest ...string) {
	s.Hear(link, refusal(code), state, left(int(link), rest...)...)
}

// leaves are the lines for half-closing a link, and after it.
func leaves(link int, rest ...string) []string {
	return append([]string{fmt.Sprintf("halfclose %d", link), fmt.Sprintf("discard %d", link)}, rest...)
}

// left are the lines at the end of a visit whose link is half-closed, and after it.
func left(link int, rest ...string) []string {
	return leaves(link, append([]string{"report tried"}, rest...)...)
}

// closes has the other side end a link that is half-closed.
func closes(s *rolestest.Story, link roles.Link, state string, rest ...string) {
	s.Tell(roles.PeerEnded{Link: link}, state, append([]string{fmt.Sprintf("hangup %d", link)}, rest...)...)
}

// goes are the lines at the end of a visit whose link is gone, and after it.
func goes(link int, rest ...string) []string {
	return append([]string{fmt.Sprintf("hangup %d", link), "report tried"}, rest...)
}

// result returns what the fetch came to, and fails unless that was told once, at the end.
func result(t *testing.T, s *rolestest.Story) client.Result {
	t.Helper()
	r := of[client.Result](t, s)
	if _, last := s.Reports[len(s.Reports)-1].(client.Result); !last || !s.Machine.Final() {
		t.Fatalf("the result is not the last report, or the fetch is not final")
	}
	return r
}

// wants fails unless the result is that, with these codes of the nodes that were tried.
func wants(t *testing.T, s *rolestest.Story, outcome client.Outcome, codes ...protocol.Code) client.Result {
	t.Helper()
	got, tried := result(t, s), []protocol.Code{}
	for _, try := range got.Tried {
		tried = append(tried, try.Code)
	}
	if got.Outcome != outcome || fmt.Sprint(tried) != fmt.Sprint(codes) {
		t.Errorf("outcome %d with %v, want %d with %v", got.Outcome, tried, outcome, codes)
	}
	return got
}

func TestAFileOfOneGroupIsFetched(t *testing.T) {
	f := made(10, 1)
	s := located(t, request, 1)
	s.Waits(roles.DialTimeout)
	answers(1, s, "Seeking", guesses(1))
	s.Waits(roles.ReplyTimeout)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Waits(roles.HoldTimeout) // and DiskTimeout
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
	s.Waits(roles.ReplyTimeout)
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Finishing", "report had")
	finishes(s, 1)
	r := wants(t, s, client.Fetched, 0)
	if r.Name != "a.txt" || r.Hash != f.Hash || r.Size != 10 || r.Kept != 0 || !slices.Equal(r.From, ats(1)) || len(r.Variants) > 0 {
		t.Errorf("result %+v", r)
	}
	if try := r.Tried[0]; try.Node != at(1) || try.By != protocol.Node || !try.Had {
		t.Errorf("tried %+v", try)
	}
	if had := of[client.Had](t, s); had.Bytes != 10 || had.Node != at(1) {
		t.Errorf("had %+v", had)
	}
}

// ramp is what a node that delivers is asked for: two groups, and four others when one has come, as long as no more than
// NearWindow is under way; a half of that at once.
type ramp struct {
	f                    file
	link                 int
	came, next, underway uint64
	lengths              []uint64 // of the GETs that have not been answered
}

func newRamp(f file, link int) *ramp { return &ramp{f, link, 0, 2, 2, []uint64{1, 1}} }

// verified has a group come, and returns the lines for what is asked for then.
func (r *ramp) verified() (lines []string) {
	r.came++
	r.underway--
	window := min(2+3*r.came, roles.NearWindow/group)
	for most := min(max(1, window/2), protocol.MaxRange/group); r.underway+most <= window; r.next, r.underway = r.next+most, r.underway+most {
		lines = append(lines, r.f.gets(r.link, r.next, most))
		r.lengths = append(r.lengths, most)
	}
	return append([]string{"report had"}, lines...)
}

func TestANodeIsAskedForMoreAsItProvesItself(t *testing.T) {
	f := made(100*group, 1)
	s, r := fetching(t, request, f, 1), newRamp(f, 1)
	for ; r.next < 80; r.lengths = r.lengths[1:] {
		s.Hear(1, f.content(r.came, r.lengths[0]), "Fetching", f.takes(1, r.came, r.lengths[0]))
		for range r.lengths[0] {
			s.Tell(roles.Verified{Link: 1, Group: r.came}, "Fetching", r.verified()...)
		}
		s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	}
}

func TestAnEmptyFileNeedsNoGet(t *testing.T) {
	f := made(0, 0)
	s := asked(t, request, 1)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Committing", append([]string{"report begun"}, left(1, "commit-store 0")...)...)
	s.Ring("Committing", "hangup 1") // a node that does not close costs nothing
	s.Tell(roles.StoreCommitted{Items: []roles.Placed{{}}}, "Done", "report result")
	wants(t, s, client.Fetched, 0)
}

func TestNodesAreAskedInTheRelaysOrder(t *testing.T) {
	s := asked(t, request, 3, 1, 2)
	says(s, 1, protocol.NotFound, "Seeking", dials(2, 1))
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking", guesses(2))
	says(s, 2, protocol.NotFound, "Seeking", dials(1, 2))
	answers(1, s, "Seeking", guesses(1)) // the link to the last node has not closed yet
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "Closing")
	closes(s, 2, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.NotFound, protocol.NotFound, protocol.NotFound)
}

func TestNobodyIsListed(t *testing.T) {
	s := locating(t, request)
	s.Hear(0, &protocol.Located{}, "Closing", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{}, "NotFound", "hangup 0", "report result")
	wants(t, s, client.NobodyHad)
}

func TestPagesAreWalkedAndNobodyIsAskedTwice(t *testing.T) {
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(1, 1), Cursor: []byte{1}}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	answers(1, s, "Seeking", guesses(1))
	says(s, 1, protocol.NotFound, "AskingRelay", "dial 0 relay:4000")
	closes(s, 1, "AskingRelay")
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt cursor=01", "hear 0")
	s.Hear(0, &protocol.Located{Cursor: []byte{2}}, "AskingRelay", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{}, "AskingRelay", "hangup 0", "dial 0 relay:4000") // an empty page is not the last
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt cursor=02", "hear 0")
	s.Hear(0, &protocol.Located{Peers: peers(1, 2)}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 2))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Failed", goes(1, "report result")...)
	wants(t, s, client.Unsure, protocol.NotFound, protocol.Refused)
}

// TestNotFoundIsOnlySaidWhenItIsCertain: a node that could not be asked may have the file.
func TestNotFoundIsOnlySaidWhenItIsCertain(t *testing.T) {
	for _, code := range []protocol.Code{protocol.Draining, protocol.Internal, protocol.Denied, protocol.Changed, 200} {
		s := asked(t, request, 1, 2)
		says(s, 1, protocol.NotFound, "Seeking", dials(2, 2))
		closes(s, 1, "Seeking")
		answers(2, s, "Seeking", guesses(2))
		says(s, 2, code, "Closing")
		closes(s, 2, "Failed", "report result")
		wants(t, s, client.Unsure, protocol.NotFound, code)
	}
}

func TestWhatMayChangeByItselfIsNoCertainNotFound(t *testing.T) {
	s := asked(t, request, 1)
	says(s, 1, protocol.Indexing, "Closing")
	closes(s, 1, "Failed", "report result")
	wants(t, s, client.TooEarly, protocol.Indexing)

	s = locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(), Young: 60_000}, "Closing", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{}, "Failed", "hangup 0", "report result")
	wants(t, s, client.TooEarly)
	if young := result(t, s).Young; young != time.Minute {
		t.Errorf("young for %v", young)
	}
}

func TestWhatANodeTookIsMeasured(t *testing.T) {
	s := asked(t, request, 1)
	s.At.Now += 3 * time.Second
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "NotFound", "report result")
	if took := result(t, s).Tried[0].Took; took != 3*time.Second {
		t.Errorf("took %v", took)
	}
}

// Whatever a program passes on from its user, nobody is asked for what no node may have.
func TestABadNameIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	for _, name := range []string{"", "../up", "a//b", "tab\t", "\xff"} {
		f := client.NewFetch(client.Request{Relay: relayAddress, Name: name})
		s := rolestest.New(t, f, f.State)
		s.Tell(roles.Started{}, "Failed", "report result")
		if r := f.Result(); r.Outcome != client.BadlyNamed || r.Code != protocol.BadName || r.Text == "" {
			t.Errorf("%q: %+v", name, r)
		}
	}
}

func TestWithAHashNoNameIsNeeded(t *testing.T) {
	f := made(10, 1)
	s := locating(t, client.Request{Relay: relayAddress, Hash: f.Hash})
	s.Hear(0, &protocol.Located{Peers: peers(1)}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	s.Tell(roles.Opened{Link: 1}, "Seeking", fmt.Sprintf("send 1 TREE hash=%x", f.Hash[:1]), fmt.Sprintf("send 1 GET length=%d hash=%x", group, f.Hash[:1]), "hear 1")
	s.Hear(1, f.outboard(0), "Opening", strings.Replace(f.opens(), "a.txt", "", 1))
	s.Tell(roles.StoreReady{}, "Fetching", "report begun", "hear 1")
}
