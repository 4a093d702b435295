package transport_test

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// within reports whether a time is that which bytes take at a rate, give or take a fifth.
func within(took time.Duration, bytes, rate uint64) bool {
	want := time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
	return took > want*4/5 && took < want*6/5
}

// TestBodiesAreSentAtTheRateOfTheNode, and its client does not take it for dead, although a group takes it far longer
// than GroupPatience.
func TestBodiesAreSentAtTheRateOfTheNode(t *testing.T) {
	const size = protocol.GroupSize + 5
	for name, terms := range map[string]node.Terms{
		"all":       {Rate: 100_000},
		"each":      {Each: 50_000},
		"the least": {Rate: roles.LeastUploadRate},
		"both":      {Rate: 100_000, Each: 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, transport.NewMemory(), 0)
				text := strings.Repeat("rate", size/4)
				w.run(&peer.Node{Share: folder{"a": text}, Terms: terms})
				store, began := &heap{}, time.Now()
				if got := w.fetch("a", store); got.Outcome != client.Fetched || store.String() != text {
					t.Fatalf("%+v", got)
				}
				rate := terms.Rate
				if terms.Each > 0 {
					rate = terms.Each
				}
				if took := time.Since(began); !within(took, size, rate) {
					t.Errorf("%d bytes took %v at %d a second", size, took, rate)
				}
				w.end()
			})
		})
	}
}

// TestSmallBodiesAreSentAtTheRateOfTheNode however many of them are asked for ahead.
func TestSmallBodiesAreSentAtTheRateOfTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const count, size, rate = 40, 10_000, 50_000
		w := newWorld(t, transport.NewMemory(), 0)
		at := w.run(&peer.Node{Share: folder{"a": strings.Repeat("a", size)}, Terms: node.Terms{Rate: rate}})
		began := time.Now()
		conn := call(t, w.network, at, bytes.Repeat(protocol.Append(nil, &protocol.Get{Name: "a"}), count))
		for range count {
			receives(t, conn)
		}
		if took := time.Since(began); !within(took, count*size, rate) {
			t.Errorf("%d bytes took %v at %d a second", count*size, took, rate)
		}
		conn.Close()
		w.end()
	})
}

// receives reads a CONTENT and its body.
func receives(t *testing.T, conn transport.Conn) {
	t.Helper()
	head, is := hear(t, conn).(*protocol.Content)
	if !is {
		t.Fatal("no CONTENT")
	}
	if _, err := io.CopyN(io.Discard, conn, int64(head.Length)); err != nil {
		t.Fatal(err)
	}
}

// TestClientsOfOneNodeGetTheSame of its rate, whether they have one link or two.
func TestClientsOfOneNodeGetTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate = 2 << 20
		w := newWorld(t, overTLS(transport.NewMemory()), 0)
		at := w.run(&peer.Node{Share: folder{"a": strings.Repeat("a", rate)}, Terms: node.Terms{Rate: rate}})
		network := w.network.(*keyed)
		greedy, modest := network.peer(), network.peer()
		get := protocol.Append(nil, &protocol.Get{Name: "a"})
		var all sync.WaitGroup
		for range 2 {
			conn := call(t, greedy, at, bytes.Repeat(get, 20))
			all.Go(func() { io.Copy(io.Discard, conn) })
			defer conn.Close()
		}
		time.Sleep(time.Second)
		began := time.Now()
		conn := call(t, modest, at, get)
		receives(t, conn)
		if took := time.Since(began); !within(took, rate, rate/2) {
			t.Errorf("one of two clients got %d bytes in %v at %d a second", rate, took, rate)
		}
		conn.Close()
		w.leave()
		all.Wait()
		w.end()
	})
}
