package client_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/story"
)

const relayAddress = "relay:4000"

// peers returns nodes by the last byte of their address.
func peers(last ...byte) (peers []protocol.Peer) {
	for _, n := range last {
		peers = append(peers, protocol.Peer{Host: protocol.IP{192, 0, 2, n}, Port: 5000})
	}
	return peers
}

func at(last byte) netip.AddrPort { return peers(last)[0].Addr() }

func dials(last byte) string { return "dial 1 " + at(last).String() }

func wanted(t *testing.T) *story.Story {
	t.Helper()
	f := client.NewFetch(relayAddress, "a.txt")
	s := story.New(t, f, f.State)
	s.Tell(roles.Started{}, "DialingRelay", "dial 0 relay:4000")
	s.Waits(protocol.DialTimeout)
	return s
}

func asking(t *testing.T) *story.Story {
	t.Helper()
	s := wanted(t)
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt", "hear 0")
	s.Waits(protocol.ReplyTimeout)
	return s
}

// located returns a story about a fetch that has heard of these nodes and dials the first.
func located(t *testing.T, nodes ...byte) *story.Story {
	t.Helper()
	s := asking(t)
	s.Hear(0, &protocol.Located{Peers: peers(nodes...)}, "LeavingRelay", "halfclose 0", "discard 0", "report locating")
	s.Waits(protocol.CloseTimeout)
	s.Tell(roles.Ended{}, "DialingNode", "hangup 0", dials(nodes[0]))
	s.Waits(protocol.DialTimeout)
	return s
}

const asks = "send 1 GET name=a.txt"

// asked returns a story about a fetch that has asked the first of these nodes.
func asked(t *testing.T, nodes ...byte) *story.Story {
	t.Helper()
	s := located(t, nodes...)
	opens(s)
	return s
}

func opens(s *story.Story) { s.Tell(roles.Opened{Link: 1}, "AskingNode", asks, "hear 1") }

// receiving returns a story about a fetch to which the first of these nodes sends the first 6 of 10 bytes.
func receiving(t *testing.T, nodes ...byte) *story.Story {
	t.Helper()
	s := asked(t, nodes...)
	s.Hear(1, content(10, 0, 6), "Receiving", "send 1 GET name=a.txt offset=6 version=aa", "receive-body 1 0+6")
	s.Waits(protocol.ProgressTimeout)
	return s
}

func content(size, offset, length uint64) *protocol.Content {
	return &protocol.Content{Size: size, Offset: offset, Length: length, Version: []byte{0xaa}}
}

func refusal(code protocol.Code) *protocol.Error {
	return &protocol.Error{Code: code, By: protocol.Node}
}

func refuses(s *story.Story, code protocol.Code) {
	s.Hear(1, refusal(code), "LeavingNode", "halfclose 1", "discard 1")
}

// result returns what the fetch came to, and fails unless that was told once, at the end.
func result(t *testing.T, s *story.Story) client.Result {
	t.Helper()
	results := 0
	for _, outcome := range s.Reports {
		if _, is := outcome.(client.Result); is {
			results++
		}
	}
	if results != 1 || !s.Machine.Final() {
		t.Fatalf("%d results, final: %v", results, s.Machine.Final())
	}
	return s.Reports[len(s.Reports)-1].(client.Result)
}

// wants fails unless the result is that, with these codes of the nodes that were tried.
func wants(t *testing.T, s *story.Story, outcome client.Outcome, codes ...protocol.Code) {
	t.Helper()
	got, tried := result(t, s), []protocol.Code{}
	for _, try := range got.Tried {
		tried = append(tried, try.Code)
	}
	if got.Outcome != outcome || fmt.Sprint(tried) != fmt.Sprint(codes) {
		t.Errorf("outcome %d with %v, want %d with %v", got.Outcome, tried, outcome, codes)
	}
}

