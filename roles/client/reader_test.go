package client_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// openingReader returns a story about a Reader that has heard of these nodes, and dials the first.
func openingReader(t *testing.T, nodes ...byte) *rolestest.Story {
	t.Helper()
	r := client.NewReader(relayAddress, "a.txt", protocol.Hash{})
	s := rolestest.New(t, r, r.State)
	s.Tell(roles.Started{}, "AskingRelay", "dial 0 relay:4000")
	s.Waits(roles.DialTimeout)
	readerLocates(s, protocol.Hash{}, "Opening", nodes...)
	return s
}

// readerLocates has the relay that is being dialed answer with these nodes.
func readerLocates(s *rolestest.Story, hash protocol.Hash, state string, nodes ...byte) {
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 "+rolestest.Say(&protocol.Locate{Name: "a.txt", Hash: hash}), "hear 0")
	rest := []string{"halfclose 0", "discard 0", "report locating", "report unread"}
	if len(nodes) > 0 {
		rest[3] = dials(1, nodes[0])
	}
	s.Hear(0, &protocol.Located{Peers: peers(nodes...)}, state, rest...)
	s.Tell(roles.PeerEnded{}, state, "hangup 0")
}

// holdingReader returns a story about a Reader of a file that the first of these nodes has.
func holdingReader(t *testing.T, f file, nodes ...byte) *rolestest.Story {
	t.Helper()
	s := openingReader(t, nodes...)
	answers(1, s, "Opening")
	s.Hear(1, f.outboard(0), "Holding", "report pinned")
	if pinned := of[client.Pinned](t, s); pinned.Identity != f.Identity {
		t.Fatalf("%+v", pinned)
	}
	s.Waits(roles.HoldTimeout)
	return s
}

// asksAgain are the lines for asking a node about a content that is pinned.
func (f file) asksAgain(first uint64) []string { return f.insists(1, f.gets(1, first, 1)) }

