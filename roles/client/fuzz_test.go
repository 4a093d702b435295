package client_test

import (
	"os"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// bread is a file of one group whose bytes a stream can bring, and its hash.
var (
	bread     = []byte("Flour, water, salt, time.\n")
	breadHash = content.ChainingValue(0, bread, true)
)

// streams seeds a fuzzer with each vector and with these streams, and each of those with choices that
// have peers fail in it.
func streams(f *testing.F, more ...[]byte) {
	f.Helper()
	for _, stream := range rolestest.Vectors(f, os.DirFS("../../protocol/testdata/vectors")) {
		f.Add(stream, []byte{})
	}
	for _, stream := range more {
		for _, choices := range [][]byte{{}, {0, 0, 12, 0}, {4, 4, 4, 4, 4, 4, 4, 4}, {0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4}, {0, 0, 0, 0, 0, 5}, {0, 0, 0, 6, 0, 0, 0xff}, {0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0, 4}} {
			f.Add(stream, choices)
		}
	}
}

// said returns a stream of messages and, where there are bytes, bodies.
func said(what ...any) (stream []byte) {
	for _, one := range what {
		switch one := one.(type) {
		case protocol.Message:
			stream = protocol.Append(stream, one)
		case []byte:
			stream = append(stream, one...)
		}
	}
	return stream
}

// fetches are streams with which a fetch goes well, and some with which it does not.
func fetches() [][]byte {
	listed := &protocol.Located{Peers: peers(1, 2, 3)}
	brief := &protocol.Content{Size: uint64(len(bread)), Length: uint64(len(bread)), Hash: breadHash}
	long := made(3*group, 1)
	return [][]byte{
		said(listed, &protocol.Outboard{Size: brief.Size, Hash: breadHash, Count: 1}, brief, bread),
		said(listed, brief, bread),
		said(listed, &protocol.Outboard{Size: brief.Size, Hash: breadHash, Count: 1}, brief, bread[1:], bread[:1],
			&protocol.Outboard{Size: brief.Size, Hash: breadHash, Count: 1}, brief, bread),
		said(listed, long.outboard(0), long.content(0, 1), long.content(1, 1), long.content(2, 1)),
		said(listed, refusal(protocol.NotFound), long.outboard(0), refusal(protocol.Changed), made(2*group, 2).outboard(0)),
		said(&protocol.Located{Peers: peers(4), Cursor: []byte{1}}, refusal(protocol.NotFound), listed, &protocol.Hashing{Size: 10}, &protocol.Hashing{Done: 5, Size: 10}),
		said(&protocol.Located{Peers: behinds(3)}, grants(), &protocol.Joined{}, &protocol.Outboard{Size: brief.Size, Hash: breadHash, Count: 1}, brief, bread),
	}
}

// FuzzFetch: whatever relay and nodes say, a fetch ends, and places the content that it says it has
// fetched, or none.
func FuzzFetch(f *testing.F) {
	streams(f, fetches()...)
	f.Fuzz(func(t *testing.T, stream, choices []byte) {
		for _, w := range []client.Request{request, {Relay: relayAddress, Name: "a.txt", Hash: breadHash, Sources: 3}} {
			fetch := client.NewFetch(w)
			fetched := besiege(t, fetch, stream, choices)
			result := fetch.Result()
			hash, placed := fetched[0]
			switch {
			case placed != (result.Outcome == client.Fetched):
				t.Errorf("outcome %d, placed: %v", result.Outcome, placed)
			case placed && (hash != result.Hash || !w.Hash.IsZero() && hash != w.Hash):
				t.Errorf("%x is placed, and %x fetched", hash, result.Hash)
			}
		}
	})
}

// FuzzQuery: whatever a relay says, a query ends.
func FuzzQuery(f *testing.F) {
	entered := &protocol.Entered{Role: protocol.ClientRole}
	listed := &protocol.Listed{Items: []protocol.Item{{Name: "a.txt", Size: 5, Hash: breadHash, Count: 1}}}
	streams(f, said(entered, &protocol.Located{Peers: peers(1)}), said(entered, listed), said(entered, grants()), said(refusal(protocol.Denied), refusal(protocol.Denied)))
	f.Fuzz(func(t *testing.T, stream, choices []byte) {
		for _, ask := range []protocol.Message{&protocol.Locate{Name: "a.txt"}, &protocol.List{}, circuitTo(3)} {
			open, closed := client.NewQuery(relayAddress, ask), client.NewQuery(relayAddress, ask)
			closed.Enter(roles.Entry{Invite: rolestest.Invite(), ID: rolestest.Node(1)})
			besiege(t, open, stream, choices)
			besiege(t, closed, stream, choices)
		}
	})
}

// besiege has an adversary be the peers of a machine.
func besiege(t *testing.T, m roles.Machine, stream, choices []byte) map[int]protocol.Hash {
	known := made(2*group, 1)
	a := &rolestest.Adversary{
		Stream: slices.Clone(stream), Choices: choices, Begin: roles.Started{}, Opens: roles.Opened{ID: rolestest.Node(9)},
		Known:   map[protocol.Hash][]protocol.Hash{known.Hash: {{1, 0}, {1, 1}}},
		Effects: 64, Quiet: 4096, Memory: 2 << 20,
	}
	return a.Attack(t, m)
}

// TestTheSeedsOfAFetchLeadWhereTheyShall: to a fetch that goes well, over the stream or from nodes that
// have the content, and to each kind of failure. Otherwise a fuzzer would begin nowhere.
func TestTheSeedsOfAFetchLeadWhereTheyShall(t *testing.T) {
	right := []byte{4, 0, 0, 4, 0, 0, 4}
	for i, test := range []struct {
		seed    int
		choices []byte
		want    client.Outcome
	}{
		{0, nil, client.Fetched}, {1, nil, client.Unsure}, {2, nil, client.Undelivered}, {3, nil, client.Undelivered},
		{3, append(make([]byte, 8), right...), client.Fetched}, {3, []byte{4 | 31<<3}, client.DiskFailed},
		{0, []byte{0, 4}, client.NoRelay}, {0, []byte{0, 0, 7 | 31<<3}, client.Interrupted}, {5, nil, client.Unsure},
		{6, nil, client.Fetched},
	} {
		fetch := client.NewFetch(request)
		fetched := besiege(t, fetch, fetches()[test.seed], test.choices)
		if is := fetch.Result().Outcome; is != test.want || len(fetched) > 0 != (is == client.Fetched) {
			t.Errorf("%d: outcome %d, want %d: %+v", i, is, test.want, fetch.Result())
		}
	}
}
