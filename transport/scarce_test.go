package transport_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// askAgain asks over each link, and returns the codes of the refusals: 0 is an answer.
func (a *asker) askAgain(links []transport.Conn) (codes []protocol.Code) {
	a.t.Helper()
	for _, conn := range links {
		codes = append(codes, a.locates(conn))
	}
	return codes
}

// TestWhoKeepsALinkByAskingNowAndThenMakesRoom: one who asks each nine seconds keeps a link as long as there
// is room. When links are scarce each newcomer costs the one that has been open for the longest.
func TestWhoKeepsALinkByAskingNowAndThenMakesRoom(t *testing.T) {
	const limit = 20
	asks(t, &peer.Relay{MaxLinks: limit}, func(a *asker) {
		var links []transport.Conn
		for i := range limit * roles.ScarceLinks / 100 {
			links = append(links, a.dial(fmt.Sprintf("192.0.2.%d", i+1)))
		}
		for range 40 {
			for i, code := range a.askAgain(links) {
				if code != 0 {
					t.Fatalf("link %d is refused while there is room: %v", i, code)
				}
			}
			time.Sleep(9 * time.Second)
		}
		var late []transport.Conn
		for i := range 3 {
			late = append(late, a.dial(fmt.Sprintf("192.0.2.%d", 100+i)))
			if code := a.locates(late[i]); code != 0 {
				t.Errorf("newcomer %d is refused: %v", i, code)
			}
		}
		synctest.Wait()
		for i, code := range a.askAgain(links) {
			want := protocol.Code(0)
			if i < 3 {
				want = protocol.Busy
			}
			if code != want {
				t.Errorf("link %d is told %v, not %v", i, code, want)
			}
		}
		for _, conn := range append(links, late...) {
			conn.Close()
		}
	})
}

// TestAFullServerHasRoomAgain: its idlers hold all links, and once they have been there for long each newcomer has the room of one.
func TestAFullServerHasRoomAgain(t *testing.T) {
	const limit = 10
	asks(t, &peer.Relay{MaxLinks: limit}, func(a *asker) {
		var links []transport.Conn
		for i := range limit {
			links = append(links, a.dial(fmt.Sprintf("192.0.2.%d", i+1)))
		}
		young := a.dial("192.0.2.100")
		if code := a.locates(young); code != protocol.Busy {
			t.Errorf("all links are young, and one more is told %v", code)
		}
		begin := time.Now()
		for time.Since(begin) < roles.SpareAfter {
			a.askAgain(links)
			time.Sleep(9 * time.Second)
		}
		late := a.dial("192.0.2.101")
		if code := a.locates(late); code != 0 {
			t.Errorf("there is no room again: %v", code)
		}
		for _, conn := range append(links, young, late) {
			conn.Close()
		}
	})
}

// TestALinkThatMovesMuchStays: whoever lists, publishes or fetches has need of his link, however long it is
// open.
func TestALinkThatMovesMuchStays(t *testing.T) {
	const limit = 10
	asks(t, &peer.Relay{MaxLinks: limit, RequestRate: 1e6, RequestRateFrom: 1e6}, func(a *asker) {
		busy := a.dial("192.0.2.1")
		var idlers []transport.Conn
		for i := range limit - 2 {
			idlers = append(idlers, a.dial(fmt.Sprintf("192.0.2.%d", i+2)))
		}
		asked := len(protocol.Append(nil, &protocol.Locate{})) + len(protocol.Append(nil, &protocol.Located{}))
		for range 10 {
			a.askAgain(idlers)
			for range roles.MinProgress/asked + 1 {
				a.locates(busy)
			}
			time.Sleep(9 * time.Second)
		}
		for i := range limit {
			a.dial(fmt.Sprintf("192.0.2.%d", 100+i)).Close()
			synctest.Wait()
		}
		if code := a.locates(busy); code != 0 {
			t.Errorf("it is let go: %v", code)
		}
		let := 0
		for _, code := range a.askAgain(idlers) {
			if code == protocol.Busy {
				let++
			}
		}
		if let == 0 {
			t.Error("nobody is let go")
		}
		for _, conn := range append(idlers, busy) {
			conn.Close()
		}
	})
}