func TestAFileIsFetched(t *testing.T) {
	s := receiving(t, 1)
	s.Tell(roles.BodyDone{Link: 1}, "AskingNode", "hear 1")
	s.Hear(1, content(10, 6, 4), "Receiving", "send 1 GET name=a.txt offset=10 version=aa", "receive-body 1 6+4")
	s.Tell(roles.BodyDone{Link: 1}, "AskingNode", "hear 1")
	s.Hear(1, content(10, 10, 0), "LeavingNode", "halfclose 1", "discard 1")
	s.Waits(protocol.CloseTimeout)
	s.Tell(roles.Ended{Link: 1}, "Done", "hangup 1", "report tried", "report result")
	wants(t, s, client.Fetched, 0)
	if r := result(t, s); r.Size != 10 || r.From != at(1) || r.Name != "a.txt" {
		t.Errorf("result %+v", r)
	}
}

func TestAnEmptyFileIsFetched(t *testing.T) {
	s := asked(t, 1)
	s.Hear(1, content(0, 0, 0), "LeavingNode", "halfclose 1", "discard 1")
	s.Ring("Done", "hangup 1", "report tried", "report result") // a node that does not close costs nothing
	wants(t, s, client.Fetched, 0)
}

func TestNodesAreAskedInTheRelaysOrder(t *testing.T) {
	s := asked(t, 3, 1, 2)
	for _, next := range []byte{1, 2} {
		refuses(s, protocol.NotFound)
		s.Tell(roles.Ended{Link: 1}, "DialingNode", "hangup 1", "report tried", dials(next))
		opens(s)
	}
	refuses(s, protocol.NotFound)
	s.Tell(roles.Ended{Link: 1}, "NotFound", "hangup 1", "report tried", "report result")
	wants(t, s, client.NobodyHad, protocol.NotFound, protocol.NotFound, protocol.NotFound)
}

func TestNobodyIsListed(t *testing.T) {
	s := asking(t)
	s.Hear(0, &protocol.Located{}, "LeavingRelay", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.Ended{}, "NotFound", "hangup 0", "report result")
	wants(t, s, client.NobodyHad)
}

func TestPagesAreWalkedAndNobodyIsAskedTwice(t *testing.T) {
	s := asking(t)
	s.Hear(0, &protocol.Located{Peers: peers(1, 1), Cursor: []byte{1}}, "LeavingRelay", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.Ended{}, "DialingNode", "hangup 0", dials(1))
	opens(s)
	refuses(s, protocol.NotFound)
	s.Tell(roles.Ended{Link: 1}, "DialingRelay", "hangup 1", "report tried", "dial 0 relay:4000")
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt cursor=01", "hear 0")
	s.Hear(0, &protocol.Located{Cursor: []byte{2}}, "LeavingRelay", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.Ended{}, "DialingRelay", "hangup 0", "dial 0 relay:4000") // an empty page is not the last
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt cursor=02", "hear 0")
	s.Hear(0, &protocol.Located{Peers: peers(1, 2)}, "LeavingRelay", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.Ended{}, "DialingNode", "hangup 0", dials(2))
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Failed", "hangup 1", "report tried", "report result")
	wants(t, s, client.Unsure, protocol.NotFound, protocol.Refused)
}

// TestNotFoundIsOnlySaidWhenItIsCertain: a node that could not be asked may have the file.
func TestNotFoundIsOnlySaidWhenItIsCertain(t *testing.T) {
	for _, code := range []protocol.Code{protocol.Busy, protocol.Draining, protocol.Internal, protocol.Denied, protocol.Changed, 200} {
		s := asked(t, 1, 2)
		refuses(s, protocol.NotFound)
		s.Tell(roles.Ended{Link: 1}, "DialingNode", "hangup 1", "report tried", dials(2))
		opens(s)
		refuses(s, code)
		s.Tell(roles.Ended{Link: 1}, "Failed", "hangup 1", "report tried", "report result")
		wants(t, s, client.Unsure, protocol.NotFound, code)
	}
}

func TestANodeLostInTheMiddleIsFollowedByTheNext(t *testing.T) {
	s := receiving(t, 1, 2)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "DialingNode", "hangup 1", "report tried", "clearstore", dials(2))
	opens(s) // from the beginning: the next one may have another version
	s.Hear(1, content(3, 0, 3), "Receiving", "send 1 GET name=a.txt offset=3 version=aa", "receive-body 1 0+3")
	s.Tell(roles.BodyDone{Link: 1}, "AskingNode", "hear 1")
	s.Hear(1, content(3, 3, 0), "LeavingNode", "halfclose 1", "discard 1")
	s.Tell(roles.Ended{Link: 1}, "Done", "hangup 1", "report tried", "report result")
	wants(t, s, client.Fetched, protocol.Lost, 0)
	if r := result(t, s); r.From != at(2) || r.Size != 3 || !r.Tried[0].Had {
		t.Errorf("result %+v", r)
	}
}

