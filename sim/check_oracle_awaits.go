package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// Awaits implements [relay.Directory].
func (o *oracle) Awaits(at roles.Moment, id protocol.PeerID, until time.Duration) protocol.Held {
	if k := o.known[id]; k.live(at.Now) {
		k.awaits = until
	}
	return o.next.Awaits(at, id, until)
}

// unreachable reports whether a client has no address at which it can reach a node.
func (k *known) unreachable(now time.Duration, from relay.From) bool {
	return k.lone && !from.Peer.IsLoopback() || k.nowhere(now)
}

// isNamed reports whether a node may be named as a peer is: at where it is handed out, or by its id alone.
func (k *known) isNamed(now time.Duration, p *protocol.Peer) bool {
	if p.Host == nil {
		return k.awaits > now && (k.lone || k.nowhere(now))
	}
	return k.offered(now) == spotOf(p)
}
