package sim

import (
	"cmp"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// published is a node's index, in the simplest form.
type published struct {
	held     protocol.Held
	complete bool // the relay holds the whole index
	beyond   bool // the node may have more than that
	full     bool // its last page found no room at the relay
	partial  bool // one of its changes was bad, and is left out
	doubt    int  // renewals until an index of an earlier registration is dropped; 0: of this one
	names    map[string]protocol.Entry
	order    map[string]uint64 // of their publication, among those of all nodes
}

// holds returns the entry of an index that matches a request: under a name, one without a hash may be
// of any content. A request by hash alone may match several names; any of them will do.
func (p *published) holds(name string, hash protocol.Hash) (protocol.Entry, bool) {
	if name != "" {
		e, has := p.names[name]
		return e, has && (hash.IsZero() || e.Hash == hash || e.Hash.IsZero())
	}
	for _, e := range p.names {
		if e.Hash == hash && !hash.IsZero() {
			return e, true
		}
	}
	return protocol.Entry{}, false
}

// hashing reports whether a name of the index may turn out to have any content.
func (p *published) hashing() bool {
	for _, e := range p.names {
		if e.Mark == protocol.Pending {
			return true
		}
	}
	return false
}

// maybe reports whether a node with this index may have what a request asks for, beside what the
// index says.
func (p *published) maybe(m *protocol.Locate) bool {
	switch {
	case !p.complete || p.beyond, m.Name == "" && m.Hash.IsZero():
		return true
	}
	return m.Name == "" && p.hashing()
}

// again reports whether a page repeats the last one, whose answer was lost.
func (p *published) again(m *protocol.Publish) bool {
	return m.Index == p.held.Index && m.To == p.held.Sequence && m.To > m.From
}

// follows reports whether a page continues the index that is held.
func (p *published) follows(m *protocol.Publish) bool {
	return m.From == 0 || m.Index == p.held.Index && m.From == p.held.Sequence || p.again(m)
}

// take applies a page, of which no more names are kept than the bound says. It reports whether the page
// found room: without it, the changes that need none are applied, and the rest is to come again. The
// entries of all nodes are counted.
func (p *published) take(m *protocol.Publish, most int, entries *uint64) bool {
	beyond := m.Beyond > 0
	switch {
	case p.again(m):
		p.complete, p.beyond = !p.full && !p.partial && m.To == m.Latest, beyond
		return true
	case m.From == 0:
		*p = published{held: protocol.Held{Index: m.Index}}
	}
	if p.names == nil {
		p.names, p.order = map[string]protocol.Entry{}, map[string]uint64{}
	}
	p.full, p.doubt, p.beyond = false, 0, beyond
	p.partial = p.partial || m.LeftOut > 0
	for _, e := range m.Changes {
		before, has := p.names[e.Name]
		switch {
		case has && before == e:
		case e.Removes():
			delete(p.names, e.Name)
		case !has && len(p.names) >= most:
			p.full = true
		default:
			*entries++
			p.names[e.Name], p.order[e.Name] = e, *entries
		}
	}
	if p.full {
		p.complete = false
		return false
	}
	p.held.Sequence = m.To
	p.complete = m.To == m.Latest && !p.partial
	return true
}

// Publish implements [relay.Directory].
func (o *oracle) Publish(at roles.Moment, m *protocol.Publish) protocol.Message {
	k := o.known[m.ID]
	mine := k.live(at.Now) && k.epoch == m.Epoch
	answer := o.next.Publish(at, m)
	switch answer := answer.(type) {
	case *protocol.Published:
		switch {
		case !mine:
			o.w.check.fail(S4, "node %x, which holds no such lease, may publish", m.ID[:8])
			return answer
		case !k.index.follows(m):
			o.w.check.fail(S15, "changes from %d on are taken in when %d is held", m.From, k.index.held.Sequence)
		}
		if m.From > 0 {
			o.w.coverage.sometimes(WentOn)
		}
		if answer.Refused != uint64(m.LeftOut) {
			o.w.check.fail(S15, "a node is told that %d of its changes are refused, and %d are bad", answer.Refused, m.LeftOut)
		}
		o.redated(k, m)
		if !k.index.take(m, o.most(at.Now, k), &o.entries) {
			o.w.check.fail(S15, "a page up to %d is taken in that exceeds the bound of names", m.To)
		}
		if answer.Index != k.index.held.Index || answer.Sequence != k.index.held.Sequence {
			o.w.check.fail(S15, "the relay says that it holds %d of index %d, after %d of index %d", answer.Sequence, answer.Index, k.index.held.Sequence, k.index.held.Index)
		}
		o.tells(at.Now, k, m)
	case *protocol.Error:
		o.notPublished(at.Now, k, mine, m, answer)
	}
	return answer
}

// most returns how many names may be held of a node: no more than of one, nor than of all together.
func (o *oracle) most(now time.Duration, of *known) int {
	most := cmp.Or(o.w.scenario.Relay.Entries, roles.MaxEntries)
	if all := o.w.scenario.Relay.Names; all > 0 {
		for _, k := range o.known {
			if k != of && k.live(now) {
				all -= len(k.index.names)
			}
		}
		most = min(most, all)
	}
	return most
}

// tells notes what a node has told of its share with a page.
func (o *oracle) tells(now time.Duration, k *known, m *protocol.Publish) {
	is := telling{at: o.w.now, whole: k.index.complete && !k.index.beyond}
	if h := o.w.hostAt(k.spot(now)); h != nil && h.proc != nil {
		is.asOf = h.proc.composed[protocol.Held{Index: m.Index, Sequence: m.To}]
	}
	k.publishes, k.told = true, append(k.told, is)
}

// notPublished checks a refusal.
func (o *oracle) notPublished(now time.Duration, k *known, mine bool, m *protocol.Publish, no *protocol.Error) {
	switch {
	case no.Code == protocol.NoLease && !mine:
	case no.Code == protocol.Resync && mine && !k.index.follows(m):
		o.w.coverage.sometimes(Resynced)
	case no.Code == protocol.Superseded && !mine:
	case no.Code == protocol.Limit && mine && k.index.follows(m) && !k.index.again(m) && !k.index.take(m, o.most(now, k), &o.entries):
		o.w.coverage.sometimes(TooMuchPublished)
		o.tells(now, k, m)
	default:
		o.w.check.fail(S15, "a node with a lease: %t, which publishes from %d of index %d, is told %s", mine, m.From, m.Index, no.Code)
	}
}

// peerKey is a peer in an answer.
type peerKey struct {
	at   spot
	hash protocol.Hash
	size uint64
	id   protocol.PeerID // zero: links prove none
	way  bool            // it can be reached through the relay
}

// naming is how often an answer names a peer, and how often it should.
type naming struct{ least, most, named int }

func keyOf(p *protocol.Peer) peerKey { return peerKey{spotOf(p), p.Hash, p.Size, p.ID, p.Circuit > 0} }

// located compares an answer to LOCATE with the indexes: S3 and S15.
func (o *oracle) located(at roles.Moment, from relay.From, m *protocol.Locate, answer *protocol.Located) {
	clear(o.peers)
	o.hidden = naming{}
	live, holders := 0, 0
	for id, k := range o.known {
		if !k.live(at.Now) {
			continue
		}
		if o.w.scenario.Relay.Plain {
			id = protocol.PeerID{}
		}
		live++
		e, has := k.index.holds(m.Name, m.Hash)
		if has {
			holders++
		}
		o.owe(at.Now, from, id, k, e, has, k.index.maybe(m))
	}
	o.withheld(m, answer)
	unknown := false
	for i := range answer.Peers {
		p := &answer.Peers[i]
		key := keyOf(p)
		is := o.peers[key]
		if is.named++; is.named > is.most {
			o.strange(at, p)
			return
		}
		o.peers[key] = is
		if unknown && !p.Hash.IsZero() {
			o.w.check.fail(S15, "%v, which has it, is named after those that may have it", p.Addr())
		}
		unknown = unknown || p.Hash.IsZero()
	}
	if m.Cursor == nil && answer.Cursor == nil {
		if holders > 0 {
			o.w.coverage.sometimes(ToldHolders)
		}
		if len(answer.Peers) < live {
			o.w.coverage.sometimes(LeftOut)
		}
		for key, is := range o.peers {
			if is.named < is.least {
				o.w.check.fail(S15, "%v, which has it, or may have it, is not in the only page", key.at)
			}
		}
	}
}

// owe notes how often an answer to LOCATE names a node with an entry, or without one, that may have
// the file: once as a holder, and once more as one that may have it, unless the two look alike and
// stand on one page.
func (o *oracle) owe(now time.Duration, from relay.From, id protocol.PeerID, k *known, e protocol.Entry, has, maybe bool) {
	add := func(key peerKey, least, most int) {
		switch direct := !k.unreachable(now, from); {
		case k.awaits > now && !direct:
			key.at, key.way = spot{}, true
		case direct:
			key.way = k.awaits > now
		default:
			o.hidden = naming{least: 1, most: o.hidden.most + most}
			return
		}
		is := o.peers[key]
		o.peers[key] = naming{least: is.least + least, most: is.most + most}
	}
	unknown := peerKey{at: k.offered(now), id: id}
	holder := peerKey{at: k.offered(now), hash: e.Hash, size: e.Size, id: id}
	switch known := has && !e.Hash.IsZero(); {
	case known && maybe:
		add(holder, 1, 1)
		add(unknown, 1, 1)
	case known:
		add(holder, 1, 1)
	case has && maybe:
		add(unknown, 1, 2)
	case has, maybe:
		add(unknown, 1, 1)
	}
}

// from returns the addresses of a host's link to the relay.
func (w *World) from(h *host) relay.From {
	from := relay.From{Peer: h.address.Addr(), Local: w.relay.address.Addr()}
	if !w.scenario.Relay.Plain {
		from.ID = h.key
	}
	return from
}

// withheld checks S22: nodes that belong into an answer and that the client cannot reach are counted.
func (o *oracle) withheld(m *protocol.Locate, answer *protocol.Located) {
	only := m.Cursor == nil && answer.Cursor == nil
	if said := int(answer.Withheld); said > o.hidden.most || only && said < o.hidden.least {
		o.w.check.fail(S22, "%d nodes are said to be out of reach, and %d to %d are", said, o.hidden.least, o.hidden.most)
	}
	if answer.Withheld > 0 {
		o.w.coverage.sometimes(Withheld)
	}
}

// since returns a peer of an earlier answer as it would be told now, if its node has gained or lost an
// address.
func (o *oracle) since(now time.Duration, p protocol.Peer) protocol.Peer {
	for k := range o.named(now, &p) {
		is := k.offered(now)
		if k.lone || p.Host != nil && !is.meets(spotOf(&p)) {
			continue
		}
		p.Host, p.Also, p.Port, p.Circuit = nil, nil, 0, 0
		if k.awaits > now {
			p.Circuit = 1
		}
		for _, addr := range is.addrs {
			switch {
			case !addr.IsValid():
			case p.Host == nil:
				p.Host, p.Port = protocol.IPOf(addr), is.port
			default:
				p.Also = protocol.IPOf(addr)
			}
		}
		break
	}
	return p
}

// strange reports a peer that does not belong into an answer.
func (o *oracle) strange(at roles.Moment, p *protocol.Peer) {
	for k := range o.named(at.Now, p) {
		if k.isNamed(at.Now, p) {
			o.w.check.fail(S15, "%v is named as one that has, or may have, what it has not published so", p.Addr())
			return
		}
	}
	o.w.check.fail(S3, "%v (%x) is handed out and holds no lease that runs", p.Addr(), p.ID[:4])
}
