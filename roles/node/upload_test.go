package node_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

var (
	visitor = netip.MustParseAddrPort("192.0.2.9:50000")
	hash    = rolestest.Hash(0xaa)
)

const (
	first    = "hear 0 first"
	turnEnds = "end-turn"
)

func found(size uint64) roles.FileFound { return roles.FileFound{Size: size, Hash: hash} }

func opens(get *protocol.Get) string {
	return rolestest.Describe(roles.OpenFile{Name: get.Name, Hash: get.Hash})
}

func accepted(t *testing.T) *rolestest.Story {
	t.Helper()
	u := node.NewUpload()
	s := rolestest.New(t, u, u.State)
	s.Tell(roles.Opened{Peer: visitor}, "Listening", first)
	s.Waits(roles.RequestTimeout)
	return s
}

// opening returns a story about an upload that waits for the disk.
func opening(t *testing.T, get *protocol.Get) *rolestest.Story {
	t.Helper()
	s := accepted(t)
	s.Hear(0, get, "Opening", opens(get))
	s.Waits(roles.DiskTimeout)
	return s
}

func sending(t *testing.T) *rolestest.Story {
	t.Helper()
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(found(10), "Waiting", "ask-turn 10")
	s.Tell(roles.TurnGiven{}, "Sending", "report served", "send 0 CONTENT size=10 length=10 hash=aa", "send-body 0 0+10")
	s.Waits(roles.ProgressTimeout)
	return s
}

func TestAFileIsSentInStretches(t *testing.T) {
	const size = protocol.MaxRange + 5
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(found(size), "Waiting", "ask-turn 16777216")
	s.Tell(roles.TurnGiven{}, "Sending", "report served", "send 0 CONTENT size=16777221 length=16777216 hash=aa", "send-body 0 0+16777216")
	s.Tell(roles.BodyDone{}, "Idle", hear, turnEnds)
	s.Waits(roles.IdleTimeout)
	s.Hear(0, &protocol.Get{Name: "a.txt", Offset: protocol.MaxRange, Hash: hash}, "Opening", "open-file a.txt hash=aa")
	s.Tell(found(size), "Waiting", "ask-turn 5")
	s.Tell(roles.TurnGiven{}, "Sending", "report served", "send 0 CONTENT size=16777221 offset=16777216 length=5 hash=aa", "send-body 0 16777216+5")
	s.Tell(roles.BodyDone{}, "Idle", hear, turnEnds)
	s.Hear(0, &protocol.Get{Name: "a.txt", Offset: size, Hash: hash}, "Opening", "open-file a.txt hash=aa")
	s.Tell(found(size), "Idle", "report served", "send 0 CONTENT size=16777221 offset=16777221 hash=aa", hear)
	s.Tell(roles.PeerEnded{}, "Closed", hangUp)
}

// TestAStretchThatIsCutShortEndsWhereAGroupDoes: an answer shorter than requested can be verified
// as a whole.
func TestAStretchThatIsCutShortEndsWhereAGroupDoes(t *testing.T) {
	const size = 2 * protocol.MaxRange
	for get, line := range map[protocol.Get]string{
		{Name: "a.txt", Offset: 1}:                                  "send-body 0 1+16777215",
		{Name: "a.txt", Offset: protocol.GroupSize}:                 "send-body 0 1048576+16777216",
		{Name: "a.txt", Offset: 1, Length: protocol.MaxRange}:       "send-body 0 1+16777216",
		{Name: "a.txt", Offset: 1, Length: protocol.MaxRange + 1}:   "send-body 0 1+16777215",
		{Name: "a.txt", Offset: size - 7, Length: 1 << 63}:          "send-body 0 33554425+7",
		{Name: "a.txt", Offset: protocol.MaxRange, Length: 1 << 63}: "send-body 0 16777216+16777216",
	} {
		s := opening(t, &get)
		s.Machine.Step(s.At, found(size))
		body := s.Machine.Step(s.At, roles.TurnGiven{})
		if got := rolestest.Describe(body[len(body)-1]); got != line {
			t.Errorf("%+v was answered with %s, want %s", get, got, line)
		}
	}
}

