package node_test

import (
	"net/netip"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/story"
)

var (
	visitor = netip.MustParseAddrPort("192.0.2.9:50000")
	version = []byte{0xaa}
)

func found(size uint64) roles.FileFound { return roles.FileFound{Size: size, Version: version} }

func accepted(t *testing.T) *story.Story {
	t.Helper()
	u := node.NewUpload()
	s := story.New(t, u, u.State)
	s.Tell(roles.Opened{Peer: visitor}, "Listening", hear)
	s.Waits(protocol.RequestTimeout)
	return s
}

// opening returns a story about an upload whose disk has been asked.
func opening(t *testing.T, get *protocol.Get) *story.Story {
	t.Helper()
	s := accepted(t)
	s.Hear(0, get, "Opening", "open-file a.txt")
	s.Waits(protocol.DiskTimeout)
	return s
}

func sending(t *testing.T) *story.Story {
	t.Helper()
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(found(10), "Sending", "report served", "send 0 CONTENT size=10 length=10 version=aa", "send-body 0 0+10")
	s.Waits(protocol.ProgressTimeout)
	return s
}

func TestAFileIsSentInStretches(t *testing.T) {
	const size = protocol.MaxRange + 5
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(found(size), "Sending", "report served", "send 0 CONTENT size=16777221 length=16777216 version=aa", "send-body 0 0+16777216")
	s.Tell(roles.BodyDone{}, "Lingering", hear)
	s.Waits(protocol.IdleTimeout)
	s.Hear(0, &protocol.Get{Name: "a.txt", Offset: protocol.MaxRange, Version: version}, "Opening", "open-file a.txt")
	s.Tell(found(size), "Sending", "report served", "send 0 CONTENT size=16777221 offset=16777216 length=5 version=aa", "send-body 0 16777216+5")
	s.Tell(roles.BodyDone{}, "Lingering", hear)
	s.Hear(0, &protocol.Get{Name: "a.txt", Offset: size, Version: version}, "Opening", "open-file a.txt")
	s.Tell(found(size), "Lingering", "report served", "send 0 CONTENT size=16777221 offset=16777221 version=aa", hear)
	s.Tell(roles.Ended{}, "Closed", hangUp)
}

func TestAnEmptyFileIsAnsweredAtOnce(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(found(0), "Lingering", "report served", "send 0 CONTENT version=aa", hear)
}

func TestAStretchIsNoLongerThanAskedFor(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt", Offset: 2, Length: 3})
	s.Tell(found(10), "Sending", "report served", "send 0 CONTENT size=10 offset=2 length=3 version=aa", "send-body 0 2+3")
	s = opening(t, &protocol.Get{Name: "a.txt", Offset: 2, Length: 1<<64 - 1})
	s.Tell(found(10), "Sending", "report served", "send 0 CONTENT size=10 offset=2 length=8 version=aa", "send-body 0 2+8")
}

func TestARefusedRequestLeavesTheLinkOpen(t *testing.T) {
	for name, c := range map[string]struct {
		get  protocol.Get
		disk roles.Input
		code string
	}{
		"not there":       {protocol.Get{Name: "a.txt"}, roles.FileRefused{Code: protocol.NotFound}, "not-found"},
		"unreadable":      {protocol.Get{Name: "a.txt"}, roles.FileRefused{Code: protocol.Internal}, "internal"},
		"another version": {protocol.Get{Name: "a.txt", Version: []byte{0xbb}}, found(10), "changed"},
		"beyond the end":  {protocol.Get{Name: "a.txt", Offset: 11}, found(10), "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			s := opening(t, &c.get)
			s.Tell(c.disk, "Lingering", "report served", "send 0 ERROR "+c.code+" by node", hear)
			if served := s.Reports[0].(node.Served); served.Code.String() != c.code || served.Peer != visitor {
				t.Errorf("reported %+v", served)
			}
			s.Hear(0, &protocol.Get{Name: "a.txt"}, "Opening", "open-file a.txt")
			s.Tell(found(0), "Lingering", "report served", "send 0 CONTENT version=aa", hear)
		})
	}
}

