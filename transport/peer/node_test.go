package peer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestANodeIsListedServesAndLeaves(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		relay := startRelay(t, network, &peer.Relay{})
		node := &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t, tree("a", "the text"))}
		end := startNode(t, node)
		listing := ready(t, node)
		if listing.At != listing.Listen || listing.TTL != roles.LeaseTTL || listing.ID == (protocol.PeerID{}) {
			t.Errorf("%+v", listing)
		}
		if r, text := fetch(network, relay, "a"); r.Outcome != client.Fetched || text != "the text" {
			t.Errorf("%+v, %q", r, text)
		}
		eventually(t, "the relay knows that the node has published all", func() bool {
			r, _ := fetch(network, relay, "nothing")
			return r.Outcome == client.NobodyHad && len(r.Tried) == 0
		})
		if err := end(); err != nil {
			t.Error(err)
		}
		if r, _ := fetch(network, relay, "a"); r.Outcome != client.NobodyHad {
			t.Errorf("%+v", r)
		}
	})
}

// Only a share that says that it has told all lets a relay say that nobody has a file. One that has a
// file to hash has told its name, and may have any content.
func TestANodeThatMayHaveMoreIsAsked(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		relay := startRelay(t, network, &peer.Relay{})
		files := share(t, tree("a", "the text"))
		startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: unlisted{files}})
		startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: files, NoPublish: true})
		forever := &stuck{tree("a", "the text"), make(chan struct{})}
		startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t, forever)})
		eventually(t, "the relay knows that the third has told all of its names", func() bool {
			r, _ := fetch(network, relay, "nothing")
			return r.Outcome == client.NobodyHad && len(r.Tried) == 2
		})
		c := peer.Client{Network: network, Relay: relay, Sources: 1}
		if r := c.Fetch(t.Context(), peer.Request{Hash: protocol.Hash{1}}, io.Discard); r.Outcome != client.TooEarly || len(r.Tried) != 3 || !errors.Is(r.Err(), peer.ErrTooEarly) {
			t.Errorf("%+v", r)
		}
		close(forever.free)
	})
}

// stuck is a tree whose file is not read before it is freed.
type stuck struct {
	fstest.MapFS
	free chan struct{}
}

func (s *stuck) Open(name string) (fs.File, error) {
	if name == "a" {
		<-s.free
	}
	return s.MapFS.Open(name)
}

// Each of many files that come close together can be had at once, and when it has become quiet the relay knows all.
func TestWhatTheShareTellsIsPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		relay := startRelay(t, network, &peer.Relay{})
		files := tree("a", "the text")
		s := fsshare.New(files, fsshare.Options{})
		defer s.Close()
		startNode(t, &peer.Node{Network: network, Relay: relay, Share: s})
		for i := range 3 * roles.PublishBurst {
			name := fmt.Sprint("b", i)
			files[name] = &fstest.MapFile{Data: []byte("another")}
			if f, refusal := s.Open(t.Context(), name, protocol.Hash{}, nil); refusal != nil {
				t.Fatal(refusal)
			} else {
				f.Close()
			}
			synctest.Wait()
			if r, text := fetch(network, relay, name); r.Outcome != client.Fetched || text != "another" {
				t.Errorf("%s: %+v, %q", name, r, text)
			}
		}
		if r, _ := fetch(network, relay, "nothing"); r.Outcome != client.NobodyHad || len(r.Tried) != 1 {
			t.Errorf("while there may be more: %+v", r)
		}
		time.Sleep(3 * roles.PublishGap)
		if r, _ := fetch(network, relay, "nothing"); r.Outcome != client.NobodyHad || len(r.Tried) != 0 {
			t.Errorf("when it has become quiet: %+v", r)
		}
	})
}

