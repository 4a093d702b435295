package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// placement returns the item that a fetch has the store commit.
func placement(t *testing.T, f *client.Fetch, in roles.Input) roles.Placement {
	t.Helper()
	for _, effect := range f.Step(roles.Moment{}, in) {
		if commit, is := effect.(roles.CommitStore); is {
			return commit.Items[0]
		}
	}
	t.Fatalf("nothing is committed: %s", f.State())
	return roles.Placement{}
}

// TestAttributesAreThoseOfTheFirstWhoGives: a node that only describes the file, and then dies, has not given it.
func TestAttributesAreThoseOfTheFirstWhoGives(t *testing.T) {
	f := made(10, 1)
	saying := func(modified uint64) (*protocol.Outboard, *protocol.Content) {
		o, c := f.outboard(0), f.content(0, 1)
		o.Modified, c.Modified = modified, modified
		return o, c
	}
	s := asked(t, client.Request{Relay: relayAddress, Name: "a.txt"}, 1, 2)
	o, _ := saying(5)
	machine := s.Machine.(*client.Fetch)
	tell := func(ins ...roles.Input) {
		for _, in := range ins {
			machine.Step(roles.Moment{}, in)
		}
	}
	tell(roles.Heard{Link: 1, Message: o}, roles.StoreReady{}, roles.Lost{Link: 1, Code: protocol.Lost})
	if machine.State() != client.FetchFetching {
		t.Fatal(machine.State())
	}
	o, c := saying(6)
	c.Executable = true // since then
	tell(roles.Opened{Link: 1}, roles.Heard{Link: 1, Message: o}, roles.Heard{Link: 1, Message: c},
		roles.Verified{Link: 1})
	if got := placement(t, machine, roles.BodyDone{Link: 1}).Attributes; got != (protocol.Attributes{Modified: 6, Executable: true}) {
		t.Errorf("%+v", got)
	}
	// Where nothing was missing, they are those of the node that described the content.
	s = asked(t, client.Request{Relay: relayAddress, Name: "a.txt"}, 1, 2)
	machine = s.Machine.(*client.Fetch)
	o, _ = saying(7)
	tell(roles.Heard{Link: 1, Message: o})
	if got := placement(t, machine, roles.StoreReady{Has: roles.Groups{1}}).Attributes; got != (protocol.Attributes{Modified: 7}) {
		t.Errorf("%+v", got)
	}
}

// TestAReaderTellsWhatTheFirstNodeSays with the content, and nothing that another one says later.
func TestAReaderTellsWhatTheFirstNodeSays(t *testing.T) {
	f := made(10, 1)
	s := openingReader(t, 1)
	answers(1, s, "Opening")
	o := f.outboard(0)
	o.Modified, o.Executable = 7, true
	s.Hear(1, o, "Holding", "report pinned")
	if pinned := of[client.Pinned](t, s); pinned.Identity != f.Identity || pinned.Attributes != (protocol.Attributes{Modified: 7, Executable: true}) {
		t.Errorf("%+v", pinned)
	}
}
