package peer

import (
	"context"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
)

// moment is how long a node waits, before it registers, for its share to tell all that it has: a small one is published
// with the first registration.
const moment = 500 * time.Millisecond

// catalog is what the relay is told of a share. Nil: nothing is.
type catalog struct {
	*node.Catalog
	news chan struct{} // full: there are changes
}

// follow fills a catalog from the share until ctx is done, if the share can tell what it has and the relay is to know.
func (n *Node) follow(ctx context.Context, beside *sync.WaitGroup) *catalog {
	log := logger(n.Log).Named("share")
	lister, can := n.Share.(transport.Lister)
	if n.NoPublish || !can {
		log.Debug("nothing is published: the relay takes the node for one that may have anything")
		return nil
	}
	// Each start has a numbering of its own.
	c := &catalog{node.NewCatalog(uint64(time.Now().UnixMicro())), make(chan struct{}, 1)}
	complete := make(chan struct{})
	beside.Go(func() {
		err := lister.Follow(ctx, c.change, sync.OnceFunc(func() {
			c.tell(c.Complete(true))
			close(complete)
		}))
		if err != nil && ctx.Err() == nil {
			log.Warn("the share does not tell any more what it has", "why", err)
		}
	})
	pause := time.NewTimer(moment)
	defer pause.Stop()
	select {
	case <-complete:
	case <-pause.C:
	case <-ctx.Done():
	}
	return c
}

// change takes a change of the share.
func (c *catalog) change(e protocol.Entry) {
	if e.Hash.IsZero() {
		c.tell(c.Drop(e.Name))
	} else {
		c.tell(c.Set(e.Name, e.Size, e.Hash))
	}
}

// tell wakes the membership if there is news.
func (c *catalog) tell(news bool) {
	if !news {
		return
	}
	select {
	case c.news <- struct{}{}:
	default: // it has been told already
	}
}