func TestATreeIsDescribed(t *testing.T) {
	const groups = protocol.MaxGroups + 2
	for name, c := range map[string]struct {
		tree protocol.Tree
		open string
		file roles.FileFound
		line string
	}{
		"whole": {protocol.Tree{Name: "a.txt"}, "open-file a.txt 0+8192",
			roles.FileFound{Size: 3 * protocol.GroupSize, Hash: hash, Nodes: make([]byte, 2*content.NodeSize)},
			"OUTBOARD size=3145728 hash=aa count=3 nodes=2"},
		"a part": {protocol.Tree{Name: "a.txt", Hash: hash, First: 1, Count: 1}, "open-file a.txt hash=aa 1+1",
			roles.FileFound{Size: 3 * protocol.GroupSize, Hash: hash, Nodes: make([]byte, 2*content.NodeSize)},
			"OUTBOARD size=3145728 hash=aa first=1 count=1 nodes=2"},
		"by content": {protocol.Tree{Hash: hash}, "open-file  hash=aa 0+8192", found(10), "OUTBOARD size=10 hash=aa count=1"},
		"empty":      {protocol.Tree{Name: "a.txt"}, "open-file a.txt 0+8192", found(0), "OUTBOARD hash=aa"},
		"the end": {protocol.Tree{Name: "a.txt", First: 1}, "open-file a.txt 1+8192", found(10),
			"OUTBOARD size=10 hash=aa first=1"},
		"more than there is": {protocol.Tree{Name: "a.txt", Count: 1 << 63}, "open-file a.txt 0+8192",
			found(groups * protocol.GroupSize), "OUTBOARD size=8592031744 hash=aa count=8192"},
		"from late on": {protocol.Tree{Name: "a.txt", First: 8000}, "open-file a.txt 8000+8192",
			found(groups * protocol.GroupSize), "OUTBOARD size=8592031744 hash=aa first=8000 count=194"},
	} {
		t.Run(name, func(t *testing.T) {
			s := accepted(t)
			s.Hear(0, &c.tree, "Opening", c.open)
			s.Tell(c.file, "Idle", "report served", "send 0 "+c.line, hear)
			s.Waits(roles.IdleTimeout)
			if served := s.Reports[0].(node.Served); !served.Tree || served.Code != 0 || served.Hash != hash {
				t.Errorf("reported %+v", served)
			}
		})
	}
}

func TestAClientIsToldHowFarTheHashingIs(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt"})
	for done := uint64(1); done < 5; done++ {
		s.At.Now += roles.DiskTimeout - 1
		s.Tell(roles.FileHashing{Done: done, Size: 10}, "Opening", fmt.Sprintf("send 0 HASHING done=%d size=10", done))
		s.Waits(roles.DiskTimeout)
	}
	s.Tell(found(10), "Waiting", "ask-turn 10")
	s.Tell(roles.TurnGiven{}, "Sending", "report served", "send 0 CONTENT size=10 length=10 hash=aa", "send-body 0 0+10")
}

func TestHashingThatDoesNotGetOnIsOurOwnFailure(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(roles.FileHashing{Done: 0, Size: 10}, "Opening")
	s.Tell(roles.FileHashing{Done: 4, Size: 10}, "Opening", "send 0 HASHING done=4 size=10")
	s.Tell(roles.FileHashing{Done: 4, Size: 10}, "Opening")
	s.Tell(roles.FileHashing{Done: 3, Size: 10}, "Opening")
	s.Tell(roles.TimerFired{Timer: roles.Deadline, Number: 2}, "Opening") // armed before the progress
	s.Ring("Rejecting", "send 0 ERROR internal by node", halfClose, discard)
	s.Tell(roles.FileHashing{Done: 9, Size: 10}, "Rejecting")
}

func TestWhoeverLeavesWhileWeHashIsLetGo(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(roles.FileHashing{Done: 4, Size: 10}, "Opening", "send 0 HASHING done=4 size=10")
	s.Tell(roles.Lost{Code: protocol.Lost}, "Closed", hangUp)
}

func TestAnEmptyFileIsAnsweredAtOnce(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(found(0), "Idle", "report served", "send 0 CONTENT hash=aa", hear)
}

func TestAStretchIsNoLongerThanAskedFor(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt", Offset: 2, Length: 3})
	s.Tell(found(10), "Waiting", "ask-turn 3")
	s.Tell(roles.TurnGiven{}, "Sending", "report served", "send 0 CONTENT size=10 offset=2 length=3 hash=aa", "send-body 0 2+3")
	s = opening(t, &protocol.Get{Name: "a.txt", Offset: 2, Length: 1<<64 - 1})
	s.Tell(found(10), "Waiting", "ask-turn 8")
	s.Tell(roles.TurnGiven{}, "Sending", "report served", "send 0 CONTENT size=10 offset=2 length=8 hash=aa", "send-body 0 2+8")
}

