package peer_test

import (
	"bytes"
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

// TestMetersCountMessagesBytesAndLinks, of bodies of all sizes, and refusals by their codes.
func TestMetersCountMessagesBytesAndLinks(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		relay := &peer.Relay{}
		at := startRelay(t, network, relay)
		large := strings.Repeat("0123456789abcdef", 200_000)
		node := &peer.Node{Network: network, Relay: at, Listen: "127.0.0.1:0", Share: share(t, tree("small", "1", "large", large))}
		end := startNode(t, node)
		awaitPublished(t, &peer.Client{Network: network, Relay: at}, 1)
		for _, name := range []string{"small", "large"} {
			if r, _ := fetch(network, at, name); r.Outcome != client.Fetched {
				t.Fatalf("%+v", r)
			}
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		of, at2 := relay.Meters().Totals(), node.Meters().Totals()
		if of.Heard[protocol.KindRegister] != 1 || of.Heard[protocol.KindLeave] != 1 || of.Heard[protocol.KindPublish] == 0 || of.Heard[protocol.KindLocate] < 3 ||
			of.Sent+of.Received+of.Spliced != 0 || of.LinksEver < 4 {
			t.Errorf("the relay: %+v", of)
		}
		if at2.Heard[protocol.KindGet] < 2 || at2.Sent != uint64(len(large)+1) || at2.Received+at2.Spliced != 0 || at2.Links != 0 || at2.LinksEver < 2 || at2.Heard[protocol.KindRegistered] != 1 {
			t.Errorf("the node: %+v", at2)
		}
		if _, err := io.WriteString(dial(t, network, at), "no message of this protocol, whatever comes"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the refusal is counted", func() bool { return len(relay.Meters().Totals().Errors) == 1 })
	})
}

// dial connects to an address until the test ends.
func dial(t *testing.T, network transport.Network, at string) transport.Conn {
	t.Helper()
	conn, err := another(network).Dial(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestTheHistoryHasTheLastHourInSteps: what happens in a step counts there, a long body as its bytes pass, and what
// is older than an hour is gone.
func TestTheHistoryHasTheLastHourInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, r := transport.NewMemory(), &peer.Relay{}
		if h := r.Meters().History(); len(h.Series) != 5 || len(h.Series[0].Values) != peer.HistorySteps {
			t.Errorf("before it serves: %+v", h)
		}
		began := time.Now()
		at := startRelay(t, network, r)
		series := func(name string) []uint64 {
			for _, one := range r.Meters().History().Series {
				if one.Name == name {
					return one.Values
				}
			}
			return nil
		}
		locate := func() {
			if r, _ := fetch(network, at, "nothing"); r.Outcome != client.NobodyHad {
				t.Errorf("%+v", r)
			}
		}
		time.Sleep(3 * time.Second)
		locate()
		locate()
		time.Sleep(peer.HistoryStep)
		locate()
		time.Sleep(2 * peer.HistoryStep)
		if got := series(peer.SeriesLocates); got[peer.HistorySteps-3] != 2 || got[peer.HistorySteps-2] != 1 || got[peer.HistorySteps-1] != 0 || got[0] != 0 {
			t.Errorf("%v", got[peer.HistorySteps-5:])
		}
		if h := r.Meters().History(); h.End.Sub(began)%peer.HistoryStep != 0 || time.Since(h.End) != 3*time.Second || h.Step != peer.HistoryStep {
			t.Errorf("%v", h.End.Sub(began))
		}
		dial(t, network, at).Write(bytes.Repeat([]byte("no"), 100))
		time.Sleep((peer.HistorySteps - 3) * peer.HistoryStep)
		if got := series(peer.SeriesLocates); got[0] != 2 || got[1] != 1 {
			t.Errorf("%v", got[:5])
		}
		if got := series(peer.SeriesErrors + "malformed"); got == nil || got[2] != 0 || got[3] != 1 {
			t.Errorf("%v, %+v", got, r.Meters().Totals())
		}
		time.Sleep(2 * peer.HistoryStep)
		if got := series(peer.SeriesLocates); got[0] != 0 || got[1] != 0 {
			t.Errorf("%v", got[:5])
		}
		locate()
		time.Sleep(3 * time.Hour)
		for i, value := range series(peer.SeriesLocates) {
			if value != 0 {
				t.Errorf("step %d of the last hour has %d", i, value)
			}
		}
		locate()
		time.Sleep(2 * peer.HistoryStep)
		if got := series(peer.SeriesLocates); got[peer.HistorySteps-2] != 1 || got[peer.HistorySteps-1]+got[peer.HistorySteps-3] != 0 {
			t.Errorf("after a rest: %v", got[peer.HistorySteps-5:])
		}
	})
}

// TestASlowBodyIsCountedAsItPasses, and not at its end.
func TestASlowBodyIsCountedAsItPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		at := startRelay(t, network, &peer.Relay{})
		const size, rate = 12 << 20, 128 << 10
		node := &peer.Node{Network: network, Relay: at, Share: share(t, tree("large", strings.Repeat("0123456789abcdef", size/16)))}
		node.Terms.Rate = rate
		startNode(t, node)
		ctx, cancel := context.WithCancel(t.Context())
		var fetching sync.WaitGroup
		fetching.Go(func() {
			(&peer.Client{Network: network, Relay: at, Sources: 1}).Fetch(ctx, peer.Request{Name: "large"}, io.Discard)
		})
		time.Sleep(peer.HistoryStep * 4)
		for _, one := range node.Meters().History().Series {
			if one.Name == peer.SeriesBytes {
				for _, value := range one.Values[peer.HistorySteps-3:] {
					if value < rate*8 || value > rate*12 {
						t.Errorf("%d bytes in a step", value)
					}
				}
			}
		}
		cancel()
		fetching.Wait()
	})
}

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
