package peer_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// valve is a writer that takes so many bytes, and then waits for more room.
type valve struct {
	mu     sync.Mutex
	change sync.Cond
	room   int
}

func newValve() *valve {
	v := &valve{}
	v.change.L = &v.mu
	return v
}

func (v *valve) Write(b []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.room < len(b) {
		v.change.Wait()
	}
	v.room -= len(b)
	return len(b), nil
}

func (v *valve) open(room int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.room += room
	v.change.Broadcast()
}

func TestALongUploadIsSeenWithGrowingBytesWhileItRuns(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		const size = 96 << 20
		relay := startRelay(t, network, &peer.Relay{})
		n := &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t, fstest.MapFS{"film": {Data: make([]byte, size)}})}
		startNode(t, n)
		taken := newValve()
		fetched := make(chan error, 1)
		c := peer.Client{Network: network, Relay: relay, Sources: 1}
		go func() { fetched <- c.Fetch(context.Background(), peer.Request{Name: "film"}, taken).Err() }()
		defer taken.open(size)
		at, u, limits := uint64(0), peer.UploadNow{}, peer.NodeLimits{}
		grows := func(by uint64) {
			t.Helper()
			eventually(t, "the upload goes on", func() bool {
				n.RecentUploads()
				now := n.Uploads()
				if len(now) != 1 || now[0].Phase != peer.PhaseSending || now[0].Sent < at+by || now[0].Sent >= size {
					return false
				}
				at, u, limits = now[0].Sent, now[0], n.Overview().Limits
				return limits.Uploads == 1 && limits.Sent >= at
			})
		}
		grows(1)
		if u.Name != "film" || u.Size != size || u.Hash.IsZero() || u.Way != peer.UploadDirect || u.Rate == 0 || time.Since(u.Since) > patience {
			t.Errorf("%+v", u)
		}
		if _, is := network.(*transport.TLS); is == u.Peer.IsZero() || !u.Address.Addr().IsLoopback() {
			t.Errorf("it goes to %s at %s", u.Peer, u.Address)
		}
		if limits.Links == 0 || limits.MaxUploads == 0 || limits.Requests == 0 || limits.Rate == 0 {
			t.Errorf("%+v", limits)
		}
		taken.open(40 << 20)
		grows(20 << 20)
		taken.open(size)
		if err := <-fetched; err != nil {
			t.Fatal(err)
		}
		eventually(t, "the upload is over", func() bool { return len(n.Uploads()) == 0 })
		sent := uint64(0)
		for _, u := range n.RecentUploads() {
			if u.Tree {
				continue
			}
			if sent += u.Sent; u.End != peer.EndSent || u.Name != "film" || u.Ended.Before(u.Since) {
				t.Errorf("%+v", u)
			}
		}
		if sent != size || n.Overview().Limits.Sent != size {
			t.Errorf("%d bytes were sent, %d in all", sent, n.Overview().Limits.Sent)
		}
	})
}

func TestAnUploadWaitsForItsTurnInSight(t *testing.T) {
	network := transport.NewMemory()
	relay := startRelay(t, network, &peer.Relay{})
	n := &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t, fstest.MapFS{"film": {Data: make([]byte, 8<<20)}})}
	n.Terms.Uploads = 1
	startNode(t, n)
	taken, fetched := newValve(), make(chan error, 2)
	for range 2 {
		c := peer.Client{Network: network, Relay: relay, Sources: 1}
		go func() { fetched <- c.Fetch(context.Background(), peer.Request{Name: "film"}, taken).Err() }()
	}
	defer taken.open(32 << 20)
	eventually(t, "one is sent and one waits", func() bool {
		phases := []peer.UploadPhase{}
		for _, u := range n.Uploads() {
			phases = append(phases, u.Phase)
		}
		slices.Sort(phases)
		return slices.Equal(phases, []peer.UploadPhase{peer.PhaseSending, peer.PhaseWaiting}) && n.Overview().Limits.Waiting == 1
	})
	taken.open(32 << 20)
	for range 2 {
		if err := <-fetched; err != nil {
			t.Error(err)
		}
	}
}

// slowly is a share that hashes until that is over, and then has no file.
type slowly struct {
	transport.Share
	over chan struct{}
}

func (s slowly) Open(ctx context.Context, name string, _ protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	hashing(5, 9)
	select {
	case <-s.over:
	case <-ctx.Done():
	}
	return nil, &protocol.Error{Code: protocol.NotFound}
}

func TestAHostileClientsNameIsAValueAndNothingElse(t *testing.T) {
	network, over := transport.NewMemory(), make(chan struct{})
	relay := startRelay(t, network, &peer.Relay{})
	n := &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: slowly{over: over}}
	startNode(t, n)
	conn, err := network.Dial(t.Context(), n.Overview().Listen.String())
	if err != nil {
		t.Fatal(err)
	}
	const name = `"><img src=x onerror=alert(1)>{{.}}%s`
	hash := protocol.Hash{1, 2}
	if _, err := conn.Write(protocol.Append(nil, &protocol.Get{Name: name, Hash: hash, Offset: 7, Length: 8})); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is hashed", func() bool {
		now := n.Uploads()
		return len(now) == 1 && now[0].Name == name && now[0].Hash == hash && now[0].Offset == 7 && now[0].Length == 8 &&
			now[0].Phase == peer.PhaseHashing && now[0].Hashed == 5 && now[0].Size == 9
	})
	close(over)
	eventually(t, "it is refused", func() bool {
		recent := n.RecentUploads()
		return len(n.Uploads()) == 0 && len(recent) == 1 && recent[0].Name == name && recent[0].End == peer.EndRefused && recent[0].Code == protocol.NotFound
	})
	conn.Close()
	eventually(t, "its link is gone", func() bool { return n.Overview().Limits.Links == 0 })
}

