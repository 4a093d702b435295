package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// receiving returns a story about a fetch of three groups to which the first of these nodes sends the first one.
func receiving(t *testing.T, w client.Request, f file, nodes ...byte) *rolestest.Story {
	t.Helper()
	s := fetching(t, w, f, nodes...)
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	if len(nodes) > 1 {
		s.Waits(roles.GroupPatience)
	} else {
		s.Waits(roles.ProgressTimeout)
	}
	return s
}

func TestANodeLostInTheMiddleIsFollowedByTheNext(t *testing.T) {
	f := made(2*group+5, 1)
	s := receiving(t, request, f, 1, 2)
	s.Tell(roles.Verified{Link: 1}, "Fetching", "report had", f.gets(1, 2, 1))
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Fetching", goes(1, dials(1, 2))...)
	answers(1, s, "Fetching", f.gets(1, 1, 1))
	s.Hear(1, f.outboard(0), "Fetching", f.gets(1, 2, 1), "hear 1")
	s.Hear(1, f.content(1, 1), "Fetching", f.takes(1, 1, 1))
	s.Tell(roles.Verified{Link: 1, Group: 1}, "Fetching", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	s.Hear(1, f.content(2, 1), "Fetching", f.takes(1, 2, 1))
	s.Tell(roles.Verified{Link: 1, Group: 2}, "Finishing", "report had")
	finishes(s, 1)
	r := wants(t, s, client.Fetched, protocol.Lost, 0)
	if !r.Tried[0].Had || len(r.From) != 2 || r.From[0] != at(1) || r.From[1] != at(2) {
		t.Errorf("result %+v", r)
	}
}

// TestWhatEndsTooEarlyIsNotDelivered: each way in which the only holder can fail in the middle.
func TestWhatEndsTooEarlyIsNotDelivered(t *testing.T) {
	f := made(2*group+5, 1)
	end := goes(1, "report result")
	next := func(s *rolestest.Story) {
		s.Tell(roles.Verified{Link: 1}, "Fetching", "report had", f.gets(1, 2, 1))
		s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	}
	for code, fail := range map[protocol.Code]func(*rolestest.Story){
		protocol.Timeout: func(s *rolestest.Story) { s.Ring("Failed", end...) },
		protocol.Draining: func(s *rolestest.Story) {
			next(s)
			says(s, 1, protocol.Draining, "Closing")
			closes(s, 1, "Failed", "report result")
		},
		protocol.NotFound: func(s *rolestest.Story) { // removed meanwhile; it had it
			next(s)
			says(s, 1, protocol.NotFound, "Closing")
			closes(s, 1, "Failed", "report result")
		},
	} {
		s := receiving(t, request, f, 1)
		fail(s)
		wants(t, s, client.Undelivered, code)
	}
}

func TestBytesThatPassSetTheDeadlineAnew(t *testing.T) {
	s := receiving(t, request, made(2*group, 1), 1)
	for range 5 {
		s.At.Now += roles.ProgressTimeout - 1
		s.Tell(roles.Moved{Link: 1, Bytes: roles.MinProgress}, "Fetching")
		s.Waits(roles.ProgressTimeout)
	}
	s.Tell(roles.Moved{Link: 1, Bytes: 1}, "Fetching") // a byte a second is not enough
	s.Ring("Failed", goes(1, "report result")...)
	wants(t, s, client.Undelivered, protocol.Timeout)
}

func TestTheRelayCannotBeAsked(t *testing.T) {
	s := wanted(t, request)
	s.Ring("Failed", "hangup 0", "report result")
	if r := wants(t, s, client.NoRelay); r.Code != protocol.Timeout || s.At.Now != roles.DialTimeout {
		t.Errorf("%s after %v", r.Code, s.At.Now)
	}
	s = locating(t, request)
	s.Hear(0, &protocol.Error{Code: protocol.Internal, By: protocol.Relay}, "Closing", "halfclose 0", "discard 0")
	s.Tell(roles.PeerEnded{}, "Failed", "hangup 0", "report result")
	if r := wants(t, s, client.NoRelay); r.Code != protocol.Internal || r.By != protocol.Relay {
		t.Errorf("result %+v", r)
	}
	s = locating(t, request)
	s.Tell(roles.Malformed{Err: &protocol.Error{Code: protocol.Malformed}}, "Closing",
		"send 0 ERROR malformed by client", "halfclose 0", "discard 0")
	s.Tell(roles.Lost{Code: protocol.Lost}, "Failed", "hangup 0", "report result")
	wants(t, s, client.NoRelay)
}

// TestARelayThatIsLostLaterIsTheReason: what its later pages would have said is not known.
func TestARelayThatIsLostLaterIsTheReason(t *testing.T) {
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(1), Cursor: []byte{1}}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	answers(1, s, "Seeking", guesses(1))
	says(s, 1, protocol.NotFound, "AskingRelay", "dial 0 relay:4000")
	closes(s, 1, "AskingRelay")
	s.Tell(roles.Lost{Code: protocol.Refused}, "Failed", "hangup 0", "report result")
	if r := wants(t, s, client.NoRelay, protocol.NotFound); r.Code != protocol.Refused || r.By != protocol.Client {
		t.Errorf("result %+v", r)
	}
}

