package protocol_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

func TestScopesOfAddresses(t *testing.T) {
	for text, want := range map[string]protocol.Scope{
		"127.0.0.1": protocol.Loopback, "127.9.9.9": protocol.Loopback, "::1": protocol.Loopback, "::ffff:127.0.0.1": protocol.Loopback,
		"169.254.1.1": protocol.LinkLocal, "fe80::1": protocol.LinkLocal, "fe80::1%eth0": protocol.LinkLocal,
		"10.1.2.3": protocol.Private, "172.16.0.1": protocol.Private, "172.31.255.255": protocol.Private, "192.168.1.1": protocol.Private,
		"100.64.0.1": protocol.Private, "100.127.0.1": protocol.Private, "fd00::1": protocol.Private, "fc00::1": protocol.Private, "::ffff:10.0.0.1": protocol.Private,
		"192.0.2.1": protocol.Private, "198.18.0.1": protocol.Private, "203.0.113.1": protocol.Private, "2001:db8::1": protocol.Private, "240.0.0.1": protocol.Private,
		"8.8.8.8": protocol.Global, "172.32.0.1": protocol.Global, "172.15.0.1": protocol.Global, "100.128.0.1": protocol.Global, "192.167.0.1": protocol.Global,
		"2a00:1450::1": protocol.Global, "2001:4860::1": protocol.Global,
	} {
		if got := protocol.ScopeOf(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestWhomAnAddressMeansSomethingTo(t *testing.T) {
	for _, c := range []struct {
		addr, peer string
		means      bool
	}{
		{"8.8.8.8", "9.9.9.9", true}, {"8.8.8.8", "10.0.0.1", true}, {"8.8.8.8", "2a00::1", true},
		{"127.0.0.1", "127.0.0.1", true}, {"127.0.0.1", "::1", true}, {"127.0.0.1", "10.0.0.1", false}, {"::1", "2a00::1", false},
		{"10.1.2.3", "10.9.8.7", true}, {"10.1.2.3", "8.8.8.8", false}, {"10.1.2.3", "192.168.1.1", false},
		{"100.64.0.1", "100.100.1.1", true}, {"100.64.0.1", "10.0.0.1", false},
		{"172.17.0.2", "172.17.0.3", true}, {"172.17.0.2", "172.18.0.3", false},
		{"192.168.1.2", "192.168.2.2", true},
		{"fd09::1", "fd09::2", true}, {"fd09::1", "fd09:0:0:7::2", true}, {"fd09::1", "fd0a::2", false}, {"fd09::1", "2a00::1", false},
		{"10.1.2.3", "2a00::1", true}, {"fd09::1", "10.0.0.1", true}, // nothing can be judged
		{"169.254.1.1", "169.254.2.2", true}, {"169.254.1.1", "10.0.0.1", false}, {"169.254.1.1", "169.254.1.1", true},
		{"::ffff:10.1.2.3", "10.4.4.4", true},
	} {
		if got := protocol.MeansTo(netip.MustParseAddr(c.addr), netip.MustParseAddr(c.peer)); got != c.means {
			t.Errorf("%s to %s: %v", c.addr, c.peer, got)
		}
	}
}

// A node whose address is left out is reached through the relay, if that is a way to it.
func TestAPeerWithoutItsAddressKeepsItsCircuit(t *testing.T) {
	at := func(ip string, circuit uint8) protocol.Peer {
		return protocol.Peer{Host: protocol.IPOf(netip.MustParseAddr(ip)), Port: 1, ID: protocol.PeerID{9}, Circuit: circuit}
	}
	located := &protocol.Located{Peers: []protocol.Peer{at("10.0.0.1", 0), at("10.0.0.2", 1), at("8.8.8.8", 1), {ID: protocol.PeerID{9}, Circuit: 1}}}
	if left := located.Confine(protocol.Global); left != 1 || len(located.Peers) != 3 {
		t.Fatalf("%d left out, %v stay", left, located.Peers)
	}
	for i, addressed := range []bool{false, true, false} {
		if p := located.Peers[i]; (p.Host != nil) != addressed || (p.Port != 0) != addressed || p.Also != nil || p.Circuit != 1 {
			t.Errorf("%v: with an address: %v", p, !addressed)
		}
	}
	protocol.Append(nil, located) // panics if one is bad
}

// TestARelayNamesNoNarrowerAddressThanItsOwn: who believed it could be sent to the machines of his own network.
func TestARelayNamesNoNarrowerAddressThanItsOwn(t *testing.T) {
	ip := func(text string) protocol.IP { return protocol.IPOf(netip.MustParseAddr(text)) }
	peers := func() []protocol.Peer {
		return []protocol.Peer{
			{Host: ip("127.0.0.1"), Port: 1}, {Host: ip("10.0.0.1"), Port: 2}, {Host: ip("8.8.8.8"), Port: 3},
			{Host: ip("192.168.1.1"), Also: ip("2a00::4"), Port: 4}, {Host: ip("2a00::5"), Also: ip("10.0.0.5"), Port: 5},
		}
	}
	for relay, want := range map[string][]uint16{
		"127.0.0.1": {1, 2, 3, 4, 5}, "10.0.0.9": {2, 3, 4, 5}, "9.9.9.9": {3, 4, 5}, "2a00::9": {3, 4, 5},
	} {
		ports := func(peers []protocol.Peer) (ports []uint16) {
			for i := range peers {
				ports = append(ports, peers[i].Port)
				for _, addr := range []netip.Addr{peers[i].Host.Addr(), peers[i].Also.Addr()} {
					if addr.IsValid() && protocol.ScopeOf(addr) < protocol.ScopeOf(netip.MustParseAddr(relay)) {
						t.Errorf("a relay at %s names %s", relay, addr)
					}
				}
			}
			return ports
		}
		located := &protocol.Located{Peers: peers()}
		if left := located.Confine(protocol.ScopeOf(netip.MustParseAddr(relay))); left != 5-len(want) || !slices.Equal(ports(located.Peers), want) {
			t.Errorf("a relay at %s: %d left out, %v", relay, left, ports(located.Peers))
		}
		listed := &protocol.Listed{Peers: peers(), Named: peers(), Silent: 5, Items: []protocol.Item{{Name: "a", Count: 5, Holders: []uint64{0, 1, 2, 3, 4}}}}
		if left := listed.Confine(protocol.ScopeOf(netip.MustParseAddr(relay))); left != 2*(5-len(want)) || !slices.Equal(ports(listed.Peers), want) || !slices.Equal(ports(listed.Named), want) {
			t.Errorf("a relay at %s: %d left out of a list, %v", relay, left, ports(listed.Peers))
		}
		for n, at := range listed.Items[0].Holders {
			if int(at) != n || len(listed.Items[0].Holders) != len(want) {
				t.Errorf("the holders are %v", listed.Items[0].Holders)
			}
		}
	}
}
