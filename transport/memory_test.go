package transport_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/transport"
)

func TestMemoryNamesItsHosts(t *testing.T) {
	m := transport.NewMemory()
	l := listen(t, m, "relay:4000")
	if _, err := m.Dial(t.Context(), "nobody:4000"); !errors.As(err, new(*net.DNSError)) {
		t.Errorf("an unknown name: %v", err)
	}
	conn, err := m.From("node").Dial(t.Context(), "relay:4000")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if conn.RemoteAddr().String() != l.Addr().String() {
		t.Errorf("relay is %v and %v", conn.RemoteAddr(), l.Addr())
	}
	if there := listen(t, m, "node:0"); conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr() != there.Addr().Addr() {
		t.Errorf("node dials from %v and listens at %v", conn.LocalAddr(), there.Addr())
	}
}

func TestADialThatNobodyAcceptsEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := transport.NewMemory()
		l := listen(t, m, "full:1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		dialled := 0
		var err error
		for err == nil {
			var conn transport.Conn
			if conn, err = m.Dial(ctx, l.Addr().String()); err == nil {
				dialled++
				defer conn.Close()
			}
		}
		if dialled == 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d links wait to be accepted, then: %v", dialled, err)
		}
	})
}
