package cli

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// Under load a server fills memory with garbage. The runtime keeps that memory for the next load: it
// returns only what exceeds the size at which it would collect again.

const (
	lookEvery   = 10 * time.Second
	quietBytes  = 4 << 20  // allocated between two looks: no load, however little is in use
	leastReturn = 16 << 20 // bytes; a collection for less is not worth its time
)

// ReturnMemory has the system get back, within two looks after a load is over, the memory that the program
// took for it. Each time costs a collection, and no look brings two. The returned function ends that.
func ReturnMemory(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		beat := time.NewTicker(lookEvery)
		defer beat.Stop()
		var h holding
		for {
			select {
			case <-beat.C:
				h.look()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		looking.Wait()
	}
}

// usage is the memory of a program, in bytes.
type usage struct {
	held      uint64 // of the system
	live      uint64 // in use, at the end of the last collection
	allocated uint64 // since the start, for use and garbage
}

// holding is what is known of a program's memory from one look to the next.
type holding struct {
	allocated uint64 // at the last look
	kept      uint64 // the least that it has held since the last return: so much it seems to need
}

// look returns memory if the program is quiet and holds too much.
func (h *holding) look() {
	if !h.due(readUsage()) {
		return
	}
	debug.FreeOSMemory()
	h.kept = readUsage().held
}

// due reports whether memory is to be returned: little was allocated since the last look, beside what is
// in use, and the program holds an eighth more than it kept the last time.
func (h *holding) due(now usage) bool {
	allocated := now.allocated - h.allocated
	h.allocated, h.kept = now.allocated, min(h.kept, now.held)
	return allocated <= now.live/2+quietBytes && now.held-h.kept >= max(h.kept/8, leastReturn)
}

func readUsage() usage {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(samples)
	of := func(i int) uint64 { return samples[i].Value.Uint64() }
	return usage{held: of(0) - of(1), live: of(2), allocated: of(3)}
}
