package relay

import (
	"encoding/binary"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// The work that bounds one page of a List, even if the page is short. The last item or name may
// exceed it.
const (
	listMost  = scanMost     // items
	matchMost = 1 << 20      // steps of matching names
	holdMost  = scanMost / 2 // holds
	countMost = 128          // holds of one item, once an active one is found

	silentMost = 8 * protocol.MaxSilent // silent nodes that are looked at
)

// List returns a page of the published items, in the order of their numbers. The cursor holds the
// registry's incarnation and the next number, so that an item that is published from the first page
// to the last is in exactly one of them.
func (r *Registry) List(at roles.Moment, from From, m *protocol.List) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	at = r.begin(at)
	r.tidy(at.Now, sweepStep)
	l := listing{
		r: r, now: at.Now, peers: page{now: at.Now, to: from}, limit: roles.DefaultPage,
		holders: int(min(m.Holders, protocol.MaxHolders)), room: protocol.ListedRoom,
	}
	if m.Limit > 0 {
		l.limit = int(min(m.Limit, protocol.MaxPage))
	}
	next := r.parseListCursor(m.Cursor)
	if m.Pattern != "" && !protocol.IsPattern(m.Pattern) {
		for _, number := range r.index.named(m.Pattern) {
			if number >= next && !l.add(number) {
				return l.listed(r.listCursor(number))
			}
		}
		return l.listed(nil)
	}
	pattern := protocol.NewPattern(m.Pattern)
	end := r.index.items.size()
	for until := next + min(listMost, end-min(next, end)); next < until; next++ {
		if pattern.Steps > matchMost || l.looked > holdMost {
			break
		}
		if r.index.items.at(next).count > 0 && pattern.Match(r.index.nameOf(next)) && !l.add(next) {
			break
		}
	}
	if next < end {
		return l.listed(r.listCursor(next))
	}
	return l.listed(nil)
}

// listing is a LISTED that is being filled.
type listing struct {
	r              *Registry
	now            time.Duration
	limit, holders int
	room           int // bytes that are left
	looked         int // holds looked at
	items          []protocol.Item
	peers          page
	at             map[uint32]uint64 // the position in peers of a slot's node
}

func (l *listing) listed(cursor []byte) *protocol.Listed {
	if l.items == nil {
		l.items = []protocol.Item{}
	}
	return &protocol.Listed{
		Items: l.items, Peers: l.peers.peers, Cursor: cursor, Young: l.r.young(l.now),
		Publishing: uint64(l.r.unindexed[publishing].used()),
		Silent:     uint64(l.r.unindexed[silent].used()), Named: l.r.namedSilent(l.peers.to, l.now),
	}
}

// namedSilent returns some of the active silent nodes, from a bounded part of their list.
func (r *Registry) namedSilent(to From, now time.Duration) []protocol.Peer {
	p := page{limit: protocol.MaxSilent, now: now, to: to, scanned: scanMost - silentMost}
	w := r.drawWalk(silent, r.index.digestOf(uint64(now)))
	if r.walk(&p, &w); len(p.peers) == 0 {
		return nil
	}
	return p.peers
}

// add adds an item if it has an active holder. It reports false if there is no room for it.
func (l *listing) add(number uint32) bool {
	it := l.r.index.items.at(number)
	if len(l.items) >= l.limit || len(l.peers.peers)+l.holders > protocol.MaxPage {
		return false
	}
	active, slots := l.active(it)
	if active == 0 {
		return true
	}
	item := protocol.Item{
		Name: string(l.r.index.nameOf(number)), Size: it.size, Hash: it.hash, Mark: it.mark,
		Count: active, Holders: make([]uint64, len(slots)),
	}
	for i := range item.Holders {
		item.Holders[i] = protocol.MaxPage // the longest number that may stand there
	}
	need := item.Room() + len(slots)*protocol.PeerRoom
	if need > l.room {
		return false
	}
	l.room -= need
	for i, slot := range slots {
		item.Holders[i] = l.peer(slot)
	}
	if len(slots) == 0 {
		item.Holders = nil
	}
	l.items = append(l.items, item)
	return true
}

// active counts the active holders of an item and picks some of them. It looks at a bounded number
// of holds and counts the rest as active.
func (l *listing) active(it *item) (count uint64, slots []uint32) {
	at, looked := it.first, uint32(0)
	for ; looked < min(it.count, holdMost) && (looked < countMost || count == 0); looked++ {
		h := l.r.index.holds.at(at)
		if slot, lease := l.r.active(h, l.now); lease != nil {
			count++
			if first, _ := lease.reached(l.peers.to, l.now); first.IsValid() && len(slots) < l.holders {
				slots = append(slots, slot)
			}
		}
		at = h.next
	}
	l.looked += int(looked)
	if l.holders > 0 {
		it.first = l.r.index.holds.at(it.first).next // the next answer begins elsewhere
	}
	return count + uint64(it.count-looked), slots
}

// peer returns the position of a slot's node in the answer's peers, and adds it if need be.
func (l *listing) peer(slot uint32) uint64 {
	if at, there := l.at[slot]; there {
		return at
	}
	if l.at == nil {
		l.at = map[uint32]uint64{}
	}
	at := uint64(len(l.peers.peers))
	l.peers.add(l.r.leases.at(slot))
	l.at[slot] = at
	return at
}

func (r *Registry) listCursor(number uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, r.incarnation), number)
}

func (r *Registry) parseListCursor(cursor []byte) uint32 {
	if len(cursor) != 8 || binary.BigEndian.Uint32(cursor) != r.incarnation {
		return 0
	}
	return binary.BigEndian.Uint32(cursor[4:])
}
