package relay_test

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// model is the state that a relay should have, in the plainest form.
type model struct {
	nodes map[byte]*modelNode
}

type modelNode struct {
	epoch     uint64
	until     time.Duration
	index     uint64
	sequence  uint64
	shares    map[string]protocol.Hash
	confirmed bool // it has published its whole index since it registered
}

func (m *model) live(now time.Duration) (ids []byte) {
	for id, n := range m.nodes {
		if n.until > now {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// located returns the nodes that hold the file and the nodes that may, each as sorted ports.
func (m *model) located(now time.Duration, name string, hash protocol.Hash) (holders, others []string) {
	for _, id := range m.live(now) {
		n := m.nodes[id]
		for shared, content := range n.shares {
			if (name == "" || shared == name) && (hash.IsZero() || content == hash) {
				holders = append(holders, fmt.Sprintf("%d %x", 4000+int(id), content[:2]))
			}
		}
		if !n.confirmed {
			others = append(others, fmt.Sprint(4000+int(id)))
		}
	}
	return sortedPeers(name, holders), sortedPeers(name, others)
}

// sortedPeers sorts the peers of a walk. For a content without a name it removes duplicates: a node
// that holds the content under several names may be met several times.
func sortedPeers(name string, found []string) []string {
	sort.Strings(found)
	if name == "" {
		found = slices.Compact(found)
	}
	return found
}

func (m *model) listed(now time.Duration, pattern string) (items []string) {
	held := map[string]int{}
	for _, id := range m.live(now) {
		for name, content := range m.nodes[id].shares {
			if protocol.Match(pattern, name) {
				held[fmt.Sprintf("%s %x", name, content[:2])]++
			}
		}
	}
	for what, count := range held {
		items = append(items, fmt.Sprintf("%s by %d", what, count))
	}
	sort.Strings(items)
	return items
}

// walkLocate asks for all pages of a LOCATE.
func walkLocate(t fataler, r *relay.Registry, at roles.Moment, m protocol.Locate) (holders, others []string) {
	for pages := 0; ; pages++ {
		if pages > 1000 {
			t.Fatalf("the pages do not end")
		}
		located, is := r.Locate(at, &m).(*protocol.Located)
		if !is {
			t.Fatalf("LOCATE is refused")
		}
		met := map[string]bool{}
		for _, p := range located.Peers {
			if what := fmt.Sprint(p); met[what] {
				t.Fatalf("a page names %d twice", p.Port)
			} else {
				met[what] = true
			}
			if p.Hash.IsZero() {
				others = append(others, fmt.Sprint(p.Port))
			} else {
				if len(others) > 0 {
					t.Fatalf("a holder comes after one that may have it")
				}
				holders = append(holders, fmt.Sprintf("%d %x", p.Port, p.Hash[:2]))
			}
		}
		if located.Cursor == nil {
			return sortedPeers(m.Name, holders), sortedPeers(m.Name, others)
		}
		m.Cursor = located.Cursor
		at.Rand++
	}
}

// walkList asks for all pages of a LIST.
func walkList(t fataler, r *relay.Registry, at roles.Moment, m protocol.List) (items []string) {
	for pages := 0; ; pages++ {
		if pages > 1000 {
			t.Fatalf("the pages do not end")
		}
		listed := r.List(at, &m).(*protocol.Listed)
		for _, item := range listed.Items {
			items = append(items, fmt.Sprintf("%s %x by %d", item.Name, item.Hash[:2], item.Count))
			if want := min(m.Holders, item.Count); uint64(len(item.Holders)) != want {
				t.Fatalf("%s names %d holders, want %d", item.Name, len(item.Holders), want)
			}
		}
		if listed.Cursor == nil {
			sort.Strings(items)
			return items
		}
		m.Cursor = listed.Cursor
	}
}

type fataler interface{ Fatalf(string, ...any) }

func content(n int) protocol.Hash { return protocol.Hash{byte(n), 1} }

var names = []string{"a", "b", "dir/a", "dir/b", "dir/sub/c", strings.Repeat("long", 20), "x.iso"}

func TestWhatIsPublishedIsFoundAndListed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := relay.NewRegistry(relay.Policy{})
		m := &model{nodes: map[byte]*modelNode{}}
		from := netip.MustParseAddr("192.0.2.9")
		at := roles.Moment{Rand: rapid.Uint64().Draw(t, "random")}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			at.Rand = at.Rand*6364136223846793005 + 1
			id := byte(rapid.IntRange(1, 6).Draw(t, "node"))
			n := m.nodes[id]
			switch rapid.IntRange(0, 9).Draw(t, "do") {
			case 0, 1:
				if n == nil {
					n = &modelNode{shares: map[string]protocol.Hash{}}
					m.nodes[id] = n
				}
				if n.until <= at.Now {
					*n = modelNode{epoch: n.epoch, shares: map[string]protocol.Hash{}}
				}
				n.epoch, n.until, n.confirmed = n.epoch+1, at.Now+roles.LeaseTTL, false
				answer := r.Register(at, from, &protocol.Register{ID: rolestest.Node(id), Epoch: n.epoch, Port: 4000 + uint16(id)}).(*protocol.Registered)
				if want := (protocol.Held{Index: n.index, Sequence: n.sequence}); answer.Held != want {
					t.Fatalf("node %d is told %v, want %v", id, answer.Held, want)
				}
			case 2:
				if n != nil {
					r.Leave(at, &protocol.Leave{ID: rolestest.Node(id), Epoch: n.epoch})
					n.until = 0
				}
			case 3:
				at.Now += time.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * time.Second
			default:
				if n != nil {
					publish(t, r, at, id, n)
				}
			}
			compare(t, r, at, m)
		}
	})
}

