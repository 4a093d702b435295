package groups

import (
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
)

// OpenWriting opens a cache that writes in another way.
func OpenWriting(folder string, bytes int64, log hclog.Logger, write func(file *os.File, b []byte) (int, error)) (*Cache, error) {
	c, err := open(folder, bytes, log)
	if err != nil {
		return nil, err
	}
	c.write = write
	go c.run()
	return c, nil
}

// OpenAfter opens a cache that looks at what is there once a function has returned.
func OpenAfter(folder string, bytes int64, first func(c *Cache)) (*Cache, error) {
	c, err := open(folder, bytes, nil)
	if err != nil {
		return nil, err
	}
	first(c)
	go c.run()
	return c, nil
}

// Await waits until what was there at the start is known, and what was put is written.
func (c *Cache) Await() {
	for <-c.found; ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		left := len(c.queued)
		c.mu.Unlock()
		if left == 0 {
			return
		}
	}
}

// The bounds.
const (
	FixedBytes = fixedBytes
	MostQueued = mostQueued
)
