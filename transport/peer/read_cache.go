package peer

import (
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
)

// readCache keeps, in memory, the groups of a file that are being read, and the last one that came beside
// them. A group that came too late for its reader is thus still here when it is wanted again before the
// next one comes.
type readCache struct {
	news chan struct{}   // full: something has happened since it was emptied
	is   client.Identity // the content; set before the first group is wanted
	kept Cache           // nil: there is none

	mu     sync.Mutex
	window client.Range
	slots  []*slot
	asked  time.Time     // when groups were asked for while none was on its way; zero: nothing is on its way
	gap    time.Duration // between two groups that come, of late; zero: not known
}

// slot is a group in memory.
type slot struct {
	group  uint64
	size   int // bytes; 0: there is none
	buffer *transport.Buffer
	held   int // by those who read it: it stays as it is
}

func newReadCache(kept Cache) *readCache {
	return &readCache{news: make(chan struct{}, 1), kept: kept}
}

// data returns the bytes of a group.
func (s *slot) data() []byte { return s.buffer[:s.size] }

// move sets the groups to be kept. Of the others so many go that the memory is that of the window, and of one more. The
// new ones are taken from the Cache if they are there.
func (c *readCache) move(window client.Range) {
	c.mu.Lock()
	before := c.window
	c.window = window
	for at := 0; at < len(c.slots) && uint64(len(c.slots)) > max(window.Count, mostKept)+1; {
		if s := c.slots[at]; c.spare(s) {
			c.slots = slices.Delete(c.slots, at, at+1)
			transport.FreeBuffer(s.buffer)
		} else {
			at++
		}
	}
	c.mu.Unlock()
	for group := window.First; c.kept != nil && group < window.First+window.Count; group++ {
		if !covers(before, group) {
			c.recall(group)
		}
	}
}

// mostKept is how many groups a file keeps beside the last one that came, even where its window has fewer.
const mostKept = 2

// recall takes a group from the Cache.
func (c *readCache) recall(group uint64) {
	if c.find(group) != nil {
		return
	}
	buffer := transport.TakeBuffer()
	data, is := c.kept.Get(c.is.Hash, c.is.Size, group, buffer[:])
	if is && uint64(len(data)) == min(protocol.GroupSize, c.is.Size-group*protocol.GroupSize) {
		copy(buffer[:], data) // nothing moves if it is there already
		buffer = c.put(group, buffer, len(data))
	}
	if buffer != nil {
		transport.FreeBuffer(buffer)
	}
}

// look returns a group if it is here, held until release, and which ones of the window are lacking.
func (c *readCache) look(group uint64) (have *slot, lacks roles.Wanted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have = c.at(group); have != nil {
		have.held++
	}
	end := c.window.First + c.window.Count
	for lacks.First = c.window.First; lacks.First < end && c.at(lacks.First) != nil; {
		lacks.First++
	}
	lacks.Count = end - lacks.First
	for there := range lacks.Count {
		if c.at(lacks.First+there) != nil {
			lacks.Has.Add(there)
		}
	}
	return have, lacks
}

// release says that a group which look has returned is not read any more.
func (c *readCache) release(s *slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.held--
}

// find returns a group, if it is here.
func (c *readCache) find(group uint64) *slot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at(group)
}

// at returns a group, if it is here.
func (c *readCache) at(group uint64) *slot {
	for _, s := range c.slots {
		if s.group == group && s.size > 0 {
			return s
		}
	}
	return nil
}

// spare reports whether the group in a slot is neither wanted nor being read.
func (c *readCache) spare(s *slot) bool {
	return s.held == 0 && (s.size == 0 || !covers(c.window, s.group))
}

// covers reports whether a group is in a range.
func covers(r client.Range, group uint64) bool { return group >= r.First && group-r.First < r.Count }
