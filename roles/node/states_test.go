package node_test

import (
	"fmt"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// TestAMachineTellsItsStateAndThoseWithin while they run.
func TestAMachineTellsItsStateAndThoseWithin(t *testing.T) {
	tells := func(of interface {
		States(func(table, state string))
	}, want string) {
		t.Helper()
		told := ""
		of.States(func(table, state string) { told += fmt.Sprintf("%s %s;", table, state) })
		if told != want {
			t.Errorf("%s, not %s", told, want)
		}
	}
	tells(node.NewUpload(), "node.Upload Accepted;")
	tells(node.NewMembership(config), "node.Membership New;")
	tells(awaiting(t).Machine.(*node.Membership), "node.Membership Leased;node.Await Awaiting;")
	s := listedOver4(t)
	tells(s.Machine.(*node.Membership), "node.Membership Leased;node.Renewal Dialing;")
	s.Tell(over6, "Leased", renewsBeside, "hear 1")
	s.Hear(1, &protocol.Renewed{TTL: 90_000, Renew: 30_000}, "Leased", "halfclose 1", "discard 1")
	tells(s.Machine.(*node.Membership), "node.Membership Leased;node.Renewal Closing;")
	s.Tell(roles.PeerEnded{Link: 1}, "Leased", "hangup 1")
	tells(s.Machine.(*node.Membership), "node.Membership Leased;")
}
