package peer_test

import (
	"bytes"
	"net"
	"slices"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestListenersOfARelayShareItsRegistry(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		var relay peer.Relay
		inside, outside := startRelay(t, network, &relay), startRelay(t, network, &relay)
		startNode(t, &peer.Node{Network: network, Relay: inside, Listen: "127.0.0.1:0", Share: share(t, tree("a", "1"))})
		if r, text := fetch(network, outside, "a"); r.Outcome != client.Fetched || text != "1" {
			t.Errorf("%+v, %q", r, text)
		}
	})
}

func TestARelayKeepsItsPolicy(t *testing.T) {
	network := transport.NewMemory()
	relay := startRelay(t, network, &peer.Relay{Policy: peer.Policy{TTL: 2 * roles.LeaseTTL}})
	node := &peer.Node{Network: network, Relay: relay, Share: share(t, tree())}
	startNode(t, node)
	if listing := ready(t, node); listing.TTL != 2*roles.LeaseTTL {
		t.Errorf("%+v", listing)
	}
}

// TestBadEntriesAreToldInTheLog: a relay takes the rest of a page, and says how many names it left out.
func TestBadEntriesAreToldInTheLog(t *testing.T) {
	log := &journal{}
	relay := startRelay(t, transport.TCP{}, &peer.Relay{Log: log.logger(hclog.Warn).Named("relay")})
	link, err := net.Dial("tcp", relay)
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	id := protocol.PeerID{1}
	frames := protocol.Append(nil, &protocol.Register{ID: id, Epoch: 1, Port: 9, Publishes: 1})
	frames = protocol.Append(frames, &protocol.Publish{ID: id, Epoch: 1, Index: 1, To: 2, Latest: 2,
		Changes: []protocol.Entry{{Name: "good", Hash: protocol.Hash{1}}, {Name: "xx/bad", Hash: protocol.Hash{1}}}})
	if _, err := link.Write(bytes.Replace(frames, []byte("xx/"), []byte("../"), 1)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log tells it", func() bool {
		return log.count("relay.registry: index page has bad names", "left_out=1", "names=1") == 1
	})
	var names []string
	for offer, err := range (&peer.Client{Network: transport.TCP{}, Relay: relay}).List(t.Context(), "", false) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, offer.Name)
	}
	if !slices.Equal(names, []string{"good"}) {
		t.Errorf("listed: %q", names)
	}
}

// picky is a directory that does not keep two names of each page.
type picky struct{ relay.Directory }

func (p picky) Publish(at roles.Moment, m *protocol.Publish) protocol.Message {
	answer := p.Directory.Publish(at, m)
	if is, taken := answer.(*protocol.Published); taken {
		is.Refused = 2
	}
	return answer
}

// TestANodeTellsOnceThatNamesAreRefused by its relay, in its log.
func TestANodeTellsOnceThatNamesAreRefused(t *testing.T) {
	network, log := transport.NewMemory(), &journal{}
	at := startRelay(t, network, &peer.Relay{Directory: picky{relay.NewRegistry(relay.Policy{})}})
	startNode(t, &peer.Node{Network: network, Relay: at, Share: share(t, tree("a", "1", "b", "2", "c", "3")), Log: log.logger(hclog.Warn).Named("node")})
	eventually(t, "the log tells it", func() bool {
		return log.count("node.membership: the relay does not keep some names", "refused=2") == 1
	})
}

func TestLogsTellWhatHappens(t *testing.T) {
	network := transport.NewMemory()
	log := &journal{}
	relay := startRelay(t, network, &peer.Relay{Log: log.logger(hclog.Trace).Named("relay")})
	end := startNode(t, &peer.Node{Network: network, Relay: relay, Share: share(t, tree("a", "1")), Log: log.logger(hclog.Trace).Named("node")})
	fetch(network, relay, "a")
	eventually(t, "the node has published", func() bool { return log.count("published") > 0 })
	if err := end(); err != nil {
		t.Error(err)
	}
	for _, parts := range [][]string{
		{"relay.registry: node listed", "at=127.0.0.1:"},
		{"relay.registry: index page", "names=1", "up_to=1"},
		{"relay.registry: node left"},
		{"relay.server: accepted", "local=", "peer="},
		{"relay.server: transition", "machine=relay.Session", "conversation=1 link=0", "from=Accepted", "event=", "to="},
		{"node.membership: listed", "ttl_ms=90000"},
		{"node.membership: published", "names=1"},
		{"node.membership: transition", "machine=node.Membership", "to=Registering"},
		{"node.membership: left"},
		{"node.server: serving", "on="},
		{"node.server: sending:", "name=a", "bytes=1"},
		{"node.server: transition", "machine=node.Upload", "conversation=1"},
	} {
		if log.count(parts...) == 0 {
			t.Errorf("the log does not tell %q", parts)
		}
	}
	if t.Failed() {
		t.Log(log)
	}
}
