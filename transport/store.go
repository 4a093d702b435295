package transport

import (
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// checkingGap is the time between two StoreChecking.
const checkingGap = time.Second

// openStore starts to open the store for an item. As with openFile, only the machine's deadline
// waits for the disk.
func (r *run) openStore(e roles.OpenStore) {
	ctx := r.diskContext()
	r.enterDisk()
	go func() {
		defer r.leaveDisk()
		has, other, err := r.loop.Store.Open(ctx, e, r.checking())
		if err != nil {
			r.post(storeFailed(e.Item, err))
			return
		}
		r.post(letter{input: roles.StoreReady{Item: e.Item, Has: has, Other: other}})
	}()
}

// checking returns the callback that reports the store's progress in verifying present content, at
// most once in checkingGap.
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

func storeFailed(item int, err error) letter {
	return letter{input: roles.StoreFailed{Item: item, Text: err.Error()}}
}
