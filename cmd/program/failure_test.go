package program

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
)

func TestAFailureNamesEachNodeOnce(t *testing.T) {
	a, b, c := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"), netip.MustParseAddrPort("127.0.0.1:3")
	tried := []client.Tried{{Node: a}, {Node: b, Code: protocol.NotFound}, {Node: a, Code: protocol.Lost}, {Node: c, Code: protocol.BadHash}}
	for _, x := range []struct {
		result client.Result
		code   int
		text   string
	}{
		{client.Result{Outcome: client.NobodyHad}, ExitNobodyHas, `no node has "x"`},
		{client.Result{Outcome: client.NobodyHad, Tried: tried[1:2]}, ExitNobodyHas, `no node has "x": 1 node was asked`},
		{client.Result{Outcome: client.Undelivered, Tried: tried}, ExitUndelivered, `"x" is there, but no node could deliver it ` +
			`whole and verified: of 3 nodes asked, 127.0.0.1:1 lost, 127.0.0.1:3 bad-hash`},
		{client.Result{Outcome: client.Undelivered, Tried: tried[:1]}, ExitUndelivered, `"x" is there, but no node could deliver it ` +
			`whole and verified: of 1 node asked none had the rest`},
		{client.Result{Outcome: client.DiskFailed, Text: "full"}, ExitFailure, "full"},
		{client.Result{Outcome: client.Interrupted}, ExitInterrupted, "interrupted"},
	} {
		f := failure("relay:1", client.Request{Name: "x"}, x.result)
		if f.Code != x.code || f.Text != x.text {
			t.Errorf("%d, %q instead of %d, %q", f.Code, f.Text, x.code, x.text)
		}
	}
	if failure("relay:1", client.Request{Name: "x"}, client.Result{Outcome: client.Fetched}) != nil {
		t.Error("a file that is there is a failure")
	}
	h := hashNo(7)
	if f := failure("r", client.Request{Hash: h}, client.Result{Outcome: client.NobodyHad}); !strings.HasSuffix(f.Text, "content "+h.String()) {
		t.Error(f.Text)
	}
}
