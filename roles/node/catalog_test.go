package node_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// follower is a relay as a catalog sees it.
type follower struct {
	held   protocol.Held
	extent roles.Extent // as far as it was told
	names  map[string]protocol.Entry
}

func (f *follower) take(page *protocol.Publish) {
	if page.From == 0 {
		clear(f.names)
	}
	for _, e := range page.Changes {
		if delete(f.names, e.Name); !e.Removes() {
			f.names[e.Name] = e
		}
	}
	f.held = protocol.Held{Index: page.Index, Sequence: page.To}
	switch {
	case page.To < page.Latest:
		f.extent = roles.ExtentPart
	case page.Beyond > 0:
		f.extent = roles.ExtentSeen
	default:
		f.extent = roles.ExtentWhole
	}
}

func TestWhoFollowsTheCatalogHoldsWhatIsShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		catalog := node.NewCatalog(rapid.Uint64Range(0, 3).Draw(t, "index"))
		shared := map[string]protocol.Entry{}
		relays := []follower{{names: map[string]protocol.Entry{}}, {names: map[string]protocol.Entry{}}}
		for range rapid.IntRange(0, 30).Draw(t, "rounds") {
			for range rapid.IntRange(0, 400).Draw(t, "changes") { // enough for numberings to end
				name := fmt.Sprint(rapid.IntRange(0, 2000).Draw(t, "name"))
				if rapid.Bool().Draw(t, "drop") {
					catalog.Drop(name)
					delete(shared, name)
					continue
				}
				e := protocol.Entry{Name: name, Size: 1, Hash: protocol.Hash{byte(rapid.IntRange(0, 3).Draw(t, "content"))}}
				if e.Hash.IsZero() {
					e.Mark = rapid.SampledFrom([]protocol.Mark{protocol.Pending, protocol.Opaque}).Draw(t, "mark")
				}
				if news := catalog.Change(e); news != (shared[name] != e) {
					t.Fatalf("%v after %v is news: %v", e, shared[name], news)
				}
				shared[name] = e
			}
			extent := rapid.SampledFrom([]roles.Extent{roles.ExtentPart, roles.ExtentSeen, roles.ExtentWhole}).Draw(t, "extent")
			catalog.Extend(extent)
			f := &relays[rapid.IntRange(0, 1).Draw(t, "relay")]
			for pages := 0; f.held != catalog.State(); pages++ {
				if pages > 10 {
					t.Fatal("the pages do not end")
				}
				f.take(catalog.Page(f.held))
			}
			if !maps.Equal(f.names, shared) {
				t.Fatalf("a relay holds %d names, %d are shared", len(f.names), len(shared))
			}
			if f.extent != extent {
				t.Fatalf("a relay takes the extent for %v, not for %v", f.extent, extent)
			}
		}
		if catalog.Len() != len(shared) {
			t.Fatalf("%d names, want %d", catalog.Len(), len(shared))
		}
	})
}

func TestAPageFitsItsFrame(t *testing.T) {
	catalog := node.NewCatalog(1)
	for i := range 200 {
		catalog.Set(strings.Repeat("n", 250)+"/"+strings.Repeat("m", 250)+fmt.Sprint(i), 1<<60, protocol.Hash{1})
	}
	page := catalog.Page(protocol.Held{})
	page.ID, page.Epoch = config.ID, 1
	if len(page.Changes) < 100 || len(page.Changes) == 200 {
		t.Errorf("a page has %d long names", len(page.Changes))
	}
	protocol.Append(nil, page) // panics when it does not fit
}

func TestACatalogThatChangesForEverStaysSmall(t *testing.T) {
	catalog := node.NewCatalog(1)
	for i := range 100_000 {
		catalog.Set(fmt.Sprint(i), 1, protocol.Hash{1})
		catalog.Drop(fmt.Sprint(i))
		catalog.Set("one", uint64(i), protocol.Hash{1})
	}
	if state := catalog.State(); state.Index < 40 {
		t.Errorf("100,000 names came and went in %d numberings", state.Index)
	}
	if page := catalog.Page(protocol.Held{}); len(page.Changes) > protocol.MaxPage || catalog.Len() != 1 {
		t.Errorf("%d names, %d changes on a page", catalog.Len(), len(page.Changes))
	}
}

func TestANewCatalogIsNotTakenForTheWhole(t *testing.T) {
	catalog := node.NewCatalog(1)
	if page := catalog.Page(protocol.Held{}); page.Latest <= page.To {
		t.Error("an empty catalog is taken for all that is shared")
	}
	if !catalog.Extend(roles.ExtentWhole) || catalog.Extend(roles.ExtentWhole) {
		t.Error("that it is complete is news once")
	}
	if page := catalog.Page(protocol.Held{Index: 1}); page.Latest != page.To || page.To == 0 {
		t.Errorf("a relay that holds the first page is not told: %+v", page)
	}
}

// TestNothingFollowsAllChanges: a relay that holds the last change gets no other page, and one that
// says it holds more gets all of them.
func TestNothingFollowsAllChanges(t *testing.T) {
	c := sharing(3).Catalog
	all := c.Page(protocol.Held{})
	for ahead, from := range map[uint64]uint64{0: all.Latest, 1: 0} {
		page := c.Page(protocol.Held{Index: all.Index, Sequence: all.Latest + ahead})
		if page.From != from || page.To != all.Latest || len(page.Changes) != int(all.Latest-from) {
			t.Errorf("%d ahead: %d changes from %d to %d of %d", ahead, len(page.Changes), page.From, page.To, page.Latest)
		}
	}
}

func TestACatalogCountsWhatARelayLacks(t *testing.T) {
	c := node.NewCatalog(7)
	lacks := func(held protocol.Held, want int) {
		t.Helper()
		if got := c.Lacks(held); got != want {
			t.Errorf("a relay that holds %v lacks %d changes, not %d", held, got, want)
		}
	}
	lacks(protocol.Held{}, 0)
	for n := range 3 {
		c.Set(fmt.Sprint(n), 1, protocol.Hash{1})
	}
	f := &follower{names: map[string]protocol.Entry{}}
	lacks(f.held, 3)
	f.take(c.Page(f.held))
	lacks(f.held, 0)
	c.Drop("1")
	lacks(f.held, 1)
	lacks(protocol.Held{Index: 6, Sequence: f.held.Sequence}, 4)
	lacks(protocol.Held{Index: f.held.Index, Sequence: f.held.Sequence + 9}, 4)
	f.take(c.Page(f.held))
	lacks(f.held, 0)
}
