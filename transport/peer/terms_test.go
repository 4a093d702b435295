package peer_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// TestANodeWithTermsThatNoClientBearsDoesNotRun, and frees what it was to listen on.
func TestANodeWithTermsThatNoClientBearsDoesNotRun(t *testing.T) {
	network := transport.NewMemory()
	listener, err := network.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &peer.Node{Network: network, Relay: "127.0.0.1:1", Listener: listener, Share: share(t, tree()), Terms: node.Terms{Rate: 1}}
	if err := n.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "1 bytes a second are too few") {
		t.Errorf("%v", err)
	}
	if _, err := listener.Accept(); err == nil {
		t.Error("it still listens")
	}
}

// TestClientsWaitForABusyNode: it sends slowly, one body at a time, and each has its file.
func TestClientsWaitForABusyNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, size, clients = 64 << 10, 512 << 10, 5 // eight seconds for each
		network, text := transport.NewMemory(), strings.Repeat("busy", size/4)
		relay := startRelay(t, network, &peer.Relay{})
		s := fsshare.New(tree("a", text), fsshare.Options{})
		defer s.Close()
		startNode(t, &peer.Node{Network: network, Relay: relay, Share: s, Terms: node.Terms{Uploads: 1, Rate: rate}})
		var all sync.WaitGroup
		var mu sync.Mutex
		busy := 0
		for range clients {
			all.Go(func() {
				r, got := fetch(network, relay, "a")
				if r.Outcome != client.Fetched || got != text {
					t.Errorf("%+v", r)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, tried := range r.Tried {
					if tried.Code == protocol.Busy {
						busy++
					}
				}
			})
		}
		all.Wait()
		if busy == 0 {
			t.Error("nobody was turned away")
		}
	})
}
