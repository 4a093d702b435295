package transport

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// TestALinkThatIsHandedOutIsTheServers: neither the end of listening nor a crowd that wants its place closes it, although
// its handshake counts until it has been accepted.
func TestALinkThatIsHandedOutIsTheServers(t *testing.T) {
	for name, meanwhile := range map[string]func(s *handshakes, others func() Conn){
		"the listener closes": func(s *handshakes, _ func() Conn) { s.close() },
		"others want its place, late": func(s *handshakes, others func() Conn) {
			time.Sleep(2 * roles.HandshakePatience)
			s.add(others())
			s.close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := NewMemory()
				l, err := memory.Listen(t.Context(), "relay:4000")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				var near Conn
				dial := func() Conn {
					if near, err = memory.Dial(t.Context(), "relay:4000"); err != nil {
						t.Fatal(err)
					}
					far, err := l.Accept()
					if err != nil {
						t.Fatal(err)
					}
					return far
				}
				var s *handshakes
				first, passed := true, make(chan struct{})
				shake := func(conn Conn, _ func()) Conn {
					if !first {
						return nil // another one
					}
					first = false
					return conn
				}
				pass := func(link Conn) {
					if link == nil {
						return
					}
					peer := near
					defer peer.Close()
					meanwhile(s, dial)
					exchange(t, peer, link, []byte("still here"))
					link.Close()
					close(passed)
				}
				s = newHandshakes(shake, pass, 2, 1000)
				s.add(dial())
				<-passed
				s.awaitEnd()
				near.Close()
			})
		})
	}
}
