package relay_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// viewer is a registry whose overviews are looked at: node n proves the id peerN(n) and listens at port 4000+n.
type viewer struct {
	*relay.Registry
	at       roles.Moment
	epoch    uint64
	sequence map[byte]uint64
	longest  int // work of a slice
}

func newViewer(policy relay.Policy, random uint64) *viewer {
	v := &viewer{Registry: relay.NewRegistry(policy), at: roles.Moment{Rand: random}, sequence: map[byte]uint64{}}
	v.Measure(func() func(int) { return func(work int) { v.longest = max(v.longest, work) } })
	return v
}

func (v *viewer) from(node byte) relay.From {
	return relay.From{Peer: netip.AddrFrom4([4]byte{203, 0, 113, node}), ID: peerN(node)}
}

func (v *viewer) join(node byte) {
	v.epoch++
	v.Register(v.at, v.from(node), &protocol.Register{ID: peerN(node), Epoch: v.epoch, Port: 4000 + uint16(node), Publishes: 1})
	v.sequence[node] = 0
}

func (v *viewer) leave(node byte) {
	v.epoch++
	v.Leave(v.at, &protocol.Leave{ID: peerN(node), Epoch: v.epoch})
}

// publish has a node publish names, each with the content of that number.
func (v *viewer) publish(node byte, hash int, names ...string) {
	from := v.sequence[node]
	m := &protocol.Publish{ID: peerN(node), Epoch: v.epochOf(node), Index: 1, From: from, To: from + uint64(len(names)), Latest: from + uint64(len(names))}
	for _, name := range names {
		m.Changes = append(m.Changes, protocol.Entry{Name: name, Size: uint64(hash), Hash: content(hash)})
	}
	if v.Publish(v.at, m).Kind() == protocol.KindPublished {
		v.sequence[node] = m.To
	}
}

func (v *viewer) epochOf(node byte) uint64 {
	for _, l := range v.Leases(v.at.Now) {
		if l.ID == peerN(node) {
			return l.Epoch
		}
	}
	return 0
}

// peerN is the id of a node, of which 0 has one as well.
func peerN(node byte) protocol.PeerID { return protocol.PeerID{node, 1} }

func everyNode(*relay.Node) bool { return true }

// walkNodes goes through all pages of the nodes, with something in between, and returns how often each was met: the
// listed ones, and those that are not any more.
func (v *viewer) walkNodes(limit int, keeps func(*relay.Node) bool, between func()) (listed, left map[byte]int) {
	listed, left = map[byte]int{}, map[byte]int{}
	for cursor := []byte(nil); ; {
		page, next := v.Nodes(v.at, cursor, limit, keeps)
		for _, n := range page {
			if n.Left {
				left[n.ID[0]]++
			} else {
				listed[n.ID[0]]++
			}
		}
		if next == nil {
			return listed, left
		}
		cursor = next
		between()
	}
}

// TestANodeThatIsListedAllTheTimeIsMetOnce, although others come, leave and lapse from page to page.
func TestANodeThatIsListedAllTheTimeIsMetOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := newViewer(relay.Policy{}, rapid.Uint64().Draw(t, "random"))
		stay := byte(rapid.IntRange(1, 20).Draw(t, "stay"))
		for node := range stay {
			v.join(node)
		}
		between := func() {
			node := stay + rapid.Byte().Draw(t, "node")%50
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				v.join(node)
			case 1:
				v.leave(node)
			default:
				v.at.Now += roles.LeaseTTL / 4
				for node := range stay {
					v.Renew(v.at, v.from(node), &protocol.Renew{ID: peerN(node), Epoch: v.epochOf(node)})
				}
			}
		}
		for range rapid.IntRange(0, 30).Draw(t, "before") {
			between()
		}
		before := v.epoch
		listed, left := v.walkNodes(rapid.IntRange(1, 9).Draw(t, "limit"), everyNode, between)
		for node := range stay {
			if listed[node] != 1 || left[node] != 0 {
				t.Fatalf("node %d was met %d times, and %d times as one that has left; epoch %d", node, listed[node], left[node], before)
			}
		}
	})
}

