package relay_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// crew is a registry of nodes that all hold one content, each under one of several names.
type crew struct {
	*relay.Registry
	at       roles.Moment
	sequence map[byte]uint64
}

func (c *crew) join(node byte, name string) {
	c.Register(c.at, relay.From{Peer: netip.MustParseAddr("192.0.2.9")}, &protocol.Register{ID: rolestest.Node(node), Epoch: 1, Port: 4000 + uint16(node)})
	c.tell(node, name, content(1))
}

func (c *crew) tell(node byte, name string, hash protocol.Hash) {
	from := c.sequence[node]
	c.sequence[node]++
	c.Publish(c.at, &protocol.Publish{ID: rolestest.Node(node), Epoch: 1, Index: 1, From: from, To: from + 1, Latest: from + 1,
		Changes: []protocol.Entry{{Name: name, Hash: hash}}})
}

// walker is a client that asks for page after page.
type walker struct {
	ask  protocol.Locate
	met  map[uint16]int
	done bool
}

func (w *walker) step(c *crew) {
	located := c.Locate(c.at, relay.From{}, &w.ask).(*protocol.Located)
	for _, p := range located.Peers {
		if !p.Hash.IsZero() {
			w.met[p.Port]++
		}
	}
	w.ask.Cursor, w.done = located.Cursor, located.Cursor == nil
}

// TestEveryHolderIsMetAlthoughOthersComeAndGo: a node that holds the file from the first page to
// the last is in one of them, although other clients ask for the same file and other holders change
// between the pages. It is in exactly one if nothing changes.
func TestEveryHolderIsMetAlthoughOthersComeAndGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &crew{Registry: relay.NewRegistry(relay.Policy{}), at: roles.Moment{Rand: rapid.Uint64().Draw(t, "random")}, sequence: map[byte]uint64{}}
		stay := rapid.IntRange(1, 12).Draw(t, "stay")
		names := []string{"f", "g"}[:rapid.IntRange(1, 2).Draw(t, "names")]
		for node := range byte(stay + 6) {
			c.join(node+1, names[int(node)%len(names)])
		}
		asks := []protocol.Locate{{Name: "f"}, {Hash: content(1)}, {Name: "f", Hash: content(1)}}
		var walkers []*walker
		for range 3 {
			ask := rapid.SampledFrom(asks).Draw(t, "ask")
			ask.Limit = rapid.Uint64Range(1, 4).Draw(t, "limit")
			walkers = append(walkers, &walker{ask: ask, met: map[uint16]int{}})
		}
		quiet := rapid.Bool().Draw(t, "quiet")
		for pages := 0; slices.ContainsFunc(walkers, func(w *walker) bool { return !w.done }); pages++ {
			if pages > 2000 {
				t.Fatal("the pages do not end")
			}
			if w := rapid.SampledFrom(walkers).Draw(t, "walker"); !w.done {
				w.step(c)
			}
			c.at.Rand++
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				if quiet || pages > 60 {
					break
				}
				node := byte(stay + 1 + rapid.IntRange(0, 5).Draw(t, "node"))
				name := names[(int(node)-1)%len(names)]
				switch rapid.IntRange(0, 3).Draw(t, "change") {
				case 0:
					c.tell(node, name, protocol.Hash{})
				case 1:
					c.tell(node, name, content(1))
				case 2:
					c.tell(node, name, content(2))
				case 3:
					c.Leave(c.at, &protocol.Leave{ID: rolestest.Node(node), Epoch: 1})
				}
			}
		}
		for i, w := range walkers {
			for node := 1; node <= stay; node++ {
				holds := w.ask.Name == "" || names[(node-1)%len(names)] == "f"
				switch times := w.met[4000+uint16(node)]; {
				case holds && times == 0:
					t.Fatalf("walker %d never met node %d", i, node)
				case times > 1 && quiet, times > 0 && !holds:
					t.Fatalf("walker %d met node %d %d times", i, node, times)
				}
			}
		}
	})
}

// TestMadeUpHolderCursorsAreHarmless: the pages that follow a made-up cursor end, and hold only
// nodes that have the file.
func TestMadeUpHolderCursorsAreHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &crew{Registry: relay.NewRegistry(relay.Policy{}), at: roles.Moment{Rand: 5}, sequence: map[byte]uint64{}}
		for node := range byte(9) {
			c.join(node+1, fmt.Sprint("f", node%2))
		}
		ask := rapid.SampledFrom([]protocol.Locate{{Name: "f0", Limit: 1}, {Hash: content(1), Limit: 1}}).Draw(t, "ask")
		w := &walker{ask: ask, met: map[uint16]int{}}
		w.step(c)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(4, len(w.ask.Cursor)-1).Draw(t, "at")
			w.ask.Cursor[at] = byte(rapid.IntRange(0, 12).Draw(t, "byte"))
		}
		for pages := 0; !w.done; pages++ {
			if w.step(c); pages > 40 {
				t.Fatal("the pages do not end")
			}
		}
		for port := range w.met {
			if port < 4001 || port > 4009 || ask.Name != "" && port%2 == 0 {
				t.Fatalf("port %d is named", port)
			}
		}
	})
}
