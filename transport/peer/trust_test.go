package peer_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/state"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// relayAt serves a relay at relay:4000 of a memory until the test ends or end is called, over TLS with a
// new key, and returns its id.
func relayAt(t *testing.T, memory *transport.Memory) (id protocol.PeerID, end func() error) {
	t.Helper()
	network := &transport.TLS{Network: memory, By: protocol.Relay}
	listener, err := network.Listen(t.Context(), "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	return network.ID(), background(t, func(ctx context.Context) error { return new(peer.Relay).Serve(ctx, listener) })
}

// list asks a relay for all names.
func list(t *testing.T, c *peer.Client) error {
	_, err := c.ListAll(t.Context(), "", false)
	return err
}

func TestARelayIsKeptInMindWhenItIsMetFirst(t *testing.T) {
	memory, known := transport.NewMemory(), new(state.KnownRelays)
	id, end := relayAt(t, memory)
	met := 0
	trust := peer.Trust{Known: known, Met: func(is protocol.PeerID) {
		if met++; is != id {
			t.Errorf("met %s, and it is %s", is, id)
		}
	}}
	for range 2 {
		c := &peer.Client{Network: &transport.TLS{Network: memory}, Relay: "relay:4000", Trust: trust}
		for range 2 {
			if err := list(t, c); err != nil {
				t.Error(err)
			}
		}
	}
	if met != 1 {
		t.Errorf("it was met for the first time %d times", met)
	}
	all, err := known.All()
	if err != nil || len(all) != 1 || all[0].ID != id || all[0].How != state.FirstContact {
		t.Errorf("%+v, %v", all, err)
	}
	end()
	other, _ := relayAt(t, memory)
	err = list(t, &peer.Client{Network: &transport.TLS{Network: memory}, Relay: "relay:4000", Trust: trust})
	if !errors.Is(err, peer.ErrNoRelay) || !errors.Is(err, protocol.RelayChanged) {
		t.Errorf("%v", err)
	}
	for _, says := range []string{id.String(), other.String()} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %s", err, says)
		}
	}
}

// TestAClientTakesOneRelay: without anything that it is kept in, too.
func TestAClientTakesOneRelay(t *testing.T) {
	memory := transport.NewMemory()
	_, end := relayAt(t, memory)
	c := &peer.Client{Network: &transport.TLS{Network: memory}, Relay: "relay:4000"}
	if err := list(t, c); err != nil {
		t.Fatal(err)
	}
	end()
	relayAt(t, memory)
	if err := list(t, c); !errors.Is(err, protocol.RelayChanged) {
		t.Errorf("%v", err)
	}
}

// TestWhoIsNotTrustedIsNotAsked, whatever is asked: nothing is sent to it.
func TestWhoIsNotTrustedIsNotAsked(t *testing.T) {
	memory := transport.NewMemory()
	id, _ := relayAt(t, memory)
	other := protocol.PeerID{9}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "known_relays"), []byte("garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged, err := state.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	knows := func(id protocol.PeerID) *state.KnownRelays {
		known := new(state.KnownRelays)
		if err := known.Add("relay:4000", id, state.Pinned); err != nil {
			t.Fatal(err)
		}
		return known
	}
	tls := &transport.TLS{Network: memory}
	for name, x := range map[string]struct {
		network transport.Network
		trust   peer.Trust
		code    protocol.Code
	}{
		"another than it is told":            {tls, peer.Trust{RelayID: other}, protocol.RelayChanged},
		"another than it knows":              {tls, peer.Trust{Known: knows(other)}, protocol.RelayChanged},
		"told otherwise than it knows":       {tls, peer.Trust{RelayID: id, Known: knows(other)}, protocol.RelayChanged},
		"not known, and it is to be":         {tls, peer.Trust{Strict: true, Known: new(state.KnownRelays)}, protocol.RelayUnknown},
		"known, and asked in plain":          {memory, peer.Trust{Known: knows(id)}, protocol.RelayChanged},
		"told, and asked in plain":           {memory, peer.Trust{RelayID: id}, protocol.RelayChanged},
		"what is known cannot be read":       {tls, peer.Trust{Known: damaged.KnownRelays()}, protocol.Disk},
		"in plain where TLS is spoken":       {memory, peer.Trust{}, protocol.TLSRequired},
		"known, and what it knows is right":  {tls, peer.Trust{Strict: true, Known: knows(id)}, 0},
		"told, and what it is told is right": {tls, peer.Trust{Strict: true, RelayID: id}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := &peer.Client{Network: x.network, Relay: "relay:4000", Trust: x.trust}
			judge := func(what string, err error, otherwise error) {
				t.Helper()
				if x.code == 0 && !errors.Is(err, otherwise) || x.code != 0 && (!errors.Is(err, x.code) || !errors.Is(err, peer.ErrNoRelay)) {
					t.Errorf("%s: %v", what, err)
				}
			}
			judge("list", list(t, c), nil)
			judge("fetch", c.Fetch(t.Context(), peer.Request{Name: "a"}, io.Discard).Err(), peer.ErrNotFound)
			_, err := c.Open(t.Context(), peer.Request{Name: "a"})
			judge("open", err, peer.ErrNotFound)
			root, err := os.OpenRoot(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			judge("all", c.FetchAll(t.Context(), peer.AllRequest{Args: []string{"a"}}, root).Err(), peer.ErrNotFound)
			judge("offered", c.FetchAll(t.Context(), peer.AllRequest{Offers: offered("a")}, root).Err(), peer.ErrNotFound)

			n := &peer.Node{Network: another(x.network), Relay: "relay:4000", Listen: "node:0", Share: share(t, tree("b", "b")), Trust: x.trust}
			if x.code == 0 {
				startNode(t, n)()
				return
			}
			if err := n.Run(t.Context()); !errors.Is(err, x.code) {
				t.Errorf("a node: %v", err)
			}
		})
	}
}

