package node

import (
	"math"
	"sort"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/dense"
	"github.com/relaypeer/relaypeer/roles"
)

// Catalog numbers the changes of what a node shares, so that relays can be told what has changed since they last heard.
// It is safe for concurrent use. Its records hold no pointer, so that a million of them cost the garbage collector nothing.
type Catalog struct {
	mu       sync.Mutex
	index    uint64
	sequence uint64 // of the latest change
	records  dense.Slab[record]
	names    dense.Arena
	byName   dense.Table // records
	key      dense.Key   // of the names' hashes
	most     uint32      // records
	log      []change    // by sequence; the latest of each name, and some that later ones have outdated
	dropped  int         // records of names that are shared no longer
	pending  int         // records with that mark
	extent   roles.Extent
	over     bool   // there are names for which the catalog has no room
	buffer   []byte // for a name
	read     bool   // a page has been made of this numbering
	fresh    uint64 // the latest change after which a relay that lacks it says of a name that nobody has it
}

// change is the change of a record.
type change struct{ sequence, record uint32 }

// mostSequence is the number of the last change of a numbering: the next one takes another, and a record has four bytes for it.
const mostSequence = math.MaxUint32

// fewRecords is how many outdated changes, or gone names, are kept whatever the number of names is.
const fewRecords = 1024

// NewCatalog returns an empty catalog that is not complete. The index, above zero, names its numbering: it differs from
// the one that the node had before it was restarted, and the next numbering takes the next number.
func NewCatalog(index uint64) *Catalog {
	return &Catalog{index: max(1, index), most: dense.MostNumber, key: dense.NewKey(index)}
}

// UseKey draws the key of the names' hashes, so that nobody can construct names that collide. It comes before all names.
func (c *Catalog) UseKey(random uint64) { c.key = dense.NewKey(random) }

// Set notes that a name is shared, with a content of so many bytes. It reports whether that is news.
func (c *Catalog) Set(name string, size uint64, hash protocol.Hash) bool {
	return c.put(name, record{size: sized(size), hash: hash})
}

// Mark notes that a name is shared and that its content is not known. It reports whether that is
// news.
func (c *Catalog) Mark(name string, size uint64, mark protocol.Mark) bool {
	return c.put(name, record{size: sized(size), mark: mark})
}

// Change notes a change of a share: it is Set or Mark, with a date, or Drop. Another date alone is a change.
func (c *Catalog) Change(e protocol.Entry) bool {
	if e.Removes() {
		return c.Drop(e.Name)
	}
	return c.put(e.Name, record{size: sized(e.Size), hash: e.Hash, mark: e.Mark, modified: protocol.PackDate(e.Modified)})
}

func (c *Catalog) put(name string, r record) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin()
	number, known := c.find(name)
	switch {
	case !known && (c.records.Used() >= c.most || c.names.UsedUp()):
		return c.overflow()
	case !known:
		number = c.add(name)
	}
	old := c.records.At(number)
	if known && old.says(&r) {
		return false
	}
	gone := known && old.isGone()
	if gone {
		c.dropped--
	}
	c.note(number, r, known)
	if !known || gone {
		c.fresh = c.sequence
	}
	return true
}

// Drop notes that a name is shared no longer. It reports whether that is news.
func (c *Catalog) Drop(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begin()
	number, known := c.find(name)
	if !known || c.records.At(number).isGone() {
		return false
	}
	c.dropped++
	c.note(number, record{}, true)
	if c.dropped > fewRecords+int(c.records.Used())/2 {
		c.renumber()
	}
	return true
}

// find returns the record of a name.
func (c *Catalog) find(name string) (number uint32, known bool) {
	return c.byName.Find(c.hash(name), func(number uint32) bool { return string(c.nameOf(number)) == name })
}

func (c *Catalog) hash(name string) uint64 {
	c.buffer = append(c.buffer[:0], name...)
	return c.key.Hash(c.buffer)
}

func (c *Catalog) nameOf(record uint32) []byte { return c.names.At(c.records.At(record).name) }

func (c *Catalog) nameHash(record uint32) uint64 { return c.key.Hash(c.nameOf(record)) }

// add adds an empty record.
func (c *Catalog) add(name string) (number uint32) {
	c.tidy()
	number = c.records.Take()
	hash := c.hash(name)
	c.records.At(number).name = c.names.Put(c.buffer)
	c.byName.Add(hash, number, c.nameHash)
	return number
}

// remove removes a record.
func (c *Catalog) remove(number uint32) {
	c.byName.Remove(c.nameHash(number), number, c.nameHash)
	c.names.Drop(c.records.At(number).name)
	c.records.Free(number)
}

// tidy has the room of names that were removed used again.
func (c *Catalog) tidy() {
	c.names.Tidy(func(name []byte, from, to uint32) {
		number, found := c.byName.Find(c.key.Hash(name), func(number uint32) bool { return c.records.At(number).name == from })
		if found {
			c.records.At(number).name = to
		}
	})
}

