package program

import (
	"context"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

const (
	fewAtOnce = 4  // files of some groups that are fetched side by side
	bigGroups = 64 // groups from which on a file is fetched alone, from several nodes
	hopeless  = 8  // files in a row that the same nodes could not deliver, before the rest of theirs is given up
)

// filler fetches many files into one folder, each under its own name.
type filler struct {
	client   Client
	root     *os.Root
	progress *progress
	watch    func(outcome roles.Outcome) // of each fetch of a single file; may be nil
	share    *share.Folder               // of that folder; nil: it is not shared

	mu    sync.Mutex
	bad   map[string]int // failures in a row, by the nodes that should have delivered
	stays int            // files of which a part stays
}

// fill fetches what it can, and returns a task for each pick.
func (f *filler) fill(ctx context.Context, picks []pick) []*task {
	f.bad = map[string]int{}
	tasks := make([]*task, len(picks))
	var hauled, middle, alone []*task
	for i, one := range picks {
		t := &task{pick: one}
		tasks[i] = t
		switch groups := protocol.Groups(one.size); {
		case groups >= bigGroups:
			alone = append(alone, t)
		case groups > 1 || one.hash.IsZero():
			middle = append(middle, t)
		case groups == 0 && one.hash != emptyHash: // whoever says so is wrong about one of them
			middle = append(middle, t)
		default:
			hauled = append(hauled, t)
		}
	}
	g := gathering{client: f.client, tasks: hauled, root: f.root, arrive: func(t *task) { f.progress.had(t.size, 1) }, watch: f.watch}
	g.gather(ctx)
	for _, t := range hauled {
		if !t.done && t.failed == nil {
			middle = append(middle, t)
		}
	}
	f.each(ctx, middle, fewAtOnce)
	f.each(ctx, alone, 1)
	return tasks
}

// each fetches files one by one, a few side by side.
func (f *filler) each(ctx context.Context, tasks []*task, atOnce int) {
	var fetching errgroup.Group
	fetching.SetLimit(atOnce)
	for _, t := range tasks {
		fetching.Go(func() error {
			f.one(ctx, t)
			return nil
		})
	}
	fetching.Wait()
}

// one fetches a file by itself: the content that was published, or, if that is gone, what is there now.
func (f *filler) one(ctx context.Context, t *task) {
	if ctx.Err() != nil {
		t.failed = &Failure{ExitInterrupted, "interrupted"}
		return
	}
	nodes := fmt.Sprint(t.holders)
	f.mu.Lock()
	given := f.bad[nodes]
	f.mu.Unlock()
	if given >= hopeless && len(t.holders) > 0 {
		t.failed = &Failure{ExitFailure, fmt.Sprintf("given up: %d other files of the same nodes could not be fetched", given)}
		return
	}
	r := f.fetch(ctx, client.Request{Name: t.name, Hash: t.hash}, t)
	if t.failed != nil && !t.hash.IsZero() && replaced(r) {
		r = f.fetch(ctx, client.Request{Name: t.name}, t)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case t.failed == nil:
		f.bad[nodes] = 0
		t.done, t.size, t.here = true, r.Size, r.Size > 0 && r.Kept == r.Size
	case t.failed.Code == ExitNobodyHas || t.failed.Code == ExitInterrupted:
	case r.Outcome == client.Fetched || r.Outcome == client.DiskFailed: // it is our disk that failed
	default:
		f.bad[nodes]++
	}
}

// fetch fetches a task's file to its place.
func (f *filler) fetch(ctx context.Context, wish client.Request, t *task) client.Result {
	part := store.NewPart(f.root, t.name)
	if f.share != nil {
		part.OnCommit(f.share.Learn)
	}
	here := uint64(0)
	r := f.client.Fetch(ctx, wish, part, func(outcome roles.Outcome) {
		switch o := outcome.(type) {
		case client.Begun:
			if t.size == 0 { // nobody has published it
				f.progress.more(o.Size, 0)
			}
			here = o.Kept
			f.progress.had(o.Kept, 0)
		case client.Had:
			here += o.Bytes
			f.progress.had(o.Bytes, 0)
		}
		if f.watch != nil {
			f.watch(outcome)
		}
	})
	t.failed = failure(f.client.Relay, wish, r)
	if err := part.Close(); err != nil && t.failed == nil {
		t.failed = diskFailure(err)
	}
	switch {
	case t.failed == nil:
		f.progress.had(0, 1)
	case here > 0:
		f.mu.Lock()
		f.stays++
		f.mu.Unlock()
	}
	return r
}

var emptyHash, _ = content.Build(nil)

// replaced reports whether a node had the file with another content than the one that was published.
func replaced(r client.Result) bool {
	for _, tried := range r.Tried {
		if tried.Code == protocol.Changed || tried.Code == protocol.Variant {
			return true
		}
	}
	return r.Outcome == client.NobodyHad
}
