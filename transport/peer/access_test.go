package peer

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/node"
)

func TestManyRequestsInASecondAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		access := &accessLog{log: hclog.New(&hclog.LoggerOptions{Output: &out})}
		requests := func(n int) {
			for range n {
				access.served(node.Served{Name: "a", Hash: protocol.Hash{1}})
			}
			access.served(node.Served{Name: "a", Tree: true}) // aside
		}
		requests(mostLines + 5)
		time.Sleep(2 * time.Second)
		requests(mostLines + 7)
		access.logMore()
		access.logMore()
		if told := strings.Count(out.String(), "sending: "); told != 2*mostLines {
			t.Errorf("%d lines", told)
		}
		if strings.Count(out.String(), "and more") != 2 || !strings.Contains(out.String(), "requests=5") || !strings.Contains(out.String(), "requests=7") {
			t.Error(out.String())
		}
	})
}
