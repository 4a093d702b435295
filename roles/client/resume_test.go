package client_test

import (
	"fmt"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

func set(groups ...uint64) (s roles.Groups) {
	for _, g := range groups {
		s.Add(g)
	}
	return s
}

// opening returns a story about a fetch of which an earlier try left a part.
func opening(t *testing.T, f file, nodes ...byte) *rolestest.Story {
	t.Helper()
	s := locating(t, request, f)
	hearsOf(s, nodes...)
	answers(1, s, "Seeking")
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	return s
}

func TestOnlyWhatIsMissingIsFetched(t *testing.T) {
	f := made(5*group+7, 1)
	s := opening(t, f, 1)
	s.Tell(roles.StoreReady{Has: set(0, 1, 3, 5), Other: false}, "Fetching", "report begun", f.gets(1, 2, 1), f.gets(1, 4, 1), "hear 1")
	if begun := of[client.Begun](t, s); begun.Identity != f.Identity || begun.Kept != 3*group+7 || begun.Other {
		t.Errorf("begun %+v", begun)
	}
	s.Hear(1, f.content(2, 1), "Fetching", f.takes(1, 2, 1))
	s.Tell(roles.Verified{Link: 1, Group: 2}, "Fetching", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Fetching", "hear 1")
	s.Hear(1, f.content(4, 1), "Fetching", f.takes(1, 4, 1))
	s.Tell(roles.Verified{Link: 1, Group: 4}, "Finishing", "report had")
	finishes(s, 1)
	if r := wants(t, s, client.Fetched, 0); r.Kept != 3*group+7 || r.Size != f.Size {
		t.Errorf("result %+v", r)
	}
}

func TestAFileThatIsThereIsNotFetchedAgain(t *testing.T) {
	f := made(2*group, 1)
	s := opening(t, f, 1)
	s.Tell(roles.StoreReady{Has: set(0, 1)}, "Committing", append([]string{"report begun"}, left(1, "commit-store 0")...)...)
	commits(s, 1)
	if r := wants(t, s, client.Fetched, 0); r.Kept != f.Size || len(r.From) != 0 {
		t.Errorf("result %+v", r)
	}
}

// TestAStoreThatChecksIsWaitedForWithoutTheNode: the link would be ended by the node, so it is left and made anew.
func TestAStoreThatChecksIsWaitedForWithoutTheNode(t *testing.T) {
	f := made(2*group, 1)
	s := opening(t, f, 1, 2)
	s.At.Now += roles.HoldTimeout
	s.Tell(roles.StoreChecking{Done: 10, Size: 100}, "Opening", "report checking")
	s.Ring("Opening", left(1)...)
	closes(s, 1, "Opening")
	for done := range uint64(5) {
		s.At.Now += roles.DiskTimeout - 1
		s.Tell(roles.StoreChecking{Done: 20 + done, Size: 100}, "Opening", "report checking")
		s.Waits(roles.DiskTimeout)
	}
	s.Tell(roles.StoreReady{Has: set(0)}, "Fetching", "report begun", dials(1, 1))
	answers(1, s, "Fetching", f.gets(1, 1, 1))
	s.Hear(1, f.outboard(0), "Fetching", "hear 1")
	s.Hear(1, f.content(1, 1), "Fetching", f.takes(1, 1, 1))
	s.Tell(roles.Verified{Link: 1, Group: 1}, "Finishing", "report had")
	finishes(s, 1)
	wants(t, s, client.Fetched, 0, 0)
}

func TestAStoreThatChecksWithoutGettingOnIsNotWaitedFor(t *testing.T) {
	s := opening(t, made(2*group, 1), 1)
	s.Ring("Opening", left(1)...)
	s.Tell(roles.StoreChecking{Done: 10, Size: 100}, "Opening", "report checking")
	closes(s, 1, "Opening")
	s.At.Now += roles.DiskTimeout - 1
	s.Tell(roles.StoreChecking{Done: 10, Size: 100}, "Opening", "report checking")
	s.Ring("Failed", "report result")
	if wants(t, s, client.DiskFailed, 0); s.At.Now != roles.HoldTimeout+roles.DiskTimeout {
		t.Errorf("given up after %v", s.At.Now)
	}
}

func TestAnotherContentThatWasThereIsTold(t *testing.T) {
	s := opening(t, made(10, 1), 1)
	s.Tell(roles.StoreReady{Other: true}, "Fetching", "report begun", made(10, 1).gets(1, 0, 1), "hear 1")
	if begun := of[client.Begun](t, s); !begun.Other || begun.Kept != 0 {
		t.Errorf("begun %+v", begun)
	}
}

// TestAVeryLargeFileIsVerifiedByPages: one OUTBOARD is for MaxGroups groups.
func TestAVeryLargeFileIsVerifiedByPages(t *testing.T) {
	f := made((protocol.MaxGroups+3)*group, 1)
	s := opening(t, f, 1)
	var has roles.Groups
	for g := range uint64(protocol.MaxGroups - 1) {
		has.Add(g)
	}
	const last = protocol.MaxGroups - 1
	s.Tell(roles.StoreReady{Has: has}, "Fetching", "report begun", f.gets(1, last, 1), "hear 1")
	s.Hear(1, f.content(last, 1), "Fetching", f.takes(1, last, 1))
	s.Tell(roles.Verified{Link: 1, Group: last}, "Fetching", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Fetching", fmt.Sprintf("send 1 TREE name=a.txt hash=%x first=8192", f.Hash[:1]), "hear 1")
	s.Hear(1, f.outboard(protocol.MaxGroups), "Fetching", f.gets(1, protocol.MaxGroups, 1), f.gets(1, protocol.MaxGroups+1, 2), "hear 1")
	s.Hear(1, f.content(protocol.MaxGroups, 1), "Fetching", f.takes(1, protocol.MaxGroups, 1))
}
