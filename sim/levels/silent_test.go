package levels

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// A peer that asks and asks and never reads an answer fills what lies between; the write that then can't go on is
// given up after its deadline, and the link with it.
func TestASilentReaderIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, transport.NewMemory(), relay.Policy{}, plants[*planted])
		conn, err := w.network.Dial(context.Background(), w.relayAt)
		if err != nil {
			t.Fatal(err)
		}
		ask := protocol.Append(nil, &protocol.Locate{})
		began, asked := time.Now(), 0
		conn.SetWriteDeadline(began.Add(time.Hour))
		for err == nil {
			_, err = conn.Write(ask)
			asked++
		}
		// Twice, for the deadline of the state may come first and have its ERROR written, which then cannot go on.
		if took := time.Since(began); took > 2*roles.ReplyTimeout+roles.CloseTimeout {
			t.Errorf("after %d requests the link was cut only after %v", asked, took)
		}
		if asked < 10 {
			t.Errorf("the link was cut after %d requests, before anything can have been full", asked)
		}
		conn.Close()
		w.close()
	})
}
