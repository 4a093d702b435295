package levels

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// TestASilentReaderIsLetGo sends requests and never reads an answer. The buffers between the two
// fill up; the server gives up its blocked write after the deadline, and ends the link.
func TestASilentReaderIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, transport.NewMemory(), plants[*planted])
		conn, err := c.network.Dial(context.Background(), c.relayAt)
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
		// Twice: the deadline of the state may come first and have its ERROR written, and that
		// write blocks.
		if took := time.Since(began); took > 2*roles.ReplyTimeout+roles.CloseTimeout {
			t.Errorf("after %d requests the link was cut only after %v", asked, took)
		}
		if asked < 10 {
			t.Errorf("the link was cut after %d requests, before anything can have been full", asked)
		}
		conn.Close()
		c.close()
	})
}
