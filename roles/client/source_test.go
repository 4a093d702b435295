package client_test

import (
	"fmt"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// visiting returns a story about a source on link 3 that has asked what the file is.
func visiting(t *testing.T) (*rolestest.Story, *client.Picker) {
	t.Helper()
	picker := client.NewPicker("a.txt", protocol.Hash{})
	v := client.NewSource(3, at(1), picker)
	s := rolestest.New(t, v, v.State)
	s.Tell(roles.Started{}, "Dialing", dials(3, 1))
	s.Waits(roles.DialTimeout)
	s.Tell(roles.Opened{Link: 3}, "AskingTree", asks(3)...)
	s.Waits(roles.ReplyTimeout)
	return s, picker
}

// starts are the lines for asking for the first groups when the store is ready.
func (f file) starts(link int) []string {
	return append([]string{f.gets(link, 0, 1)}, f.begins(link)[1:]...)
}

// sending returns a story about a source to which the node sends the first group of a file.
func sending(t *testing.T, f file) (*rolestest.Story, *client.Picker) {
	t.Helper()
	s, picker := visiting(t)
	s.Hear(3, f.outboard(0), "Holding", "report learned")
	s.Waits(roles.HoldTimeout)
	picker.Open(nil)
	s.Tell(roles.Updated{}, "Asking", f.starts(3)...)
	s.Hear(3, f.content(0, 1), "Receiving", f.takes(3, 0, 1))
	return s, picker
}

// TestTheFirstGroupIsAskedForWithTheTree: its answer comes behind that to the TREE, so that a round trip is saved.
func TestTheFirstGroupIsAskedForWithTheTree(t *testing.T) {
	f := made(3*group, 1)
	s := asked(t, several(2), 1, 2, 3) // with a guess, for nobody knows what it is
	s.Ring("Seeking", dials(2, 2))
	answers(2, s, "Seeking") // one guess at a time
	says(s, 2, protocol.NotFound, "Seeking", dials(3, 3))
	says(s, 1, protocol.NotFound, "Seeking")
	answers(3, s, "Seeking", guesses(3))
	s.Hear(3, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(3)...)
	s.Hear(3, f.content(0, 1), "Fetching", f.takes(3, 0, 1))
	s.Tell(roles.Verified{Link: 3}, "Fetching", "report had", f.gets(3, 2, 1))
}

// TestAFileThatChangesBehindItsTreeIsNobodysFault: the first GET could name no hash, and is answered with what the file is by then.
func TestAFileThatChangesBehindItsTreeIsNobodysFault(t *testing.T) {
	f := made(3*group, 1)
	s := asked(t, request, 1)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(1)...)
	s.Hear(1, made(3*group, 2).content(0, 1), "Fetching", append(leaves(1, "report tried"), dials(2, 1))...) // it is asked once more
}

// TestARefusalOfTheTreeIsOneOfTheGroupToo: both are answered, and it is told once.
func TestARefusalOfTheTreeIsOneOfTheGroupToo(t *testing.T) {
	s := asked(t, request, 1)
	says(s, 1, protocol.NotFound, "Closing")
	closes(s, 1, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.NotFound)
}

// TestAFileMayBeShorterThanItsFirstGroup, and a file without any has none.
func TestAFileMayBeShorterThanItsFirstGroup(t *testing.T) {
	f := made(10, 1)
	s := asked(t, request, 1)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	delivers(s, 1, f)
	wants(t, s, client.Fetched, 0)

	f = made(0, 1)
	s = asked(t, request, 1)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Committing", append([]string{"report begun"}, left(1, "commit-store 0")...)...)
}

