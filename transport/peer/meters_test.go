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
