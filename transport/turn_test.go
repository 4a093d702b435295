package transport_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

var getA = protocol.Append(nil, &protocol.Get{Name: "a"})

// oneUpload returns a world in which a node sends one body at a time, and calls it; the link has the turn, and takes
// nothing.
func oneUpload(t *testing.T) (w *world, dial func() transport.Conn, holder transport.Conn) {
	w = newWorld(t, transport.NewMemory(), 0)
	at := w.run(&peer.Node{Share: folder{"a": strings.Repeat("a", 1<<20)}, Terms: node.Terms{Uploads: 1}})
	dial = func() transport.Conn { return call(t, w.network, at, getA) }
	holder = dial()
	hear(t, holder)
	return w, dial, holder
}

// TestABodyWaitsForItsTurn over links: until another one ends, however it does.
func TestABodyWaitsForItsTurn(t *testing.T) {
	for name, ends := range map[string]func(conn transport.Conn){
		"whole":   func(conn transport.Conn) { io.CopyN(io.Discard, conn, 1<<20) },
		"lost":    func(conn transport.Conn) { conn.Close() },
		"stalled": func(transport.Conn) { time.Sleep(roles.ProgressTimeout - 2*time.Second) }, // until the node hangs up
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, dial, holder := oneUpload(t)
				ends(holder)
				began := time.Now()
				conn := dial()
				receives(t, conn)
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("it had its turn after %v", took)
				}
				conn.Close()
				holder.Close()
				w.end()
			})
		})
	}
}

// TestABodyWhoseTurnDoesNotComeIsRefused: the client is told when to come again, before it gives up by itself, and those
// that have waited in vain are no longer in the way.
func TestABodyWhoseTurnDoesNotComeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, dial, holder := oneUpload(t)
		began := time.Now()
		busy := dial()
		left := dial()
		left.Close()
		refusal, is := hear(t, busy).(*protocol.Error)
		if !is || refusal.Code != protocol.Busy || refusal.By != protocol.Node || refusal.Retry != protocol.ToMillis(roles.BusyRetry) {
			t.Fatalf("%+v", refusal)
		}
		if took := time.Since(began); took != roles.TurnPatience {
			t.Errorf("refused after %v", took)
		}
		busy.Close()
		io.CopyN(io.Discard, holder, 1<<20)
		conn := dial()
		receives(t, conn)
		conn.Close()
		holder.Close()
		w.end()
	})
}

// TestANodeThatStopsKeepsNobodyWaiting for a turn that does not come.
func TestANodeThatStopsKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, dial, holder := oneUpload(t)
		conn := dial()
		time.Sleep(time.Second)
		w.leave()
		if refusal, is := hear(t, conn).(*protocol.Error); !is || refusal.Code != protocol.Draining {
			t.Errorf("%+v", refusal)
		}
		conn.Close()
		holder.Close()
		w.end()
	})
}
