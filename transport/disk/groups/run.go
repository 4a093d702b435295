package groups

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/transport/disk"
)

// run looks at what is there, and then writes what comes, until Close. Where it could not look at all of it,
// nothing is written, for there may be no room.
func (c *Cache) run() {
	defer close(c.over)
	if !c.scan() {
		return
	}
	close(c.found)
	for {
		select {
		case one := <-c.queue:
			begin := time.Now()
			c.take(one)
			c.rest(restShare * time.Since(begin))
		case <-c.stop:
			c.flush()
			return
		}
	}
}

// rest leaves the processor, and the disk, to whoever reads.
func (c *Cache) rest(span time.Duration) {
	over := time.NewTimer(span)
	defer over.Stop()
	select {
	case <-over.C:
	case <-c.stop:
	}
}

// flush writes what is left in the queue. A Put that has its place there will have its item there.
func (c *Cache) flush() {
	for {
		c.mu.Lock()
		left := len(c.queued)
		c.mu.Unlock()
		if left == 0 {
			return
		}
		c.take(<-c.queue)
	}
}

// take writes a group, once there is room for it, unless it is there: it may have been put before that was known.
func (c *Cache) take(one item) {
	if c.has(one.key) {
		pages.Put(one.page)
		return
	}
	e, err := &entry{one.key, takes(int64(headerSize + one.size)), time.Now()}, errFull
	if c.makeRoom(e.bytes) {
		err = c.store(one)
	}
	pages.Put(one.page)
	if err != nil {
		c.say("a group cannot be written", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.queued, one.key)
	if err == nil {
		c.groups[e.key] = c.order.PushFront(e)
		c.bytes += e.bytes
	}
}

// has reports whether a group of the queue is there, and takes it off the queue then.
func (c *Cache) has(k key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, is := c.groups[k]
	if is {
		delete(c.queued, k)
	}
	return is
}

var errFull = errors.New("files that cannot be removed take all its room")

// makeRoom removes the groups that were used least recently until there is room for so many bytes.
func (c *Cache) makeRoom(bytes int64) bool {
	for {
		c.mu.Lock()
		e, enough := (*entry)(nil), c.bytes+bytes <= c.most
		if last := c.order.Back(); !enough && last != nil {
			e = c.order.Remove(last).(*entry)
			delete(c.groups, e.key)
		}
		c.mu.Unlock()
		if e == nil {
			return enough
		}
		c.remove(e)
	}
}

// remove removes the file of an entry that is one no more. A file that stays is counted on.
func (c *Cache) remove(e *entry) {
	if err := c.root.Remove(e.name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		c.say("a group cannot be removed", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes -= e.bytes
}

// drop removes a group that cannot be read. What somebody has put in its place is left alone.
func (c *Cache) drop(k key, why error) {
	c.mu.Lock()
	at, is := c.groups[k]
	if is = is && !c.closed; is { // else it has given way to others meanwhile
		c.order.Remove(at)
		delete(c.groups, k)
	}
	c.mu.Unlock()
	switch {
	case !is:
	case errors.Is(why, errNotRegular):
		c.mu.Lock()
		c.bytes -= at.Value.(*entry).bytes
		c.mu.Unlock()
	default:
		c.remove(at.Value.(*entry))
	}
	if is && !errors.Is(why, os.ErrNotExist) {
		c.say("a group cannot be read, and is dropped", why)
	}
}

// say logs that the disk fails, once in a while.
func (c *Cache) say(what string, err error) {
	c.saying.Lock()
	defer c.saying.Unlock()
	if now := time.Now(); c.said.IsZero() || now.Sub(c.said) >= sayGap {
		c.said = now
		c.log.Warn("the cache: "+what, "error", disk.Reason(err))
	}
}

// scan takes in what an earlier run has left, in the order in which it was used, as far as there is room. It
// reports whether it came to the end.
func (c *Cache) scan() bool {
	var all []*entry
	for shard := range shards {
		select {
		case <-c.stop:
			return false
		default:
			all = c.scanShard(all, key{group: uint64(shard)}.shard())
		}
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(a.touched.Compare(b.touched), strings.Compare(a.name(), b.name()))
	})
	c.mu.Lock()
	for _, e := range all {
		c.groups[e.key] = c.order.PushFront(e)
		c.bytes += e.bytes
	}
	c.mu.Unlock()
	c.makeRoom(0)
	return true
}

// scanned is how many names of a folder are read at once.
const scanned = 256

// scanShard adds what is in a folder.
func (c *Cache) scanShard(all []*entry, shard string) []*entry {
	if is, err := c.root.Lstat(shard); err != nil || !is.IsDir() {
		return all
	}
	folder, err := c.root.Open(shard)
	if err != nil {
		c.say("a folder cannot be read", err)
		return all
	}
	defer folder.Close()
	for {
		found, err := folder.ReadDir(scanned)
		for _, one := range found {
			if e := c.scanFile(shard, one); e != nil {
				all = append(all, e)
			}
		}
		if err != nil {
			return all
		}
	}
}

// scanFile returns the group that is in a file, and removes one that was being written. Others are left alone.
func (c *Cache) scanFile(shard string, one os.DirEntry) *entry {
	name, part := strings.CutSuffix(one.Name(), unsafe)
	k, ours := keyOf(shard, name)
	if !ours || !one.Type().IsRegular() {
		return nil
	}
	if part {
		c.root.Remove(shard + "/" + one.Name())
		return nil
	}
	is, err := one.Info()
	if err != nil {
		return nil
	}
	return &entry{k, takes(is.Size()), is.ModTime()}
}
