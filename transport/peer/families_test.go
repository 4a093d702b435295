package peer_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// callers is a listener that notes from where each link comes.
type callers struct {
	transport.Listener
	mu    sync.Mutex
	hosts map[netip.Addr]int
}

func (c *callers) Accept() (transport.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		at, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
		c.mu.Lock()
		c.hosts[at.Addr().Unmap()]++
		c.mu.Unlock()
	}
	return conn, err
}

// from returns where links have come from, each at least so often.
func (c *callers) from(often int) (hosts []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for host, n := range c.hosts {
		if n >= often {
			hosts = append(hosts, host.String())
		}
	}
	slices.Sort(hosts)
	return hosts
}

// A node is listed at the addresses from which it dials: at those of both families, if it listens on
// all, and otherwise at the one where it listens, from which it registers and renews. One that
// listens where its relay has no address says so.
func TestANodeIsListedWhereItListens(t *testing.T) {
	host := func(_ context.Context, _ string) ([]netip.Addr, error) {
		return []netip.Addr{netip.IPv6Loopback(), netip.MustParseAddr("127.0.0.1")}, nil
	}
	four := func(_ context.Context, _ string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	for _, test := range []struct {
		listen  string
		resolve func(context.Context, string) ([]netip.Addr, error)
		at      []string // sorted; none: it is not listed
		from    []string
	}{
		{":0", host, []string{"127.0.0.1", "::1"}, []string{"127.0.0.1", "::1"}},
		{":0", four, []string{"127.0.0.1"}, []string{"127.0.0.1"}},
		{"127.0.0.1:0", host, []string{"127.0.0.1"}, []string{"127.0.0.1"}},
		{"127.0.0.2:0", host, []string{"127.0.0.2"}, []string{"127.0.0.2"}},
		{"127.0.0.2:0", four, []string{"127.0.0.2"}, []string{"127.0.0.2"}},
		{"[::1]:0", host, []string{"::1"}, []string{"::1"}},
		{"[::1]:0", four, nil, nil},
	} {
		t.Run(test.listen, func(t *testing.T) {
			t.Parallel()
			listener, err := transport.TCP{}.Listen(t.Context(), ":0")
			if err != nil {
				t.Fatal(err)
			}
			calls := &callers{Listener: listener, hosts: map[netip.Addr]int{}}
			server := &peer.Relay{Policy: peer.Policy{TTL: 3 * time.Second}}
			background(t, func(ctx context.Context) error { return server.Serve(ctx, calls) })
			network := transport.TCP{Resolve: test.resolve}
			relay := "relay.test:" + portOf(listener.Addr())
			node := &peer.Node{Network: network, Relay: relay, Listen: test.listen, Share: share(t, tree("a", "the text"))}
			background(t, node.Run)
			if test.at == nil {
				eventually(t, "the node says that it is not listed", func() bool {
					ctx, cancel := context.WithCancel(t.Context())
					cancel()
					_, err := node.Ready(ctx)
					var why *peer.Error
					return errors.As(err, &why) && why.Code == protocol.Unreachable
				})
				return
			}
			eventually(t, "the node is listed at "+test.at[0]+" and renews", func() bool {
				return slices.Equal(addressesOf(ready(t, node)), test.at) && slices.Equal(calls.from(3), test.from)
			})
			if got := calls.from(1); !slices.Equal(got, test.from) {
				t.Errorf("it dials from %v", got)
			}
			if r, text := fetch(transport.TCP{Resolve: host}, relay, "a"); r.Outcome != client.Fetched || text != "the text" {
				t.Errorf("%+v", r)
			}
		})
	}
}

func portOf(at netip.AddrPort) string {
	return netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port()).String()[len("0.0.0.0:"):]
}

// addressesOf returns where a node is listed, sorted.
func addressesOf(l peer.Listing) (addrs []string) {
	for _, addr := range []netip.Addr{l.At.Addr(), l.Also} {
		if addr.IsValid() {
			addrs = append(addrs, addr.String())
		}
	}
	slices.Sort(addrs)
	return addrs
}
