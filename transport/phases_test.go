package transport_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// both runs a test over real sockets, and over memory in virtual time.
func both(t *testing.T, test func(t *testing.T, network transport.Network)) {
	t.Run("TCP", func(t *testing.T) { test(t, transport.TCP{}) })
	t.Run("Memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, transport.NewMemory()) })
	})
	t.Run("TLS over TCP", func(t *testing.T) { test(t, overTLS(transport.TCP{})) })
	t.Run("TLS over Memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, overTLS(transport.NewMemory())) })
	})
}

// allGraceful ends the world and checks that each link in it had FIN from both sides.
func (w *world) allGraceful() {
	w.t.Helper()
	w.end()
	ends := w.ends()
	if ends[transport.Graceful] == 0 || len(ends) != 1 {
		w.t.Errorf("links ended so: %v", ends)
	}
	if opened := w.count(transport.Dialled) + w.count(transport.Accepted); opened != w.count(transport.Closed) {
		w.t.Errorf("%d link ends were opened and %d closed", opened, w.count(transport.Closed))
	}
}

func TestTheThreePhasesEndGracefully(t *testing.T) {
	files := folder{
		"empty":            "",
		"one byte":         "x",
		"sub/größe":        strings.Repeat("0123456789abcdef", 1<<10),
		"more than a page": strings.Repeat("relaypeer", protocol.MaxRange/9+1) + "!",
	}
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		w.join(folder{})
		w.join(folder{"other": "not this"})
		at := w.join(files)
		for name, content := range files {
			store := &heap{}
			result := w.fetch(name, store)
			if result.Outcome != client.Fetched || store.String() != content {
				t.Errorf("%s: %v, %d bytes of %d; %+v", name, result.Outcome, len(store.String()), len(content), result.Tried)
			}
			if len(content) > 0 && (len(result.From) != 1 || result.From[0].AddrPort != at) {
				t.Errorf("%s: from %v", name, result.From)
			}
		}
		w.allGraceful()
	})
}

func TestNotFoundEndsGracefully(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		w.join(folder{})
		w.join(folder{"other": "not this"})
		result := w.fetch("nowhere", &heap{})
		if result.Outcome != client.NobodyHad || len(result.Tried) != 2 {
			t.Errorf("%+v", result)
		}
		w.allGraceful()
	})
}

func TestNobodyListedEndsGracefully(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		if result := w.fetch("anything", &heap{}); result.Outcome != client.NobodyHad || len(result.Tried) != 0 {
			t.Errorf("%+v", result)
		}
		w.allGraceful()
	})
}

func TestADeadNodeIsPassedOver(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		gone, err := network.Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		w.list(gone.Addr())
		gone.Close()
		w.join(folder{"here": "content"})
		for range 8 { // the order is drawn anew each time: in one of them the dead one comes first
			store := &heap{}
			result := w.fetch("here", store)
			if result.Outcome != client.Fetched || store.String() != "content" {
				t.Errorf("%+v", result)
			}
			if len(result.Tried) == 2 && result.Tried[0].Code != protocol.Refused {
				t.Errorf("the dead node's code is %v", result.Tried[0].Code)
			}
		}
		w.allGraceful()
	})
}

func TestNoRelay(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		gone, err := network.Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		gone.Close()
		c := peer.Client{Network: network, Relay: gone.Addr().String()}
		if result := c.FetchInto(t.Context(), peer.Request{Name: "anything"}, nil); result.Outcome != client.NoRelay || result.Code != protocol.Refused {
			t.Errorf("%+v", result)
		}
	})
}
