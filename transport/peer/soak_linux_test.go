package peer_test

import (
	"context"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// Environment variables of the soak: the first has it run, the second has this test's program be the strangers of
// another one, at a relay.
const (
	soakWanted  = "RELAYPEER_SOAK"
	strangersAt = "RELAYPEER_SOAK_STRANGERS_AT"
)

// The strangers of the soak, and how often one that was sent away comes again.
const (
	idleStrangers = 10_000
	shakenOfIdle  = 10 // one in so many finishes its handshake, and then says nothing
	slowStrangers = 1_000
	comeAgain     = 20 * time.Second
	ramp          = 10 * time.Second // in which all come for the first time
)

// The measurement: honest peers are counted in windows. The strangers may cost half of the rate.
const (
	soakWindow  = 3 * time.Second
	soakWindows = 5
	soakTries   = 3 // a machine that others use, too, may be slow at one time and not at another
	mostCost    = 2
)

// TestStrangersTakeLittleFromTheOthers: while thousands of strangers from as many addresses hold links to a relay and say
// nothing, or a byte a second, nodes register and clients fetch. Then nothing is left of the strangers.
func TestStrangersTakeLittleFromTheOthers(t *testing.T) {
	if os.Getenv(soakWanted) == "" {
		t.Skip("this takes a minute: set " + soakWanted)
	}
	network := &transport.TLS{By: protocol.Relay}
	relay := startRelay(t, network, &peer.Relay{})
	startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t, tree("a.txt", strings.Repeat("bread ", 1000)))})
	honest(t, relay) // what is made once is there
	before := resources()
	calm := measure(t, relay)
	for try := range soakTries {
		strangers := startStrangers(t, relay)
		held := resources().files - before.files
		crowded := measure(t, relay)
		text := strangers.stop(t)
		t.Logf("a window has %d, and with strangers %d; the relay held %d links more; the strangers: %s", calm, crowded, held, text)
		enough := crowded[0]*mostCost >= calm[0] && crowded[1]*mostCost >= calm[1]
		if enough {
			break
		}
		if try == soakTries-1 {
			t.Errorf("strangers cost more than 1/%d", mostCost)
		}
		calm = measure(t, relay)
	}
	before.await(t)
}

// rates are fetches and registrations in a window.
type rates [2]int

// measure returns the medians of several windows.
func measure(t *testing.T, relay string) (median rates) {
	t.Helper()
	var all [2][]int
	for range soakWindows {
		ctx, cancel := context.WithTimeout(t.Context(), soakWindow)
		var done [2]atomic.Int64
		var both sync.WaitGroup
		for i, act := range []func(context.Context, string) bool{fetches, registers} {
			both.Go(func() {
				for ctx.Err() == nil {
					if act(ctx, relay) {
						done[i].Add(1)
					}
				}
			})
		}
		both.Wait()
		cancel()
		for i := range done {
			all[i] = append(all[i], int(done[i].Load()))
		}
	}
	for i := range all {
		slices.Sort(all[i])
		median[i] = all[i][soakWindows/2]
	}
	return median
}

// honest fails unless a client and a node are served.
func honest(t *testing.T, relay string) {
	t.Helper()
	eventually(t, "a fetch and a registration", func() bool { return fetches(t.Context(), relay) && registers(t.Context(), relay) })
}

// fetches reports whether a new client gets a file.
func fetches(ctx context.Context, relay string) bool {
	c := peer.Client{Relay: relay}
	return c.Fetch(ctx, peer.Request{Name: "a.txt"}, io.Discard).Err() == nil
}

// registers reports whether a new node is listed. It leaves again.
func registers(ctx context.Context, relay string) bool {
	n := &peer.Node{Relay: relay, Listen: "127.0.0.1:0", Share: nothing{}}
	running, end := context.WithCancel(ctx)
	var over sync.WaitGroup
	over.Go(func() { n.Run(running) })
	_, err := n.Ready(ctx)
	end()
	over.Wait()
	return err == nil
}

// nothing is a share without files.
type nothing struct{}

func (nothing) Open(context.Context, string, protocol.Hash, func(done, size uint64)) (transport.File, *protocol.Error) {
	return nil, &protocol.Error{Code: protocol.NotFound}
}

// used is what this process uses.
type used struct {
	goroutines, files int
	heap              uint64 // bytes in use
}

func resources() used {
	entries, _ := os.ReadDir("/proc/self/fd")
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return used{runtime.NumGoroutine(), len(entries), memory.HeapAlloc}
}

// await fails unless no more is used soon than was before, but for what is kept for the next ones.
func (u used) await(t *testing.T) {
	t.Helper()
	most := used{u.goroutines + 100, u.files + 50, u.heap + 32<<20}
	now := resources()
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); time.Sleep(100 * time.Millisecond) {
		if now = resources(); now.goroutines <= most.goroutines && now.files <= most.files && now.heap <= most.heap {
			t.Logf("%+v before, %+v after", u, now)
			return
		}
	}
	t.Errorf("%+v before, %+v after, and most %+v", u, now, most)
}
