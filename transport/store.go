package transport

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// checkingGap is the time between two StoreChecking.
const checkingGap = time.Second

// openStore has the disk make ready for an item. As with openFile, only the machine's deadline waits for it.
func (r *run) openStore(e roles.OpenStore) {
	ctx := r.diskContext()
	r.enterDisk()
	go func() {
		defer r.leaveDisk()
		has, other, err := r.loop.store().Open(ctx, e, r.checking())
		if err != nil {
			r.post(storeFailed(e.Item, err))
			return
		}
		r.post(letter{input: roles.StoreReady{Item: e.Item, Has: has, Other: other}})
	}()
}

// checking returns what tells the machine how far the store is with verifying what is there, every now and then.
func (r *run) checking() func(done, size uint64) {
	var mu sync.Mutex
	last := time.Now()
	return func(done, size uint64) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(last) >= checkingGap {
			last = now
			r.post(letter{input: roles.StoreChecking{Done: done, Size: size}})
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

func (noStore) Receive(int, uint64) (Sink, error) { return nil, errNoStore }

func storeFailed(item int, err error) letter {
	return letter{input: roles.StoreFailed{Item: item, Text: err.Error()}}
}
