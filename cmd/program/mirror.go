package program

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// A mirror looks again after mirrorFirst, then after twice that, and so on up to mirrorMost; and after mirrorFirst again
// when it has found something.
const (
	mirrorFirst = 2 * time.Second
	mirrorMost  = 30 * time.Second
)

// mirror fetches into a shared folder what others publish under names that match, and what lies there under no such
// name yet. What is there already is never replaced.
type mirror struct {
	client   Client
	folder   string
	share    *share.Folder // of that folder
	hidden   bool          // names that start with a dot are shared, and so mirrored
	patterns []string
	log      hclog.Logger
}

// run mirrors until ctx is done.
func (m mirror) run(ctx context.Context) error {
	root, err := os.OpenRoot(m.folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for wait := mirrorFirst; ; wait = min(2*wait, mirrorMost) {
		if m.round(ctx, root) > 0 {
			wait = mirrorFirst
		}
		pause := time.NewTimer(roles.Vary(wait, 20, rand.Uint64()))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil
		}
	}
}

// round fetches what is to be had now, and returns how many files that was.
func (m mirror) round(ctx context.Context, root *os.Root) (fetched int) {
	var found []pick
	for _, pattern := range m.patterns {
		listed, failed := m.client.List(ctx, pattern, true)
		if failed != nil {
			m.log.Warn("the names could not be listed", "why", failed.Text)
			return 0
		}
		for _, one := range listed {
			if m.wants(root, one.name) {
				found = append(found, one)
			}
		}
	}
	plan := newPlan(found)
	for _, r := range plan.refused {
		m.log.Debug("passed over", "name", said(r.name), "why", r.why)
	}
	if len(plan.picks) == 0 {
		return 0
	}
	since, bytes := time.Now(), uint64(0)
	var first *task
	failed := 0
	f := filler{client: m.client, root: root, share: m.share, progress: newProgress("", nil, io.Discard)}
	for _, t := range f.fill(ctx, plan.picks) {
		switch {
		case t.done:
			fetched, bytes = fetched+1, bytes+t.size
		default:
			if failed++; first == nil {
				first = t
			}
		}
	}
	if fetched > 0 {
		m.log.Info("mirrored", "files", fetched, "bytes", bytes, "in", roughly(time.Since(since)))
	}
	if failed > 0 && ctx.Err() == nil {
		m.log.Warn("not fetched, for now", "files", failed, "first", said(first.name), "why", first.failed.Text)
	}
	return fetched
}

// wants reports whether nothing lies under a name, and what would is shared.
func (m mirror) wants(root *os.Root, name string) bool {
	if protocol.Hidden(name) && !m.hidden {
		return false
	}
	_, err := root.Lstat(name)
	return errors.Is(err, fs.ErrNotExist)
}
