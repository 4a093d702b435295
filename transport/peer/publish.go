package peer

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
)

// moment bounds how long a node waits for its share before it registers: what a small one has is
// published with the first registration.
const moment = 500 * time.Millisecond

// catalog is what is published of a share. Nil: nothing is.
type catalog struct {
	*node.Catalog
	news  chan struct{} // full: there are changes
	known chan struct{} // closed once all that is shared has been told, with its hashes
	tell  func()        // closes known, once
}

func newCatalog() *catalog {
	c := &catalog{node.NewCatalog(uint64(time.Now().UnixMicro())), make(chan struct{}, 1), make(chan struct{}), nil}
	c.UseKey(rand.Uint64())
	c.tell = sync.OnceFunc(func() { close(c.known) })
	return c
}

// follow fills a catalog until ctx is done. It returns nil if nothing is to be published, or can be.
func (n *Node) follow(ctx context.Context, beside *sync.WaitGroup) *catalog {
	log := logger(n.Log).Named("share")
	lister, can := n.Share.(transport.Lister)
	if n.NoPublish || !can {
		log.Debug("nothing is published: the relay takes the node for one that may have anything")
		return nil
	}
	// Each start has a numbering of its own.
	c := newCatalog()
	beside.Go(func() {
		err := lister.Follow(ctx, c.change, func(to roles.Extent) { c.wake(c.Extend(to)) })
		if err != nil && ctx.Err() == nil {
			log.Warn("the share does not say any more what it has", "why", err)
			c.wake(c.Extend(roles.ExtentPart))
		}
	})
	pause := time.NewTimer(moment)
	defer pause.Stop()
	select {
	case <-c.known:
	case <-pause.C:
	case <-ctx.Done():
	}
	return c
}

// change enters a change of the share. What no entry may say is not passed on.
func (c *catalog) change(e protocol.Entry) {
	if e.Size > protocol.MaxFile {
		e = protocol.Entry{Name: e.Name}
	}
	if e.Modified >= protocol.MaxModified {
		e.Modified = 0
	}
	c.wake(c.Change(e))
}

// wake wakes the membership if there is news.
func (c *catalog) wake(news bool) {
	if c.Known() {
		c.tell()
	}
	if !news {
		return
	}
	select {
	case c.news <- struct{}{}:
	default: // it is being woken already
	}
}
