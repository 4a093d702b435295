package peer_test

import (
	"context"
	"io"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// BenchmarkReadingInOrder compares an open file that is read from its beginning to its end with a
// Fetch from one node: it is to be at least 0.85 times as fast.
func BenchmarkReadingInOrder(b *testing.B) {
	const size = 128 << 20
	network := transport.TCP{}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	listener, err := network.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	over := make(chan error, 2)
	go func() { over <- new(peer.Relay).Serve(ctx, listener) }()
	share := fsshare.New(fstest.MapFS{"a": {Data: random(size)}}, fsshare.Options{})
	node := &peer.Node{Network: network, Relay: listener.Addr().String(), Listen: "127.0.0.1:0", Share: share}
	go func() { over <- node.Run(ctx) }()
	if _, err := node.Ready(ctx); err != nil {
		b.Fatal(err)
	}
	c := &peer.Client{Network: network, Relay: listener.Addr().String(), Sources: 1}
	fetch := func() error { return c.Fetch(ctx, peer.Request{Name: "a"}, io.Discard).Err() }
	if err := fetch(); err != nil { // it is hashed from now on
		b.Fatal(err)
	}
	b.Run("Fetch", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			if err := fetch(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Open", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			f, err := c.Open(ctx, peer.Request{Name: "a"})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, f); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
	cancel()
	<-over
	<-over
	share.Close()
}
