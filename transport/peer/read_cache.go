package peer

import (
	"context"
	"slices"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
)

// readCache is the [transport.Store] of a file that is read: it keeps the groups that are being
// read, and the last one that came beside them. A group that came too late for its reader is thus
// still here when it is wanted again before the next one comes.
type readCache struct {
	news chan struct{} // full: something has happened since it was emptied

	mu     sync.Mutex
	window client.Range
	slots  [mostWanted + 1]cached
}

// mostWanted is how many groups are kept for the reader: the one that is read and the next one.
const mostWanted = 2

// cached is a group in memory.
type cached struct {
	group uint64
	data  []byte // empty: there is none; its capacity is used again
}

func newReadCache() *readCache { return &readCache{news: make(chan struct{}, 1)} }

// look sets the groups to be kept, and returns the first of them if it is here, and which ones are
// lacking. The data stay as they are until the window moves.
func (c *readCache) look(window client.Range) (data []byte, lacking client.Range) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.window = window
	end := window.First + window.Count
	for lacking.First = window.First; lacking.First < end && c.find(lacking.First) != nil; {
		lacking.First++
	}
	lacking.Count = end - lacking.First
	return c.find(window.First), lacking
}

func (c *readCache) find(group uint64) []byte {
	for _, slot := range c.slots {
		if slot.group == group && len(slot.data) > 0 {
			return slot.data
		}
	}
	return nil
}

// put keeps a group, in the place of one that is not wanted.
func (c *readCache) put(group uint64, _ protocol.Hash, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.find(group) != nil {
		return nil
	}
	at := slices.IndexFunc(c.slots[:], func(slot cached) bool {
		return len(slot.data) == 0 || slot.group < c.window.First || slot.group >= c.window.First+c.window.Count
	})
	slot := &c.slots[at] // there is one more than are wanted
	slot.group, slot.data = group, append(slot.data[:0], data...)
	c.wake()
	return nil
}

// wake has the reader look again.
func (c *readCache) wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// Receive implements [transport.Store].
func (c *readCache) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) {
	return c.put, nil
}

// Holds implements [transport.Store]; a Reader does not ask.
func (c *readCache) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

// Open implements [transport.Store]; a Reader does not ask.
func (c *readCache) Open(context.Context, roles.OpenStore, func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, nil
}

// Commit implements [transport.Store]; a Reader does not ask.
func (c *readCache) Commit(context.Context, ...roles.Placement) error { return nil }

// Release implements [transport.Store]; a Reader does not ask.
func (c *readCache) Release(int) {}