func TestARelayThatNeverEndsIsLeft(t *testing.T) {
	s := locating(t, request)
	for range roles.MaxEmptyPages - 1 {
		s.Hear(0, &protocol.Located{Cursor: []byte{1}}, "AskingRelay", "halfclose 0", "discard 0", "report locating")
		s.Tell(roles.PeerEnded{}, "AskingRelay", "hangup 0", "dial 0 relay:4000")
		s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt cursor=01", "hear 0")
	}
	s.Hear(0, &protocol.Located{Cursor: []byte{1}}, "Closing", "halfclose 0", "discard 0", "report locating")
	s.Tell(roles.PeerEnded{}, "Failed", "hangup 0", "report result")
	wants(t, s, client.Unsure) // not-found would be a guess
}

func TestOurOwnDiskFails(t *testing.T) {
	f := made(2*group, 1)
	s := receiving(t, request, f, 1, 2)
	s.Tell(roles.StoreFailed{Err: errors.New("no space")}, "Failed", "hangup 1", "report result")
	if r := wants(t, s, client.DiskFailed); r.Code != protocol.Disk || !strings.Contains(r.Text, "space") {
		t.Errorf("result %+v", r)
	}
	opening := func() *rolestest.Story {
		s := asked(t, request, 1, 2)
		s.Hear(1, f.outboard(0), "Opening", f.opens())
		return s
	}
	s = opening()
	s.Tell(roles.StoreFailed{Err: errors.New("read-only")}, "Failed", "hangup 1", "report result")
	wants(t, s, client.DiskFailed)

	s = opening() // a disk that hangs: the node is not kept for it, and then the wait is over
	s.Ring("Opening", left(1)...)
	closes(s, 1, "Opening")
	s.Ring("Failed", "report result")
	if wants(t, s, client.DiskFailed, 0); s.At.Now != roles.DiskTimeout {
		t.Errorf("given up after %v", s.At.Now)
	}
}

func TestStopAnywhere(t *testing.T) {
	f := made(2*group, 1)
	fetch := client.NewFetch(request)
	s := rolestest.New(t, fetch, fetch.State)
	s.Tell(roles.Stopped{}, "Failed", "report result")
	for link, stories := range map[string][]*rolestest.Story{
		"hangup 0": {wanted(t, request), locating(t, request)},
		"hangup 1": {located(t, request, 1, 2), asked(t, request, 1, 2), fetching(t, request, f, 1, 2), receiving(t, request, f, 1, 2)},
	} {
		for _, s := range stories {
			s.Tell(roles.Stopped{}, "Failed", link, "report result")
			s.Tell(roles.Stopped{}, "Failed")
			if r := wants(t, s, client.Interrupted); r.Code != protocol.Interrupted || r.By != protocol.Client {
				t.Errorf("result %+v", r)
			}
		}
	}
}
