package transport_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// BenchmarkLocate asks a relay with 50 leases for its nodes, over a connection each, and a bare
// loop that accepts, reads, writes and closes the same bytes to the same clients.
func BenchmarkLocate(b *testing.B) {
	const leases, links, clients = 50, 4000, 16
	registry := relay.NewRegistry(relay.Policy{})
	for i := range leases {
		id := protocol.PeerID{byte(i + 1)}
		registry.Register(roles.Moment{}, relay.From{Peer: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})}, &protocol.Register{ID: id, Epoch: 1, Port: 40000})
	}
	request := protocol.Append(nil, &protocol.Locate{Name: "a file"})
	answer := protocol.Append(nil, registry.Locate(roles.Moment{Rand: 7}, relay.From{}, &protocol.Locate{}))
	ours := startRelay(b, registry)
	bare := startBare(b, func(conn *net.TCPConn) {
		var buf [4 << 10]byte
		if n, err := conn.Read(buf[:]); err != nil || n != len(request) {
			b.Errorf("%d bytes: %v", n, err)
		}
		conn.Write(answer)
	})
	locate := func(at net.Addr) float64 { return locates(b, at, request, len(answer), links, clients) }
	locate(ours)
	locate(bare)
	var figures pair
	for b.Loop() {
		figures.ours = append(figures.ours, locate(ours))
		figures.bare = append(figures.bare, locate(bare))
	}
	figures.report(b, "locates/s")
}

// startRelay serves a relay that answers from the directory, until the benchmark ends.
func startRelay(b *testing.B, directory relay.Directory) net.Addr {
	listener, err := plainTCP{}.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		relay := peer.Relay{Directory: directory}
		if err := relay.Serve(ctx, listener); err != nil {
			b.Error(err)
		}
	})
	b.Cleanup(func() {
		cancel()
		serving.Wait()
	})
	return net.TCPAddrFromAddrPort(listener.Addr())
}

// locates returns how many conversations a second that many clients complete.
func locates(b *testing.B, at net.Addr, request []byte, answer, links, clients int) float64 {
	begin := time.Now()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			buf := make([]byte, answer)
			for range links / clients {
				if err := locateOnce(at, request, buf); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(links) / time.Since(begin).Seconds()
}

func locateOnce(at net.Addr, request, buf []byte) error {
	conn, err := net.DialTCP("tcp", nil, at.(*net.TCPAddr))
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, buf); err != nil {
		return err
	}
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	if n, err := conn.Read(buf); n != 0 || err != io.EOF {
		return fmt.Errorf("%d bytes after the answer: %v", n, err)
	}
	return nil
}