func TestARefusedRequestLeavesTheLinkOpen(t *testing.T) {
	for name, c := range map[string]struct {
		get  protocol.Get
		disk roles.Input
		code string
	}{
		"not there":       {protocol.Get{Name: "a.txt"}, roles.FileRefused{Code: protocol.NotFound}, "not-found"},
		"unreadable":      {protocol.Get{Name: "a.txt"}, roles.FileRefused{Code: protocol.Internal}, "internal"},
		"another content": {protocol.Get{Name: "a.txt", Hash: rolestest.Hash(0xbb)}, found(10), "changed"},
		"beyond the end":  {protocol.Get{Name: "a.txt", Offset: 11}, found(10), "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := opening(t, &c.get)
			s.Tell(c.disk, "Idle", "report served", "send 0 ERROR "+c.code+" by node", hear)
			if served := s.Reports[0].(node.Served); served.Code.String() != c.code || served.Peer != visitor {
				t.Errorf("reported %+v", served)
			}
			s.Hear(0, &protocol.Get{Name: "a.txt"}, "Opening", "open-file a.txt")
			s.Tell(found(0), "Idle", "report served", "send 0 CONTENT hash=aa", hear)
		})
	}
}

// TestASpoiledStretchIsToldInTheNextAnswer: the zeros that replace unreadable bytes are never taken
// for the file's, whatever the disk answers next.
func TestASpoiledStretchIsToldInTheNextAnswer(t *testing.T) {
	s := sending(t)
	s.Tell(roles.BodySpoiled{Code: protocol.Internal}, "Idle", hear, turnEnds)
	s.Hear(0, &protocol.Get{Name: "a.txt", Offset: 10, Hash: hash}, "Idle",
		"report served", "send 0 ERROR internal by node", hear)
	s.Hear(0, &protocol.Get{Name: "a.txt"}, "Opening", "open-file a.txt") // told once
	s.Tell(found(0), "Idle", "report served", "send 0 CONTENT hash=aa", hear)
}

func TestASpoiledStretchIsToldToWhoeverAsksForATree(t *testing.T) {
	s := sending(t)
	s.Tell(roles.BodySpoiled{Code: protocol.Changed}, "Idle", hear, turnEnds)
	s.Hear(0, &protocol.Tree{Name: "a.txt"}, "Idle", "report served", "send 0 ERROR changed by node", hear)
	s.Hear(0, &protocol.Tree{Name: "a.txt"}, "Opening", "open-file a.txt 0+8192")
}

// TestASpoiledStretchIsToldBeforeAGoodbye: otherwise the client would take the node for a liar.
func TestASpoiledStretchIsToldBeforeAGoodbye(t *testing.T) {
	spoiled := func() *rolestest.Story {
		s := sending(t)
		s.Tell(roles.BodySpoiled{Code: protocol.Changed}, "Idle", hear, turnEnds)
		return s
	}
	told := func(code string) []string {
		return []string{"send 0 ERROR changed by node", "send 0 ERROR " + code + " by node", halfClose, discard}
	}
	spoiled().Tell(roles.Stopped{}, "Rejecting", told("draining")...)
	spoiled().Ring("Rejecting", told("timeout")...)
	s := sending(t)
	s.Tell(roles.Stopped{}, "Finishing")
	s.Tell(roles.BodySpoiled{Code: protocol.Changed}, "Rejecting", append(told("draining"), turnEnds)...)
}

// waiting returns a story about an upload that waits for its turn.
func waiting(t *testing.T) *rolestest.Story {
	t.Helper()
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(found(10), "Waiting", "ask-turn 10")
	s.Waits(roles.TurnPatience)
	return s
}

var saysBusy = []string{"report served", "send 0 ERROR busy by node retry=2000", halfClose, discard}