// publish sends a page of changes and compares the answer with the model.
func publish(t *rapid.T, r *relay.Registry, at roles.Moment, id byte, n *modelNode) {
	page := &protocol.Publish{ID: rolestest.Node(id), Epoch: n.epoch, Index: uint64(rapid.IntRange(1, 2).Draw(t, "index"))}
	fresh := rapid.IntRange(0, 3).Draw(t, "from 0") == 0
	if !fresh {
		page.From = n.sequence
	}
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		e := protocol.Entry{Name: rapid.SampledFrom(names).Draw(t, "name")}
		if c := rapid.IntRange(0, 3).Draw(t, "content"); c > 0 {
			e.Hash, e.Size = content(c), uint64(c)
		}
		page.Changes = append(page.Changes, e)
	}
	page.To = page.From + uint64(len(page.Changes))
	page.Latest = page.To + uint64(rapid.IntRange(0, 1).Draw(t, "more"))
	var answer protocol.Message
	for range 3 { // while it drops the earlier index, the relay says that it holds nothing yet
		answer = r.Publish(at, page)
		if p, is := answer.(*protocol.Published); !is || p.Sequence == page.To || page.From > 0 {
			break
		}
	}
	repeated := n.index == page.Index && n.sequence == page.To && page.To > page.From
	switch p, granted := answer.(*protocol.Published); {
	case n.until <= at.Now:
		if granted {
			t.Fatalf("node %d publishes without a lease", id)
		}
	case repeated: // taken for the page that came before
		n.confirmed = page.To == page.Latest
	case page.From > 0 && (n.index != page.Index || n.sequence != page.From):
		if refusal, is := answer.(*protocol.Error); !is || refusal.Code != protocol.Resync {
			t.Fatalf("a page that does not follow is answered with %v", rolestest.Say(answer))
		}
	case !granted || p.Sequence != page.To || p.Index != page.Index:
		t.Fatalf("a page up to %d is answered with %s", page.To, rolestest.Say(answer))
	default:
		if page.From == 0 && (n.index != page.Index || n.sequence > 0 || len(n.shares) > 0) {
			clear(n.shares)
		}
		for _, e := range page.Changes {
			if delete(n.shares, e.Name); !e.Hash.IsZero() {
				n.shares[e.Name] = e.Hash
			}
		}
		n.index, n.sequence, n.confirmed = page.Index, page.To, page.To == page.Latest
	}
}

func compare(t *rapid.T, r *relay.Registry, at roles.Moment, m *model) {
	limit := uint64(rapid.IntRange(1, 4).Draw(t, "limit"))
	for _, name := range names[:3] {
		holders, others := walkLocate(t, r, at, protocol.Locate{Name: name, Limit: limit})
		wantHolders, wantOthers := m.located(at.Now, name, protocol.Hash{})
		if !slices.Equal(holders, wantHolders) || !slices.Equal(others, wantOthers) {
			t.Fatalf("%s: %v, then %v; want %v, then %v", name, holders, others, wantHolders, wantOthers)
		}
	}
	for _, name := range []string{"", names[0]} {
		holders, others := walkLocate(t, r, at, protocol.Locate{Name: name, Hash: content(1), Limit: limit})
		wantHolders, wantOthers := m.located(at.Now, name, content(1))
		if !slices.Equal(holders, wantHolders) || !slices.Equal(others, wantOthers) {
			t.Fatalf("by content, under %q: %v, then %v; want %v, then %v", name, holders, others, wantHolders, wantOthers)
		}
	}
	for _, pattern := range []string{"", "dir/", "*", "a"} {
		got := walkList(t, r, at, protocol.List{Pattern: pattern, Limit: limit, Holders: 2})
		if want := m.listed(at.Now, pattern); !slices.Equal(got, want) {
			t.Fatalf("%q lists %v, want %v", pattern, got, want)
		}
	}
}
