package sim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// l2 compares the registry with the living nodes.
func (c *checks) l2() {
	if why := c.mislisted(); why != "" {
		c.fail(L2, "%s", why)
	}
}

// mislisted describes the difference between the leases of the relay and the living nodes, or
// returns "".
func (c *checks) mislisted() string {
	r := c.w.relay
	if r.lie != scenario.Honest {
		return "" // a lying relay promises nothing
	}
	if r.proc == nil {
		return "the relay is down"
	}
	listed := map[*host]bool{}
	for _, l := range r.proc.registry.Leases(r.local(c.w.now)) {
		is := spotOfLease(&l)
		h := c.w.hostAt(is)
		if h == nil || !h.lives() || h.key != l.ID || !h.has(is) {
			return fmt.Sprintf("%v is listed, and no node lives there under that id", is)
		}
		if (c.w.misjudged(l.Reach) || c.w.misjudged(l.AlsoReach)) && !h.walled() {
			return fmt.Sprintf("%s is taken for out of reach (%s), and lives", h.name, protocol.Reached{Reach: l.Reach, AlsoReach: l.AlsoReach})
		}
		if k := r.proc.oracle.known[l.ID]; c.w.circuits() && h.walled() && !h.isLone() && k.live(r.local(c.w.now)) && k.awaits <= r.local(c.w.now) {
			return fmt.Sprintf("nobody can connect to %s, and it does not wait for clients at the relay", h.name)
		}
		listed[h] = true
	}
	for _, h := range c.w.hosts {
		if h.role == nodeRole && !c.identityListed(h.key, listed) {
			return fmt.Sprintf("no node with the id of %s is listed, although one lives", h.name)
		}
	}
	return ""
}

// identityListed reports whether one of the living nodes with an id is listed, or no node with it
// lives.
func (c *checks) identityListed(id protocol.PeerID, listed map[*host]bool) bool {
	lives := false
	for _, h := range c.w.hosts {
		if h.role == nodeRole && h.key == id && h.lives() {
			if listed[h] {
				return true
			}
			lives = true
		}
	}
	return !lives
}

// has reports whether all these addresses are the host's.
func (h *host) has(is spot) bool {
	own := spotAt(h.address, h.second.Addr())
	for i, addr := range is.addrs {
		if addr.IsValid() && addr != own.addrs[i] {
			return false
		}
	}
	return is.port == own.port
}

// cutShort records a machine that did not end before the patience of its program did.
func (c *checks) cutShort(a *actor) {
	c.w.coverage.sometimes(Cut)
	switch {
	case a.kind == strangerKind:
	case c.stopping && c.w.scenario.Relay.Lie == scenario.Honest:
		c.fail(C2, "%s was told to stop and is still %s", c.who(a), a.state)
	case c.sound:
		c.fail(C5, "%s was told to stop and is still %s after %v", c.who(a), a.state, c.w.scenario.Patience())
	}
}

// l4 compares the relay's index with the files of the nodes.
func (c *checks) l4() {
	if why := c.unpublished(); why != "" {
		c.fail(L4, "%s", why)
	}
}

// unpublished describes the difference between the relay's index and the files of the listed nodes,
// or returns "".
func (c *checks) unpublished() string {
	r := c.w.relay
	if r.lie != scenario.Honest || r.proc == nil || c.w.malformed {
		return ""
	}
	for _, k := range r.proc.oracle.known {
		h := c.w.hostAt(k.spot(r.local(c.w.now)))
		if !k.live(r.local(c.w.now)) || h == nil || h.plan == nil || h.proc == nil {
			continue
		}
		names := map[string]protocol.Entry{}
		for _, s := range h.files {
			if !h.plan.Quiet {
				names[s.name] = c.w.shares(h, s.name)
			}
		}
		switch {
		case c.w.sharesID(h): // the relay holds one index for both nodes
		case c.w.accused(h): // what it has found is published soon
		case k.index.full && c.keeps(k.index.names, names): // the rest of it finds no room
		case !maps.Equal(names, k.index.names) || k.index.complete == h.plan.Quiet:
			return fmt.Sprintf("%s shares %d names, and the relay holds %d of its index (all: %t)", h.name, len(names), len(k.index.names), k.index.complete)
		}
	}
	return ""
}

// accused reports whether a client has lately called a file of a node's wrong, which may be hashed anew, and published, at present.
func (w *World) accused(h *host) bool {
	return slices.ContainsFunc(h.files, func(s shared) bool { return s.file.accused.by != nil && w.now < s.file.accused.at+w.untilTold() })
}

// keeps reports whether a relay that is full of a node's names holds as many of them as it may, and
// none that the node does not share.
func (c *checks) keeps(held, shared map[string]protocol.Entry) bool {
	for name, e := range held {
		if shared[name] != e {
			return false
		}
	}
	s := &c.w.scenario.Relay
	return (len(held) == s.Entries || s.Names > 0) && len(shared) > len(held)
}

// misjudged reports whether what is known of an address at which a node answers is wrong. Where clients come through the
// relay meanwhile, it takes its time to prove again what could not be reached.
func (w *World) misjudged(reach protocol.Reach) bool { return reach.Failed() && !w.circuits() }