// TestABodyWaitsForItsTurn, and its client is told to come again when that does not come in time.
func TestABodyWaitsForItsTurn(t *testing.T) {
	s := waiting(t)
	s.Ring("Rejecting", append(saysBusy, turnEnds)...)
	s.Tell(roles.TurnGiven{}, "Rejecting") // it was on its way
	if served := s.Reports[0].(node.Served); served.Code != protocol.Busy || served.Name != "a.txt" || served.Hash != hash {
		t.Errorf("reported %+v", served)
	}
	s.Tell(roles.PeerEnded{}, "Closed", hangUp)

	waiting(t).Tell(roles.TurnRefused{}, "Rejecting", saysBusy...)
	waiting(t).Tell(roles.Lost{Code: protocol.Lost}, "Closed", hangUp, turnEnds)
	waiting(t).Tell(roles.Stopped{}, "Rejecting", "send 0 ERROR draining by node", halfClose, discard, turnEnds)
}

// TestTheWaitForATurnEndsBeforeTheClients: the disk has taken a part of the time that a client waits.
func TestTheWaitForATurnEndsBeforeTheClients(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		time.Second:                        roles.TurnPatience - time.Second,
		roles.TurnPatience:                 time.Second / 2,
		roles.DiskTimeout - 1:              time.Second / 2,
		roles.TurnPatience - 2*time.Second: 2 * time.Second,
	} {
		s := opening(t, &protocol.Get{Name: "a.txt"})
		s.At.Now += took
		s.Tell(found(10), "Waiting", "ask-turn 10")
		s.Waits(want)
	}
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.At.Now += roles.DiskTimeout - 1
	s.Tell(roles.FileHashing{Done: 9, Size: 10}, "Opening", "send 0 HASHING done=9 size=10") // the client begins to wait anew
	s.Tell(found(10), "Waiting", "ask-turn 10")
	s.Waits(roles.TurnPatience)
}

func TestAPeerThatTakesNothingIsLetGo(t *testing.T) {
	s := sending(t)
	s.Tell(roles.Moved{Bytes: roles.MinProgress - 1}, "Sending")
	s.Ring("Closed", hangUp, turnEnds)
}

func TestBytesThatPassSetTheDeadlineAnew(t *testing.T) {
	s := sending(t)
	for range 5 {
		s.At.Now += roles.ProgressTimeout - 1
		s.Tell(roles.Moved{Bytes: roles.MinProgress}, "Sending")
		s.Waits(roles.ProgressTimeout)
	}
	s.Tell(roles.TimerFired{Timer: roles.Deadline, Number: 3}, "Sending") // of before
}

func TestADiskThatHangsIsOurOwnFailure(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Ring("Rejecting", "send 0 ERROR internal by node", halfClose, discard)
	s.Tell(found(10), "Rejecting")
	s.Tell(roles.PeerEnded{}, "Closed", hangUp)
}

func TestAStoppingNodeFinishesTheStretch(t *testing.T) {
	s := sending(t)
	s.Tell(roles.Stopped{}, "Finishing")
	s.Tell(roles.Stopped{}, "Finishing")
	s.Tell(roles.Moved{Bytes: roles.MinProgress}, "Finishing")
	s.Tell(roles.BodyDone{}, "Rejecting", "send 0 ERROR draining by node", halfClose, discard, turnEnds)
	s.Ring("Closed", hangUp)
}

func TestAStoppingNodeSaysSoToWhoeverWaits(t *testing.T) {
	draining := []string{"send 0 ERROR draining by node", halfClose, discard}
	s := accepted(t)
	s.Tell(roles.Stopped{}, "Rejecting", draining...)
	s = opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(roles.Stopped{}, "Rejecting", draining...)
	s.Tell(roles.FileRefused{Code: protocol.NotFound}, "Rejecting")
}

// TestALinkThatHasToMakeRoomIsToldBusy, once the stretch that is on its way has passed.
func TestALinkThatHasToMakeRoomIsToldBusy(t *testing.T) {
	busy := []string{"send 0 ERROR busy by node retry=2000", halfClose, discard}
	s := accepted(t)
	s.Tell(roles.Stopped{Scarce: true}, "Rejecting", busy...)
	s = sending(t)
	s.Tell(roles.Stopped{Scarce: true}, "Finishing")
	s.Tell(roles.BodyDone{}, "Rejecting", append(busy, "end-turn")...)
	s = sending(t)
	s.Tell(roles.Stopped{Scarce: true}, "Finishing")
	s.Tell(roles.Stopped{}, "Finishing")
	s.Tell(roles.BodyDone{}, "Rejecting", "send 0 ERROR draining by node", halfClose, discard, "end-turn") // the later word counts
}

