package peer_test

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing/fstest"
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

// published runs a relay and a node that has published these files, until stop is called.
func published(files fstest.MapFS) (network transport.Network, stop func()) {
	network = transport.NewMemory()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	listener, err := network.Listen(ctx, "relay:4000")
	if err != nil {
		log.Fatal(err)
	}
	running.Go(func() { new(peer.Relay).Serve(ctx, listener) })
	share := fsshare.New(files, fsshare.Options{})
	node := peer.Node{Network: network, Relay: "relay:4000", Listen: ":5000", Share: share}
	running.Go(func() { node.Run(ctx) })
	client := peer.Client{Network: network, Relay: "relay:4000"}
	for listed := 0; listed < len(files); time.Sleep(time.Millisecond) {
		listed = 0
		for range client.List(ctx, "", false) {
			listed++
		}
	}
	return network, func() {
		cancel()
		running.Wait()
		share.Close()
	}
}

// A file is fetched from the nodes that have it.
func ExampleClient_Fetch() {
	network, stop := published(fstest.MapFS{"hello.txt": {Data: []byte("Hello from a node.")}})
	defer stop()

	client := peer.Client{Network: network, Relay: "relay:4000"}
	result := client.Fetch(context.Background(), peer.Request{Name: "hello.txt"}, os.Stdout)
	if err := result.Err(); err != nil {
		log.Fatal(err)
	}
	// Output: Hello from a node.
}

// An open file seeks, and reads no more than is asked for.
func ExampleClient_Open() {
	network, stop := published(fstest.MapFS{"hello.txt": {Data: []byte("Hello from a node.")}})
	defer stop()

	client := peer.Client{Network: network, Relay: "relay:4000"}
	file, err := client.Open(context.Background(), peer.Request{Name: "hello.txt"})
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	file.Seek(-7, io.SeekEnd)
	end, err := io.ReadAll(file)
	fmt.Printf("%s %v\n", end, err)
	// Output: a node. <nil>
}

// What nodes have published is served to browsers, which may ask for a part of a file.
func ExampleClient_FS() {
	network, stop := published(fstest.MapFS{"films/a.txt": {Data: []byte("a long film")}})
	defer stop()

	client := peer.Client{Network: network, Relay: "relay:4000"}
	files, err := client.FS(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	handler := http.FileServerFS(files)

	request := httptest.NewRequest(http.MethodGet, "/films/a.txt", nil)
	request.Header.Set("Range", "bytes=2-5")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	fmt.Println(answer.Code, answer.Body)
	// Output: 206 long
}
