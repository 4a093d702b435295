package peer_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/transport"
)

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
