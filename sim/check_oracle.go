package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// oracle sits between the sessions of a relay and its registry. It keeps the simplest registry
// possible, and compares every answer and the whole content with it: S3, S4 and S15.
type oracle struct {
	w        *World
	registry *relay.Registry
	next     relay.Directory // the registry, or a planted bug in front of it
	known    map[protocol.PeerID]*known
	paged    bool // it has given out a cursor
	peers    map[peerKey]naming
	hidden   naming        // nodes of an answer that the client cannot reach
	start    time.Duration // when the relay started
	earlier  int           // nodes that it had before; 0: it is not young
	mark     relayMark     // what it leaves for its next start
	soon     relayMark     // what it is about to leave
	entries  uint64        // that were published
}

// known is the state that the oracle keeps of a node id.
type known struct {
	epoch uint64
	heard [2]heard // of its addresses: IPv4 and IPv6
	port  uint16
	until time.Duration
	left  bool
	when  time.Duration // when it left
	index published

	awaits    time.Duration // until then it can be reached through the relay
	lone      bool          // it listens at a loopback address alone
	publishes bool          // it said that it publishes, or has published
	begun     time.Duration // when it registered
	moved     time.Duration // when its address was heard of first
	told      []telling     // what it has told of its share since
}

// heard is an address at which a node was heard of.
type heard struct {
	addr  netip.Addr
	until time.Duration // when it lapses by itself
	reach protocol.Reach
}

// hears takes note of a node's address, and reports whether it takes the place of another. What was known of
// another says nothing about it: then that is as unproven says.
func (k *known) hears(addr netip.Addr, until time.Duration, unproven protocol.Reach) (moved bool) {
	one := &k.heard[roles.FamilyOf(addr)-roles.IPv4]
	moved = one.addr.IsValid() && one.addr != addr
	if one.addr == addr {
		unproven = one.reach
	}
	*one = heard{addr, until, unproven}
	return moved
}

// spot returns where a node is, as it was heard of within the TTL of its lease.
func (k *known) spot(now time.Duration) spot {
	s := spot{port: k.port}
	for i, one := range k.heard {
		if one.until > now {
			s.addrs[i] = one.addr
		}
	}
	return s
}

// unproven returns what is known of an address of which nothing has been found out yet.
func (o *oracle) unproven(k *known) protocol.Reach {
	if o.w.proves() {
		return protocol.ReachPending
	}
	return 0
}

func (k *known) live(now time.Duration) bool { return k != nil && !k.left && k.until > now }

// gone returns when a registration ended that is not live any more.
func (k *known) gone() time.Duration {
	if k.left {
		return k.when
	}
	return k.until
}

func newOracle(w *World, p *process) *oracle {
	o := &oracle{w: w, registry: p.registry, next: p.registry, known: map[protocol.PeerID]*known{}, peers: map[peerKey]naming{}, start: p.host.local(w.now), earlier: w.marked, mark: relayMark{w.marked, p.host.local(w.now)}}
	w.longest = max(w.longest, o.ttlOf(o.earlier))
	if w.plant != nil && w.plant.Directory != nil {
		o.next = w.plant.Directory(p.registry)
	}
	return o
}

// newest returns the epoch that a registration has to exceed.
func (o *oracle) newest(id protocol.PeerID, now time.Duration) uint64 {
	k := o.known[id]
	if k == nil || !k.live(now) && now-k.gone() >= roles.LastSeenKeep {
		return 0
	}
	return k.epoch
}

// Register implements [relay.Directory].
func (o *oracle) Register(at roles.Moment, from relay.From, m *protocol.Register) protocol.Message {
	newest := o.newest(m.ID, at.Now)
	answer := o.next.Register(at, from, m)
	granted, is := answer.(*protocol.Registered)
	if is != (m.Epoch > newest) {
		o.w.check.fail(S4, "epoch %d of node %x was answered with %s, when %d was the newest known", m.Epoch, m.ID[:8], describe(answer), newest)
	}
	if is {
		place := netip.AddrPortFrom(from.Peer, m.Port)
		if granted.Host.Addr() != from.Peer || granted.Port != m.Port {
			o.w.check.fail(S4, "%v was listed at %v", place, granted.Host.Addr())
		}
		if newest > 0 && !o.known[m.ID].live(at.Now) {
			o.w.coverage.sometimes(Returned)
		}
		now := &known{epoch: m.Epoch, port: m.Port, until: at.Now + o.runs(at.Now, m.ID, granted.TTL), begun: o.w.now, moved: o.w.now}
		now.publishes, now.lone = m.Publishes > 0, m.Listens != nil
		now.hears(from.Peer, now.until, o.unproven(now))
		o.told(at.Now, now, granted.Host, granted.Also, granted.Reached)
		if granted.Held != (protocol.Held{}) {
			now.index = o.carriedOver(m.ID, granted.Held)
		}
		if now.publishes {
			now.index.doubt = roles.MaxDoubt
		}
		o.known[m.ID] = now
	} else {
		o.w.coverage.sometimes(StaleRegister)
	}
	o.compare(at.Now)
	return answer
}

