package peer_test

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

//go:embed testdata/assets
var assets embed.FS

// A relay, and a node that shares what is embedded in the program, all in memory. Over sockets,
// transport.TCP{} takes the network's place.
func Example() {
	network := transport.NewMemory()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup

	listener, err := network.Listen(ctx, "relay:4000")
	if err != nil {
		log.Fatal(err)
	}
	var relay peer.Relay
	running.Go(func() { relay.Serve(ctx, listener) })

	share := fsshare.New(assets, fsshare.Options{})
	defer share.Close()
	node := peer.Node{Network: network, Relay: "relay:4000", Listen: ":5000", Share: share}
	running.Go(func() { node.Run(ctx) })

	listing, err := node.Ready(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("clients are sent to", listing.At)
	stop()
	running.Wait()
	// Output: clients are sent to 127.0.0.1:5000
}

// A node that is not listed says why.
func ExampleNode_Ready() {
	share := fsshare.New(assets, fsshare.Options{})
	defer share.Close()
	node := peer.Node{Network: transport.NewMemory(), Relay: "relay:4000", Share: share}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- node.Run(ctx) }()

	patience, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	_, err := node.Ready(patience)
	fmt.Println(errors.Is(err, peer.ErrNoRelay), errors.Is(err, protocol.Unreachable))
	stop()
	fmt.Println(<-ended)
	// Output:
	// true true
	// <nil>
}