// TestNodesThatHaveLeftComeLastTheLatestFirst, those whose lease has lapsed as well, and are forgotten in time.
func TestNodesThatHaveLeftComeLastTheLatestFirst(t *testing.T) {
	v := newViewer(relay.Policy{}, 1)
	v.join(1)
	v.at.Now += time.Minute
	v.join(2)
	v.join(3)
	v.leave(3)
	v.at.Now += roles.LeaseTTL - time.Second // the lease of node 1 has lapsed
	tell := func() (told string) {
		page, next := v.Nodes(v.at, nil, 10, everyNode)
		for _, n := range page {
			told += fmt.Sprintf("%d left=%v way=%s heard=%v; ", n.ID[0], n.Left, n.Way, n.Heard)
		}
		if next != nil {
			told += "more"
		}
		return told
	}
	if got, want := tell(), "2 left=false way=unproven heard=1m0s; 1 left=true way= heard=1m30s; 3 left=true way= heard=1m0s; "; got != want {
		t.Errorf("%s\nnot %s", got, want)
	}
	v.join(3)
	v.at.Now += roles.LastSeenKeep
	v.join(2)
	if got := tell(); !strings.HasPrefix(got, "2 left=false") || strings.Contains(got, "; 1 ") {
		t.Error(got)
	}
}

// TestAMadeUpCursorIsThatOfSomePage.
func TestAMadeUpCursorIsThatOfSomePage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := newViewer(relay.Policy{}, rapid.Uint64().Draw(t, "random"))
		for node := range byte(9) {
			v.join(node)
			v.publish(node, 1, "a", "b", fmt.Sprint("c", node))
		}
		v.leave(3)
		_, ours := v.Nodes(v.at, nil, 1, everyNode)
		_, files := v.Files(v.at, nil, 1, relay.NewSearch(""))
		_, holders := v.Holders(v.at, "a", protocol.Hash{}, nil, 1)
		cursor := rapid.SampledFrom([][]byte{ours, files, holders, {}}).Draw(t, "ours")
		cursor = append(slices.Clone(cursor), rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "more")...)
		if len(cursor) > 4 {
			at := rapid.IntRange(4, len(cursor)-1).Draw(t, "at")
			cursor[at] = rapid.Byte().Draw(t, "byte")
		}
		v.Nodes(v.at, cursor, 5, everyNode)
		v.Files(v.at, cursor, 5, relay.NewSearch(""))
		v.Holders(v.at, "a", protocol.Hash{}, cursor, 5)
		v.Holders(v.at, "", content(1), cursor, 5)
	})
}

// TestAFileThatIsThereAllTheTimeIsMetOnce, although other files come and go from page to page; a search finds those that
// match, and all of them.
func TestAFileThatIsThereAllTheTimeIsMetOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := newViewer(relay.Policy{}, rapid.Uint64().Draw(t, "random"))
		v.join(1)
		v.join(2)
		stay := rapid.SliceOfNDistinct(rapid.StringMatching("[a-cA-C]{1,3}"), 1, 30, func(s string) string { return s }).Draw(t, "stay")
		v.publish(1, 1, stay...)
		text := rapid.SampledFrom([]string{"", "a", "B c", "*a*", "?"}).Draw(t, "search")
		met := map[string]int{}
		limit := rapid.IntRange(1, 7).Draw(t, "limit")
		for cursor := []byte(nil); ; {
			page, next := v.Files(v.at, cursor, limit, relay.NewSearch(text))
			for _, f := range page {
				met[f.Name]++
			}
			if cursor = next; next == nil {
				break
			}
			if rapid.Bool().Draw(t, "more") {
				v.publish(2, 2, "z"+rapid.StringMatching("[a-c]{1,2}").Draw(t, "new"))
			} else {
				v.join(2) // what it has published is dropped
				v.publish(2, 2, "zz")
			}
		}
		for _, name := range stay {
			want := 0
			if relay.NewSearch(text).Match([]byte(name)) {
				want = 1
			}
			if met[name] != want {
				t.Fatalf("%q was met %d times, not %d; search %q", name, met[name], want, text)
			}
		}
	})
}

