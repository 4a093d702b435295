package client_test

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// busyFor is a node's word that it is busy.
func busyFor(retry time.Duration) *protocol.Error {
	return &protocol.Error{Code: protocol.Busy, By: protocol.Node, Retry: protocol.ToMillis(retry)}
}

// TestABusyNodeIsAskedAgain after what it asked for, doubled up to BusyMost, and up to half of it longer; and not for
// ever.
func TestABusyNodeIsAskedAgain(t *testing.T) {
	s := located(t, request, 1)
	for try := range roles.MaxBusyVisits - 1 {
		s.At.Rand = uint64(try) * 12345678901
		answers(1, s, "Seeking", guesses(1))
		s.Hear(1, busyFor(2*time.Second), "Waiting", left(1)...)
		least := min(2*time.Second<<try, roles.BusyMost)
		closes(s, 1, "Waiting")
		if s.Wait() < least || s.Wait() > least*3/2 {
			t.Errorf("try %d waits %v, want %v and up to half of it more", try, s.Wait(), least)
		}
		s.Ring("Seeking", dials(1, 1))
	}
	answers(1, s, "Seeking", guesses(1))
	s.Hear(1, busyFor(time.Second), "Closing", left(1)...)
	closes(s, 1, "Failed", "report result")
	if r := result(t, s); r.Outcome != client.Unsure || len(r.Tried) != roles.MaxBusyVisits || r.Tried[0].Code != protocol.Busy {
		t.Errorf("%+v", r)
	}
}

// TestANodeThatAsksForMoreIsLeftAloneForMore, but not for a day.
func TestANodeThatAsksForMoreIsLeftAloneForMore(t *testing.T) {
	for asks, want := range map[time.Duration]time.Duration{
		0: roles.RetryFirst, 30 * time.Second: 30 * time.Second, roles.MaxWait: roles.RetryMost, 1 << 60: roles.RetryMost,
	} {
		s := asked(t, request, 1)
		s.Hear(1, busyFor(asks), "Waiting", left(1)...)
		closes(s, 1, "Waiting")
		s.Waits(want)
	}
}

// TestOthersAreAskedWhileANodeIsBusy, and it is asked again beside them when its time has come.
func TestOthersAreAskedWhileANodeIsBusy(t *testing.T) {
	f := made(3*group, 1)
	s := asked(t, several(2), 1, 2)
	s.Hear(1, busyFor(2*time.Second), "Seeking", left(1, dials(2, 2))...)
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking", guesses(2))
	says(s, 2, protocol.NotFound, "Waiting")
	closes(s, 2, "Waiting")
	s.Waits(2 * time.Second)
	s.Ring("Seeking", dials(1, 1))
	answers(1, s, "Seeking", guesses(1))
	s.Hear(1, f.outboard(0), "Opening", f.opens())
}