// Renew implements [relay.Directory].
func (o *oracle) Renew(at roles.Moment, from relay.From, m *protocol.Renew) protocol.Message {
	k := o.known[m.ID]
	mine := k.live(at.Now) && k.epoch == m.Epoch
	if k != nil && !k.left && k.until <= at.Now {
		o.w.coverage.sometimes(ExpiredLease)
	}
	answer := o.next.Renew(at, from, m)
	if _, is := answer.(*protocol.Renewed); is != mine {
		o.w.check.fail(S4, "the renewal of epoch %d of node %x was answered with %s", m.Epoch, m.ID[:8], describe(answer))
	}
	if mine {
		if renewed, is := answer.(*protocol.Renewed); is {
			k.until = at.Now + o.runs(at.Now, m.ID, renewed.TTL)
		}
		if k.hears(from.Peer, k.until, o.unproven(k)) {
			o.w.coverage.sometimes(Moved)
			k.moved = o.w.now
		}
		o.renewed(at.Now, k, answer)
		if k.index.doubt > 0 {
			if k.index.doubt--; k.index.doubt == 0 {
				if k.index.held.Index > 0 {
					o.w.coverage.sometimes(DroppedInDoubt)
				}
				k.index, k.publishes = published{}, false
			}
		}
		if renewed, is := answer.(*protocol.Renewed); is && renewed.Held != k.index.held {
			o.w.check.fail(S15, "node %x is told that %d of its index %d is held", m.ID[:8], renewed.Sequence, renewed.Index)
		}
	}
	o.compare(at.Now)
	return answer
}

// renewed compares the place that a renewal tells with where the node was heard of.
func (o *oracle) renewed(now time.Duration, k *known, answer protocol.Message) {
	renewed, is := answer.(*protocol.Renewed)
	if !is {
		return
	}
	told := spotOf(&protocol.Peer{Host: renewed.Host, Port: renewed.Port, Also: renewed.Also})
	if is := k.spot(now); told != is {
		o.w.check.fail(S4, "a node that was heard of at %v is told that it is listed at %v", is, told)
	}
	o.told(now, k, renewed.Host, renewed.Also, renewed.Reached)
	for _, one := range k.heard {
		if one.addr.IsValid() && one.until <= now {
			o.w.coverage.sometimes(MovedOne)
		}
	}
}

// Leave implements [relay.Directory].
func (o *oracle) Leave(at roles.Moment, m *protocol.Leave) protocol.Message {
	k := o.known[m.ID]
	switch {
	case k.live(at.Now) && k.epoch <= m.Epoch:
		k.left, k.when, k.epoch = true, at.Now, m.Epoch
	case k.live(at.Now):
		o.w.coverage.sometimes(StaleLeave)
	case k != nil && k.epoch < m.Epoch: // a late registration of that epoch stays out
		k.epoch = m.Epoch
	}
	answer := o.next.Leave(at, m)
	o.compare(at.Now)
	return answer
}

// expel ends the leases of those who are revoked.
func (o *oracle) expel(now time.Duration) {
	gone := o.w.gate.revoked
	for id, k := range o.known {
		if k.live(now) && gone(id) {
			k.left, k.when = true, now
		}
	}
	if !o.w.planted(func(p *Plant) bool { return p.Keeping }) {
		o.registry.Expel(now, func(id protocol.PeerID) bool { return !gone(id) })
	}
	o.compare(now)
}

// Locate implements [relay.Directory].
func (o *oracle) Locate(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
	if page := o.w.scenario.Relay.Page; page > 0 {
		limited := *m
		limited.Limit = uint64(page)
		m = &limited
	}
	young := o.young(at.Now)
	answer := o.next.Locate(at, from, m)
	located, is := answer.(*protocol.Located)
	if !is {
		o.w.check.fail(S4, "LOCATE was answered with %s", describe(answer))
		return answer
	}
	if m.Cursor != nil && !o.paged {
		o.w.coverage.sometimes(OldCursor)
	}
	o.paged = o.paged || located.Cursor != nil
	o.saidYoung(located.Young, young)
	o.located(at, from, m, located)
	o.order(at.Now, located)
	return answer
}

// carriedOver returns the part of an earlier registration's index that the new registration keeps.
func (o *oracle) carriedOver(id protocol.PeerID, held protocol.Held) published {
	was := o.known[id]
	if was == nil || was.left || was.index.held != held { // a lease that has just lapsed may still be held
		o.w.check.fail(S15, "node %x is told that %d of its index %d is held", id[:8], held.Sequence, held.Index)
		return published{}
	}
	index := was.index
	index.complete, index.doubt = false, roles.MaxDoubt // until the node publishes again
	return index
}

// compare compares the registry with the oracle, in both directions.
func (o *oracle) compare(now time.Duration) {
	o.remember(now)
	leases := o.registry.Leases(now)
	for i := range leases {
		l := &leases[i]
		k := o.known[l.ID]
		if !k.live(now) || k.epoch != l.Epoch || k.spot(now) != spotOfLease(l) || k.offered(now) != offeredOf(l) || k.until != l.Until {
			o.w.check.fail(S4, "the registry lists epoch %d of node %x at %v, which is not its newest live registration", l.Epoch, l.ID[:8], l.At)
		}
	}
	live := 0
	for _, k := range o.known {
		if k.live(now) {
			live++
		}
	}
	if live != len(leases) {
		o.w.check.fail(S4, "the registry lists %d nodes, and %d hold a lease", len(leases), live)
	}
}