func TestReadySaysWhyNotYet(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		listener, err := network.Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		nowhere := listener.Addr().String()
		listener.Close()
		node := &peer.Node{Network: network, Relay: nowhere, Listen: "127.0.0.1:0", Share: share(t, tree())}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := node.Ready(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, peer.ErrNoRelay) {
			t.Errorf("before Run: %v", err)
		}
		end := background(t, node.Run)
		var why *peer.Error
		for limit := time.Now().Add(patience); why == nil && time.Now().Before(limit); {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			_, err = node.Ready(ctx)
			cancel()
			errors.As(err, &why)
		}
		var code protocol.Code
		if !errors.Is(err, peer.ErrNoRelay) || !errors.Is(err, protocol.Refused) || !errors.Is(err, context.DeadlineExceeded) ||
			!errors.As(err, &code) || code != protocol.Refused || errors.Is(err, protocol.Busy) {
			t.Errorf("%v", err)
		}
		waits := make(chan error, 1)
		go func() {
			_, err := node.Ready(context.Background())
			waits <- err
		}()
		if err := end(); err != nil {
			t.Error(err)
		}
		if err := <-waits; !errors.Is(err, peer.ErrEnded) {
			t.Errorf("%v", err)
		}
		if _, err := node.Ready(t.Context()); !errors.Is(err, peer.ErrEnded) {
			t.Errorf("%v", err)
		}
	})
}

// A relay that has never listed a node and refuses what trying again would not change ends it; so does
// a node in place of a relay, and an address that is of use to nobody.
func TestANodeThatIsRefusedForGoodEnds(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		listener, err := network.Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		background(t, func(ctx context.Context) error { return new(peer.Relay).Serve(ctx, listener) })
		other := &peer.Node{Network: network, Relay: listener.Addr().String(), Listen: "127.0.0.1:0", Share: share(t, tree())}
		background(t, other.Run)
		listing, err := other.Ready(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			relay     netip.AddrPort
			advertise string
			code      protocol.Code
		}{
			{listener.Addr(), "198.51.100.7:4000", protocol.Denied}, {listing.Listen, "", protocol.Unexpected},
		} {
			node := &peer.Node{Network: network, Relay: c.relay.String(), Listen: "127.0.0.1:0", Share: share(t, tree())}
			if c.advertise != "" {
				node.Advertise = netip.MustParseAddrPort(c.advertise)
			}
			if err := node.Run(t.Context()); !errors.Is(err, peer.ErrRejected) || !errors.Is(err, c.code) || errors.Is(err, peer.ErrNoRelay) {
				t.Errorf("%v", err)
			}
			if _, err := node.Ready(t.Context()); !errors.Is(err, peer.ErrEnded) || !errors.Is(err, peer.ErrRejected) {
				t.Errorf("%v", err)
			}
		}
		for _, nobodys := range []string{"0.0.0.0", "::", "255.255.255.255", "fe80::1", "ff02::1"} {
			node := &peer.Node{Network: network, Relay: listener.Addr().String(), Share: share(t, tree())}
			node.Advertise = netip.AddrPortFrom(netip.MustParseAddr(nobodys), 0)
			if err := node.Run(t.Context()); !errors.Is(err, protocol.Denied) {
				t.Errorf("%s: %v", nobodys, err)
			}
		}
	})
}