// TestAKnownRelayThatAnswersInPlainIsAnother: nobody is led back to plain.
func TestAKnownRelayThatAnswersInPlainIsAnother(t *testing.T) {
	memory := transport.NewMemory()
	id, end := relayAt(t, memory)
	end()
	listener, err := memory.Listen(t.Context(), "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	background(t, func(ctx context.Context) error { return new(peer.Relay).Serve(ctx, listener) })
	c := &peer.Client{Network: &transport.TLS{Network: memory}, Relay: "relay:4000"}
	if err := list(t, c); !errors.Is(err, protocol.NoTLS) || errors.Is(err, protocol.RelayChanged) {
		t.Errorf("one that is not known: %v", err)
	}
	c.Trust.RelayID = id
	if err := list(t, c); !errors.Is(err, protocol.RelayChanged) || !strings.Contains(err.Error(), "plain") {
		t.Errorf("a known one: %v", err)
	}
}

// misnaming is a registry whose relay names nodes by another id than they have.
type misnaming struct{ relay.Directory }

func (m misnaming) Locate(at roles.Moment, from relay.From, ask *protocol.Locate) protocol.Message {
	answer := m.Directory.Locate(at, from, ask)
	if located, is := answer.(*protocol.Located); is {
		for i := range located.Peers {
			located.Peers[i].ID = protocol.PeerID{9}
		}
	}
	return answer
}

// TestANodeAtAnothersAddressIsNotAsked: it is passed over as a dead one is, and nothing is certain then.
func TestANodeAtAnothersAddressIsNotAsked(t *testing.T) {
	memory := transport.NewMemory()
	network := &transport.TLS{Network: memory}
	at := startRelay(t, network, &peer.Relay{Directory: misnaming{relay.NewRegistry(relay.Policy{})}})
	startNode(t, &peer.Node{Network: network, Relay: at, Listen: "node:0", Share: share(t, tree("a", "a")), NoPublish: true})
	c := &peer.Client{Network: &transport.TLS{Network: memory}, Relay: at}
	r := c.Fetch(t.Context(), peer.Request{Name: "a"}, io.Discard)
	if len(r.Tried) != 1 || r.Tried[0].Code != protocol.WrongPeer || !errors.Is(r.Err(), peer.ErrUnsure) {
		t.Errorf("%v: %+v", r.Err(), r.Tried)
	}
}

// offered returns names as offers of nobody.
func offered(names ...string) (offers []client.Offer) {
	for _, name := range names {
		offers = append(offers, client.Offer{Name: name})
	}
	return offers
}

// TestARelayIsOfOneKind: in plain, anybody who knows an id can change its lease, and over TLS everybody
// knows it.
func TestARelayIsOfOneKind(t *testing.T) {
	memory, r := transport.NewMemory(), new(peer.Relay)
	at := startRelay(t, &transport.TLS{Network: memory}, r)
	if err := list(t, &peer.Client{Network: &transport.TLS{Network: memory}, Relay: at}); err != nil { // it serves
		t.Fatal(err)
	}
	plain, err := memory.Listen(t.Context(), "plain:4000")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := r.Serve(ctx, plain); !errors.Is(err, peer.ErrMixed) {
		t.Error(err)
	}
	if _, err := memory.Dial(t.Context(), "plain:4000"); err == nil {
		t.Error("it listens all the same")
	}
}

// TestARelayThatIsReplacedMeanwhile is found out by the call that has met it.
func TestARelayThatIsReplacedMeanwhile(t *testing.T) {
	memory := transport.NewMemory()
	_, end := relayAt(t, memory)
	c := &peer.Client{Network: &transport.TLS{Network: memory}, Relay: "relay:4000"}
	folder, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	offer := client.Offer{Name: "a", Identity: client.Identity{Hash: protocol.Hash{1}, Size: 1}}
	all := c.FetchAll(t.Context(), peer.AllRequest{Args: []string{"b"}, Offers: []client.Offer{offer}, Missing: func([]client.Offer) {
		end()
		relayAt(t, memory)
	}}, folder)
	if len(all.Files) != 2 {
		t.Fatalf("%+v", all.Files)
	}
	for _, file := range all.Files {
		if file.Result.Code != protocol.RelayChanged {
			t.Errorf("%+v", file)
		}
	}
}