// TestBytesThatAClientCallsWrongAreLookedAt: the disk may have lost bits, and nobody else notices.
func TestBytesThatAClientCallsWrongAreLookedAt(t *testing.T) {
	s := sending(t)
	s.Tell(roles.BodyDone{}, "Idle", hear, turnEnds)
	s.Hear(0, &protocol.Error{Code: protocol.BadHash, By: protocol.Client}, "Rejecting", "check-file hash=aa 0+1", halfClose, discard)
	s.Tell(roles.PeerEnded{}, "Closed", hangUp)

	s = sending(t)
	s.Tell(roles.BodyDone{}, "Idle", hear, turnEnds)
	s.Hear(0, &protocol.Error{Code: protocol.Internal, By: protocol.Client}, "Rejecting", "send 0 ERROR unexpected by node", halfClose, discard)

	s = accepted(t) // nothing has been sent
	s.Hear(0, &protocol.Error{Code: protocol.BadHash, By: protocol.Client}, "Rejecting", "send 0 ERROR unexpected by node", halfClose, discard)
}

// TestATreeThatAClientCallsWrongIsLookedAt: an index may be wrong as well as a file; what came before may be the reason, too.
func TestATreeThatAClientCallsWrongIsLookedAt(t *testing.T) {
	wrong := &protocol.Error{Code: protocol.BadHash, By: protocol.Client}
	described := func(first uint64) *rolestest.Story {
		s := accepted(t)
		s.Machine.Step(s.At, roles.Heard{Message: &protocol.Tree{Name: "a.txt", First: first}})
		s.Machine.Step(s.At, found(10<<20))
		return s
	}
	described(0).Hear(0, wrong, "Rejecting", "check-tree hash=aa 0+10", halfClose, discard)
	described(7).Hear(0, wrong, "Rejecting", "check-tree hash=aa 7+3", halfClose, discard)

	s := described(0)
	for _, in := range []roles.Input{roles.Heard{Message: &protocol.Get{Name: "a.txt", Length: 5}}, found(10 << 20), roles.TurnGiven{}, roles.BodyDone{}} {
		s.Machine.Step(s.At, in)
	}
	s.Hear(0, wrong, "Rejecting", "check-tree hash=aa 0+10", "check-file hash=aa 0+1", halfClose, discard) // the GET came together with the TREE

	s = sending(t)
	for _, in := range []roles.Input{roles.BodyDone{}, roles.Heard{Message: &protocol.Tree{Name: "a.txt"}}, found(10)} {
		s.Machine.Step(s.At, in)
	}
	s.Hear(0, wrong, "Rejecting", "check-tree hash=aa 0+1", "check-file hash=aa 0+1", halfClose, discard)
}

// TestOnlyWhatWasSentLastIsLookedAt: a client has so much under way at most, and a hostile one
// causes no more work.
func TestOnlyWhatWasSentLastIsLookedAt(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt", Offset: 5, Length: 1})
	large := found(1 << 40)
	for n := range uint64(10) {
		s.Machine.Step(s.At, large)
		s.Machine.Step(s.At, roles.TurnGiven{})
		s.Machine.Step(s.At, roles.BodyDone{})
		s.Machine.Step(s.At, roles.Heard{Message: &protocol.Get{Name: "a.txt", Offset: n * protocol.MaxRange, Length: protocol.MaxRange}})
	}
	s.Machine.Step(s.At, large)
	s.Machine.Step(s.At, roles.TurnGiven{})
	s.Machine.Step(s.At, roles.BodyDone{})
	s.Hear(0, &protocol.Error{Code: protocol.BadHash, By: protocol.Client}, "Rejecting", "check-file hash=aa 144+16", "check-file hash=aa 128+16",
		"check-file hash=aa 112+16", "check-file hash=aa 96+16", halfClose, discard)

	s = accepted(t)
	for range 2 * roles.MaxDoubted {
		s.Machine.Step(s.At, roles.Heard{Message: &protocol.Get{Name: "a.txt"}})
		s.Machine.Step(s.At, found(10))
		s.Machine.Step(s.At, roles.TurnGiven{})
		s.Machine.Step(s.At, roles.BodyDone{})
	}
	if effects := s.Machine.Step(s.At, roles.Heard{Message: &protocol.Error{Code: protocol.BadHash, By: protocol.Client}}); len(effects) > roles.MaxDoubted+4 {
		t.Errorf("%d effects", len(effects))
	}
}