// TestWhatEndsTooEarlyIsNotDelivered: each way in which the only holder can fail in the middle.
func TestWhatEndsTooEarlyIsNotDelivered(t *testing.T) {
	end := []string{"hangup 1", "report tried", "report result"}
	for code, fail := range map[protocol.Code]func(*story.Story){
		protocol.Lost:    func(s *story.Story) { s.Tell(roles.Ended{Link: 1}, "Failed", end...) },
		protocol.Timeout: func(s *story.Story) { s.Ring("Failed", end...) },
		protocol.Draining: func(s *story.Story) {
			s.Tell(roles.BodyDone{Link: 1}, "AskingNode", "hear 1")
			refuses(s, protocol.Draining)
			s.Tell(roles.Ended{Link: 1}, "Failed", end...)
		},
		protocol.NotFound: func(s *story.Story) { // removed meanwhile; it had it
			s.Tell(roles.BodyDone{Link: 1}, "AskingNode", "hear 1")
			refuses(s, protocol.NotFound)
			s.Tell(roles.Ended{Link: 1}, "Failed", end...)
		},
	} {
		s := receiving(t, 1)
		fail(s)
		wants(t, s, client.Undelivered, code)
	}
}

func TestAStretchThatDoesNotBelongIsRefused(t *testing.T) {
	other := content(10, 6, 4)
	other.Version = []byte{0xbb}
	for name, m := range map[string]*protocol.Content{
		"another version": other, "another offset": content(10, 5, 5), "another size": content(11, 6, 5),
		"an early end": content(6, 6, 0),
	} {
		s := receiving(t, 1)
		s.Tell(roles.BodyDone{Link: 1}, "AskingNode", "hear 1")
		s.Hear(1, m, "LeavingNode", "send 1 ERROR changed by client", "halfclose 1", "discard 1")
		s.Tell(roles.Ended{Link: 1}, "Failed", "hangup 1", "report tried", "report result")
		if r := result(t, s); r.Outcome != client.Undelivered || r.Tried[0].Code != protocol.Changed {
			t.Errorf("%s: %+v", name, r)
		}
	}
	s := asked(t, 1)
	s.Hear(1, content(10, 5, 5), "LeavingNode", "send 1 ERROR changed by client", "halfclose 1", "discard 1")
}

func TestBytesThatPassSetTheDeadlineAnew(t *testing.T) {
	s := receiving(t, 1)
	for range 5 {
		s.At.Now += protocol.ProgressTimeout - 1
		s.Tell(roles.Moved{Link: 1, Bytes: protocol.MinProgress}, "Receiving")
		s.Waits(protocol.ProgressTimeout)
	}
	s.Tell(roles.Moved{Link: 1, Bytes: 1}, "Receiving") // a byte a second is not enough
	s.Ring("Failed", "hangup 1", "report tried", "report result")
	wants(t, s, client.Undelivered, protocol.Timeout)
}

func TestTheRelayCannotBeAsked(t *testing.T) {
	s := wanted(t)
	s.Ring("Failed", "hangup 0", "report result")
	wants(t, s, client.NoRelay)
	if r := result(t, s); r.Code != protocol.Timeout || s.At.Now != protocol.DialTimeout {
		t.Errorf("%s after %v", r.Code, s.At.Now)
	}
	s = asking(t)
	busy := &protocol.Error{Code: protocol.Busy, By: protocol.Relay}
	s.Hear(0, busy, "LeavingRelay", "halfclose 0", "discard 0")
	s.Tell(roles.Ended{}, "Failed", "hangup 0", "report result")
	if r := result(t, s); r.Outcome != client.NoRelay || r.Code != protocol.Busy || r.By != protocol.Relay {
		t.Errorf("result %+v", r)
	}
	s = asking(t)
	s.Tell(roles.Garbled{Err: &protocol.Error{Code: protocol.Malformed}}, "LeavingRelay",
		"send 0 ERROR malformed by client", "halfclose 0", "discard 0")
	s.Tell(roles.Lost{Code: protocol.Lost}, "Failed", "hangup 0", "report result")
	wants(t, s, client.NoRelay)
}

