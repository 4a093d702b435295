package peer_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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

// crowd is the process of the strangers.
type crowd struct {
	cmd *exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

// startStrangers starts strangers in a process of their own, for the descriptors, and waits until all have come.
func startStrangers(t *testing.T, relay string) *crowd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestTheStrangersOfASoak$")
	cmd.Env, cmd.Stderr = append(os.Environ(), strangersAt+"="+relay), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &crowd{cmd, in, bufio.NewReader(out)}
	c.line(t)
	return c
}

func (c *crowd) line(t *testing.T) string {
	t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the strangers: %v, %q", err, line)
	}
	return strings.TrimSpace(line)
}

// stop ends the strangers, and returns what they say of themselves.
func (c *crowd) stop(t *testing.T) string {
	t.Helper()
	c.in.Close()
	line := c.line(t)
	io.Copy(io.Discard, c.out)
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("the strangers: %v", err)
	}
	return line
}

// TestTheStrangersOfASoak is the strangers' process. It ends with its input.
func TestTheStrangersOfASoak(t *testing.T) {
	relay := os.Getenv(strangersAt)
	if relay == "" {
		t.Skip("this is a part of another test")
	}
	count := strangersFor(t)
	s := &strangers{relay: relay}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range count {
		all.Go(func() { s.live(ctx, i, count) })
	}
	time.Sleep(ramp)
	fmt.Println("all have come")
	io.Copy(io.Discard, os.Stdin)
	fmt.Printf("%d, of whom %d held a link at the end, after %d links\n", count, s.holding.Load(), s.links.Load())
	cancel()
	all.Wait()
}

// strangersFor returns how many strangers the limit of descriptors allows, of those that are wanted.
func strangersFor(t *testing.T) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	return min(idleStrangers+slowStrangers, int(min(limit.Cur, 1<<20))-100)
}

type strangers struct {
	relay          string
	holding, links atomic.Int64
}

// live has one stranger come, and come again when it was sent away, from an address of its own.
func (s *strangers) live(ctx context.Context, i, count int) {
	var network transport.Network = transport.TCP{From: netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)})}
	if i%shakenOfIdle == 1 {
		network = &transport.TLS{Network: network}
	}
	pause := ramp * time.Duration(i) / time.Duration(count)
	for sleeps(ctx, pause) {
		dialling, cancel := context.WithTimeout(ctx, comeAgain)
		if conn, err := network.Dial(dialling, s.relay); err == nil {
			s.links.Add(1)
			s.holding.Add(1)
			hold(ctx, conn, i%((idleStrangers+slowStrangers)/slowStrangers) == 0)
			s.holding.Add(-1)
		}
		cancel()
		pause = comeAgain
	}
}

// hold says nothing over a link, or a byte a second, until the relay ends it.
func hold(ctx context.Context, conn transport.Conn, slow bool) {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	if !slow {
		io.Copy(io.Discard, conn)
		return
	}
	var reads sync.WaitGroup
	reads.Go(func() { io.Copy(io.Discard, conn) })
	hello := append([]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), make([]byte, 500)...)
	for _, b := range hello {
		if _, err := conn.Write([]byte{b}); err != nil || !sleeps(ctx, time.Second) {
			break
		}
	}
	conn.Close()
	reads.Wait()
}

// sleeps waits, and reports false if ctx was done before.
func sleeps(ctx context.Context, pause time.Duration) bool {
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}
