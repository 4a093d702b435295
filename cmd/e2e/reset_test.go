package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A link to the relay that is reset once, within whichever answer, costs nobody anything: a fetch, a
// list of many pages, a node that registers, renews or publishes. Two links in a row that end
// so are exit 4.
func TestALinkToTheRelayThatIsResetOnceCostsNothing(t *testing.T) {
	relay := start(t, "relay-server", "--host", "127.0.0.1", "--ttl", "60s", "0")
	between := newStrait(t)
	between.open("127.0.0.1:" + relay.port)
	files := map[string]string{}
	for i := range 2500 {
		files[fmt.Sprintf("a name of some length, of which many fill a page/%d", i)] = fmt.Sprint("number ", i)
	}
	for byte := range int64(4) {
		between.resetAt(1 + 30*byte)
		shares := start(t, "peer-node", "--share", folder(t, map[string]string{fmt.Sprint("of node ", byte): fmt.Sprint("text ", byte)}), "--listen", "127.0.0.1:0", "127.0.0.1", between.port)
		eventually(t, 20*time.Second, "its name is published", func() bool {
			return run(t, "", "peer-client", "--list", "127.0.0.1", relay.port, fmt.Sprint("of node ", byte)).out != ""
		})
		if log := shares.errors.String(); strings.Contains(log, "again_ms") { // of an exchange that failed
			t.Errorf("a link to the relay is reset at byte %d:\n%s", 1+30*byte, log)
		}
	}
	node(t, relay, files)
	eventually(t, 20*time.Second, "all is published, with its hashes: nothing changes any more", func() bool {
		r := run(t, "", "peer-client", "--list", "127.0.0.1", relay.port)
		return r.code == 0 && strings.Count(r.out, "\n") == 2504 && !strings.Contains(r.out, "\t-\t")
	})
	name := "a name of some length, of which many fill a page/77"
	for _, at := range []int64{1, 40} {
		between.resetAt(at)
		if r := run(t, "", "peer-client", "127.0.0.1", between.port, name); r.code != 0 || r.out != "number 77" {
			t.Errorf("reset at byte %d: %+v", at, r)
		}
	}
	for _, at := range []int64{1, 70_000, 150_000} {
		between.resetAt(at)
		r := run(t, "", "peer-client", "--list", "127.0.0.1", between.port)
		if lines := strings.Count(r.out, "\n"); r.code != 0 || lines != 2504 {
			t.Errorf("reset at byte %d: %d names, exit %d: %s", at, lines, r.code, r.err)
		}
	}
	between.hold(0, true)
	if r := run(t, "", "peer-client", "127.0.0.1", between.port, name); r.code != 4 {
		t.Errorf("cut twice: %+v", r)
	}
}