// overflow notes that there are more names than the catalog can hold: relays take the node for one that has more than it
// publishes. It reports whether that is news.
func (c *Catalog) overflow() bool {
	if c.over {
		return false
	}
	c.over = true
	c.sequence++
	c.fresh = c.sequence
	return true
}

// begin begins a new numbering when the numbers are used up.
func (c *Catalog) begin() {
	if c.sequence >= mostSequence {
		c.renumber()
	}
}

// Extend says how much of what is shared is in the catalog. As long as that is not the whole, relays are told so, and
// keep the node among those that may have anything. It reports whether that is news.
func (c *Catalog) Extend(to roles.Extent) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.extent == to {
		return false
	}
	c.begin()
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

// note makes a change the latest of a record that was known before, or is empty.
func (c *Catalog) note(number uint32, now record, known bool) {
	if c.records.At(number).mark == protocol.Pending {
		c.pending--
	}
	if now.mark == protocol.Pending {
		c.pending++
	}
	numbered := known && !c.read // and nobody has heard of its number yet
	if !numbered {
		c.sequence++
	}
	r := c.records.At(number)
	r.size, r.hash, r.mark, r.modified = now.size, now.hash, now.mark, now.modified
	if numbered {
		return
	}
	r.sequence = uint32(c.sequence)
	c.log = append(c.log, change{r.sequence, number})
	if len(c.log) > fewRecords+2*int(c.records.Used()) {
		c.compact()
	}
}

// compact drops the changes that later ones have outdated.
func (c *Catalog) compact() {
	kept := c.log[:0]
	for _, change := range c.log {
		if c.records.At(change.record).sequence == change.sequence {
			kept = append(kept, change)
		}
	}
	c.log = kept
}

// renumber begins a new numbering without the names that are gone: relays hear the whole again.
func (c *Catalog) renumber() {
	c.compact()
	c.index++
	c.sequence, c.dropped, c.read = 0, 0, false
	kept := c.log[:0]
	for _, change := range c.log {
		r := c.records.At(change.record)
		if r.isGone() {
			c.remove(change.record)
			continue
		}
		c.sequence++
		r.sequence = uint32(c.sequence)
		change.sequence = r.sequence
		kept = append(kept, change)
	}
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
	return int(c.records.Used()) - c.dropped
}

// Lacks returns about how many changes a relay lacks that holds so much: a name that has changed often may
// count more than once.
func (c *Catalog) Lacks(held protocol.Held) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if held.Index != c.index || held.Sequence > c.sequence {
		held.Sequence = 0
	}
	return len(c.log) - c.after(held.Sequence)
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
	if page.Beyond = c.beyond(); c.extent == roles.ExtentPart {
		page.Latest++
	}
	if held.Index == c.index && held.Sequence <= c.sequence {
		page.From = held.Sequence
	}
	page.To = page.From
	room := protocol.PublishRoom
	at := c.after(page.From)
	for ; at < len(c.log) && len(page.Changes) < protocol.MaxPage; at++ {
		change := c.log[at]
		r := c.records.At(change.record)
		if r.sequence != change.sequence {
			continue
		}
		e := protocol.Entry{Name: string(c.names.At(r.name)), Size: r.bytes(), Hash: r.hash, Mark: r.mark, Modified: r.modified.Seconds()}
		if room -= e.Room(); room < 0 {
			return page
		}
		page.Changes = append(page.Changes, e)
		page.To = uint64(change.sequence)
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
	page = &protocol.Publish{Index: c.index, From: held.Sequence, To: held.Sequence, Latest: c.sequence + 1, Beyond: c.beyond()}
	room := protocol.PublishRoom
	for at := c.after(max(held.Sequence, above)); at < len(c.log) && len(page.Changes) < protocol.MaxPage; at++ {
		change := c.log[at]
		r := c.records.At(change.record)
		if r.sequence != change.sequence || !r.isGone() {
			continue
		}
		e := protocol.Entry{Name: string(c.names.At(r.name))}
		if room -= e.Room(); room < 0 {
			break
		}
		page.Changes, last = append(page.Changes, e), uint64(change.sequence)
	}
	if last == 0 {
		return nil, 0
	}
	return page, last
}

// beyond tells that the node may have more than it publishes, while all that it has is not on its way anyhow.
func (c *Catalog) beyond() uint8 {
	if c.extent == roles.ExtentSeen || c.over && c.extent == roles.ExtentWhole {
		return 1
	}
	return 0
}

// after returns where in the log the changes above a number begin.
func (c *Catalog) after(sequence uint64) int {
	return sort.Search(len(c.log), func(i int) bool { return uint64(c.log[i].sequence) > sequence })
}