// TestAFirstGroupThatIsThereAlreadyIsLetPass: the store may have more than an inspection told.
func TestAFirstGroupThatIsThereAlreadyIsLetPass(t *testing.T) {
	f := made(3*group, 1)
	s := asked(t, request, 1)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{Has: set(0, 1)}, "Fetching", "report begun", f.gets(1, 2, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Fetching")
	s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	s.Hear(1, f.content(2, 1), "Fetching", f.takes(1, 2, 1))
}

// visited returns what came of the visit, once the link is closed.
func visited(t *testing.T, s *rolestest.Story, code protocol.Code, by protocol.Party) client.Visited {
	t.Helper()
	v := of[client.Visited](t, s)
	if v.Code != code || v.By != by || v.Node != at(1) || !s.Machine.Final() {
		t.Errorf("visit %+v, final: %v", v, s.Machine.Final())
	}
	return v
}

func parts(code protocol.Code) []string {
	return append([]string{fmt.Sprintf("send 3 ERROR %s by client", code)}, leaves(3, "report visited")...)
}

// TestANodeThatIsNotNeededForLongHasDoneNothingWrong: the link is hung up, and the node answered last.
func TestANodeThatIsNotNeededForLongHasDoneNothingWrong(t *testing.T) {
	s, _ := visiting(t)
	s.Hear(3, made(3*group, 1).outboard(0), "Holding", "report learned")
	s.Waits(roles.HoldTimeout)
	s.Ring("Leaving", leaves(3, "report visited")...)
	s.Tell(roles.PeerEnded{Link: 3}, "Closed", "hangup 3")
	if v := visited(t, s, 0, protocol.Node); !v.Rested || v.Broke {
		t.Errorf("%+v", v)
	}
}

// TestANodeThatHashesIsWaitedForAsLongAsItGetsOn also when that takes many times the deadline.
func TestANodeThatHashesIsWaitedForAsLongAsItGetsOn(t *testing.T) {
	s, _ := visiting(t)
	hashing := func(done, size uint64) {
		s.At.Now += roles.ReplyTimeout - 1
		s.Hear(3, &protocol.Hashing{Done: done, Size: size}, "AskingTree", "hear 3", "report hashing")
	}
	const size = 100 * roles.MinProgress
	for done := uint64(1); done <= 20; done++ {
		hashing(done*roles.MinProgress, size)
	}
	began := s.At.Now
	s.Hear(3, &protocol.Hashing{Done: 20*roles.MinProgress + 1, Size: size}, "AskingTree", "hear 3", "report hashing") // a byte
	s.Hear(3, &protocol.Hashing{Done: size + 1, Size: 2 * size}, "AskingTree", "hear 3", "report hashing")             // another file
	s.Ring("Closed", "hangup 3", "report visited")
	if visited(t, s, protocol.Timeout, protocol.Client); s.At.Now != began+roles.ReplyTimeout {
		t.Errorf("left after %v", s.At.Now-began)
	}
}

// TestHashingIsCountedAnewAheadOfEachAnswer: what came ahead of the answer before, of whatever file, is no measure.
func TestHashingIsCountedAnewAheadOfEachAnswer(t *testing.T) {
	f := made(3*group, 1)
	s, picker := visiting(t)
	s.Hear(3, &protocol.Hashing{Done: f.Size, Size: f.Size}, "AskingTree", "hear 3", "report hashing")
	s.Hear(3, f.outboard(0), "Holding", "report learned")
	picker.Open(nil)
	s.Tell(roles.Updated{}, "Asking", f.starts(3)...)
	for range 2 { // the file has changed, and is hashed again
		s.At.Now += roles.ReplyTimeout - 1
		s.Hear(3, &protocol.Hashing{Done: roles.MinProgress, Size: f.Size}, "Asking", "hear 3", "report hashing")
	}
	s.Ring("Closed", "hangup 3", "report visited") // the second one did not count
	if want := 2*roles.ReplyTimeout - 1; s.At.Now != want {
		t.Errorf("left after %v, want %v", s.At.Now, want)
	}

	items := wares(2, 10)
	s = pipelining(t, items, 0, 1)
	s.Hear(0, &protocol.Hashing{Done: 10, Size: 10}, "Asking", "hear 0", "report hashing")
	s.Hear(0, ware(items[0]), "Receiving", "receive-body 0 0+10")
	s.Tell(roles.BodyWrong{}, "Doubting")
	s.Tell(roles.BodyDone{}, "Judging", "hear 0")
	s.At.Now += roles.ReplyTimeout - 1
	s.Hear(0, &protocol.Hashing{Done: 10, Size: 10}, "Judging", "hear 0", "report hashing")
	began := s.At.Now
	s.Ring("Closed", "hangup 0", "report answered", "report tried")
	if s.At.Now != began+roles.ReplyTimeout {
		t.Errorf("left after %v", s.At.Now-began)
	}
}

// TestNobodyCanHashForEver: however large the file is said to be, the waiting has an end.
func TestNobodyCanHashForEver(t *testing.T) {
	s, _ := visiting(t)
	const size, step = protocol.MaxFile, protocol.MaxFile / roles.HashingParts
	s.Hear(3, &protocol.Hashing{Done: 0, Size: size}, "AskingTree", "hear 3", "report hashing")
	s.At.Now += roles.ReplyTimeout - 1
	s.Hear(3, &protocol.Hashing{Done: step, Size: size}, "AskingTree", "hear 3", "report hashing")
	s.At.Now += roles.ReplyTimeout - 1
	s.Hear(3, &protocol.Hashing{Done: 2*step - 1, Size: size}, "AskingTree", "hear 3", "report hashing")
	s.Ring("Closed", "hangup 3", "report visited")
}

func TestATreeThatItsHashDoesNotVouchForIsRefused(t *testing.T) {
	f := made(10*group, 1)
	forged, short, other := f.outboard(0), f.outboard(0), f.outboard(0)
	forged.Nodes = append([]byte{1}, forged.Nodes[1:]...)
	short.Count, short.Nodes = 1, short.Nodes[:4*64]
	other.Size += group
	for name, m := range map[string]*protocol.Outboard{"a wrong node": forged, "fewer groups than asked for": short, "another size": other} {
		s, _ := visiting(t)
		s.Hear(3, m, "Leaving", parts(protocol.BadHash)...)
		s.Tell(roles.PeerEnded{Link: 3}, "Closed", "hangup 3")
		if v := visited(t, s, protocol.BadHash, protocol.Client); !v.Barred || v.Had {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestOtherContentIsRemembered(t *testing.T) {
	s, picker := visiting(t)
	picker.Fix(made(10, 1).Identity)
	other := made(3*group, 2)
	s.Hear(3, other.outboard(0), "Leaving", leaves(3, "report visited")...)
	s.Tell(roles.PeerEnded{Link: 3}, "Closed", "hangup 3")
	if v := visited(t, s, protocol.Variant, protocol.Client); v.Other != other.Identity || v.Barred || !v.Had {
		t.Errorf("visit %+v", v)
	}
}

func TestAStretchThatDoesNotBelongIsRefused(t *testing.T) {
	f := made(3*group+5, 1)
	longer, other := f.content(0, 1), made(3*group+5, 2).content(0, 1)
	longer.Length += group
	torn := f.content(0, 1)
	torn.Length = 100
	for name, m := range map[string]*protocol.Content{
		"another content": other, "another offset": f.content(1, 1), "more than was asked for": longer, "a part of a group": torn,
	} {
		s, picker := visiting(t)
		s.Hear(3, f.outboard(0), "Holding", "report learned")
		picker.Open(nil)
		s.Tell(roles.Updated{}, "Asking", f.starts(3)...)
		s.Hear(3, m, "Leaving", parts(protocol.Changed)...)
		s.Tell(roles.PeerEnded{Link: 3}, "Closed", "hangup 3")
		if v := visited(t, s, protocol.Changed, protocol.Client); !v.Had {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestAShorterStretchIsTaken: a node may send less than was asked for; the rest is asked for again.
func TestAShorterStretchIsTaken(t *testing.T) {
	f := made(40*group, 1)
	s, _ := sending(t, f)
	r := newRamp(f, 3)
	for ; r.lengths[1] == 1; r.lengths = r.lengths[1:] {
		s.Tell(roles.Verified{Link: 3, Group: r.came}, "Receiving", r.verified()...)
		s.Tell(roles.BodyDone{Link: 3}, "Asking", "hear 3")
		s.Hear(3, f.content(r.came, 1), "Receiving", f.takes(3, r.came, 1))
	}
	s.Tell(roles.Verified{Link: 3, Group: r.came}, "Receiving", r.verified()...)
	s.Tell(roles.BodyDone{Link: 3}, "Asking", "hear 3")
	s.Hear(3, f.content(r.came, 1), "Receiving", f.takes(3, r.came, 1)) // of two groups
	s.Tell(roles.Verified{Link: 3, Group: r.came}, "Receiving", "report had", f.gets(3, r.came+1, 1))
}

// doubting returns a story about a source to which a wrong group has come. The GET ahead has been sent.
func doubting(t *testing.T) (*rolestest.Story, *client.Picker) {
	t.Helper()
	s, picker := sending(t, made(3*group, 1))
	s.Tell(roles.BodyWrong{Link: 3}, "Doubting")
	s.Tell(roles.Moved{Link: 3, Bytes: roles.MinProgress}, "Doubting")
	s.Waits(roles.ProgressTimeout)
	s.Tell(roles.BodyDone{Link: 3}, "Judging", "hear 3")
	s.Waits(roles.ReplyTimeout)
	return s, picker
}

// TestAWrongGroupIsALieUnlessTheNodeSaysSo: only ERROR(changed) and ERROR(internal) explain it.
func TestAWrongGroupIsALieUnlessTheNodeSaysSo(t *testing.T) {
	for _, code := range []protocol.Code{protocol.Changed, protocol.Internal} {
		s, picker := doubting(t)
		s.Hear(3, refusal(code), "Leaving", leaves(3, "report visited")...)
		s.Tell(roles.PeerEnded{Link: 3}, "Closed", "hangup 3")
		if v := visited(t, s, code, protocol.Node); v.Barred {
			t.Errorf("visit %+v", v)
		}
		takes3(t, picker)
	}
	f := made(3*group, 1)
	for name, tell := range map[string]func(*rolestest.Story){
		"it goes on":      func(s *rolestest.Story) { s.Hear(3, f.content(1, 1), "Leaving", parts(protocol.BadHash)...) },
		"it is stopping":  func(s *rolestest.Story) { s.Hear(3, refusal(protocol.Draining), "Leaving", parts(protocol.BadHash)...) },
		"it loses itself": func(s *rolestest.Story) { s.Hear(3, f.outboard(0), "Leaving", parts(protocol.Unexpected)...) },
		"it talks nonsense": func(s *rolestest.Story) {
			s.Tell(roles.Malformed{Link: 3, Err: refusal(protocol.Malformed)}, "Leaving", parts(protocol.Malformed)...)
		},
		"it is silent": nil,
	} {
		s, picker := doubting(t)
		if tell == nil {
			s.Ring("Closed", "hangup 3", "report visited")
		} else {
			tell(s)
			s.Tell(roles.PeerEnded{Link: 3}, "Closed", "hangup 3")
		}
		if v := visited(t, s, protocol.BadHash, protocol.Client); !v.Barred || !v.Had {
			t.Errorf("%s: %+v", name, v)
		}
		takes3(t, picker)
	}
}

// takes3 fails unless all that the source was asked for is there for others.
func takes3(t *testing.T, picker *client.Picker) {
	t.Helper()
	takes(t, picker, 9, 16, client.Range{First: 0, Count: 3})
}

func TestANodeThatHashesAfterAWrongGroupIsWaitedFor(t *testing.T) {
	s, _ := doubting(t)
	s.At.Now += roles.ReplyTimeout - 1
	s.Hear(3, &protocol.Hashing{Done: roles.MinProgress, Size: group}, "Judging", "hear 3", "report hashing")
	s.Waits(roles.ReplyTimeout)
	s.Hear(3, refusal(protocol.Changed), "Leaving", leaves(3, "report visited")...)
}

// TestALastGroupThatIsWrongIsAskedForAgain: where no GET is ahead there would be no answer to judge by.
func TestALastGroupThatIsWrongIsAskedForAgain(t *testing.T) {
	f := made(10, 1)
	s, _ := sending(t, f)
	s.Tell(roles.BodyWrong{Link: 3}, "Doubting")
	s.Tell(roles.BodyDone{Link: 3}, "Judging", f.gets(3, 0, 1), "hear 3")
	s.Hear(3, refusal(protocol.Changed), "Leaving", leaves(3, "report visited")...)
}

func TestWhatWasRightBeforeAWrongGroupIsKept(t *testing.T) {
	f := made(20*group, 1)
	s, picker := sending(t, f)
	s.Tell(roles.Verified{Link: 3}, "Receiving", "report had", f.gets(3, 2, 2), f.gets(3, 4, 2))
	s.Tell(roles.BodyDone{Link: 3}, "Asking", "hear 3")
	s.Hear(3, f.content(1, 1), "Receiving", f.takes(3, 1, 1))
	s.Tell(roles.BodyWrong{Link: 3, Group: 1}, "Doubting")
	s.Tell(roles.Lost{Link: 3, Code: protocol.Lost}, "Closed", "hangup 3", "report visited")
	visited(t, s, protocol.BadHash, protocol.Client)
	takes(t, picker, 9, 4, client.Range{First: 1, Count: 4})
}

func TestANodeThatIsNotNeededIsLeft(t *testing.T) {
	s, picker := sending(t, made(10, 1))
	picker.Got(0) // from somebody else
	s.Tell(roles.Updated{}, "Closed", "hangup 3", "report visited")
	visited(t, s, protocol.Timeout, protocol.Client)

	s, picker = sending(t, made(2*group, 1))
	s.Tell(roles.Verified{Link: 3}, "Receiving", "report had")
	s.Tell(roles.Updated{}, "Receiving") // the other group that it was asked for is missing
	picker.Got(1)
	s.Tell(roles.Updated{}, "Receiving") // the end of this stretch has not been told, but it has come
	s.Tell(roles.BodyDone{Link: 3}, "Asking", "hear 3")
	s.Tell(roles.Updated{}, "Closed", "hangup 3", "report visited")
	visited(t, s, 0, protocol.Node)
}

func TestASourceIsStopped(t *testing.T) {
	s, picker := sending(t, made(3*group, 1))
	s.Tell(roles.Stopped{}, "Closed", "hangup 3")
	s.Tell(roles.Stopped{}, "Closed")
	takes3(t, picker)
	v := client.NewSource(3, at(1), picker)
	rolestest.New(t, v, v.State).Tell(roles.Stopped{}, "Closed")
}
