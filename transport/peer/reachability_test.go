package peer

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/node"
)

// The log and a node's page say the same, and where something can be done they say what.
func TestAFindingAboutReachabilityIsOneForLogAndPage(t *testing.T) {
	outside, loopback := netip.MustParseAddrPort("192.0.2.1:4001"), netip.MustParseAddrPort("127.0.0.1:4001")
	also := netip.MustParseAddr("2001:db8::1")
	place := func(at netip.AddrPort, reach protocol.Reach) node.Place {
		return node.Place{At: at, Reached: protocol.Reached{Reach: reach}}
	}
	relayed := func(p node.Place) node.Place {
		p.Await = 1
		return p
	}
	both := func(reach, other protocol.Reach) node.Place {
		return node.Place{At: outside, Also: also, Reached: protocol.Reached{Reach: reach, AlsoReach: other}}
	}
	const firewall = "a firewall or a NAT is in between"
	for _, c := range []struct {
		name  string
		of    reachability
		grade Grade
		level hclog.Level
		text  string
		cure  string // its beginning
		line  string // the end of the log's line
	}{
		{"proven", reachability{at: place(outside, protocol.ReachDirect), listen: outside}, GradeFine, hclog.NoLevel, reachableNow, "", ""},
		{"unproven", reachability{at: place(outside, 0), listen: outside}, GradeFine, hclog.NoLevel, "clients are sent here; this relay does not find out whether they can reach this node", "", ""},
		{"only through the relay", reachability{at: relayed(place(outside, protocol.ReachTimeout)), listen: outside, circuits: true}, GradeFine, hclog.Info,
			"not reachable from outside (timeout at 192.0.2.1:4001): clients come through the relay", firewall, "clients come through the relay"},
		{"loopback, and the relay is elsewhere", reachability{listen: loopback}, GradeBad, hclog.Error,
			"nobody can reach this node: it listens on loopback alone, and the relay is another machine", otherAddress, "; let it listen on an address of the network"},
		{"queued", reachability{at: place(outside, protocol.ReachQueued), listen: outside}, GradePending, hclog.Warn,
			"whether this node can be reached is not known to the relay yet, for others of the same address come first: nobody is sent here until then", "", "until then"},
		{"refused", reachability{at: place(outside, protocol.ReachRefused), listen: outside}, GradeBad, hclog.Error,
			"not reachable from outside (refused at 192.0.2.1:4001), so nobody is sent here", "its machine is not the one", "; through the relay nobody comes, as was asked for"},
		{"another program, and no circuits", reachability{at: place(outside, protocol.ReachWrongPeer), listen: outside, circuits: true, proves: true}, GradeBad, hclog.Error,
			"not reachable from outside (wrong-peer at 192.0.2.1:4001), so nobody is sent here", "another program answers there", "; this relay makes no circuits by which clients could come"},
		{"loopback both", reachability{at: place(loopback, protocol.ReachDirect), listen: loopback}, GradeWarn, hclog.Warn,
			"only this machine can reach this node: it listens on loopback alone", otherAddress, "; let it listen on an address of the network"},
		{"the relay's machine", reachability{at: place(loopback, 0), listen: outside}, GradeFine, hclog.Info,
			"this node is on the relay's machine: others are sent to the address at which they reach the relay", "", "they reach the relay"},
		{"one of two", reachability{at: both(protocol.ReachDirect, protocol.ReachTimeout), listen: outside}, GradeWarn, hclog.Warn,
			"not reachable over one of its two addresses (timeout at [2001:db8::1]:4001): clients are sent to the other", firewall, "clients are sent to the other"},
		{"pending", reachability{at: place(outside, protocol.ReachPending), listen: outside}, GradePending, hclog.Info,
			"whether this node can be reached is not known to the relay yet: until then clients are sent elsewhere first", "", "first"},
		{"pending, with circuits", reachability{at: relayed(place(outside, protocol.ReachPending)), listen: outside, circuits: true}, GradePending, hclog.Info,
			"whether this node can be reached is not known to the relay yet: until then clients come through it, or are sent elsewhere first", "", "first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := c.of.find()
			if f.Grade != c.grade || f.level != c.level || f.Text != c.text {
				t.Errorf("%+v", f)
			}
			if !strings.HasPrefix(f.Cure, c.cure) || c.cure == "" && f.Cure != "" {
				t.Errorf("the cure is %q", f.Cure)
			}
			if !strings.HasPrefix(f.line(), f.Text) || !strings.HasSuffix(f.line(), c.line) {
				t.Errorf("the log says %q", f.line())
			}
		})
	}
}
