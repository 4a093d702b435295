package peer_test

import (
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// TestANodeTakesItsRelaysDial whomever it serves, and however many links it has: the handshake is all that is
// asked of it.
func TestANodeTakesItsRelaysDial(t *testing.T) {
	relay := startRelay(t, &transport.TLS{By: protocol.Relay}, &peer.Relay{})
	for name, n := range map[string]*peer.Node{
		"one that serves nobody": {Allow: func(protocol.PeerID) bool { return false }},
		"one that is full":       {MaxLinks: 1},
	} {
		t.Run(name, func(t *testing.T) {
			network := &transport.TLS{}
			listener, err := network.Listen(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			n.Network, n.Listener, n.Relay, n.Share = network, listener, relay, share(t, tree("a", "1"))
			first, err := (&transport.TLS{}).Dial(t.Context(), listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer first.Close()
			background(t, n.Run)
			if listing := ready(t, n); listing.Reach != protocol.ReachDirect {
				t.Errorf("it is %s", listing.Reach)
			}
		})
	}
}
