package relay_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// sortedPeers sorts the peers of a walk. For a content without a name it removes duplicates: a node
// that holds the content under several names may be met several times.
func sortedPeers(name string, found []string) []string {
	sort.Strings(found)
	if name == "" {
		found = slices.Compact(found)
	}
	return found
}

// walkLocate asks for all pages of a LOCATE.
func walkLocate(t fataler, r *relay.Registry, at roles.Moment, m protocol.Locate) (holders, others []string) {
	for pages := 0; ; pages++ {
		if pages > 1000 {
			t.Fatalf("the pages do not end")
		}
		located, is := r.Locate(at, relay.From{}, &m).(*protocol.Located)
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
			return sortedPeers(m.Name, holders), sortedPeers("", others)
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
		listed := r.List(at, relay.From{}, &m).(*protocol.Listed)
		for _, item := range listed.Items {
			items = append(items, fmt.Sprintf("%s %x %d %d by %d of %d", item.Name, item.Hash[:2], item.Size, item.Mark, item.Count, item.Modified))
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