// delivers has the node bring what it was asked for last.
func (f file) delivers(s *rolestest.Story, first, count uint64, rest ...string) {
	s.Hear(1, f.content(first, count), "Reading", append(rest, f.takes(1, first, count))...)
	for g := range count - 1 {
		s.Tell(roles.Verified{Link: 1, Group: first + g}, "Reading", "report had")
	}
	s.Tell(roles.Verified{Link: 1, Group: first + count - 1}, "Holding", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Holding")
}

func TestAReaderGetsWhatIsWanted(t *testing.T) {
	f := made(100*group+5, 1)
	s := holdingReader(t, f, 1, 2)
	s.Tell(roles.Wanted{First: 7, Count: 1}, "Reading", f.gets(1, 7, 1), "hear 1")
	s.Waits(roles.GroupPatience)
	f.delivers(s, 7, 1)
	s.Tell(roles.Wanted{First: 99, Count: 9}, "Reading", f.gets(1, 99, 2), "hear 1") // beyond the end there is nothing
	s.Waits(roles.GroupPatience)                                                     // as long as before, although no time has passed
	f.delivers(s, 99, 2)
	s.Tell(roles.Wanted{First: 101, Count: 1}, "Holding")
	s.Tell(roles.Wanted{First: 3}, "Holding")
	s.Waits(roles.HoldTimeout)
	s.Tell(roles.Stopped{}, "Closed", "hangup 1")
	s.Tell(roles.Stopped{}, "Closed")
}

// The groups of a window are asked for in order; another window takes its place, but for what is on
// its way.
func TestWhatIsWantedIsReplaced(t *testing.T) {
	f := made(100*group, 1)
	s := holdingReader(t, f, 1)
	s.Tell(roles.Wanted{First: 5, Count: 2}, "Reading", f.gets(1, 5, 1), f.gets(1, 6, 1), "hear 1")
	s.Hear(1, f.content(5, 1), "Reading", f.takes(1, 5, 1))
	s.Tell(roles.Wanted{First: 6, Count: 2}, "Reading") // 6 is on its way
	s.Tell(roles.Wanted{First: 50, Count: 1}, "Reading")
	s.Tell(roles.Verified{Link: 1, Group: 5}, "Reading", f.gets(1, 50, 1))
	s.Tell(roles.BodyDone{Link: 1}, "Reading", "hear 1")
	s.Hear(1, f.content(6, 1), "Reading", f.takes(1, 6, 1))
	s.Tell(roles.Verified{Link: 1, Group: 6}, "Reading")
	s.Tell(roles.BodyDone{Link: 1}, "Reading", "hear 1")
	f.delivers(s, 50, 1)
}

// A link on which nothing is wanted is hung up after HoldTimeout; the same node is dialed again.
// After a lease's time the relay is asked first.
func TestAnIdleLinkIsNotKept(t *testing.T) {
	f := made(3*group, 1)
	s := holdingReader(t, f, 1)
	s.Ring("Resting", left(1)...)
	s.Waits(roles.CloseTimeout)
	closes(s, 1, "Resting")
	s.Waits(roles.LeaseTTL)
	s.Tell(roles.Wanted{First: 2, Count: 1}, "Reading", dials(1, 1))
	s.Tell(roles.Opened{Link: 1}, "Reading", f.asksAgain(2)...)
	s.Hear(1, f.outboard(0), "Reading", "hear 1")
	f.delivers(s, 2, 1)
	s.Ring("Resting", left(1)...)
	s.Ring("Resting", "hangup 1")
	s.Ring("Resting")
	s.Waits(roles.LeaseTTL)
	s.Tell(roles.Wanted{First: 1, Count: 1}, "AskingRelay", "dial 0 relay:4000")
	s.Tell(roles.Wanted{First: 0, Count: 1}, "AskingRelay")
	readerLocates(s, f.Hash, "Reading", 2)
	s.Tell(roles.Opened{Link: 1}, "Reading", f.asksAgain(0)...)
	s.Hear(1, f.outboard(0), "Reading", "hear 1")
	s.Tell(roles.Stopped{}, "Closed", "hangup 1")
}

// What is wanted while the link is being closed does not wait for its end, but a third link waits for
// that of the first.
func TestWhatIsWantedTooLateForALinkTakesAnotherOne(t *testing.T) {
	f := made(3*group, 1)
	s := holdingReader(t, f, 1, 3)
	s.Ring("Resting", left(1)...)
	s.Tell(roles.Wanted{Count: 1}, "Reading", dials(2, 1))
	s.Tell(roles.Opened{Link: 2}, "Reading", f.insists(2, f.gets(2, 0, 1))...)
	says(s, 2, protocol.NotFound, "Reading")
	closes(s, 1, "Reading", dials(1, 3))
	closes(s, 2, "Reading")
}

// A node that fails is passed over, also in the midst of a group.
func TestTheNextNodeTakesOver(t *testing.T) {
	f := made(3*group, 1)
	s := holdingReader(t, f, 1, 2, 3)
	s.Tell(roles.Wanted{First: 1, Count: 2}, "Reading", f.gets(1, 1, 1), f.gets(1, 2, 1), "hear 1")
	s.Hear(1, f.content(1, 1), "Reading", f.takes(1, 1, 1))
	s.Tell(roles.Verified{Link: 1, Group: 1}, "Reading", "report had")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Reading", goes(1, dials(1, 2))...)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Reading", goes(1, dials(1, 3))...)
	s.Tell(roles.Opened{Link: 1}, "Reading", f.asksAgain(2)...)
	s.Hear(1, f.outboard(0), "Reading", "hear 1")
	f.delivers(s, 2, 1)
}

// A node whose link broke is dialed once more, and then the relay is asked for others.
func TestANodeThatWasStartedAgainIsFoundAgain(t *testing.T) {
	f := made(3*group, 1)
	s := holdingReader(t, f, 1)
	s.Tell(roles.Wanted{Count: 1}, "Reading", f.gets(1, 0, 1), "hear 1")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Lost}, "Reading", goes(1, dials(1, 1))...)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "AskingRelay", goes(1, "dial 0 relay:4000")...)
	readerLocates(s, f.Hash, "Reading", 2, 1)
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "Resting", goes(1, "report unread")...)
	unread := of[client.Unread](t, s)
	if r := unread.Result; r.Outcome != client.Undelivered || len(r.Tried) != 3 || r.Code != protocol.Refused || unread.Wanted != (client.Range{Count: 1}) {
		t.Errorf("%+v", unread)
	}
	s.Tell(roles.Wanted{Count: 1}, "AskingRelay", "dial 0 relay:4000") // the owner tries again
}