func TestANodeSaysHowItStandsWithItsRelay(t *testing.T) {
	network := transport.NewMemory()
	n := &peer.Node{Network: network, Listen: "127.0.0.1:0", Share: share(t, tree("a", "1", "b", "2"))}
	o := n.Overview()
	if o.Listed != nil || o.Unlisted == nil || o.Unlisted.Text != "the node has not been run" || !o.Started.IsZero() || o.Reach.Grade != peer.GradePending {
		t.Errorf("before it runs: %+v", o)
	}
	n.Relay = startRelay(t, network, &peer.Relay{})
	end := startNode(t, n)
	eventually(t, "all is published", func() bool {
		o = n.Overview()
		return o.Published.Known && o.Published.Names == 2 && o.Published.ToCome == 0 && o.Listed != nil && !o.Listed.Renew.IsZero()
	})
	now, l := time.Now(), o.Listed
	if o.Unlisted != nil || o.ID.IsZero() || l.ID != o.ID || l.Heard.After(now) || l.Since.After(l.Heard) || !l.Until.After(now) || !l.Renew.Before(l.Until) {
		t.Errorf("listed: %+v", l)
	}
	if secret := ready(t, n).ID; !o.Plain || o.ID == secret {
		t.Errorf("its secret is shown: %s", o.ID)
	}
	if !o.Published.Publishes || o.Relay != n.Relay || !o.Listen.IsValid() || o.Started.IsZero() || o.Ended || o.Described {
		t.Errorf("listed: %+v", o)
	}
	if o.Reach.Grade != peer.GradeWarn || !strings.Contains(o.Reach.Text, "only this machine can reach this node") || o.Reach.Cure == "" {
		t.Errorf("reached: %+v", o.Reach)
	}
	if !o.Circuits.Wanted || o.Circuits.Proves || o.Circuits.Awaiting {
		t.Errorf("circuits: %+v", o.Circuits)
	}
	end()
	if o = n.Overview(); !o.Ended || o.Listed != nil || o.Unlisted.Text != peer.ErrEnded.Error() || o.Reach.Grade != peer.GradeBad {
		t.Errorf("afterwards: %+v", o)
	}
}

func TestANodeSaysWhyItIsNotListedAndWhenItTriesAgain(t *testing.T) {
	network := transport.NewMemory()
	gone, err := network.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	n := &peer.Node{Network: network, Relay: gone.Addr().String(), Listen: "127.0.0.1:0", Share: share(t, tree("a", "1"))}
	end := background(t, n.Run)
	eventually(t, "it has failed", func() bool {
		u := n.Overview().Unlisted
		return u != nil && u.Fails > 0 && !u.Next.IsZero()
	})
	o := n.Overview()
	if u := o.Unlisted; u.Code != protocol.Refused || u.By == 0 || u.Text == "" || u.Since != o.Started || u.Tried.Before(u.Since) || o.Reach.Grade != peer.GradeBad {
		t.Errorf("%+v, %+v", u, o.Reach)
	}
	end()
	if u := n.Overview().Unlisted; u == nil || u.Code != protocol.Refused || !u.Next.IsZero() {
		t.Errorf("afterwards: %+v", u)
	}
}

// TestAnUploadThroughTheRelayIsSeenAsSuch: nothing listens where the node says that it can be reached.
func TestAnUploadThroughTheRelayIsSeenAsSuch(t *testing.T) {
	network := &transport.TLS{By: protocol.Relay}
	relay := startRelay(t, network, &peer.Relay{})
	gone, err := network.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	n := &peer.Node{
		Network: network, Relay: relay, Listen: "127.0.0.1:0", Advertise: gone.Addr(),
		Share: share(t, fstest.MapFS{"film": {Data: make([]byte, 40<<20)}}),
	}
	startNode(t, n)
	var o peer.NodeOverview
	eventually(t, "clients can come through the relay", func() bool {
		o = n.Overview()
		return o.Circuits.Awaiting && o.Reach.Grade == peer.GradeFine
	})
	if !o.Circuits.Offered || !o.Circuits.Proves || o.Plain || o.RelayID.IsZero() || !strings.Contains(o.Reach.Text, "clients come through the relay") || o.Reach.Cure == "" {
		t.Errorf("%+v and %+v", o.Circuits, o.Reach)
	}
	taken, fetched := newValve(), make(chan error, 1)
	c := peer.Client{Network: another(network), Relay: relay, Sources: 1}
	go func() { fetched <- c.Fetch(context.Background(), peer.Request{Name: "film"}, taken).Err() }()
	defer taken.open(40 << 20)
	eventually(t, "it is sent through the relay", func() bool {
		now := n.Uploads()
		return len(now) == 1 && now[0].Phase == peer.PhaseSending && now[0].Sent > 0 && now[0].Way == peer.UploadCircuit && !now[0].Peer.IsZero()
	})
	taken.open(40 << 20)
	if err := <-fetched; err != nil {
		t.Error(err)
	}
	if o = n.Overview(); o.Circuits.Came == 0 {
		t.Errorf("%+v", o.Circuits)
	}
}
