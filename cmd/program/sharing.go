package program

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport/disk/index"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// openShare opens the folder. What becomes known of it is published, if anything is.
func (n Node) openShare(published *published) (*share.Folder, error) {
	options := share.Options{Hidden: n.Hidden, Index: n.Index, Log: n.Log}
	if published != nil {
		options.OnChange = published.change
	}
	switch n.Index {
	case "-":
		options.Index = ""
	case "":
		var err error
		if options.Index, err = index.DefaultPath(n.Folder); err != nil {
			n.Log.Warn("what is hashed is not kept for the next start: --index says where to", "why", err)
		}
	default:
		if err := checkIndex(n.Index); err != nil {
			return nil, err
		}
	}
	return share.Open(n.Folder, options)
}

// checkIndex refuses an index for which more than one folder would have to be made: that is a slip of the pen.
func checkIndex(file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	above := filepath.Dir(filepath.Dir(file))
	if info, err := os.Stat(above); err != nil || !info.IsDir() {
		return usage("--index: there is no folder %q", above)
	}
	return nil
}

// awaitIndexed says when everything has been hashed, to the relay as well: till then it must not take the node for one
// that does not have what it has not published.
func (n Node) awaitIndexed(ctx context.Context, share *share.Folder, published *published, since time.Time) {
	if share.Indexed(ctx) != nil {
		return
	}
	if published != nil {
		published.catalog.Complete(true)
		published.news()
	}
	all, known := share.Files()
	if known < all {
		n.Log.Warn("indexed; some files could not be read", "files", known, "in", roughly(time.Since(since)), "unread", all-known)
	} else {
		n.Log.Info("indexed", "files", known, "in", roughly(time.Since(since)))
	}
}

func (n Node) mirror(share *share.Folder) mirror {
	return mirror{
		client: Client{Relay: n.Relay, Sources: defaultSources, Log: n.Log},
		folder: n.Folder, share: share, hidden: n.Hidden, patterns: n.Mirror, log: n.Log,
	}
}

// published is what relays are told of a share.
type published struct {
	catalog *node.Catalog
	nudge   chan struct{}
}

func newPublished() *published {
	// Each start has a numbering of its own.
	return &published{catalog: node.NewCatalog(uint64(time.Now().UnixMicro())), nudge: make(chan struct{}, 1)}
}

// change is told by the share what a name's content is now.
func (p *published) change(name string, size uint64, hash protocol.Hash) {
	news := false
	if hash.IsZero() {
		news = p.catalog.Drop(name)
	} else {
		news = p.catalog.Set(name, size, hash)
	}
	if news {
		p.news()
	}
}

// news wakes who publishes.
func (p *published) news() {
	select {
	case p.nudge <- struct{}{}:
	default: // it has been told already
	}
}
