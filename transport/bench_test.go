package transport_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// Each benchmark alternates between our implementation and a bare one and reports both, with the
// ratio of the medians: other load on the machine then affects both.

// pair holds the figures of our implementation and of the bare one.
type pair struct{ ours, bare []float64 }

func (p *pair) report(b *testing.B, unit string) {
	ours, bare := median(p.ours), median(p.bare)
	b.ReportMetric(0, "ns/op") // a round of both says nothing
	b.ReportMetric(ours, unit)
	b.ReportMetric(bare, "bare-"+unit)
	b.ReportMetric(ours/bare, "ratio")
}

func median(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// plainTCP is TCP without a congestion control that paces, which some systems have by default: over
// loopback it would dominate the result.
type plainTCP struct{ transport.TCP }

func (n plainTCP) Listen(ctx context.Context, address string) (transport.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1, Control: unpaced}
	config.SetMultipathTCP(false)
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return plainListener{l.(*net.TCPListener)}, nil
}

type plainListener struct{ *net.TCPListener }

func (l plainListener) Accept() (transport.Conn, error) { return l.AcceptTCP() }
func (l plainListener) Addr() netip.AddrPort {
	return l.TCPListener.Addr().(*net.TCPAddr).AddrPort()
}

// BenchmarkBulk fetches a large file, verified, by the machines, and by a bare sendfile and splice,
// which verify nothing. The system decides when either is written to the disk.
func BenchmarkBulk(b *testing.B) {
	const size = 512 << 20
	folder := b.TempDir()
	source := filepath.Join(folder, "shared", "large")
	makeFile(b, source, size)
	share, err := share.Open(filepath.Dir(source), share.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer share.Close()
	w := newWorld(b, plainTCP{}, 0)
	w.join(share)
	defer w.end()
	root, err := os.OpenRoot(folder)
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	bare := startBareFile(b, source)
	target := filepath.Join(folder, "target")
	ours := func() (undo func()) { return fetchToPart(b, w, "large", root) }
	theirs := func() (undo func()) { return copyToFile(b, bare, target, size) }
	compare(b, size, ours, theirs)
}

// compare reports the rates of both ways, and what they cost.
func compare(b *testing.B, size int64, ours, theirs func() (undo func())) {
	rate(size, ours)
	rate(size, theirs)
	var figures, cost pair
	for b.Loop() {
		begin := spent()
		figures.ours = append(figures.ours, rate(size, ours))
		between := spent()
		figures.bare = append(figures.bare, rate(size, theirs))
		cost.ours = append(cost.ours, (between-begin)/float64(size)*(1<<30))
		cost.bare = append(cost.bare, (spent()-between)/float64(size)*(1<<30))
	}
	figures.report(b, "MiB/s")
	b.ReportMetric(median(cost.ours), "cpu-s/GiB")
	b.ReportMetric(median(cost.bare), "bare-cpu-s/GiB")
}

// rate returns MiB/s. The time to undo a run is not counted.
func rate(size int64, run func() (undo func())) float64 {
	begin := time.Now()
	undo := run()
	took := time.Since(begin)
	undo()
	return float64(size) / (1 << 20) / took.Seconds()
}

func makeFile(b *testing.B, path string, size int64) {
	b.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i * 7)
	}
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	for range size / int64(len(block)) {
		if _, err := file.Write(block); err != nil {
			b.Fatal(err)
		}
	}
}

// uncommitted is a Part without the last step, which waits for the disk.
type uncommitted struct{ *store.Part }

func (uncommitted) Commit(context.Context, ...roles.Placement) error { return nil }

// fetchToPart fetches a file without the last step.
func fetchToPart(b *testing.B, w *world, name string, root *os.Root) (undo func()) {
	part := store.NewPart(root, "target")
	if result := w.fetch(name, uncommitted{part}); result.Outcome != client.Fetched {
		b.Fatalf("%+v", result)
	}
	return func() {
		if err := part.Discard(); err != nil {
			b.Fatal(err)
		}
	}
}

func copyToFile(b *testing.B, from net.Addr, target string, size int64) (undo func()) {
	file, err := os.Create(target)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.Dial("tcp", from.String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if n, err := io.Copy(file, conn); err != nil || n != size {
		b.Fatalf("not all arrived: %d bytes, %v", n, err)
	}
	return func() {
		file.Close()
		os.Remove(target)
	}
}

// startBareFile sends the file on each accepted link, and closes it.
func startBareFile(b *testing.B, path string) net.Addr {
	return startBare(b, func(conn *net.TCPConn) {
		file, err := os.Open(path)
		if err != nil {
			b.Error(err)
			return
		}
		defer file.Close()
		io.Copy(conn, file)
	})
}

// startBare accepts and serves each link in a goroutine, until the benchmark ends.
func startBare(b *testing.B, serve func(*net.TCPConn)) net.Addr {
	l, err := plainTCP{}.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				serve(conn.(*net.TCPConn))
			})
		}
	})
	b.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return net.TCPAddrFromAddrPort(l.Addr())
}