// TestASpoiledStretchIsToldInTheNextAnswer: the zeros that stand in for what could not be read are never taken for
// the file's bytes, whatever the disk says next.
func TestASpoiledStretchIsToldInTheNextAnswer(t *testing.T) {
	s := sending(t)
	s.Tell(roles.BodySpoiled{Code: protocol.Internal}, "Lingering", hear)
	s.Hear(0, &protocol.Get{Name: "a.txt", Offset: 10, Version: version}, "Lingering",
		"report served", "send 0 ERROR internal by node", hear)
	s.Hear(0, &protocol.Get{Name: "a.txt"}, "Opening", "open-file a.txt") // told once
	s.Tell(found(0), "Lingering", "report served", "send 0 CONTENT version=aa", hear)
}

func TestAPeerThatTakesNothingIsLetGo(t *testing.T) {
	s := sending(t)
	s.Tell(roles.Moved{Bytes: protocol.MinProgress - 1}, "Sending")
	s.Ring("Closed", hangUp)
}

func TestBytesThatPassSetTheDeadlineAnew(t *testing.T) {
	s := sending(t)
	for range 5 {
		s.At.Now += protocol.ProgressTimeout - 1
		s.Tell(roles.Moved{Bytes: protocol.MinProgress}, "Sending")
		s.Waits(protocol.ProgressTimeout)
	}
	s.Tell(roles.Rang{Timer: roles.Deadline, Number: 3}, "Sending") // of before
}

func TestADiskThatHangsIsOurOwnFailure(t *testing.T) {
	s := opening(t, &protocol.Get{Name: "a.txt"})
	s.Ring("Parting", "send 0 ERROR internal by node", halfClose, discard)
	s.Tell(found(10), "Parting")
	s.Tell(roles.Ended{}, "Closed", hangUp)
}

func TestAStoppingNodeFinishesTheStretch(t *testing.T) {
	s := sending(t)
	s.Tell(roles.Stopped{}, "Finishing")
	s.Tell(roles.Stopped{}, "Finishing")
	s.Tell(roles.Moved{Bytes: protocol.MinProgress}, "Finishing")
	s.Tell(roles.BodyDone{}, "Parting", "send 0 ERROR draining by node", halfClose, discard)
	s.Ring("Closed", hangUp)
}

func TestAStoppingNodeSaysSoToWhoeverWaits(t *testing.T) {
	draining := []string{"send 0 ERROR draining by node", halfClose, discard}
	s := accepted(t)
	s.Tell(roles.Stopped{}, "Parting", draining...)
	s = opening(t, &protocol.Get{Name: "a.txt"})
	s.Tell(roles.Stopped{}, "Parting", draining...)
	s.Tell(roles.FileRefused{Code: protocol.NotFound}, "Parting")
}

func TestAnUploadStartsOver(t *testing.T) {
	u := node.NewUpload()
	for range 3 {
		s := story.New(t, u, u.State)
		s.Tell(roles.Opened{Peer: visitor}, "Listening", hear)
		s.Hear(0, &protocol.Get{Name: "a.txt"}, "Opening", "open-file a.txt")
		s.Tell(found(10), "Sending", "report served", "send 0 CONTENT size=10 length=10 version=aa", "send-body 0 0+10")
		s.Tell(roles.BodySpoiled{Code: protocol.Changed}, "Lingering", hear)
		s.Tell(roles.Lost{Code: protocol.Lost}, "Closed", hangUp)
		u.Reset()
	}
}

func TestWhateverHappensToAnUpload(t *testing.T) {
	subject := story.NewSubject(node.UploadTable, roles.Opened{Peer: visitor}, func() story.Explorable {
		return node.NewUpload()
	})
	subject.Says = []protocol.Message{
		story.Sample(protocol.KindGet), &protocol.Get{Name: "a.txt", Offset: 10}, story.Sample(protocol.KindLocate),
	}
	subject.Files = []roles.Input{found(10), found(5), roles.FileRefused{Code: protocol.NotFound}}
	story.Explore(t, subject)
}
