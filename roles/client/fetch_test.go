package client_test

import (
	"fmt"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/story"
)

// wish is what the stories are about, unless they say otherwise.
var wish = client.Wish{Relay: relayAddress, Name: "a.txt"}

func wanted(t *testing.T, w client.Wish) *story.Story {
	t.Helper()
	f := client.NewFetch(w)
	s := story.New(t, f, f.State)
	s.Tell(roles.Started{}, "AskingRelay", "dial 0 relay:4000")
	s.Waits(protocol.DialTimeout)
	return s
}

// located returns a story about a fetch that has heard of these nodes and dials the first.
func located(t *testing.T, w client.Wish, nodes ...byte) *story.Story {
	t.Helper()
	s := wanted(t, w)
	s.Tell(roles.Opened{}, "AskingRelay", "send 0 LOCATE name=a.txt", "hear 0")
	s.Waits(protocol.ReplyTimeout)
	s.Hear(0, &protocol.Located{Peers: peers(nodes...)}, "AskingRelay", "halfclose 0", "discard 0", "report locating")
	s.Waits(protocol.CloseTimeout)
	s.Tell(roles.Ended{}, "Seeking", "hangup 0", dials(1, nodes[0]))
	s.Waits(protocol.DialTimeout)
	return s
}

// asks is the line for asking what the file is.
func asks(link int) []string {
	return []string{fmt.Sprintf("send %d TREE name=a.txt", link), fmt.Sprintf("hear %d", link)}
}

func TestASmallFileIsFetched(t *testing.T) {
	f := made(10, 1)
	s := located(t, wish, 1)
	s.Tell(roles.Opened{Link: 1}, "Seeking", asks(1)...)
	s.Waits(protocol.ReplyTimeout)
	s.Hear(1, f.outboard(0), "Opening", f.opens())
	s.Tell(roles.StoreReady{}, "Fetching", "report begun", f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Fetching", f.takes(1, 0, 1))
	s.Tell(roles.Verified{Link: 1}, "Finishing", "report had")
	s.Tell(roles.BodyDone{Link: 1}, "Finishing", "halfclose 1", "discard 1")
	s.Tell(roles.Ended{Link: 1}, "Done", "hangup 1", "report tried", "report result")
}
