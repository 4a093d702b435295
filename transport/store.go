package transport

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// checkingGap is the time between two StoreChecking.
const checkingGap = time.Second

// openStore starts to open the store for an item. As with openFile, only the machine's deadline
// waits for the disk.
func (r *run) openStore(e roles.OpenStore) {
	r.askStore([]int{e.Item}, func(ctx context.Context) letter {
		has, other, err := r.loop.store().Open(ctx, e, r.checking(e.Item))
		if err != nil {
			return storeFailed(e.Item, err)
		}
		return letter{input: roles.StoreReady{Item: e.Item, Has: has, Other: other}}
	})
}

// inspectStore asks the store what an earlier try left of an item.
func (r *run) inspectStore(e roles.InspectStore) {
	r.askStore([]int{e.Item}, func(ctx context.Context) letter {
		hash, size, err := r.loop.store().Holds(ctx, e)
		if err != nil {
			return storeFailed(e.Item, err)
		}
		return letter{input: roles.StoreInspected{Item: e.Item, Hash: hash, Size: size}}
	})
}

// commitStore has the store put items in their places.
func (r *run) commitStore(e roles.CommitStore) {
	items := make([]int, len(e.Items))
	for i, item := range e.Items {
		items[i] = item.Item
	}
	r.askStore(items, func(ctx context.Context) letter {
		err := r.loop.store().Commit(ctx, e.Items...)
		var some Misplaced
		partly := errors.As(err, &some)
		placed := make([]roles.Placed, len(e.Items))
		for i, item := range e.Items {
			placed[i] = roles.Placed{Item: item.Item, Err: err}
			if partly {
				placed[i].Err = some[item.Item]
			}
		}
		return letter{input: roles.StoreCommitted{Items: placed}}
	})
}

// releaseStore has the store close what it holds open of an item.
func (r *run) releaseStore(e roles.ReleaseStore) {
	r.askStore([]int{e.Item}, func(context.Context) letter {
		r.loop.store().Release(e.Item)
		return letter{}
	})
}

// askStore sends a request about items to the store, in a goroutine of its own, and posts the
// answer, unless it is empty. The requests about one item go one after the other, in their order: a
// machine cannot wait for a ReleaseStore, which has no answer.
func (r *run) askStore(items []int, ask func(context.Context) letter) {
	ctx := r.diskContext()
	before, done := r.lineUp(items)
	r.enterDisk()
	go func() {
		defer r.leaveDisk()
		for _, earlier := range before {
			<-earlier
		}
		l := ask(ctx)
		r.dequeue(items, done)
		if l.input != nil {
			r.post(l)
		}
	}()
}

// lineUp puts a request about items behind the earlier ones about any of them. It returns channels:
// before are closed when those are answered, done is for the caller to close, with dequeue.
func (r *run) lineUp(items []int) (before []chan struct{}, done chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked == nil {
		r.asked = map[int]chan struct{}{}
	}
	done = make(chan struct{})
	for _, item := range items {
		if earlier := r.asked[item]; earlier != nil && earlier != done {
			before = append(before, earlier)
		}
		r.asked[item] = done
	}
	return before, done
}

// dequeue lets the next requests about these items go.
func (r *run) dequeue(items []int, done chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(done)
	for _, item := range items {
		if r.asked[item] == done {
			delete(r.asked, item)
		}
	}
}

// checking returns the callback that reports the store's progress in verifying present content, at
// most once in checkingGap.
func (r *run) checking(item int) func(done, size uint64) {
	var mu sync.Mutex
	last := time.Now()
	return func(done, size uint64) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(last) >= checkingGap {
			last = now
			r.post(letter{input: roles.StoreChecking{Item: item, Done: done, Size: size}})
		}
	}
}

// store returns where content goes.
func (l *Loop) store() Store {
	if l.Store == nil {
		return noStore{}
	}
	return l.Store
}

// noStore takes the place of a Store that is nil.
type noStore struct{}

var errNoStore = errors.New("there is no store to put it into")

func (noStore) Open(context.Context, roles.OpenStore, func(done, size uint64)) (roles.Groups, bool, error) {
	return nil, false, errNoStore
}

func (noStore) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

func (noStore) Commit(context.Context, ...roles.Placement) error { return errNoStore }

func (noStore) Release(int) {}

func (noStore) Receive(int, uint64, protocol.Attributes) (Sink, error) { return nil, errNoStore }

func storeFailed(item int, err error) letter {
	return letter{input: roles.StoreFailed{Item: item, Err: err}}
}