// A node whose relay goes away is listed no longer, and is again when the relay is back.
func TestReadyFollowsTheRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		serve := func() (end func() error) {
			listener, err := network.Listen(t.Context(), "relay:1")
			if err != nil {
				t.Fatal(err)
			}
			return background(t, func(ctx context.Context) error { return new(peer.Relay).Serve(ctx, listener) })
		}
		end := serve()
		node := &peer.Node{Network: network, Relay: "relay:1", Share: unlisted{}}
		startNode(t, node)
		end()
		time.Sleep(roles.LeaseTTL / 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := node.Ready(ctx); !errors.Is(err, peer.ErrNoRelay) {
			t.Errorf("%v", err)
		}
		serve()
		if _, err := node.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTheNewestOfTwoNodesWithOneIDStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		relay := startRelay(t, network, &peer.Relay{})
		older := &peer.Node{Network: network, Relay: relay, ID: protocol.PeerID{1}, Share: unlisted{}}
		end := background(t, older.Run)
		ready(t, older)
		time.Sleep(time.Millisecond)
		newer := &peer.Node{Network: network, Relay: relay, ID: protocol.PeerID{1}, Share: unlisted{}}
		startNode(t, newer)
		time.Sleep(roles.LeaseTTL)
		if _, err := older.Ready(t.Context()); !errors.Is(err, peer.ErrEnded) || !errors.Is(err, peer.ErrDisplaced) {
			t.Errorf("%v", err)
		}
		if err := end(); !errors.Is(err, peer.ErrDisplaced) {
			t.Errorf("%v", err)
		}
		ready(t, newer)
	})
}

func TestNoOrderOfCallsPanics(t *testing.T) {
	network := transport.NewMemory()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	node := &peer.Node{Network: network, Relay: "relay:1", Share: unlisted{}}
	if err := node.Run(done); !errors.Is(err, peer.ErrInterrupted) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := node.Run(t.Context()); !errors.Is(err, peer.ErrUsed) {
		t.Errorf("%v", err)
	}
	if _, err := node.Ready(t.Context()); !errors.Is(err, peer.ErrEnded) || !errors.Is(err, peer.ErrInterrupted) {
		t.Errorf("%v", err)
	}
	listener, err := network.Listen(t.Context(), ":1")
	if err != nil {
		t.Fatal(err)
	}
	for _, incomplete := range []*peer.Node{{}, {Relay: "relay:1"}, {Share: unlisted{}}, {Listener: listener}} {
		if err := incomplete.Run(t.Context()); err == nil {
			t.Error("it runs without what it needs")
		}
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
	listener, err = network.Listen(t.Context(), ":1")
	if err != nil {
		t.Fatal(err)
	}
	if err := new(peer.Relay).Serve(done, listener); !errors.Is(err, peer.ErrInterrupted) {
		t.Errorf("%v", err)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
	taken, err := network.Listen(t.Context(), ":2")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := (&peer.Node{Network: network, Relay: "relay:1", Listen: ":2", Share: unlisted{}}).Run(t.Context()); err == nil {
		t.Error("two listen at one address")
	}
}

func TestANodeThatCannotAcceptLinksLeaves(t *testing.T) {
	network := transport.NewMemory()
	relay := startRelay(t, network, &peer.Relay{})
	listener, err := network.Listen(t.Context(), "node:1")
	if err != nil {
		t.Fatal(err)
	}
	log := &journal{}
	node := &peer.Node{Network: network.From("node"), Relay: relay, Listener: listener, Share: unlisted{}, Log: log.logger(hclog.Info)}
	over := make(chan error, 1)
	go func() { over <- node.Run(context.Background()) }()
	if listing := ready(t, node); listing.At != listener.Addr() {
		t.Errorf("%+v", listing)
	}
	listener.Close()
	if err := <-over; !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
	if log.count("test.membership: left") != 1 {
		t.Errorf("it did not leave:\n%s", log)
	}
}

// A share that says no more what it has may have more.
func TestANodeWhoseShareIsClosedIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		relay := startRelay(t, network, &peer.Relay{})
		s := fsshare.New(tree("a", "the text"), fsshare.Options{})
		startNode(t, &peer.Node{Network: network, Relay: relay, Share: s})
		if r, _ := fetch(network, relay, "b"); r.Outcome != client.NobodyHad {
			t.Errorf("%+v", r)
		}
		s.Close()
		time.Sleep(2 * roles.PublishGap)
		if r, _ := fetch(network, relay, "b"); r.Outcome != client.Unsure || len(r.Tried) != 1 {
			t.Errorf("%+v", r)
		}
	})
}
