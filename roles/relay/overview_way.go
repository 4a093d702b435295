package relay

import (
	"net/netip"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// NodeWay is how clients come to a node.
type NodeWay string

// The ways to a node.
const (
	NodeDirect   NodeWay = "direct"   // it has answered at an address
	NodeCircuit  NodeWay = "circuit"  // through the relay alone
	NodePending  NodeWay = "pending"  // that has not been found out yet
	NodeUnproven NodeWay = "unproven" // nobody finds out, and clients are sent there
	NodeNowhere  NodeWay = "nowhere"  // nobody is sent there
)

// way returns how clients come to the node of a lease, and why.
func (l *lease) way(now time.Duration) (way NodeWay, why string) {
	way = NodeNowhere
	var narrow, unreached string
	for _, ipv6 := range [...]bool{false, true} {
		addr, reach := l.of(ipv6, now), *l.reachOf(ipv6)
		if !addr.IsValid() {
			continue
		}
		is := NodeNowhere
		switch reach {
		case protocol.ReachDirect:
			is = NodeDirect
			if narrow == "" && way != NodeDirect || narrowness(addr) == "" {
				narrow = narrowness(addr)
			}
		case protocol.ReachPending, protocol.ReachQueued:
			is = NodePending
		case 0:
			is = NodeUnproven
		}
		if reach.Failed() {
			unreached = join(unreached, reach.String()+" at "+netip.AddrPortFrom(addr, l.port).String())
		}
		way = better(way, is)
	}
	through := l.awaits > now && l.proven
	if through && way != NodeDirect {
		return NodeCircuit, l.unless(unreached, now)
	}
	switch way {
	case NodeDirect:
		if why = join(narrow, unreached); narrow != "" && through {
			why = join(why, "others come through the relay")
		}
	case NodeUnproven:
		why = l.unproven(now)
	default:
		why = l.unless(unreached, now)
	}
	return way, why
}

// better returns the better one of the ways over two addresses.
func better(one, other NodeWay) NodeWay {
	for _, best := range [...]NodeWay{NodeDirect, NodeUnproven, NodePending} {
		if one == best || other == best {
			return best
		}
	}
	return NodeNowhere
}

// unless returns why a node is not reached directly, unless that is known already.
func (l *lease) unless(unreached string, now time.Duration) string {
	if unreached == "" && !l.of(false, now).IsValid() && !l.of(true, now).IsValid() {
		return "no address at which others could reach it"
	}
	return unreached
}

// unproven returns why nobody finds out whether a node can be reached.
func (l *lease) unproven(now time.Duration) (why string) {
	if l.advertised {
		return "the address that it advertises"
	}
	for _, ipv6 := range [...]bool{false, true} {
		if addr := l.of(ipv6, now); addr.IsValid() {
			why = narrowness(addr)
		}
	}
	return why
}

// narrowness returns why not everybody can connect to an address; "": everybody can.
func narrowness(addr netip.Addr) string {
	switch protocol.ScopeOf(addr) {
	case protocol.Loopback:
		return "loopback address"
	case protocol.LinkLocal:
		return "link-local address"
	case protocol.Private:
		return "private address"
	}
	return ""
}

func join(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, "; ")
}