// TestABusyNodeHelpsOnceItIsFree: a large file comes from another node, slowly; nobody else is left to ask.
func TestABusyNodeHelpsOnceItIsFree(t *testing.T) {
	f := made(20*group, 1)
	s := asked(t, several(2), 1, 2)
	s.Hear(1, busyFor(2*time.Second), "Seeking", left(1, dials(2, 2))...)
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking", guesses(2))
	s.Hear(2, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", f.begins(2)...)
	s.Ring("Fetching", dials(1, 1))
	if s.At.Now != 2*time.Second {
		t.Errorf("after %v", s.At.Now)
	}
}

// TestANodeThatBringsSomethingHasNotBeenBusy: a long file comes however often a node is busy in between.
func TestANodeThatBringsSomethingHasNotBeenBusy(t *testing.T) {
	const groups = 2*roles.MaxBusyVisits + 1
	f := made(groups*group, 1)
	s := fetching(t, request, f, 1)
	for n := range uint64(groups) {
		s.Machine.Step(s.At, roles.Heard{Link: 1, Message: f.content(n, 1)})
		s.Machine.Step(s.At, roles.Verified{Link: 1, Group: n})
		s.Machine.Step(s.At, roles.BodyDone{Link: 1})
		if n == groups-1 {
			break
		}
		s.Tell(roles.Heard{Link: 1, Message: busyFor(time.Second)}, "Waiting", left(1)...)
		closes(s, 1, "Waiting")
		s.Ring("Fetching", dials(1, 1))
		s.Machine.Step(s.At, roles.Opened{Link: 1})
		s.Machine.Step(s.At, roles.Heard{Link: 1, Message: f.outboard(0)})
	}
	commits(s, 1)
}

// TestAFileThatOnlyBusyNodesHaveIsNotUndeliverable: the node has told what it is.
func TestAFileThatOnlyBusyNodesHaveIsNotUndeliverable(t *testing.T) {
	f := made(group, 1)
	s := fetching(t, request, f, 1)
	for range roles.MaxBusyVisits - 1 {
		s.Hear(1, busyFor(time.Second), "Waiting", left(1)...)
		closes(s, 1, "Waiting")
		s.Ring("Fetching", dials(1, 1))
		s.Machine.Step(s.At, roles.Opened{Link: 1})
	}
	s.Hear(1, busyFor(time.Second), "Closing", left(1)...)
	closes(s, 1, "Failed", "report result")
	if r := result(t, s); r.Outcome != client.Unsure {
		t.Errorf("%+v", r)
	}
}

func TestAFetchThatWaitsForABusyNodeIsStopped(t *testing.T) {
	s := asked(t, request, 1)
	s.Hear(1, busyFor(2*time.Second), "Waiting", left(1)...)
	s.Tell(roles.Stopped{}, "Failed", "hangup 1", "report result")
	wants(t, s, client.Interrupted, protocol.Busy)
}

// TestAReaderAsksABusyNodeAgain, whatever its owner wants meanwhile.
func TestAReaderAsksABusyNodeAgain(t *testing.T) {
	f := made(9*group, 1)
	s := holdingReader(t, f, 1)
	s.Tell(roles.Wanted{First: 1, Count: 1}, "Reading", f.gets(1, 1, 1), "hear 1")
	s.Hear(1, busyFor(2*time.Second), "AskingRelay", left(1, "dial 0 relay:4000")...)
	closes(s, 1, "AskingRelay")
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 "+rolestest.Say(&protocol.Locate{Name: "a.txt", Hash: f.Hash}), "hear 0")
	s.Hear(0, &protocol.Located{Peers: peers(1)}, "Waiting", "halfclose 0", "discard 0", "report locating")
	closes(s, 0, "Waiting")
	s.Waits(2 * time.Second)
	s.Tell(roles.Wanted{First: 7, Count: 1}, "Waiting")
	s.Ring("Reading", dials(1, 1))
	s.Tell(roles.Opened{Link: 1}, "Reading", f.asksAgain(7)...)
	s.Hear(1, f.outboard(0), "Reading", "hear 1")
	f.delivers(s, 7, 1)
}

// TestABusyNodeIsAskedForManyFilesAgain, over links for many, and not for each file by itself.
func TestABusyNodeIsAskedForManyFilesAgain(t *testing.T) {
	for busy, links := range map[int]int{1: 3, 2: 4, 5: 7} {
		node := &actor{files: map[string]file{}, busy: busy}
		var offers []client.Offer
		for _, name := range []string{"a", "b", "c"} {
			f := made(10, name[0])
			node.files[name] = f
			offers = append(offers, client.Offer{Name: name, Identity: f.Identity, Holders: ats(1)})
		}
		p := newPlay(t, client.GatherRequest{Wanted: offers}, map[client.Node]*actor{at(1): node})
		p.run()
		if got := p.outcomes(); got != "a:fetched b:fetched c:fetched " || p.inspected() > 0 || node.dialled > links {
			t.Errorf("busy %d times: %s, %d files by themselves, %d links", busy, got, p.inspected(), node.dialled)
		}
		if p.now < 2*time.Second {
			t.Errorf("busy %d times: over after %v", busy, p.now)
		}
	}
}

// TestManyFilesOfABusyNodeComeFromOthers meanwhile.
func TestManyFilesOfABusyNodeComeFromOthers(t *testing.T) {
	f := made(10, 1)
	files := map[string]file{"a": f}
	nodes := map[client.Node]*actor{at(1): {files: files, busy: 1000}, at(2): {files: files}}
	p := newPlay(t, client.GatherRequest{Wanted: []client.Offer{{Name: "a", Identity: f.Identity, Holders: ats(1, 2)}}}, nodes)
	p.run()
	if got := p.outcomes(); got != "a:fetched " || p.now > 0 || p.inspected() > 0 {
		t.Errorf("%s after %v", got, p.now)
	}
}

// TestManyFilesOfANodeThatStaysBusyAreNotHad, and that ends.
func TestManyFilesOfANodeThatStaysBusyAreNotHad(t *testing.T) {
	f := made(10, 1)
	nodes := map[client.Node]*actor{at(1): {files: map[string]file{"a": f}, busy: 1000}}
	p := newPlay(t, client.GatherRequest{Wanted: []client.Offer{{Name: "a", Identity: f.Identity, Holders: ats(1)}}}, nodes)
	p.run()
	if got := p.outcomes(); got != "a:unsure " {
		t.Errorf("%s after %v", got, p.now)
	}
}