func TestARelayThatNeverEndsIsLeft(t *testing.T) {
	s := asking(t)
	for pages := 1; ; pages++ {
		s.Hear(0, &protocol.Located{Cursor: []byte{1}}, "LeavingRelay", "halfclose 0", "discard 0", "report locating")
		if pages == protocol.MaxPages {
			break
		}
		s.Tell(roles.Ended{}, "DialingRelay", "hangup 0", "dial 0 relay:4000")
		s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt cursor=01", "hear 0")
	}
	s.Tell(roles.Ended{}, "Failed", "hangup 0", "report result")
	wants(t, s, client.Unsure) // not-found would be a guess
}

func TestOurOwnDiskFails(t *testing.T) {
	s := receiving(t, 1, 2)
	s.Tell(roles.StoreFailed{Text: "no space"}, "Failed", "hangup 1", "report result")
	if r := result(t, s); r.Outcome != client.DiskFailed || r.Code != protocol.Disk || !strings.Contains(r.Text, "space") {
		t.Errorf("result %+v", r)
	}
	s = receiving(t, 1, 2)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "DialingNode", "hangup 1", "report tried", "clearstore", dials(2))
	s.Tell(roles.StoreFailed{Text: "read-only"}, "Failed", "hangup 1", "report result")
}

func TestStopAnywhere(t *testing.T) {
	f := client.NewFetch(relayAddress, "a.txt")
	s := story.New(t, f, f.State)
	s.Tell(roles.Stopped{}, "Failed", "report result")
	for _, at := range []func() *story.Story{
		func() *story.Story { return wanted(t) },
		func() *story.Story { return asking(t) },
		func() *story.Story { return located(t, 1, 2) },
		func() *story.Story { return asked(t, 1, 2) },
		func() *story.Story { return receiving(t, 1, 2) },
	} {
		s := at()
		link := 1
		if state := s.Machine.(*client.Fetch).State(); state == client.DialingRelay || state == client.AskingRelay {
			link = 0
		}
		s.Tell(roles.Stopped{}, "Failed", fmt.Sprintf("hangup %d", link), "report result")
		s.Tell(roles.Stopped{}, "Failed")
		if r := result(t, s); r.Outcome != client.Interrupted || r.Code != protocol.Interrupted {
			t.Errorf("result %+v", r)
		}
	}
}

func TestWhatANodeTookIsMeasured(t *testing.T) {
	s := asked(t, 1)
	s.At.Now += 3 * time.Second
	refuses(s, protocol.NotFound)
	s.Tell(roles.Ended{Link: 1}, "NotFound", "hangup 1", "report tried", "report result")
	if took := result(t, s).Tried[0].Took; took != 3*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestWhateverHappensToAFetch(t *testing.T) {
	subject := story.NewSubject(client.FetchTable, roles.Started{}, func() story.Explorable {
		return client.NewFetch(relayAddress, "a.txt")
	})
	subject.Says = []protocol.Message{
		&protocol.Located{Peers: peers(1, 2)}, &protocol.Located{Cursor: []byte{1}}, &protocol.Located{},
		content(10, 0, 6), content(10, 6, 4), content(10, 10, 0), content(0, 0, 0),
		refusal(protocol.NotFound), refusal(protocol.Busy), story.Sample(protocol.KindRenew),
	}
	subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { return cell == "New/Misnamed" }) // its own test is below
	story.Explore(t, subject)
}

// Whatever a program passes on from its user, nobody is asked for what no node may have.
func TestABadNameIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	for _, name := range []string{"", "../up", "a//b", "tab\t", "\xff"} {
		f := client.NewFetch(relayAddress, name)
		s := story.New(t, f, f.State)
		s.Tell(roles.Started{}, "Failed", "report result")
		if r := f.Result(); r.Outcome != client.BadlyNamed || r.Code != protocol.BadName || r.Text == "" {
			t.Errorf("%q: %+v", name, r)
		}
	}
}
