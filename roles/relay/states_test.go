package relay_test

import (
	"fmt"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestASessionTellsItsStateAndThatOfItsProbe while the probe runs.
func TestASessionTellsItsStateAndThatOfItsProbe(t *testing.T) {
	_, s := proving(t, &relay.Proofs{})
	tells := func(want string) {
		t.Helper()
		told := ""
		s.Machine.(*relay.Session).States(func(table, state string) { told += fmt.Sprintf("%s %s;", table, state) })
		if told != want {
			t.Errorf("%s, not %s", told, want)
		}
	}
	tells("relay.Session Listening;")
	s.Hear(0, rolestest.Sample(protocol.KindRegister), "Proving", "dial 1 192.0.2.9:4000 expects 01")
	tells("relay.Session Proving;relay.Probe Dialing;")
	s.Tell(roles.Opened{Link: 1, ID: sampleNode()}, "Idle", "halfclose 1", "discard 1", grantedHere+" reached=direct", "hear 0")
	tells("relay.Session Idle;relay.Probe Closing;")
	s.Tell(roles.PeerEnded{Link: 1}, "Idle", "hangup 1")
	tells("relay.Session Idle;")
}