func TestAnUploadStartsOver(t *testing.T) {
	u := node.NewUpload()
	for range 3 {
		s := rolestest.New(t, u, u.State)
		s.Tell(roles.Opened{Peer: visitor}, "Listening", first)
		s.Hear(0, &protocol.Get{Name: "a.txt"}, "Opening", "open-file a.txt")
		s.Tell(found(10), "Waiting", "ask-turn 10")
		s.Tell(roles.TurnGiven{}, "Sending", "report served", "send 0 CONTENT size=10 length=10 hash=aa", "send-body 0 0+10")
		s.Tell(roles.BodySpoiled{Code: protocol.Changed}, "Idle", hear, turnEnds)
		s.Tell(roles.Lost{Code: protocol.Lost}, "Closed", hangUp)
		u.Reset()
	}
}

func uploadSubject() rolestest.Subject {
	subject := rolestest.NewSubject(node.UploadTable(), roles.Opened{Peer: visitor}, func() rolestest.Explorable {
		return node.NewUpload()
	})
	subject.Says = []protocol.Message{
		rolestest.Sample(protocol.KindGet), rolestest.Sample(protocol.KindTree), &protocol.Get{Name: "a.txt", Offset: 10}, rolestest.Sample(protocol.KindLocate),
		&protocol.Error{Code: protocol.BadHash, By: protocol.Client},
	}
	subject.Files = []roles.Input{roles.FileHashing{Done: 0, Size: 10}, roles.FileHashing{Done: 5, Size: 10}, found(10), found(5), found(0), roles.FileRefused{Code: protocol.NotFound}}
	return subject
}

// joinSubject returns an upload at the node's end of a circuit.
func joinSubject() rolestest.Subject {
	subject := uploadSubject()
	subject.Begin = invitation(false)
	subject.Says = append(subject.Says, &protocol.Joined{}, refusal(protocol.PeerGone))
	return subject
}

func TestWhateverHappensToAnUpload(t *testing.T) {
	guarded := uploadSubject()
	guarded.New = func() rolestest.Explorable {
		return node.NewGuardedUpload(func(protocol.PeerID) bool { return false })
	}
	rolestest.Explore(t, uploadSubject(), guarded, joinSubject())
}

// TestAGuardedNodeServesThoseWhomItsOwnerLists, and tells others nothing of what is there.
func TestAGuardedNodeServesThoseWhomItsOwnerLists(t *testing.T) {
	friend := rolestest.Node(1)
	for _, id := range []protocol.PeerID{friend, rolestest.Node(2), {}} {
		u := node.NewGuardedUpload(func(id protocol.PeerID) bool { return id == friend })
		s := rolestest.New(t, u, u.State)
		s.Tell(roles.Opened{Peer: visitor, ID: id}, "Listening", first)
		if id == friend {
			s.Hear(0, &protocol.Get{Name: "a.txt"}, "Opening", "open-file a.txt")
			continue
		}
		s.Hear(0, &protocol.Get{Name: "a.txt"}, "Idle", "report served", "send 0 ERROR denied by node", hear)
		s.Hear(0, &protocol.Tree{Hash: hash}, "Idle", "report served", "send 0 ERROR denied by node", hear)
	}
}

func TestAServedRequestIsReportedAsItWasAsked(t *testing.T) {
	asked := rolestest.Hash(0xbb)
	for _, test := range []struct {
		get  protocol.Get
		want node.Served
		in   roles.Input
	}{
		{protocol.Get{Name: "a.txt", Offset: 3, Length: 5}, node.Served{Name: "a.txt", Offset: 3, Length: 5, Hash: hash}, found(10)},
		{protocol.Get{Hash: hash, Offset: 10}, node.Served{Offset: 10, Hash: hash}, found(10)},
		{protocol.Get{Name: "a.txt", Hash: asked}, node.Served{Name: "a.txt", Hash: asked, Code: protocol.NotFound}, roles.FileRefused{Code: protocol.NotFound}},
	} {
		s := opening(t, &test.get)
		effects := slices.Clone(s.Machine.Step(s.At, test.in))
		for _, e := range append(effects, s.Machine.Step(s.At, roles.TurnGiven{})...) {
			test.want.Peer = visitor
			if report, is := e.(roles.Report); is && report.Outcome != test.want {
				t.Errorf("%+v, not %+v", report.Outcome, test.want)
			}
		}
	}
}
