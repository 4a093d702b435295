package client_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// hashingOn is what a node says that is hashing for ever.
func hashingOn(done uint64) *protocol.Hashing {
	return &protocol.Hashing{Done: done * roles.MinProgress, Size: protocol.GroupSize}
}

// TestTheReferenceModeComesBackToASlowNodeLast: one that only says that it gets on is left for the next, which gets the
// same time; then each has four times as long.
func TestTheReferenceModeComesBackToASlowNodeLast(t *testing.T) {
	s := asked(t, request, 1, 2)
	s.Hear(1, hashingOn(1), "Seeking", "hear 1", "report hashing")
	s.Waits(roles.GroupPatience)
	s.Ring("Seeking", goes(1, dials(1, 2))...)
	if s.At.Now != roles.GroupPatience {
		t.Errorf("the second node is dialed after %v", s.At.Now)
	}
	answers(1, s, "Seeking", guesses(1))
	s.Ring("Seeking", goes(1, dials(1, 1))...)
	answers(1, s, "Seeking", guesses(1))
	s.Hear(1, hashingOn(1), "Seeking", "hear 1", "report hashing")
	s.At.Now += roles.ReplyTimeout - 1
	s.Hear(1, hashingOn(2), "Seeking", "hear 1", "report hashing")
	s.Ring("Seeking", goes(1, dials(1, 2))...)
	if s.At.Now != (1+1+4)*roles.GroupPatience {
		t.Errorf("the second node has its second turn after %v", s.At.Now)
	}
	answers(1, s, "Seeking", guesses(1))
	s.Hear(1, refusal(protocol.NotFound), "Seeking", left(1, dials(2, 1))...)
	closes(s, 1, "Seeking")
	answers(2, s, "Seeking", guesses(2))
	s.Waits(roles.ReplyTimeout) // nobody else waits
	s.Hear(2, refusal(protocol.NotFound), "Closing", left(2)...)
	closes(s, 2, "NotFound", "report result")
	wants(t, s, client.NobodyHad, protocol.Timeout, protocol.Timeout, protocol.Timeout, protocol.NotFound, protocol.NotFound)
}

