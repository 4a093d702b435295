package transport_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// fill publishes long names at the world's relay: a page of them is longer than a link's buffers.
func (w *world) fill(names int) {
	w.t.Helper()
	at := roles.Moment{Now: time.Since(w.start), Rand: 1}
	id := protocol.PeerID{7}
	w.registry.Register(at, relay.From{Peer: netip.MustParseAddr("192.0.2.1")}, &protocol.Register{ID: id, Epoch: 1, Port: 1})
	m := &protocol.Publish{ID: id, Epoch: 1, Index: 1, Latest: uint64(names)}
	for m.To < m.Latest {
		m.From, m.Changes = m.To, nil
		for len(m.Changes) < 50 {
			name := strings.Repeat(strings.Repeat("x", 250)+"/", 3) + fmt.Sprint(m.To)
			m.Changes = append(m.Changes, protocol.Entry{Name: name, Hash: protocol.Hash{1}})
			m.To++
		}
		if answer := w.registry.Publish(at, m); answer.Kind() != protocol.KindPublished {
			w.t.Fatal(answer)
		}
	}
}

// listed counts the lists that have been made.
func (w *world) listed() (made int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if _, is := e.Message.(*protocol.Listed); is && e.What == transport.SentMessage {
			made++
		}
	}
	return made
}

// Links that ask for lists and do not read them hold few answers. Others wait a moment and get a short
// page; what is not a list is answered at once. The deaf are let go, for those that wait and for a
// client, which gets its list.
func TestDeafListersHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const deaf = 10 * roles.MaxLists
		network := transport.NewMemory()
		w := newWorld(t, network, 0)
		w.fill(1000)
		ask := protocol.Append(nil, &protocol.List{Limit: protocol.MaxPage, Pattern: "**/*"})
		var conns []transport.Conn
		for range deaf {
			conns = append(conns, call(t, network, w.relay, ask))
		}
		synctest.Wait()
		if made := w.listed(); made != roles.MaxLists {
			t.Errorf("%d lists are on their way to %d links", made, deaf)
		}
		begin := time.Now()
		for range w.client(1).Who(t.Context(), peer.Request{Name: "x"}) {
			t.Error("a node has it")
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("LOCATE took %v", took)
		}
		short, begin := 0, time.Now()
		for _, conn := range conns {
			head := make([]byte, protocol.HeaderSize)
			if _, err := io.ReadFull(conn, head); err != nil {
				t.Error(err)
			}
			if binary.BigEndian.Uint32(head[4:]) < 2*roles.ShortList*protocol.MaxName {
				short++
				if took := time.Since(begin); took != roles.ListPatience {
					t.Errorf("one got a short page after %v", took)
				}
				conn.Close()
			}
		}
		if most := deaf - roles.MaxLists; short > most || short < most-roles.MaxLists { // some have the room of the first
			t.Errorf("%d of %d got a short page", short, most)
		}
		listed := 0
		for _, err := range w.client(1).List(t.Context(), "", false) {
			if err != nil {
				t.Fatal(err)
			}
			listed++
		}
		if took := time.Since(begin); listed != 1000 || took > 2*roles.BusyRetry {
			t.Errorf("%d names were listed after %v", listed, took)
		}
	})
}

// A client gets its whole list, in time that is bounded by its length, while ever new strangers ask
// for lists and do not read them: at worst each page is a short one, which the length of the names fills.
func TestAListComesWhoeverAsksAndDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const names, deaf = 1000, 10 * roles.MaxLists
		network := transport.NewMemory()
		w := newWorld(t, network, 0)
		w.fill(names)
		ask := protocol.Append(nil, &protocol.List{Limit: protocol.MaxPage, Pattern: "**/*"})
		ctx, over := context.WithCancel(t.Context())
		var strangers sync.WaitGroup
		for range deaf {
			strangers.Go(func() {
				for ctx.Err() == nil {
					conn, err := network.Dial(ctx, w.relay.String())
					if err != nil {
						return
					}
					conn.Write(bytes.Repeat(ask, 3))
					select {
					case <-ctx.Done():
					case <-time.After(roles.AnswerPatience + roles.ListPatience):
					}
					conn.Close()
				}
			})
		}
		synctest.Wait()
		begin, listed, longest := time.Now(), 0, 0
		for offer, err := range w.client(1).List(t.Context(), "", false) {
			if err != nil {
				t.Fatal(err)
			}
			listed++
			longest = max(longest, (&protocol.Item{Name: offer.Name, Hash: offer.Hash, Size: offer.Size}).Room())
		}
		full := min(roles.ShortList, roles.ShortListBytes/longest)
		if took, most := time.Since(begin), time.Duration(names/full+2)*roles.ListPatience; listed != names || took > most {
			t.Errorf("%d names were listed after %v, not %v at most", listed, took, most)
		}
		over()
		strangers.Wait()
	})
}

