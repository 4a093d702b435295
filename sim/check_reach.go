package sim

import (
	"iter"
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// proves reports whether the relays of the scenario find out where nodes can be reached.
func (w *World) proves() bool { return !w.scenario.Relay.Unproven }

// probes checks what a relay dials: the address of the link whose peer has asked, and its id.
func (c *checks) probes(a *actor, d roles.Dial) {
	if a.kind != sessionKind {
		return
	}
	asker := a.end(0)
	to, err := netip.ParseAddrPort(d.To)
	if err != nil || asker == nil || to.Addr() != asker.peer().here || d.ID != c.w.proven(asker) {
		c.fail(S27, "%s dials %s, which is not the node that has asked", c.who(a), d.To)
	}
}

// Proved implements [relay.Directory].
func (o *oracle) Proved(at roles.Moment, proof relay.Proof) protocol.Reached {
	if proof.Reach == protocol.ReachDirect && !o.w.answered(proof) {
		o.w.check.fail(S27, "%v is taken for an address of node %x, which has not answered there", proof.At, proof.ID[:8])
	}
	k := o.known[proof.ID]
	family := roles.FamilyOf(proof.At.Addr()) - roles.IPv4
	is := o.next.Proved(at, proof)
	if k.live(at.Now) && k.epoch == proof.Epoch && k.heard[family].until > at.Now && k.heard[family].addr == proof.At.Addr() && k.port == proof.At.Port() {
		switch {
		case proof.Reach.Failed():
			o.w.coverage.sometimes(NotReached)
		case k.heard[family].reach.Failed():
			o.w.coverage.sometimes(ReachedAgain)
		}
		k.heard[family].reach = relay.After(k.heard[family].reach, proof.Reach)
		if proof.Granted > 0 {
			k.until = at.Now + proof.Granted
			k.heard[family].until = k.until
		}
	} else {
		o.w.coverage.sometimes(LateProof)
	}
	o.compare(at.Now)
	return is
}

// answered reports whether the relay's process has a link, or had one a moment ago, over which the node of a
// proof has answered at its address.
func (w *World) answered(proof relay.Proof) bool {
	for _, c := range w.conns {
		e := c.ends[0]
		if e.actor == nil || e.actor.kind != sessionKind || e.host != w.relay || c.ends[1].at() != proof.At || e.state == dialing {
			continue
		}
		if is := w.proven(e); e.state == open && (is == proof.ID || w.scenario.Relay.Plain) {
			return true
		}
	}
	return false
}

// offered returns where a node is handed out: where no proof has failed.
func (k *known) offered(now time.Duration) spot {
	s := k.spot(now)
	for i := range k.heard {
		if k.heard[i].reach.Failed() {
			s.addrs[i] = netip.Addr{}
		}
	}
	return s
}

// nowhere reports whether nobody is sent to a node.
func (k *known) nowhere(now time.Duration) bool { return k.offered(now).addrs == [2]netip.Addr{} }

// pending reports whether it is not known of any address of a node whether it can be reached there.
func (k *known) pending(now time.Duration) bool {
	for i, addr := range k.offered(now).addrs {
		if addr.IsValid() && k.heard[i].reach != protocol.ReachPending {
			return false
		}
	}
	return true
}

// told compares what a node hears of its addresses with what is known of them.
func (o *oracle) told(now time.Duration, k *known, host, also protocol.IP, reached protocol.Reached) {
	for _, one := range []struct {
		at protocol.IP
		is protocol.Reach
	}{{host, reached.Reach}, {also, reached.AlsoReach}} {
		if one.at == nil {
			continue
		}
		if h := k.heard[roles.FamilyOf(one.at.Addr())-roles.IPv4]; h.until > now && h.reach != one.is {
			o.w.check.fail(S27, "a node is told that it is %s at %v, and it is %s", one.is, h.addr, h.reach)
		}
	}
	if needs := o.w.circuits() && !k.lone; o.w.relay.lie == scenario.Honest && needs != (reached.Await > 0) { // all addresses are those of a site: some client may not reach them
		o.w.check.fail(S27, "a node is told that clients come through the relay: %t", reached.Await > 0)
	}
}

// order checks that nodes of which it is not known whether they can be reached come after those that can, and behind both
// those that are reached through the relay alone, of those that have a file, and of the others.
func (o *oracle) order(now time.Duration, answer *protocol.Located) {
	after, relayed := [2]bool{}, [2]bool{}
	for i := range answer.Peers {
		p, kind := &answer.Peers[i], 0
		if p.Hash.IsZero() {
			kind = 1
		}
		if relayed[kind] && p.Host != nil {
			o.w.check.fail(S27, "%v is named behind one that is reached through the relay alone", p.Addr())
		}
		relayed[kind] = relayed[kind] || p.Host == nil
		all, pending := 0, 0
		for k := range o.named(now, p) {
			if k.offered(now) != spotOf(p) {
				continue
			}
			all++
			if k.pending(now) {
				pending++
			}
		}
		if after[kind] && all > 0 && pending == 0 {
			o.w.check.fail(S27, "%v, which can be reached, is named behind one of which that is not known", p.Addr())
		}
		after[kind] = after[kind] || all > 0 && pending == all
	}
}

// named returns the nodes that a peer of an answer may be: the one with its id or, where links prove none, any.
func (o *oracle) named(now time.Duration, p *protocol.Peer) iter.Seq[*known] {
	return func(yield func(*known) bool) {
		for id, k := range o.known {
			if k.live(now) && (o.w.scenario.Relay.Plain || id == p.ID) && !yield(k) {
				return
			}
		}
	}
}
