package client_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// vast is a relay with pages of nodes that it makes up, and the nodes: each says that it has no such
// file. It runs a client's machine against them, and counts.
type vast struct {
	page     func(n int) *protocol.Located // the page n, with any cursor if another follows
	pages    int
	visits   int
	outcomes []client.Result
	inputs   []roles.Input
}

// run runs a machine to its end, or until it has nothing to wait for.
func (v *vast) run(m roles.Machine) {
	v.inputs = append(v.inputs, roles.Started{})
	for len(v.inputs) > 0 {
		in := v.inputs[0]
		v.inputs = v.inputs[1:]
		for _, effect := range m.Step(roles.Moment{}, in) {
			v.carryOut(effect)
		}
	}
}

func (v *vast) carryOut(effect roles.Effect) {
	tell := func(in roles.Input) { v.inputs = append(v.inputs, in) }
	switch e := effect.(type) {
	case roles.InspectStore:
		tell(roles.StoreInspected{Item: e.Item})
	case roles.Dial:
		if e.To != relayAddress {
			v.visits++
		}
		tell(roles.Opened{Link: e.Link})
	case roles.Send:
		switch e.Message.(type) {
		case *protocol.Locate:
			answer := v.page(v.pages)
			v.pages++
			tell(roles.Heard{Link: e.Link, Message: answer})
		case *protocol.Tree:
			tell(roles.Heard{Link: e.Link, Message: &protocol.Error{Code: protocol.NotFound, By: protocol.Node}})
		}
	case roles.HalfClose:
		tell(roles.PeerEnded(e))
	case roles.Report:
		switch is := e.Outcome.(type) {
		case client.Result:
			v.outcomes = append(v.outcomes, is)
		case client.Unread:
			v.outcomes = append(v.outcomes, is.Result)
		}
	}
}

// nodes returns so many peers from the nth on, whose addresses differ.
func nodes(from, count int) (peers []protocol.Peer) {
	for n := from; n < from+count; n++ {
		host := binary.BigEndian.AppendUint32(nil, 11<<24+uint32(n))
		peers = append(peers, protocol.PeerAt(netip.AddrPortFrom(netip.AddrFrom4([4]byte(host)), 9)))
	}
	return peers
}

// TestAWalkEndsAtItsBound, whatever a relay lists: and that nobody has a file is certain only if all
// nodes could be asked.
func TestAWalkEndsAtItsBound(t *testing.T) {
	more := []byte{1}
	last := func(total, each int) func(n int) *protocol.Located {
		return func(n int) *protocol.Located {
			page := &protocol.Located{Peers: nodes(n*each, min(each, total-n*each))}
			if (n+1)*each < total {
				page.Cursor = more
			}
			return page
		}
	}
	for name, test := range map[string]struct {
		page          func(n int) *protocol.Located
		pages, visits int
		is            client.Outcome
	}{
		"pages without an end": {func(n int) *protocol.Located {
			return &protocol.Located{Peers: nodes(n*protocol.MaxPage, protocol.MaxPage), Cursor: more}
		}, 66, roles.MaxWalk, client.Unsure},
		"a new node a page": {func(n int) *protocol.Located { return &protocol.Located{Peers: nodes(n, 1), Cursor: more} },
			roles.MaxWalk, roles.MaxWalk, client.Unsure},
		"nothing new": {func(n int) *protocol.Located { return &protocol.Located{Peers: nodes(0, 7), Cursor: more} },
			1 + roles.MaxEmptyPages, 7, client.Unsure},
		"empty pages, and an end": {func(n int) *protocol.Located {
			if n+1 < roles.MaxEmptyPages {
				return &protocol.Located{Cursor: more}
			}
			return &protocol.Located{}
		}, roles.MaxEmptyPages, 0, client.NobodyHad},
		"all that are asked": {last(roles.MaxWalk, 512), 128, roles.MaxWalk, client.NobodyHad},
		"one more":           {last(roles.MaxWalk+1, 771), 85 + 1, roles.MaxWalk, client.Unsure},
		"withheld":           {func(int) *protocol.Located { return &protocol.Located{Withheld: 2} }, 1, 0, client.Unsure},
		"named badly":        {func(int) *protocol.Located { return &protocol.Located{LeftOut: 2} }, 1, 0, client.Unsure},
		"nobody":             {func(int) *protocol.Located { return &protocol.Located{} }, 1, 0, client.NobodyHad},
	} {
		t.Run(name, func(t *testing.T) {
			for what, m := range map[string]roles.Machine{"fetch": client.NewFetch(request), "reader": client.NewReader(relayAddress, "a.txt", protocol.Hash{})} {
				v := &vast{page: test.page}
				v.run(m)
				if len(v.outcomes) != 1 || v.outcomes[0].Outcome != test.is || v.pages != test.pages || v.visits != test.visits {
					t.Errorf("%s: %d pages, %d visits, %d results", what, v.pages, v.visits, len(v.outcomes))
				}
				for _, r := range v.outcomes {
					if unasked := r.Unasked != (client.Unasked{}); unasked != (test.is == client.Unsure) {
						t.Errorf("%s: outcome %d, %+v", what, r.Outcome, r.Unasked)
					}
				}
			}
		})
	}
}

// TestContentsOfOneNameHaveABound: a fetch tells of so many others, and no more, and of all the nodes
// that have one of those.
func TestContentsOfOneNameHaveABound(t *testing.T) {
	const most = 1024
	for others, told := range map[int]int{most - 1: most - 1, most: most, most + 1: most} {
		f := made(10, 1)
		s := locating(t, request)
		all := append(peers(1), nodes(0, others)...)
		all[0].Hash, all[0].Size = f.Hash, f.Size
		for i := range all[1:] {
			all[1+i].Hash = protocol.Hash{2, byte(i), byte(i >> 8)}
		}
		again := nodes(others, 2)
		again[0].Hash, again[1].Hash = all[1].Hash, all[most-1].Hash
		all = append(all, again...)
		s.Hear(0, &protocol.Located{Peers: all}, "Seeking", "halfclose 0", "discard 0", "report locating", dials(1, 1))
		s.Tell(roles.PeerEnded{}, "Seeking", "hangup 0")
		s.Tell(roles.Opened{Link: 1}, "Seeking", f.gets(1, 0, 1), "hear 1")
		s.Hear(1, f.content(0, 1), "Opening", f.opens())
		s.Tell(roles.StoreReady{}, "Fetching", "report begun", f.takes(1, 0, 1))
		s.Tell(roles.Verified{Link: 1}, "Finishing", "report had")
		s.Tell(roles.BodyDone{Link: 1}, "Committing", left(1, "commit-store 0")...)
		closes(s, 1, "Committing")
		s.Tell(placed([]int{0}), "Done", "report result")
		if r := wants(t, s, client.Fetched, 0); len(r.Variants) != told {
			t.Errorf("%d of %d other contents are told", len(r.Variants), others)
		} else {
			for i, v := range r.Variants {
				if two := i == 0 || i == most-2; len(v.Nodes) != 1 && !two || len(v.Nodes) != 2 && two {
					t.Errorf("content %d is told with %d nodes", i, len(v.Nodes))
				}
			}
		}
	}
}
