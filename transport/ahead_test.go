package transport_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// stuck is a share whose disk answers for all files but one.
type stuck struct{ hanging }

func (s stuck) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	if name == "stuck" {
		return s.hanging.Open(ctx, name, hash, hashing)
	}
	return s.folder.Open(ctx, name, hash, hashing)
}

// Small files that are requested ahead may share packets, but a file that is ready does not wait
// for one that the disk has yet to open.
func TestSmallAnswersDoNotWaitForTheNextFile(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		small := folder{"a": "first", "b": strings.Repeat("second", 1000), "stuck": "last"}
		share := stuck{hanging{small, make(chan struct{})}}
		conn := call(t, network, w.join(share), nil)
		names := []string{"a", "b", "a", "nowhere", "b", "stuck", "a"}
		var asked []byte
		for _, name := range names {
			asked = protocol.Append(asked, &protocol.Get{Name: name})
		}
		conn.SetDeadline(time.Now().Add(roles.DiskTimeout / 2))
		if _, err := conn.Write(asked); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if name == "stuck" {
				close(share.free)
			}
			answer := hear(t, conn)
			if refusal, is := answer.(*protocol.Error); is && name == "nowhere" && refusal.Code == protocol.NotFound {
				continue
			}
			if got := body(t, conn, answer); got != small[name] {
				t.Errorf("%s: %d bytes", name, len(got))
			}
		}
		conn.Close()
		w.end()
	})
}
