package client_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// told returns a story about a fetch that dials the first of two nodes, of which the relay has told what they have.
func told(t *testing.T, w client.Request, first, second file) *rolestest.Story {
	t.Helper()
	s := locating(t, w)
	tells(s, first, second, dials(1, 1))
	return s
}

// tells tells a fetch what two nodes have, some of which it then dials.
func tells(s *rolestest.Story, first, second file, then ...string) {
	listed := peers(1, 2)
	listed[0].Hash, listed[0].Size = first.Hash, first.Size
	listed[1].Hash, listed[1].Size = second.Hash, second.Size
	s.Hear(0, &protocol.Located{Peers: listed}, "Seeking", append([]string{"halfclose 0", "discard 0", "report locating"}, then...)...)
	s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
}

// TestAFileOfOneGroupNeedsNoTree: the relay has told its hash, which is all of its tree, and its size.
func TestAFileOfOneGroupNeedsNoTree(t *testing.T) {
	f := made(10, 1)
	for name, w := range map[string]client.Request{
		"by its name": request, "by name and hash": {Relay: relayAddress, Name: "a.txt", Hash: f.Hash},
	} {
		t.Run(name, func(t *testing.T) {
			s := told(t, w, f, f)
			s.Tell(roles.Opened{Link: 1}, "Seeking", f.gets(1, 0, 1), "hear 1")
			s.Hear(1, f.content(0, 1), "Opening", f.opens())
			s.Tell(roles.StoreReady{}, "Fetching", "report begun", f.takes(1, 0, 1))
			s.Tell(roles.Verified{Link: 1}, "Finishing", "report had")
			finishes(s, 1)
			wants(t, s, client.Fetched, 0)
		})
	}
}

// TestWhereATreeIsNeededItIsAskedFor: for more groups, for none, and where the relay tells of another content than
// the one that is wanted.
func TestWhereATreeIsNeededItIsAskedFor(t *testing.T) {
	for _, f := range []file{made(group+1, 1), made(0, 1)} {
		answers(1, told(t, request, f, f), "Seeking", guesses(1))
	}
	f, other := made(10, 1), made(20, 2)
	s := told(t, client.Request{Relay: relayAddress, Name: "a.txt", Hash: f.Hash}, other, other)
	s.Tell(roles.Opened{Link: 1}, "Seeking", "send 1 TREE name=a.txt hash=01", guesses(1)+" hash=01", "hear 1")
}

// TestTheRelaysWordIsAHint: a node that has something else by now is asked what that is, on the same link.
func TestTheRelaysWordIsAHint(t *testing.T) {
	f, now := made(10, 1), made(3*group, 2)
	for _, code := range []protocol.Code{protocol.Changed, protocol.Indexing} {
		s := told(t, request, f, f)
		s.Tell(roles.Opened{Link: 1}, "Seeking", f.gets(1, 0, 1), "hear 1")
		s.Hear(1, refusal(code), "Seeking", asks(1, guesses(1))...)
		s.Hear(1, now.outboard(0), "Opening", now.opens())
		s.Tell(roles.StoreReady{}, "Fetching", now.begins(1)...)
	}
	s := told(t, client.Request{Relay: relayAddress, Name: "a.txt", Hash: f.Hash}, f, f)
	s.Tell(roles.Opened{Link: 1}, "Seeking", f.gets(1, 0, 1), "hear 1")
	says(s, 1, protocol.Changed, "Seeking", dials(2, 2)) // nothing else is wanted
	s = told(t, request, f, f)
	s.Tell(roles.Opened{Link: 1}, "Seeking", f.gets(1, 0, 1), "hear 1")
	says(s, 1, protocol.NotFound, "Seeking", dials(2, 2)) // it would say the same of the tree
}

// TestANodeThatAnswersForAnotherFileIsALiar: it was asked for one content, of one size, from the beginning.
func TestANodeThatAnswersForAnotherFileIsALiar(t *testing.T) {
	f := made(10, 1)
	for name, c := range map[string]protocol.Content{
		"hash":   {Size: 10, Length: 10, Hash: protocol.Hash{9}},
		"size":   {Size: 11, Length: 11, Hash: f.Hash},
		"offset": {Size: 10, Offset: 1, Length: 9, Hash: f.Hash},
		"length": {Size: 10, Length: 9, Hash: f.Hash},
	} {
		t.Run(name, func(t *testing.T) {
			s := told(t, request, f, f)
			s.Tell(roles.Opened{Link: 1}, "Seeking", f.gets(1, 0, 1), "hear 1")
			s.Hear(1, &c, "Seeking", append([]string{"send 1 ERROR bad-hash by client"}, left(1, dials(2, 2))...)...)
		})
	}
}

// TestWhatOthersHaveMeanwhileStaysTheContent of the fetch: a direct answer of another one is remembered.
func TestWhatOthersHaveMeanwhileStaysTheContent(t *testing.T) {
	f, other := made(10, 1), made(2*group, 2)
	s := told(t, several(2), f, other)
	s.Tell(roles.Opened{Link: 1}, "Seeking", f.gets(1, 0, 1), "hear 1")
	s.Ring("Seeking", dials(2, 2)) // the first one is slow
	answers(2, s, "Seeking")
	s.Hear(2, other.outboard(0), "Opening", other.opens())
	s.Hear(1, f.content(0, 1), "Opening", left(1)...)
	s.Tell(roles.StoreReady{}, "Fetching", "report begun", other.gets(2, 0, 1), other.gets(2, 1, 1), "hear 2")
}

// TestADirectAnswerThatIsNotNeededIsLetPass: the store has the file, though its inspection did not say so.
func TestADirectAnswerThatIsNotNeededIsLetPass(t *testing.T) {
	f := made(10, 1)
	s := told(t, request, f, f)
	s.Tell(roles.Opened{Link: 1}, "Seeking", f.gets(1, 0, 1), "hear 1")
	s.Hear(1, f.content(0, 1), "Opening", f.opens())
	s.Tell(roles.StoreReady{Has: set(0)}, "Committing", append([]string{"report begun"}, left(1, "commit-store 0")...)...)
}
