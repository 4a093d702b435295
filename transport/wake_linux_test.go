package transport_test

import (
	"fmt"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// wakes is a store that looks for how many bytes the reader of a connection is woken.
type wakes struct {
	heap
	conn transport.Conn
	at   []int // for each group
}

func (w *wakes) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) {
	return func(uint64, protocol.Hash, []byte) error {
		w.at = append(w.at, wakesAt(w.conn))
		return nil
	}, nil
}

func wakesAt(conn transport.Conn) (bytes int) {
	if raw, err := transport.Under(conn).(*net.TCPConn).SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { bytes, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT) })
	}
	return bytes
}

// A reader is woken for many bytes while more than that are to come, and for any at the end of a body. A
// body of one group is not worth it.
func TestTheReaderOfALongBodyIsWokenSeldom(t *testing.T) {
	for _, network := range []transport.Network{transport.TCP{}, &transport.TLS{}} {
		for count, want := range map[uint64]string{1: "[1]", 5: "first 524288, last 1"} {
			near, far := connect(t, network, "127.0.0.1:0")
			store := &wakes{conn: far}
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				near.Write(long.bytes(0, count<<20))
				near.CloseWrite()
			}()
			(&transport.Loop{Store: store}).Serve(t.Context(), nil, takes(bodyOf(long, 0, count)), far)
			<-sent
			got := fmt.Sprint(store.at)
			if len(store.at) > 1 {
				got = fmt.Sprintf("first %d, last %d", store.at[0], store.at[len(store.at)-1])
			}
			if got != want {
				t.Errorf("%d groups: %s, not %s", count, got, want)
			}
		}
	}
}
