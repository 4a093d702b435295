package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// sameSignal is how long after the first signal a further one counts as the same: timeout(1) sends
// one to the process and one to its group, and a shell and a user's Ctrl-C may do the same.
const sameSignal = time.Second

// interruptible returns a context that SIGINT, SIGTERM or SIGHUP ends. A signal that comes later
// than sameSignal after that ends the process at once. A signal that is ignored when the process
// starts stays ignored: nohup ignores SIGHUP, and a shell that has no job control ignores SIGINT
// for what it starts with &.
//
// SIGHUP ends nothing where it is for something else: see [OnHangUp]. There it is heard, ignored or not.
func interruptible(parent context.Context) (ctx context.Context, restore func()) {
	heeded := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			heeded = append(heeded, s)
		}
	}
	told := &hangUp{}
	ctx, cancel := context.WithCancel(context.WithValue(parent, hangUpKey{}, told))
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, heeded...)
	told.heed = func() { signal.Notify(signals, syscall.SIGHUP) }
	restore = func() {
		signal.Stop(signals)
		cancel()
	}
	go func() {
		defer cancel()
		for {
			select {
			case s := <-signals:
				if s != syscall.SIGHUP || !told.call() {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	context.AfterFunc(ctx, func() { time.AfterFunc(sameSignal, restore) })
	return ctx, restore
}

// hangUp is what SIGHUP is for.
type hangUp struct {
	mu   sync.Mutex
	do   func() // nil: it ends the program
	heed func() // has it heard although it was ignored at the start
}

type hangUpKey struct{}

func (h *hangUp) call() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.do == nil {
		return false
	}
	h.do()
	return true
}

// OnHangUp has SIGHUP call do in place of ending the program, whose context is given.
func OnHangUp(ctx context.Context, do func()) {
	if told, is := ctx.Value(hangUpKey{}).(*hangUp); is {
		told.mu.Lock()
		defer told.mu.Unlock()
		told.do = do
		told.heed()
	}
}
