package peer

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/node"
)

// reachability is what is known of whether clients can reach a node, and what decides that.
type reachability struct {
	at       node.Place
	listen   netip.AddrPort
	circuits bool // clients may come through the relay
	proves   bool // links prove ids, so that the relay could make circuits
}

// finding is what there is to say of it.
type finding struct {
	NodeReach
	level  hclog.Level // of the log; NoLevel: it is what everybody expects
	before string      // the cure, in the log; "": it has none there
	listen bool        // the log says where the node listens
}

// line returns what the log says.
func (f finding) line() string {
	if f.before == "" {
		return f.Text
	}
	return f.Text + f.before + f.Cure
}

const otherAddress = "let it listen on an address of the network"

// find says if few or none can reach a node where the relay lists it, or whether that is not known yet.
func (r reachability) find() finding {
	at, relayed := r.at, r.circuits && r.at.Relayed()
	switch {
	case relayed && at.Nowhere():
		return finding{NodeReach{GradeFine, "not reachable from outside (" + unreached(at) + "): clients come through the relay", cureOf(at)}, hclog.Info, "", true}
	case !at.At.IsValid():
		return finding{NodeReach{GradeBad, "nobody can reach this node: it listens on loopback alone, and the relay is another machine", otherAddress}, hclog.Error, "; ", true}
	case at.Nowhere() && at.Best() == protocol.ReachQueued:
		return finding{NodeReach{GradePending, "whether this node can be reached is not known to the relay yet, for others of the same address come first: nobody is sent here until then", ""}, hclog.Warn, "", false}
	case at.Nowhere():
		return finding{NodeReach{GradeBad, "not reachable from outside (" + unreached(at) + "), so nobody is sent here", cureOf(at) + r.noWay()}, hclog.Error, ": ", true}
	case r.listen.Addr().IsLoopback() && at.At.Addr().IsLoopback():
		return finding{NodeReach{GradeWarn, "only this machine can reach this node: it listens on loopback alone", otherAddress}, hclog.Warn, "; ", true}
	case at.At.Addr().IsLoopback():
		return finding{NodeReach{GradeFine, "this node is on the relay's machine: others are sent to the address at which they reach the relay", ""}, hclog.Info, "", false}
	case at.Reach.Failed() || at.AlsoReach.Failed():
		return finding{NodeReach{GradeWarn, "not reachable over one of its two addresses (" + unreached(at) + "): clients are sent to the other", cureOf(at)}, hclog.Warn, "", true}
	case at.Best() == protocol.ReachPending:
		until := "clients are sent elsewhere first"
		if relayed {
			until = "clients come through it, or are sent elsewhere first"
		}
		return finding{NodeReach{GradePending, "whether this node can be reached is not known to the relay yet: until then " + until, ""}, hclog.Info, "", false}
	case at.Best() == protocol.ReachDirect:
		return finding{NodeReach: NodeReach{GradeFine, reachableNow, ""}}
	}
	return finding{NodeReach: NodeReach{GradeFine, "clients are sent here; this relay does not find out whether they can reach this node", ""}}
}

const reachableNow = "reachable from outside: clients are sent here"

// noWay says why no client comes through the relay.
func (r reachability) noWay() string {
	switch {
	case !r.circuits:
		return "; through the relay nobody comes, as was asked for"
	case r.proves:
		return "; this relay makes no circuits by which clients could come"
	}
	return ""
}

// whereabouts returns a place as it is logged.
func whereabouts(at node.Place) string {
	switch {
	case !at.At.IsValid():
		return "nowhere"
	case at.Also.IsValid():
		return at.At.String() + " and " + netip.AddrPortFrom(at.Also, at.At.Port()).String()
	}
	return at.At.String()
}

// unreached returns the addresses at which the relay could not reach the node, with the reasons.
func unreached(at node.Place) string {
	told := []string{}
	if at.Reach.Failed() {
		told = append(told, fmt.Sprintf("%s at %s", at.Reach, at.At))
	}
	if at.AlsoReach.Failed() {
		told = append(told, fmt.Sprintf("%s at %s", at.AlsoReach, netip.AddrPortFrom(at.Also, at.At.Port())))
	}
	return strings.Join(told, ", ")
}

// cureOf says what to do about the address that cannot be reached, or the first of two.
func cureOf(at node.Place) string {
	switch {
	case at.Best() == protocol.ReachQueued: // nobody has tried yet
		return ""
	case at.Reach.Failed() || !at.Also.IsValid():
		return cure(at.Reach)
	}
	return cure(at.AlsoReach)
}

// cure says what to do about a node that cannot be reached.
func cure(why protocol.Reach) string {
	switch why {
	case protocol.ReachRefused:
		return "its machine is not the one at that address, or refuses the port; forward the port to this node, or say with --advertise where it is forwarded"
	case protocol.ReachWrongPeer:
		return "another program answers there; forward the port to this node, or set --listen to a port that is this node's at that address"
	}
	return "a firewall or a NAT is in between; open the port, forward it to this node, or say with --advertise where it is forwarded"
}
