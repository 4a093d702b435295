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
	r.askStore(func(ctx context.Context) letter {
		has, other, err := r.loop.store().Open(ctx, e, r.checking(e.Item))
		if err != nil {
			return storeFailed(e.Item, err)
		}
		return letter{input: roles.StoreReady{Item: e.Item, Has: has, Other: other}}
	})
}

// inspectStore asks the disk what an earlier try left of an item.
func (r *run) inspectStore(e roles.InspectStore) {
	r.askStore(func(ctx context.Context) letter {
		hash, size, err := r.loop.store().Holds(ctx, e)
		if err != nil {
			return storeFailed(e.Item, err)
		}
		return letter{input: roles.StoreInspected{Item: e.Item, Hash: hash, Size: size}}
	})
}

// commitStore has the disk put items in their places.
func (r *run) commitStore(e roles.CommitStore) {
	r.askStore(func(ctx context.Context) letter {
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

// askStore asks the disk something in a goroutine of its own, and posts the answer.
func (r *run) askStore(ask func(context.Context) letter) {
	ctx := r.diskContext()
	r.enterDisk()
	go func() {
		defer r.leaveDisk()
		if l := ask(ctx); l.input != nil {
			r.post(l)
		}
	}()
}

// checking returns what tells the machine how far the store is with verifying what is there, every now and then.
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
	return hash, 0, errNoStore
}

func (noStore) Commit(context.Context, ...roles.Placement) error { return errNoStore }

func (noStore) Release(int) {}

func (noStore) Receive(int, uint64) (Sink, error) { return nil, errNoStore }

func storeFailed(item int, err error) letter {
	return letter{input: roles.StoreFailed{Item: item, Err: err}}
}
