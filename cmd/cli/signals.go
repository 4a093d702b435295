package cli

import (
	"context"
	"os"
	"os/signal"
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
func interruptible(parent context.Context) (ctx context.Context, restore func()) {
	heeded := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			heeded = append(heeded, s)
		}
	}
	ctx, restore = signal.NotifyContext(parent, heeded...)
	context.AfterFunc(ctx, func() { time.AfterFunc(sameSignal, restore) })
	return ctx, restore
}
