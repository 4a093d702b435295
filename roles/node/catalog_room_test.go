package node

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// heard returns the names that a relay holds which has heard all pages, and the last of these.
func heard(t *testing.T, c *Catalog, held protocol.Held) (names map[string]bool, last *protocol.Publish) {
	t.Helper()
	names = map[string]bool{}
	for range 10 {
		last = c.Page(held)
		for _, e := range last.Changes {
			if names[e.Name] = true; e.Removes() {
				delete(names, e.Name)
			}
		}
		if held = (protocol.Held{Index: last.Index, Sequence: last.To}); held == c.State() {
			return names, last
		}
	}
	t.Fatal("the pages do not end")
	return nil, nil
}

// A node with more names than its catalog has room for publishes as many as it has, and says that it
// may have more.
func TestAFullCatalogSaysSo(t *testing.T) {
	c := NewCatalog(1)
	c.most = 3
	c.Extend(roles.ExtentWhole)
	for n := range 5 {
		if news := c.Set(fmt.Sprint(n), 1, protocol.Hash{1}); news != (n < 4) {
			t.Errorf("name %d is news: %v", n, news)
		}
	}
	if c.Set("2", 1, protocol.Hash{1}) || !c.Set("2", 2, protocol.Hash{2}) {
		t.Error("a name that is there is no news, and its change is")
	}
	names, last := heard(t, c, protocol.Held{})
	if len(names) != 3 || last.Beyond != 1 || last.To != last.Latest {
		t.Errorf("%v, beyond %d, %d of %d", names, last.Beyond, last.To, last.Latest)
	}
}

// When the numbers of a numbering are used up, another begins.
func TestANumberingEnds(t *testing.T) {
	for name, change := range map[string]func(c *Catalog) bool{
		"a name comes":      func(c *Catalog) bool { return c.Set("d", 1, protocol.Hash{1}) },
		"a name is changed": func(c *Catalog) bool { return c.Set("a", 2, protocol.Hash{2}) },
		"a name is back":    func(c *Catalog) bool { return c.Set("c", 1, protocol.Hash{1}) },
		"a name goes":       func(c *Catalog) bool { return c.Drop("b") },
		"there may be more": func(c *Catalog) bool { return c.Extend(roles.ExtentSeen) },
	} {
		c := NewCatalog(1)
		for _, name := range []string{"a", "b", "c"} {
			c.Set(name, 1, protocol.Hash{1})
		}
		c.Extend(roles.ExtentWhole)
		c.Page(protocol.Held{})
		c.Drop("c")
		c.sequence = mostSequence
		held := c.State()
		if !change(c) {
			t.Fatalf("%s: that is no news", name)
		}
		is := c.State()
		names, _ := heard(t, c, held)
		if want := map[string]int{"a name comes": 3, "a name is back": 3, "a name goes": 1}[name]; is.Index != 2 || is.Sequence > 10 || len(names) != max(2, want) && len(names) != want {
			t.Errorf("%s: %v, %v", name, is, names)
		}
	}
}

// The names of a catalog take the room of those that are there, whatever has come and gone.
func TestNamesThatAreGoneLeaveTheirRoom(t *testing.T) {
	c := NewCatalog(1)
	for n := range 200_000 {
		c.Set(fmt.Sprintf("a name of some length that stands for number %d", n), 1, protocol.Hash{1})
		if n >= 100 {
			c.Drop(fmt.Sprintf("a name of some length that stands for number %d", n-100))
		}
	}
	if c.Len() != 100 || c.records.Size() > 10_000 || len(c.log) > 10_000 {
		t.Errorf("%d names in %d records, %d changes", c.Len(), c.records.Size(), len(c.log))
	}
}

// A name in a catalog takes few bytes beyond itself, however many there are.
func TestANameInACatalogTakesFewBytes(t *testing.T) {
	const names, most = 200_000, 80
	heap := func() int {
		runtime.GC()
		var is runtime.MemStats
		runtime.ReadMemStats(&is)
		return int(is.HeapAlloc)
	}
	before := heap()
	c := NewCatalog(1)
	length := 0
	for n := range names {
		name := fmt.Sprintf("folder-%04d/photo-of-%05d.jpeg", n/1000, n%1000)
		length = len(name)
		c.Set(name, 1, protocol.Hash{byte(n), byte(n >> 8), byte(n >> 16)})
	}
	each := (heap()-before)/names - length
	if t.Logf("%d bytes", each); each > most {
		t.Errorf("a name takes %d bytes beyond its own", each)
	}
	runtime.KeepAlive(c)
}