// TestTheNextPageComesBeforeASlowNode: those that have not been asked come first.
func TestTheNextPageComesBeforeASlowNode(t *testing.T) {
	s := locating(t, request)
	s.Hear(0, &protocol.Located{Peers: peers(1), Cursor: []byte{1}}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
	s.Tell(roles.Lost{Link: 1, Code: protocol.Refused}, "AskingRelay", goes(1, "dial 0 relay:4000")...)
}

// hashers returns so many nodes from the second on that hash for ever, each with a file of its own of so many bytes, and
// the first, which delivers one of its own.
func hashers(n int, bytes uint64) (offers []client.Offer, nodes map[client.Node]*actor) {
	fine := made(bytes, 99)
	offers, nodes = []client.Offer{offered("z", fine, 1)}, map[client.Node]*actor{at(1): {files: map[string]file{"z": fine}}}
	for i := range n {
		f, name := made(bytes, byte(i+2)), fmt.Sprintf("f%d", i)
		offers = append(offers, offered(name, f, byte(i+2)))
		nodes[at(byte(i+2))] = &actor{files: map[string]file{name: f}, hashes: true}
	}
	return offers, nodes
}

// comesBy fails unless a name has been fetched by then.
func (p *play) comesBy(name string, most time.Duration) {
	p.t.Helper()
	for p.step(roles.Started{}); p.results()[name].Outcome != client.Fetched && !p.g.Final() && p.now <= most && p.next(); {
	}
	if r := p.results()[name]; r.Outcome != client.Fetched || p.now > most {
		p.t.Fatalf("at %v the outcome of %s is %q", p.now, name, outcomeNames[r.Outcome])
	}
}

// TestNodesThatHashForEverKeepNoPipelineFromTheNextNode: the one that delivers comes first in the list, but after all
// the others in the round, whose addresses are lower.
func TestNodesThatHashForEverKeepNoPipelineFromTheNextNode(t *testing.T) {
	offers, nodes := hashers(roles.MaxPipelines+1, 10)
	nodes[at(200)], offers[0].Holders = nodes[at(1)], ats(200)
	delete(nodes, at(1))
	newPlay(t, client.GatherRequest{Wanted: offers}, nodes).comesBy("z", 2*roles.GroupPatience)
}

// TestSilentNodesKeepNothingFromTheNextNode although nothing happens that could remind of them: their time is up
// long before the deadlines of their links, for many small files and for a larger one.
func TestSilentNodesKeepNothingFromTheNextNode(t *testing.T) {
	mute := func(nodes map[client.Node]*actor) {
		for _, node := range nodes {
			if node.hashes {
				node.hashes, node.silent = false, true
			}
		}
	}
	offers, nodes := hashers(roles.MaxPipelines+1, 10)
	nodes[at(200)], offers[0].Holders = nodes[at(1)], ats(200)
	delete(nodes, at(1))
	mute(nodes)
	newPlay(t, client.GatherRequest{Wanted: offers}, nodes).comesBy("z", 2*roles.GroupPatience)

	offers, nodes = hashers(2, 10)
	large := made(2*group, 100)
	offers[0] = offered("z", large, 1)
	nodes[at(1)].files["z"] = large
	mute(nodes)
	newPlay(t, client.GatherRequest{Wanted: offers}, nodes).comesBy("z", 2*roles.GroupPatience)
}

// TestANodeThatHashesForEverKeepsNoLargerFileWaiting.
func TestANodeThatHashesForEverKeepsNoLargerFileWaiting(t *testing.T) {
	offers, nodes := hashers(2, 10)
	large := made(2*group, 100)
	offers[0] = offered("z", large, 1)
	nodes[at(1)].files["z"] = large
	newPlay(t, client.GatherRequest{Wanted: offers}, nodes).comesBy("z", 2*roles.GroupPatience)
}

// TestFilesOfNodesThatHashForEverKeepNoOtherWaiting: they come last, with more time.
func TestFilesOfNodesThatHashForEverKeepNoOtherWaiting(t *testing.T) {
	offers, nodes := hashers(9, 2*group)
	offers = append(offers[1:], offers[0])
	newPlay(t, client.GatherRequest{Wanted: offers}, nodes).comesBy("z", 4*roles.FetchPatience)
}

// TestManyFilesOfANodeThatHashesForEverKeepNoOtherWaiting: after some of them have had their time, the others give
// their turns away unbegun.
func TestManyFilesOfANodeThatHashesForEverKeepNoOtherWaiting(t *testing.T) {
	fine, files := made(2*group, 99), map[string]file{}
	offers := []client.Offer{}
	for i := range 40 {
		f, name := made(2*group, byte(100+i)), fmt.Sprintf("f%02d", i)
		files[name] = f
		offers = append(offers, offered(name, f, 2))
	}
	offers = append(offers, offered("z", fine, 1))
	nodes := map[client.Node]*actor{at(1): {files: map[string]file{"z": fine}}, at(2): {files: files, hashes: true}}
	newPlay(t, client.GatherRequest{Wanted: offers}, nodes).comesBy("z", 2*roles.FetchPatience)
}

// TestADismissedNodeIsWaitedForInTheEnd: all that can be had is had, however long each takes.
func TestADismissedNodeIsWaitedForInTheEnd(t *testing.T) {
	offers, nodes := hashers(3, 2*group)
	p := newPlay(t, client.GatherRequest{Wanted: offers}, nodes)
	p.comesBy("z", 2*roles.FetchPatience)
	for _, node := range nodes {
		node.hashes = false
	}
	for !p.g.Final() && p.next() {
	}
	for name, r := range p.results() {
		if r.Outcome != client.Fetched && r.Outcome != client.Unsure {
			t.Errorf("%s: %s", name, outcomeNames[r.Outcome])
		}
	}
}

// TestAReaderIsNotKeptByASlowNode.
func TestAReaderIsNotKeptByASlowNode(t *testing.T) {
	f := made(3*group, 1)
	s := openingReader(t, 1, 2)
	answers(1, s, "Opening")
	s.Hear(1, hashingOn(1), "Opening", "hear 1", "report hashing")
	s.Ring("Opening", goes(1, dials(1, 2))...)
	if s.At.Now != roles.DialPatience {
		t.Errorf("the second node is dialed after %v", s.At.Now)
	}
	answers(1, s, "Opening")
	s.Hear(1, f.outboard(0), "Holding", "report pinned")
	s.Tell(roles.Wanted{First: 1, Count: 1}, "Reading", f.gets(1, 1, 1), "hear 1")
	s.Ring("AskingRelay", goes(1, "dial 0 relay:4000")...) // it trickles: the relay may know others
	readerLocates(s, f.Hash, "Reading", 1, 2)
}
