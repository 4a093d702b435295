package peer

import (
	"context"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// Receive implements [transport.Store].
func (c *readCache) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) {
	return func(group uint64, value protocol.Hash, data []byte) error {
		buffer := transport.TakeBuffer()
		rest, err := c.came(group, value, buffer, copy(buffer[:], data))
		transport.FreeBuffer(rest)
		return err
	}, nil
}

// ReceiveBuffers implements [transport.Keeper].
func (c *readCache) ReceiveBuffers(int, uint64, protocol.Attributes) (transport.BufferSink, error) {
	return c.came, nil
}

// came keeps a group that a node has brought, and offers it to the Cache: first, for whoever reads it gives its buffer
// away. It implements [transport.BufferSink].
func (c *readCache) came(group uint64, value protocol.Hash, buffer *transport.Buffer, size int) (*transport.Buffer, error) {
	if c.kept != nil {
		c.kept.Put(c.is.Hash, c.is.Size, group, value, buffer[:size])
	}
	if buffer = c.put(group, buffer, size); buffer == nil {
		buffer = transport.TakeBuffer()
	}
	c.pace()
	c.wake()
	return buffer, nil
}

// put keeps a group, in the place of one that is not wanted where there is such a one. It returns the memory that is
// not used: nil if there is none.
func (c *readCache) put(group uint64, buffer *transport.Buffer, size int) (rest *transport.Buffer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at(group) != nil {
		return buffer
	}
	at := slices.IndexFunc(c.slots, c.spare)
	if at < 0 {
		at = len(c.slots)
		c.slots = append(c.slots, &slot{})
	}
	s := c.slots[at]
	rest, s.buffer = s.buffer, buffer
	s.group, s.size = group, size
	return rest
}

// awaits notes that groups are asked for.
func (c *readCache) awaits() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked.IsZero() {
		c.asked = time.Now()
	}
}

// pace notes that a group has come.
func (c *readCache) pace() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked.IsZero() { // it was asked for before its reader went elsewhere
		return
	}
	now := time.Now()
	if took := now.Sub(c.asked); c.gap == 0 {
		c.gap = took
	} else {
		c.gap += (took - c.gap) / 4
	}
	c.asked = time.Time{}
	for group := range c.window.Count {
		if c.at(c.window.First+group) == nil {
			c.asked = now
			break
		}
	}
}

// comeIn returns how many groups come in a time, by the pace of late: most if that is not known.
func (c *readCache) comeIn(span time.Duration, most uint64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gap <= 0 || span/c.gap > time.Duration(most) {
		return most
	}
	return uint64(span / c.gap)
}

// wake has the reader look again.
func (c *readCache) wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// close gives the memory back, but for what is being read.
func (c *readCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.slots {
		if s.held == 0 {
			transport.FreeBuffer(s.buffer)
		}
	}
	c.slots = nil
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
