package transport_test

import (
	"context"
	"crypto/tls"
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
	"github.com/relaypeer/relaypeer/transport"
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
	exchange := func(conn net.Conn) {
		var buf [4 << 10]byte
		if n, err := conn.Read(buf[:]); err != nil || n != len(request) {
			b.Errorf("%d bytes: %v", n, err)
		}
		conn.Write(answer)
	}
	run := func(b *testing.B, links int, ours, bare net.Addr, dial func(net.Addr) (transport.Conn, error)) {
		locate := func(at net.Addr) float64 {
			return locates(b, links, clients, func(buf []byte) error { return locateOnce(at, dial, request, buf[:len(answer)]) })
		}
		locate(ours)
		locate(bare)
		var figures pair
		for b.Loop() {
			figures.ours = append(figures.ours, locate(ours))
			figures.bare = append(figures.bare, locate(bare))
		}
		figures.report(b, "locates/s")
	}
	b.Run("plain", func(b *testing.B) {
		dial := func(at net.Addr) (transport.Conn, error) { return net.DialTCP("tcp", nil, at.(*net.TCPAddr)) }
		run(b, links, startRelay(b, registry, plainTCP{}), startBare(b, func(conn *net.TCPConn) { exchange(conn) }), dial)
	})
	b.Run("TLS", func(b *testing.B) {
		network := &transport.TLS{Network: plainTCP{}}
		server, _ := transport.Configs(network)
		bare := startBare(b, func(conn *net.TCPConn) {
			over := tls.Server(conn, server)
			exchange(over)
			over.Close()
		})
		dial := func(at net.Addr) (transport.Conn, error) { return network.Dial(context.Background(), at.String()) }
		run(b, links/4, startRelay(b, registry, network), bare, dial)
	})
}

// startRelay serves a relay that answers from the directory, until the benchmark ends.
func startRelay(b *testing.B, directory relay.Directory, network transport.Network) net.Addr {
	listener, err := network.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		relay := peer.Relay{Directory: directory, RequestRate: 1 << 30} // all clients have one id
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
func locates(b *testing.B, links, clients int, once func(buf []byte) error) float64 {
	begin := time.Now()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			var buf [64 << 10]byte
			for range links / clients {
				if err := once(buf[:]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(links) / time.Since(begin).Seconds()
}

func locateOnce(at net.Addr, dial func(net.Addr) (transport.Conn, error), request, buf []byte) error {
	conn, err := dial(at)
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
	conn.CloseWrite() // the bare loop is gone
	if n, err := conn.Read(buf); n != 0 || err != io.EOF {
		return fmt.Errorf("%d bytes after the answer: %v", n, err)
	}
	return nil
}