func TestChangedContentIsTold(t *testing.T) {
	f, other := made(3*group, 1), made(3*group, 2)
	for name, answer := range map[string]protocol.Message{"by the node": refusal(protocol.Changed), "by its tree": other.outboard(0)} {
		t.Run(name, func(t *testing.T) {
			s := holdingReader(t, f, 1)
			s.Ring("Resting", left(1)...)
			closes(s, 1, "Resting")
			s.Tell(roles.Wanted{Count: 1}, "Reading", dials(1, 1))
			s.Tell(roles.Opened{Link: 1}, "Reading", f.asksAgain(0)...)
			if refused, is := answer.(*protocol.Error); is {
				says(s, 1, refused.Code, "AskingRelay", "dial 0 relay:4000")
			} else {
				s.Hear(1, answer, "AskingRelay", parts1(protocol.BadHash, "dial 0 relay:4000")...)
			}
			closes(s, 1, "AskingRelay")
			readerLocates(s, f.Hash, "Resting")
			r := of[client.Unread](t, s).Result
			if is := r.Code == protocol.Changed; is != (name == "by the node") || r.Hash != f.Hash {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestALiarIsNotReadFromAgain(t *testing.T) {
	f := made(3*group, 1)
	s := holdingReader(t, f, 1)
	s.Tell(roles.Wanted{Count: 1}, "Reading", f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Reading", f.takes(1, 0, 1))
	s.Tell(roles.BodyWrong{Link: 1}, "Reading")
	s.Tell(roles.BodyDone{Link: 1}, "Reading", f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "AskingRelay", parts1(protocol.BadHash, "dial 0 relay:4000")...)
	closes(s, 1, "AskingRelay")
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 "+rolestest.Say(&protocol.Locate{Name: "a.txt", Hash: f.Hash}), "hear 0")
	s.Hear(0, &protocol.Located{Peers: peers(1)}, "Resting", "halfclose 0", "discard 0", "report locating", "report unread")
	s.Tell(roles.PeerEnded{}, "Resting", "hangup 0")
	if r := of[client.Unread](t, s).Result; r.Outcome != client.Undelivered || r.Code != protocol.BadHash {
		t.Errorf("%+v", r)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	for name, test := range map[string]struct {
		tell func(s *rolestest.Story)
		want client.Outcome
		code protocol.Code
	}{
		"nobody has it": {func(s *rolestest.Story) {
			answers(1, s, "Opening")
			says(s, 1, protocol.NotFound, "Closing")
			closes(s, 1, "Failed", "report unread")
		}, client.NobodyHad, protocol.NotFound},
		"not all could be asked": {func(s *rolestest.Story) {
			s.Ring("Failed", goes(1, "report unread")...)
		}, client.Unsure, protocol.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			s := openingReader(t, 1)
			test.tell(s)
			if r := of[client.Unread](t, s).Result; r.Outcome != test.want || r.Code != test.code {
				t.Errorf("%+v", r)
			}
		})
	}
	t.Run("no relay", func(t *testing.T) {
		r := client.NewReader(relayAddress, "a.txt", protocol.Hash{})
		s := rolestest.New(t, r, r.State)
		s.Tell(roles.Started{}, "AskingRelay", "dial 0 relay:4000")
		s.Tell(roles.Lost{Code: protocol.Refused}, "Failed", "hangup 0", "report unread")
		if r := of[client.Unread](t, s).Result; r.Outcome != client.NoRelay || r.Code != protocol.Refused {
			t.Errorf("%+v", r)
		}
	})
	t.Run("a bad name", func(t *testing.T) {
		r := client.NewReader(relayAddress, "../a", protocol.Hash{})
		s := rolestest.New(t, r, r.State)
		s.Tell(roles.Started{}, "Failed", "report unread")
		if r := of[client.Unread](t, s).Result; r.Outcome != client.BadlyNamed || r.Code != protocol.BadName {
			t.Errorf("%+v", r)
		}
	})
}

func TestOurOwnStoreEndsAReader(t *testing.T) {
	f := made(3*group, 1)
	s := holdingReader(t, f, 1)
	s.Tell(roles.Wanted{Count: 1}, "Reading", f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Reading", f.takes(1, 0, 1))
	broken := errors.New("no memory")
	s.Tell(roles.StoreFailed{Err: broken}, "Failed", "hangup 1", "report unread")
	if r := of[client.Unread](t, s).Result; r.Outcome != client.DiskFailed || r.Cause != broken {
		t.Errorf("%+v", r)
	}
}

// A Reader asks for a part of the tree where that is wanted, and its memory does not grow with what
// a node claims.
func TestAReaderGoesFarAhead(t *testing.T) {
	f := made((protocol.MaxGroups+3)*group, 1)
	s := holdingReader(t, f, 1)
	tree := &protocol.Tree{Name: "a.txt", Hash: f.Hash, First: protocol.MaxGroups}
	s.Tell(roles.Wanted{First: protocol.MaxGroups + 1, Count: 1}, "Reading", "send 1 "+rolestest.Say(tree), "hear 1")
	s.Hear(1, f.outboard(protocol.MaxGroups), "Reading", f.gets(1, protocol.MaxGroups+1, 1), "hear 1")
	f.delivers(s, protocol.MaxGroups+1, 1)

	p := client.NewPicker("a.txt", protocol.Hash{})
	p.Fix(client.Identity{Size: protocol.MaxFile})
	last := protocol.Groups(protocol.MaxFile) - 1
	allocated := testing.AllocsPerRun(10, func() {
		p.Window(client.Range{First: last, Count: 5}, nil)
		if got, ok := p.Take(1, client.Pace{Window: 16}, 0); !ok || got != (client.Range{First: last, Count: 1}) || !p.Got(last) || p.Got(last-1) || !p.Done() {
			t.Errorf("took %v", got)
		}
		p.Finish(1, client.Range{First: last, Count: 1})
	})
	if allocated > 3 {
		t.Errorf("%v allocations", allocated)
	}
}

func TestWhateverHappensToAReader(t *testing.T) {
	rolestest.Explore(t, readerSubject(), relayedReaderSubject())
}

func readerSubject() rolestest.Subject {
	f, other := made(group+5, 1), made(group+10, 2)
	subject := rolestest.NewSubject(client.ReaderTable(), roles.Started{}, func() rolestest.Explorable {
		return client.NewReader(relayAddress, "a.txt", protocol.Hash{})
	})
	rolestest.Within(&subject, client.QueryTable())
	rolestest.Within(&subject, client.SourceTable())
	subject.Says = []protocol.Message{
		&protocol.Located{Peers: peers(1, 2)}, &protocol.Located{Peers: peers(3), Cursor: []byte{1}}, &protocol.Located{},
		f.outboard(0), other.outboard(0), f.content(0, 1), f.content(1, 1), refusal(protocol.NotFound), refusal(protocol.Changed), busyFor(time.Second),
	}
	subject.Others = []roles.Input{roles.Wanted{Count: 1}, roles.Wanted{First: 1, Count: 5}, roles.Wanted{Count: 3, Has: roles.Groups{1}, Keeps: true}, roles.Wanted{}}
	subject.Visits = 2
	subject.Cells = slices.DeleteFunc(subject.Cells, func(cell string) bool { return cell == "New/Misnamed" }) // its own test is above
	return subject
}

// A node that takes its time to hash is come back to, when the others have said what they have.
func TestANodeThatTakesItsTimeIsReadLast(t *testing.T) {
	f := made(3*group, 1)
	s := openingReader(t, 1, 2)
	answers(1, s, "Opening")
	s.Hear(1, &protocol.Hashing{Size: protocol.GroupSize}, "Opening", "hear 1", "report hashing")
	s.Ring("Opening", goes(1, dials(1, 2))...)
	answers(1, s, "Opening")
	says(s, 1, protocol.NotFound, "Opening", dials(2, 1))
	answers(2, s, "Opening")
	closes(s, 1, "Opening")
	s.Hear(2, f.outboard(0), "Holding", "report pinned")
}
