package node

import (
	"sort"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Catalog numbers the changes of what a node shares, so that relays can be told what has changed since they last heard.
// It is safe for concurrent use.
type Catalog struct {
	mu       sync.Mutex
	index    uint64
	sequence uint64 // of the latest change
	names    map[string]record
	log      []change // by sequence; the latest of each name, and some that later ones have outdated
	dropped  int      // records of names that are shared no longer
	pending  int      // records with that mark
	extent   roles.Extent
	read     bool   // a page has been made of this numbering
	fresh    uint64 // the latest change after which a relay that lacks it says of a name that nobody has it
}

// record is the latest change of a name. Without a hash and a mark, the name is shared no longer.
type record struct {
	sequence, size uint64
	hash           protocol.Hash
	mark           protocol.Mark
}

func (r record) isGone() bool { return r.hash.IsZero() && r.mark == 0 }

type change struct {
	sequence uint64
	name     string
}

// fewRecords is how many outdated changes, or gone names, are kept whatever the number of names is.
const fewRecords = 1024

// NewCatalog returns an empty catalog that is not complete. The index, above zero, names its numbering: it differs from
// the one that the node had before it was restarted, and the next numbering takes the next number.
func NewCatalog(index uint64) *Catalog {
	return &Catalog{index: max(1, index), names: map[string]record{}}
}

// Set notes that a name is shared, with a content of so many bytes. It reports whether that is news.
func (c *Catalog) Set(name string, size uint64, hash protocol.Hash) bool {
	return c.put(name, record{size: size, hash: hash})
}

// Mark notes that a name is shared and that its content is not known. It reports whether that is
// news.
func (c *Catalog) Mark(name string, size uint64, mark protocol.Mark) bool {
	return c.put(name, record{size: size, mark: mark})
}

// Change notes a change of a share: it is Set, Mark or Drop.
func (c *Catalog) Change(e protocol.Entry) bool {
	if e.Removes() {
		return c.Drop(e.Name)
	}
	return c.put(e.Name, record{size: e.Size, hash: e.Hash, mark: e.Mark})
}

func (c *Catalog) put(name string, r record) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, known := c.names[name]
	if known && old.hash == r.hash && old.size == r.size && old.mark == r.mark {
		return false
	}
	if known && old.isGone() {
		c.dropped--
	}
	c.note(name, r)
	if !known || old.isGone() {
		c.fresh = c.sequence
	}
	return true
}

// Drop notes that a name is shared no longer. It reports whether that is news.
func (c *Catalog) Drop(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, known := c.names[name]; !known || old.isGone() {
		return false
	}
	c.dropped++
	c.note(name, record{})
	if c.dropped > fewRecords+len(c.names)/2 {
		c.renumber()
	}
	return true
}

// Extend says how much of what is shared is in the catalog. As long as that is not the whole, relays are told so, and
// keep the node among those that may have anything. It reports whether that is news.
func (c *Catalog) Extend(to roles.Extent) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.extent == to {
		return false
	}
	less := to < c.extent
	c.extent = to
	if c.read {
		c.sequence++ // of no name: that is what makes a page of it
	}
	if less {
		c.fresh = c.sequence
	}
	return true
}

func (c *Catalog) note(name string, r record) {
	old, known := c.names[name]
	if old.mark == protocol.Pending {
		c.pending--
	}
	if r.mark == protocol.Pending {
		c.pending++
	}
	if known && !c.read { // nobody has heard of its number yet
		r.sequence = old.sequence
		c.names[name] = r
		return
	}
	c.sequence++
	r.sequence = c.sequence
	c.names[name] = r
	c.log = append(c.log, change{c.sequence, name})
	if len(c.log) > fewRecords+2*len(c.names) {
		c.compact()
	}
}

// compact drops the changes that later ones have outdated.
func (c *Catalog) compact() {
	kept := c.log[:0]
	for _, change := range c.log {
		if c.names[change.name].sequence == change.sequence {
			kept = append(kept, change)
		}
	}
	clear(c.log[len(kept):])
	c.log = kept
}

