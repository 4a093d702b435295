package peer

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

func TestManyRequestsInASecondAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		access := &accessLog{sampler{log: hclog.New(&hclog.LoggerOptions{Output: &out})}}
		requests := func(n int) {
			for range n {
				access.served(node.Served{Name: "a", Hash: protocol.Hash{1}})
			}
			access.served(node.Served{Name: "a", Tree: true}) // aside
		}
		requests(mostLines + 5)
		time.Sleep(2 * time.Second)
		requests(mostLines + 7)
		access.flush()
		access.flush()
		if told := strings.Count(out.String(), "sending: "); told != 2*mostLines {
			t.Errorf("%d lines", told)
		}
		if strings.Count(out.String(), "left out") != 2 || !strings.Contains(out.String(), "lines=5 like=sending") || !strings.Contains(out.String(), "lines=7 like=sending") {
			t.Error(out.String())
		}
	})
}

// TestARelaysLogIsBoundedWhateverComes: 200,000 registrations in a second are a few lines, and hide
// no line of another kind.
func TestARelaysLogIsBoundedWhateverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		directory := &loggedDirectory{
			Directory: relay.NewRegistry(relay.Policy{MaxEntries: 1, MaxLeasesFrom: 200_000}),
			sampler:   sampler{log: hclog.New(&hclog.LoggerOptions{Output: &out})},
		}
		from := relay.From{Peer: netip.MustParseAddr("192.0.2.1")}
		for i := range 200_000 {
			m := &protocol.Register{ID: protocol.PeerID{byte(i), byte(i >> 8), byte(i >> 16), 1}, Epoch: 1, Port: 1}
			directory.Register(roles.Moment{}, from, m)
			if i%2 == 0 {
				directory.Leave(roles.Moment{}, &protocol.Leave{ID: m.ID, Epoch: 1})
			}
		}
		full := &protocol.Publish{ID: protocol.PeerID{1, 0, 0, 1}, Epoch: 1, Index: 1, To: 2, Latest: 2,
			Changes: []protocol.Entry{{Name: "a", Hash: protocol.Hash{1}}, {Name: "b", Hash: protocol.Hash{1}}}}
		directory.Publish(roles.Moment{}, full)
		time.Sleep(2 * time.Second)
		synctest.Wait() // the line about what was left out is written whole
		lines := strings.Count(out.String(), "\n")
		if lines != 2*mostLines+2+1 || !strings.Contains(out.String(), "index refused") {
			t.Errorf("%d lines:\n%s", lines, out.String())
		}
		if !strings.Contains(out.String(), `lines=199990 like="node listed"`) {
			t.Error(out.String())
		}
	})
}