// TestASearchIsForAPatternOrForWords: for words where it is no pattern.
func TestASearchIsForAPatternOrForWords(t *testing.T) {
	for _, test := range []struct {
		text, name string
		has        bool
	}{
		{"", "anything", true},
		{"HOL sum", "photos/Summer Holidays.jpg", true},
		{"hol win", "photos/Summer Holidays.jpg", false},
		{"song [live", "Song [Live].mp3", true},
		{"*.jpg", "a.jpg", true},
		{"*.jpg", "a.JPG", false},
		{"**/*.jpg", "a/b.jpg", true},
	} {
		if got := relay.NewSearch(test.text).Match([]byte(test.name)); got != test.has {
			t.Errorf("%q in %q: %v", test.text, test.name, got)
		}
	}
}

// TestAFileTellsOfItsHoldersAndVariants, of those that are listed now.
func TestAFileTellsOfItsHoldersAndVariants(t *testing.T) {
	v := newViewer(relay.Policy{}, 1)
	for node := range byte(3) {
		v.join(node + 1)
		v.publish(node+1, 1, "same")
	}
	v.publish(1, 7, "two")
	v.publish(2, 8, "two")
	v.publish(3, 9, "alone")
	v.leave(3)
	page, next := v.Files(v.at, nil, 10, relay.NewSearch(""))
	told := ""
	for _, f := range page {
		told += fmt.Sprintf("%s %d %x holders=%d variants=%d; ", f.Name, f.Size, f.Hash[0], f.Holders, f.Variants)
	}
	if want := "same 1 1 holders=2 variants=1; two 7 7 holders=1 variants=2; two 8 8 holders=1 variants=2; "; told != want || next != nil {
		t.Errorf("%s\nnot %s", told, want)
	}
}

// TestTheHoldersOfAFileAreMetOnce: of a name, of a content, and of both.
func TestTheHoldersOfAFileAreMetOnce(t *testing.T) {
	v := newViewer(relay.Policy{}, 1)
	for node := range byte(40) {
		v.join(node + 1)
		v.publish(node+1, 1+int(node%2), "same")
		v.publish(node+1, 1, fmt.Sprint("name", node%3))
	}
	for _, test := range []struct {
		name string
		hash protocol.Hash
		want int // times that nodes are met
	}{
		{"same", protocol.Hash{}, 40}, {"same", content(2), 20}, {"", content(1), 60}, {"nothing", protocol.Hash{}, 0}, {"", protocol.Hash{}, 0}, {"", content(9), 0},
	} {
		met := map[string]int{}
		for cursor := []byte(nil); ; {
			page, next := v.Holders(v.at, test.name, test.hash, cursor, 7)
			for _, h := range page {
				met[fmt.Sprint(h.ID[0], h.Name)]++
				if !test.hash.IsZero() && h.Hash != test.hash || test.name != "" && h.Name != test.name || h.Way != relay.NodeUnproven {
					t.Errorf("%+v", h)
				}
			}
			if cursor = next; next == nil {
				break
			}
			v.Locate(v.at, relay.From{}, &protocol.Locate{Name: "same", Limit: 1}) // others ask meanwhile
		}
		for who, times := range met {
			if times != 1 {
				t.Errorf("%s was met %d times", who, times)
			}
		}
		if len(met) != test.want {
			t.Errorf("%s %x: %d are met, not %d: %v", test.name, test.hash[:1], len(met), test.want, slices.Sorted(maps.Keys(met)))
		}
	}
}