// Every link above the limit is refused in words, also where more are being refused than a server
// waits for.
func TestEveryLinkAboveTheLimitIsToldBusy(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 1)
		inside := call(t, network, w.relay, protocol.Append(nil, &protocol.Locate{}))
		hear(t, inside)
		var conns []transport.Conn
		for range transport.Farewells(1) + 10 {
			conns = append(conns, call(t, network, w.relay, nil))
		}
		for i, conn := range conns {
			if code := refusal(t, conn); code != protocol.Busy {
				t.Errorf("link %d: %v", i, code)
			}
		}
	})
}

// TestOneAddressHasSoManyLinks, one IPv6 network counting as one; those of others, and of loopback, do not
// count with them.
func TestOneAddressHasSoManyLinks(t *testing.T) {
	asks(t, &peer.Relay{MaxFrom: 3}, func(a *asker) {
		code := func(from string) (transport.Conn, protocol.Code) {
			conn := a.dial(from)
			return conn, a.locates(conn)
		}
		var open []transport.Conn
		for i := range 5 {
			for _, from := range []string{"192.0.2.1", "192.0.2.2", fmt.Sprintf("2001:db8::%d", i+1), fmt.Sprintf("2001:db8:0:%d::1", i+1), "127.0.0.1"} {
				conn, got := code(from)
				want := protocol.Code(0)
				if i >= 3 && !strings.Contains(from, ":0:") && from != "127.0.0.1" {
					want = protocol.Busy
				}
				if got != want {
					t.Errorf("link %d from %s: %v", i, from, got)
				}
				open = append(open, conn)
			}
		}
		open[0].Close()
		synctest.Wait()
		if conn, got := code("192.0.2.1"); got != 0 {
			t.Errorf("after one has ended: %v", got)
		} else {
			open = append(open, conn)
		}
		for _, conn := range open {
			conn.Close()
		}
	})
}

// A relay that stops does not wait for peers that do not read, whatever is on its way to them.
func TestAStopDoesNotWaitForTheDeaf(t *testing.T) {
	locate := protocol.Append(nil, &protocol.Locate{Cursor: []byte("none")})
	for name, asks := range map[string][]byte{
		"a list":       protocol.Append(nil, &protocol.List{Limit: protocol.MaxPage}),
		"many answers": []byte(strings.Repeat(string(locate), 100_000)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := transport.NewMemory()
				w := newWorld(t, network, 0)
				w.fill(1000)
				for range 5 {
					conn := call(t, network, w.relay, nil)
					conn.SetWriteDeadline(time.Now().Add(roles.ReplyTimeout / 4)) // it takes no more while an answer waits
					conn.Write(asks)
				}
				begin := time.Now()
				w.end()
				if took := time.Since(begin); took > roles.CloseTimeout {
					t.Errorf("the stop took %v", took)
				}
			})
		})
	}
}

// A long answer is written while its machine goes on: it hears of the deadline, and of the end.
func TestAMachineIsToldOfALongAnswer(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		l := listen(t, network, "127.0.0.1:0")
		answer := &protocol.Error{Code: protocol.NotFound, By: protocol.Relay}
		pretends(t, l, nil, discard)
		m := &told{}
		m.does = func(in roles.Input) []roles.Effect {
			switch in.(type) {
			case roles.Started:
				return []roles.Effect{roles.Dial{To: l.Addr().String()}}
			case roles.Opened:
				return []roles.Effect{roles.Send{Message: answer, Told: true}, roles.Send{Message: answer}}
			}
			return m.end()
		}
		loop := transport.Loop{Network: network}
		if err := loop.Run(t.Context(), nil, m); err != nil {
			t.Fatal(err)
		}
		if got := m.String(); got != "Started, Sent; 0 moved" {
			t.Error(got)
		}
	})
}
