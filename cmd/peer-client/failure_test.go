package main

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestAFailureNamesEachNodeOnce(t *testing.T) {
	at := func(address string) client.Node { return client.Node{AddrPort: netip.MustParseAddrPort(address)} }
	a, b, c := at("127.0.0.1:1"), at("127.0.0.1:2"), at("127.0.0.1:3")
	tried := []client.Tried{{Node: a}, {Node: b, Code: protocol.NotFound}, {Node: a, Code: protocol.Lost}, {Node: c, Code: protocol.BadHash}}
	for _, x := range []struct {
		result client.Result
		code   int
		text   string
	}{
		{client.Result{Outcome: client.NobodyHad}, cli.ExitNobodyHas, `no node has "x"`},
		{client.Result{Outcome: client.TooEarly, Young: 1500 * time.Millisecond}, cli.ExitTooEarly,
			`"x" was not found so far, which may change: the relay was restarted, and may lack nodes for another 2 s`},
		{client.Result{Outcome: client.NobodyHad, Tried: tried[1:2]}, cli.ExitNobodyHas, `no node has "x": 1 node was asked`},
		{client.Result{Outcome: client.Undelivered, Tried: tried}, cli.ExitUndelivered, `"x" is there, but no node could deliver it ` +
			`whole and verified: of 3 nodes asked, 127.0.0.1:1 lost, 127.0.0.1:3 bad-hash`},
		{client.Result{Outcome: client.Undelivered, Tried: tried[:1]}, cli.ExitUndelivered, `"x" is there, but no node could deliver it ` +
			`whole and verified: of 1 node asked none had the rest`},
		{client.Result{Outcome: client.Unsure, Tried: []client.Tried{
			{Node: a, Code: protocol.Refused, Published: true}, {Node: b, Code: protocol.Timeout}, {Node: c, Code: protocol.Busy, Published: true},
		}}, cli.ExitFailure, `"x" could not be fetched for now, as nodes stayed busy: of 3 nodes asked, ` +
			`127.0.0.1:1, which has it as the relay says, does not answer (refused), 127.0.0.1:2 timeout, 127.0.0.1:3 busy`},
		{client.Result{Outcome: client.Unsure, Unasked: client.Unasked{Withheld: 1, LeftOut: 2}}, cli.ExitFailure,
			`"x" was not found, but not every node could be asked: the relay knows 1 node that cannot be reached from here; ` +
				`2 entries of the relay's answer could not be used`},
		{client.Result{Outcome: client.Unsure, Unasked: client.Unasked{Endless: true}, Tried: []client.Tried{{Node: a, Code: protocol.NotFound}, {Node: b, Code: protocol.Internal}}}, cli.ExitFailure,
			`"x" was not found, but not every node could be asked: of 2 nodes asked, 127.0.0.1:2 internal; the relay names more nodes than are asked`},
		{client.Result{Outcome: client.DiskFailed, Text: "full"}, cli.ExitFailure, "full"},
		{client.Result{Outcome: client.DiskFailed, Text: "broken pipe", Cause: fmt.Errorf("-: %w", syscall.EPIPE)}, cli.ExitFailure, ""},
		{client.Result{Outcome: client.GivenUp, Text: "8 others"}, cli.ExitFailure, "given up: 8 others"},
		{client.Result{Outcome: client.NoRelay, Code: protocol.Refused, By: protocol.Client, Text: "no\x1b"}, cli.ExitNoRelay,
			"the relay relay:1 could not be asked: refused (the client: no?)"},
		{client.Result{Outcome: client.NoRelay, Code: protocol.Unexpected, By: protocol.Node, Text: "what?"}, cli.ExitNoRelay,
			"the relay relay:1 could not be asked: this is no relay; is it a peer node? (the node: unexpected)"},
		{client.Result{Outcome: client.Interrupted}, cli.ExitInterrupted, "interrupted"},
	} {
		err := resultFailure(askedRelay{"relay:1", &cli.Secured{}}, peer.Request{Name: "x"}, x.result)
		if code := cli.ExitCode(err); code != x.code || err.Error() != x.text {
			t.Errorf("%d, %q instead of %d, %q", code, err, x.code, x.text)
		}
	}
	if resultFailure(askedRelay{"relay:1", &cli.Secured{}}, peer.Request{Name: "x"}, client.Result{Outcome: client.Fetched}) != nil {
		t.Error("a file that is there is a failure")
	}
	h := protocol.Hash{7}
	if err := resultFailure(askedRelay{"r", &cli.Secured{}}, peer.Request{Hash: h}, client.Result{Outcome: client.NobodyHad}); !strings.HasSuffix(err.Error(), "content "+h.String()) {
		t.Error(err)
	}
}
