package peer_test

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// TestAStrangersAddressCostsHimOneSmallRequest: a relay that names a host which is no node, on page after
// page, has a client connect to it once and send it less than a packet.
func TestAStrangersAddressCostsHimOneSmallRequest(t *testing.T) {
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	links, bytes := 0, int64(0)
	all.Go(func() {
		for {
			conn, err := stranger.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("220 mail.example ESMTP\r\n"))
			n, _ := io.Copy(io.Discard, conn)
			conn.Close()
			mu.Lock()
			links, bytes = links+1, bytes+n
			mu.Unlock()
		}
	})
	at := stranger.Addr().(*net.TCPAddr).AddrPort()
	pages := 0
	relay := lyingRelay(t, func(protocol.Message) []byte {
		named := protocol.Peer{Host: protocol.IPOf(netip.MustParseAddr("127.0.0.1")), Port: at.Port()}
		page := &protocol.Located{Peers: []protocol.Peer{named, named}}
		if pages++; pages < 20 {
			page.Cursor = []byte{byte(pages)}
		}
		return protocol.Append(nil, page)
	})
	client := peer.Client{Network: transport.TCP{}, Relay: relay}
	result := client.Fetch(t.Context(), peer.Request{Name: "a", Hash: protocol.Hash{1}}, io.Discard)
	if result.Err() == nil {
		t.Error("the file is there")
	}
	stranger.Close()
	all.Wait()
	if links != 1 || bytes == 0 || bytes > 1000 {
		t.Errorf("%d links with %d bytes, after %d pages that name it", links, bytes, pages)
	}
}
