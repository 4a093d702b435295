package peer_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// gauges adds up the machines that a meter has in all states, and complains about a state with less than none.
func gauges(t *testing.T, m *peer.Meters) (sum int64) {
	for _, machine := range m.Machines() {
		for _, state := range machine.States {
			if state.Count < 0 {
				t.Errorf("%s: %d are in %s", machine.Name, state.Count, state.Name)
			}
			sum += state.Count
		}
	}
	return sum
}

// fired returns how often the rows of a table have fired.
func fired(m *peer.Meters, table string) (sum uint64) {
	for _, machine := range m.Machines() {
		for _, move := range machine.Moves {
			if machine.Name == table {
				sum += move.Fired
			}
		}
	}
	return sum
}

// TestMachinesAreCountedOutHoweverTheyEnd: conversations that end well, that are broken off by their peers at all points,
// or cut; within them proofs of addresses, renewals and waits for clients. Nobody is left at the end, and never are there
// less than none.
func TestMachinesAreCountedOutHoweverTheyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newInternet(t, &peer.Relay{})
		large := strings.Repeat("0123456789abcdef", 100_000)
		one, endOne := w.node(2, true, &peer.Node{Share: share(t, tree("a", "1", "large", large))})
		two, endTwo := w.node(3, false, &peer.Node{Share: share(t, tree("b", "2", "hidden", large))})
		meters := []*peer.Meters{w.relay.Meters(), one.Meters(), two.Meters()}
		look := func() {
			for _, m := range meters {
				gauges(t, m)
			}
		}
		for round := range byte(40) {
			w.breaks(t, 20+round, round)
			look()
			time.Sleep(time.Duration(round%7) * 13 * time.Second)
		}
		for table, m := range map[string]*peer.Meters{
			"relay.Session": meters[0], "relay.Probe": meters[0], "node.Membership": meters[1], "node.Upload": meters[1], "node.Await": meters[2],
		} {
			if fired(m, table) == 0 {
				t.Errorf("nothing happened in %s", table)
			}
		}
		if sum := gauges(t, one.Meters()); sum != 1 {
			t.Errorf("%d machines run in a node that serves nobody", sum)
		}
		idle := w.dialed(30) // the relay has to cut it
		defer idle.Close()
		w.memory.Silence(netipAt(w.at(1)), true) // two cannot say goodbye
		endTwo()
		w.memory.Silence(netipAt(w.at(1)), false)
		endOne()
		w.end()
		for i, m := range meters {
			if sum := gauges(t, m); sum != 0 || m.Totals().Links != 0 {
				t.Errorf("peer %d: %d machines are left, %d links: %+v", i, sum, m.Totals().Links, m.Machines())
			}
		}
	})
}

// TestNoStateEverHasLessThanNoMachine, whoever looks while others fetch.
func TestNoStateEverHasLessThanNoMachine(t *testing.T) {
	network, r := transport.NewMemory(), &peer.Relay{}
	at := startRelay(t, network, r)
	node := &peer.Node{Network: network, Relay: at, Share: share(t, tree("a", "1"))}
	startNode(t, node)
	var fetching sync.WaitGroup
	for range 3 {
		fetching.Go(func() {
			for range 50 {
				if r, _ := fetch(network, at, "a"); r.Outcome != client.Fetched {
					t.Errorf("%+v", r)
				}
			}
		})
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		fetching.Wait()
	}()
	for looking := true; looking; {
		select {
		case <-over:
			looking = false
		case <-time.After(pause / 5):
			gauges(t, r.Meters())
			gauges(t, node.Meters())
		}
	}
}

// dialed returns a link to the relay over which nothing is said.
func (w *internet) dialed(host byte) transport.Conn {
	w.t.Helper()
	conn, err := w.host(host).Dial(w.t.Context(), w.at(1)+":4000")
	if err != nil {
		w.t.Fatal(err)
	}
	return conn
}

// breaks has somebody begin a conversation that ends in one way or another.
func (w *internet) breaks(t *testing.T, host, way byte) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := w.client(host)
	switch way % 8 {
	case 0:
		c.Fetch(ctx, peer.Request{Name: "a"}, io.Discard)
	case 1: // in the middle of a file
		c.Fetch(ctx, peer.Request{Name: "large"}, writer(func(b []byte) (int, error) { cancel(); return len(b), nil }))
	case 2: // in the middle of a circuit
		c.Fetch(ctx, peer.Request{Name: "hidden"}, writer(func(b []byte) (int, error) { cancel(); return len(b), nil }))
	case 3:
		c.Fetch(ctx, peer.Request{Name: "b"}, io.Discard)
	case 4:
		w.dialed(host).Close()
	case 5:
		conn := w.dialed(host)
		conn.Write([]byte("no message"))
		time.Sleep(time.Second)
		conn.Close()
	case 6: // it registers where nobody answers, and is gone while that is found out
		network := w.host(host)
		w.memory.Silence(netipAt(w.at(host)), true)
		conn, err := network.Dial(ctx, w.at(1)+":4000")
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(protocol.Append(nil, &protocol.Register{ID: network.ID(), Epoch: 1, Port: 1}))
		time.Sleep(roles.ProbeTimeout / 3)
		conn.Close()
	default: // a circuit to which nobody comes
		conn := w.dialed(host)
		conn.Write(protocol.Append(nil, &protocol.Circuit{Node: protocol.PeerID{9}}))
		time.Sleep(time.Minute)
		conn.Close()
	}
}
