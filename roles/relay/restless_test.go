package relay_test

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// restless is a registry whose nodes stay listed and change all that they can: what they publish,
// how much of it the relay holds, and where they are.
type restless struct {
	*relay.Registry
	at    roles.Moment
	nodes []restlessNode
}

type restlessNode struct {
	epoch, index, sequence uint64
	port                   uint16
}

func (r *restless) id(n int) protocol.PeerID { return rolestest.Node(byte(n + 1)) }

func (r *restless) from(n int) relay.From {
	return relay.From{Peer: netip.AddrFrom4([4]byte{192, 0, 2, byte(n + 1)})}
}

func (r *restless) register(n int, publishes uint8) {
	of := &r.nodes[n]
	of.epoch++
	r.Register(r.at, r.from(n), &protocol.Register{ID: r.id(n), Epoch: of.epoch, Port: of.port, Publishes: publishes})
}

// change changes something about one node.
func (r *restless) change(t *rapid.T, n int) {
	of := &r.nodes[n]
	if rapid.IntRange(0, 7).Draw(t, "registers") == 0 {
		r.register(n, rapid.Uint8Range(0, 1).Draw(t, "publishes"))
		return
	}
	if rapid.IntRange(0, 5).Draw(t, "renews") == 0 {
		r.Renew(r.at, r.from(n), &protocol.Renew{ID: r.id(n), Epoch: of.epoch})
		return
	}
	m := &protocol.Publish{ID: r.id(n), Epoch: of.epoch, Index: of.index, From: of.sequence}
	if of.index == 0 || rapid.IntRange(0, 3).Draw(t, "anew") == 0 {
		m.Index, m.From = of.index+1, 0
	}
	for range rapid.IntRange(0, 2).Draw(t, "changes") {
		e := protocol.Entry{Name: rapid.SampledFrom([]string{"f", "g", "h"}).Draw(t, "name")}
		switch what := rapid.IntRange(0, 4).Draw(t, "what"); what {
		case 0: // it is gone
		case 1:
			e.Mark = protocol.Pending
		case 2:
			e.Mark = protocol.Opaque
		default:
			e.Hash = content(what)
		}
		m.Changes = append(m.Changes, e)
	}
	m.To = m.From + uint64(len(m.Changes))
	m.Latest = m.To + rapid.Uint64Range(0, 1).Draw(t, "more")
	m.Beyond = rapid.Uint8Range(0, 3).Draw(t, "beyond") / 3
	if answer, is := r.Publish(r.at, m).(*protocol.Published); is {
		of.index, of.sequence = answer.Index, answer.Sequence
	}
}

// could returns the nodes that the relay would name to a client that asked now.
func (r *restless) could(ask protocol.Locate) map[uint16]bool {
	ask.Limit, ask.Cursor = protocol.MaxPage, nil
	named := map[uint16]bool{}
	for _, p := range r.Locate(r.at, relay.From{}, &ask).(*protocol.Located).Peers {
		named[p.Port] = true
	}
	return named
}

// TestAWalkMeetsAllThatItsEndWouldName: a node that the relay would name to a client that asked at
// the end of a walk is in one of the walk's pages, however it has changed between them.
func TestAWalkMeetsAllThatItsEndWouldName(t *testing.T) {
	rolestest.Check(t, 1000, func(t *rapid.T) {
		policy := relay.Policy{MaxIndex: rapid.SampledFrom([]int{0, 1, 4}).Draw(t, "room"), MaxEntries: rapid.SampledFrom([]int{0, 1}).Draw(t, "room of one")}
		r := &restless{Registry: relay.NewRegistry(policy), at: roles.Moment{Rand: rapid.Uint64().Draw(t, "random")}}
		r.nodes = make([]restlessNode, rapid.IntRange(2, 9).Draw(t, "nodes"))
		changes := func(most int, label string) {
			for range rapid.IntRange(0, most).Draw(t, label) {
				r.change(t, rapid.IntRange(0, len(r.nodes)-1).Draw(t, "node"))
			}
		}
		for n := range r.nodes {
			r.nodes[n].port = uint16(4001 + n)
			r.register(n, rapid.Uint8Range(0, 1).Draw(t, "publishes"))
		}
		changes(3*len(r.nodes), "before")

		asks := []protocol.Locate{{Name: "f"}, {Hash: content(3)}, {Name: "f", Hash: content(3)}}
		ask := rapid.SampledFrom(asks).Draw(t, "ask")
		ask.Limit = rapid.Uint64Range(1, 3).Draw(t, "limit")
		met := map[uint16]bool{}
		for pages := 0; ; pages++ {
			r.at.Rand++
			located := r.Locate(r.at, relay.From{}, &ask).(*protocol.Located)
			here := map[string]bool{}
			for _, p := range located.Peers {
				met[p.Port] = true
				if what := fmt.Sprint(p.Port, p.Hash); here[what] {
					t.Fatalf("a page names node %d twice", p.Port)
				} else {
					here[what] = true
				}
			}
			if ask.Cursor = located.Cursor; ask.Cursor == nil {
				break
			}
			if pages > 200 {
				t.Fatal("the pages do not end")
			}
			if pages < 40 {
				changes(4, "meanwhile")
			}
			if pages < 3 && rapid.IntRange(0, 9).Draw(t, "flood") == 0 { // more than the relay keeps track of
				for range 600 {
					r.register(0, 1)
				}
			}
		}
		for port := range r.could(ask) {
			if !met[port] {
				t.Fatalf("node %d is in no page", port)
			}
		}
	})
}

// TestAWalkLooksAtABoundedNumberOfMoves: where many nodes have moved that do not have the file, the
// pages are short rather than slow. A look for a node under each of the file's names counts.
func TestAWalkLooksAtABoundedNumberOfMoves(t *testing.T) {
	const nodes, scan = 5000, 1 << 14 // and of those a page looks at
	for _, file := range []protocol.Locate{{Name: "a", Limit: 1}, {Hash: content(1), Limit: 1}} {
		r := &restless{Registry: relay.NewRegistry(relay.Policy{})}
		tell := func(n int, names ...string) {
			from := relay.From{Peer: netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})}
			m := &protocol.Publish{ID: protocol.PeerID{1, byte(n >> 8), byte(n)}, Epoch: 1, Index: 1}
			for _, name := range names {
				m.Changes = append(m.Changes, protocol.Entry{Name: name, Hash: content(len(name))})
			}
			m.To = uint64(len(names))
			m.Latest = m.To
			r.Register(r.at, from, &protocol.Register{ID: m.ID, Epoch: 1, Port: 4000})
			r.Publish(r.at, m)
		}
		tell(0, "a", "b", "c")
		tell(1, "a", "b", "c")
		ask, pages := file, 0
		for first := true; first || ask.Cursor != nil; pages++ {
			located := r.Locate(r.at, relay.From{}, &ask).(*protocol.Located)
			ask.Cursor = located.Cursor
			if first {
				for n := range nodes {
					tell(2+n, "other")
				}
			}
			first = false
		}
		holders, looks := 2, nodes*2 // each has moved twice, of which the earlier one is stale
		if file.Name == "" {
			holders, looks = 2*3, looks+nodes*2 // under three names
		}
		if want := holders + 1 + looks/scan; pages != want {
			t.Errorf("%d pages for %d looks, want %d", pages, looks, want)
		}
	}
}
