// Package groups keeps verified chunk groups of files in a folder, between opens and between runs: it is a Cache for a
// peer.Client.
//
// Each group is a file of its own, in one of 256 folders. All of them, with what a file system needs for them, take
// no more than the bytes that the cache has: the groups that were used least recently give way first. A group is compared with
// its hash whenever it is read, so that what a disk has spoilt is never returned; nothing is synced. Writing goes
// on behind its callers, and is left out where the disk does not keep up. A disk that is full, or fails, means only that
// less is cached.
//
// One process has the folder. What others put there is left alone, and no link there is followed.
package groups

import (
	"container/list"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Least is how many bytes a cache has at least.
const Least = 4 << 20

const (
	mostQueued = 16               // groups that wait to be written: others are dropped
	touchGap   = time.Minute      // a group's file tells no more exactly when it was used
	restShare  = 3                // times as long as a group took to write nothing is written: a quarter of a processor
	sayGap     = 10 * time.Minute // between two lines on a disk that fails
)

// Cache is a folder with groups. Its methods may be called from any goroutine.
type Cache struct {
	root  *os.Root
	lock  *os.File // while it is open no other process has the folder
	log   hclog.Logger
	most  int64
	write func(file *os.File, b []byte) (int, error) // os.File.Write but in tests
	queue chan item
	stop  chan struct{} // closed by Close
	found chan struct{} // closed when what was there at the start is known
	over  chan struct{} // closed when nothing more is written

	mu     sync.Mutex
	groups map[key]*list.Element
	order  list.List // of *entry; that which was used last is the first
	bytes  int64     // of all entries, and of what could not be removed
	queued map[key]bool
	closed bool

	saying sync.Mutex
	said   time.Time // that the disk fails
}

// key names a group: by the content that it is of, with the size that this was taken to have, and by its number.
type key struct {
	hash        protocol.Hash
	size, group uint64
}

// entry is a group that is in the folder.
type entry struct {
	key
	bytes   int64     // that it takes
	touched time.Time // when it was used, as its file says
}

// item is a group that is to be written.
type item struct {
	key
	value protocol.Hash
	page  *[protocol.GroupSize]byte
	size  int
}

// pages holds memory for groups that wait.
var pages = sync.Pool{New: func() any { return new([protocol.GroupSize]byte) }}

// Open opens a cache of so many bytes in a folder, which it makes if need be. It does not wait for a look at what is
// there: until that is over there is nothing. Log may be nil.
func Open(folder string, bytes int64, log hclog.Logger) (*Cache, error) {
	if bytes < Least {
		return nil, fmt.Errorf("a cache of %d bytes is too small: it has %d at least", bytes, Least)
	}
	c, err := open(folder, bytes, log)
	if err != nil {
		return nil, err
	}
	go c.run()
	return c, nil
}

// open opens a cache that does nothing yet.
func open(folder string, bytes int64, log hclog.Logger) (*Cache, error) {
	if log == nil {
		log = hclog.NewNullLogger()
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	root, err := disk.OpenFolder(folder)
	if err != nil {
		return nil, err
	}
	lock, err := openRegular(root, lockName, os.O_RDWR|os.O_CREATE)
	if err == nil {
		err = disk.Lock(lock)
	}
	if err != nil {
		if lock != nil {
			lock.Close()
		}
		root.Close()
		return nil, fmt.Errorf("the cache in %s: %w", folder, err)
	}
	return &Cache{
		root: root, lock: lock, log: log, most: bytes - fixedBytes, write: (*os.File).Write, queue: make(chan item, mostQueued),
		stop: make(chan struct{}), found: make(chan struct{}), over: make(chan struct{}),
		groups: map[key]*list.Element{}, queued: map[key]bool{},
	}, nil
}

// Close writes what waits for that, and releases the folder. Closing again does nothing.
func (c *Cache) Close() error {
	c.mu.Lock()
	was := c.closed
	c.closed = true
	c.mu.Unlock()
	if was {
		<-c.over
		return nil
	}
	close(c.stop)
	<-c.over
	return errors.Join(c.lock.Close(), c.root.Close())
}

// Size returns how many groups there are, and how many bytes they take.
func (c *Cache) Size() (groups int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.groups), c.bytes
}

// Get returns a group, read into the buffer, which has room for one. It is what was put: if it is that no more, it is
// removed.
func (c *Cache) Get(hash protocol.Hash, size, group uint64, buffer []byte) ([]byte, bool) {
	k, now := key{hash, size, group}, time.Now()
	is, touch := c.use(k, now)
	if !is {
		return nil, false
	}
	if touch {
		c.root.Chtimes(k.name(), now, now) // where that fails it counts as older after the next start
	}
	data, err := c.read(k, buffer)
	if err != nil {
		c.drop(k, err)
		return nil, false
	}
	return data, true
}

// use notes that a group is used, if it is there, and reports whether its file is to tell so.
func (c *Cache) use(k key, now time.Time) (is, touch bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, is := c.groups[k]
	if !is || c.closed {
		return false, false
	}
	c.order.MoveToFront(at)
	e := at.Value.(*entry)
	if touch = now.Sub(e.touched) >= touchGap; touch {
		e.touched = now
	}
	return true, touch
}

// Put has a group written soon, unless it is there, or too many wait for that.
func (c *Cache) Put(hash protocol.Hash, size, group uint64, value protocol.Hash, data []byte) {
	k := key{hash, size, group}
	if len(data) == 0 || len(data) > protocol.GroupSize || !c.enqueue(k) {
		return
	}
	page := pages.Get().(*[protocol.GroupSize]byte)
	c.queue <- item{k, value, page, copy(page[:], data)} // it has room for all that are queued
}

// enqueue reports whether a group is to be written, and has a place in the queue then.
func (c *Cache) enqueue(k key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, is := c.groups[k]; is || c.closed || c.queued[k] || len(c.queued) == mostQueued {
		return false
	}
	c.queued[k] = true
	return true
}