// renumber begins a new numbering without the names that are gone: relays hear the whole again.
func (c *Catalog) renumber() {
	c.compact()
	c.index++
	c.sequence, c.dropped, c.read = 0, 0, false
	kept := c.log[:0]
	for _, change := range c.log {
		r := c.names[change.name]
		if r.isGone() {
			delete(c.names, change.name)
			continue
		}
		c.sequence++
		r.sequence = c.sequence
		c.names[change.name] = r
		change.sequence = c.sequence
		kept = append(kept, change)
	}
	clear(c.log[len(kept):])
	c.log = kept
	c.fresh = c.sequence
}

// State returns the numbering and the number of the latest change.
func (c *Catalog) State() protocol.Held {
	c.mu.Lock()
	defer c.mu.Unlock()
	return protocol.Held{Index: c.index, Sequence: c.sequence}
}

// hurries reports whether a relay that holds so much says of a name that nobody has it, although it
// is shared.
func (c *Catalog) hurries(held protocol.Held) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return held.Index != c.index || held.Sequence < c.fresh
}

// Len returns how many names are shared.
func (c *Catalog) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.names) - c.dropped
}

// Known reports whether each name that is shared is in the catalog, and none of them is pending.
func (c *Catalog) Known() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.extent != roles.ExtentPart && c.pending == 0
}

// Page returns the next page for a relay that holds so much: without changes if that is all. Its ID and Epoch are for the
// caller to fill in.
func (c *Catalog) Page(held protocol.Held) *protocol.Publish {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = true
	page := &protocol.Publish{Index: c.index, Latest: c.sequence, Changes: []protocol.Entry{}}
	switch c.extent {
	case roles.ExtentPart:
		page.Latest++
	case roles.ExtentSeen:
		page.Beyond = 1
	}
	if held.Index == c.index && held.Sequence <= c.sequence {
		page.From = held.Sequence
	}
	page.To = page.From
	room := protocol.PublishRoom
	at := c.after(page.From)
	for ; at < len(c.log) && len(page.Changes) < protocol.MaxPage; at++ {
		change := c.log[at]
		r := c.names[change.name]
		if r.sequence != change.sequence {
			continue
		}
		e := protocol.Entry{Name: change.name, Size: r.size, Hash: r.hash, Mark: r.mark}
		if room -= e.Room(); room < 0 {
			return page
		}
		page.Changes = append(page.Changes, e)
		page.To = change.sequence
	}
	if at == len(c.log) {
		page.To = c.sequence
	}
	return page
}

// gone returns a page that leads nowhere, with names that are shared no longer: those of the changes
// behind the ones that are held, and above a number. last is the number of the last of them. It
// returns nil if there are none, or the relay holds nothing.
func (c *Catalog) gone(held protocol.Held, above uint64) (page *protocol.Publish, last uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if held.Index != c.index || held.Sequence == 0 || held.Sequence > c.sequence {
		return nil, 0
	}
	page = &protocol.Publish{Index: c.index, From: held.Sequence, To: held.Sequence, Latest: c.sequence + 1}
	if c.extent == roles.ExtentSeen {
		page.Beyond = 1
	}
	room := protocol.PublishRoom
	for at := c.after(max(held.Sequence, above)); at < len(c.log) && len(page.Changes) < protocol.MaxPage; at++ {
		change := c.log[at]
		if r := c.names[change.name]; r.sequence != change.sequence || !r.isGone() {
			continue
		}
		e := protocol.Entry{Name: change.name}
		if room -= e.Room(); room < 0 {
			break
		}
		page.Changes, last = append(page.Changes, e), change.sequence
	}
	if last == 0 {
		return nil, 0
	}
	return page, last
}

// after returns where in the log the changes above a number begin.
func (c *Catalog) after(sequence uint64) int {
	return sort.Search(len(c.log), func(i int) bool { return c.log[i].sequence > sequence })
}
