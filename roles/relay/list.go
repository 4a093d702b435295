package relay

import (
	"bytes"
	"encoding/binary"
	"runtime"
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

// The work that bounds a slice of it, for which the registry is locked: other requests wait no
// longer than for that.
const (
	sliceItems = 512      // items passed
	sliceBytes = 16 << 10 // of names copied
	sliceHolds = 1 << 10
	sliceSteps = 1 << 15 // of matching, without the lock, before other goroutines have their turn
)

// Short pages take no room among the long ones, so many may be made and lie untaken at once: they
// take a part of a long one's work, and little memory (roles.ShortListBytes).
const shortPart = 16

// List returns a page of the published items, in the order of their numbers. The cursor holds the
// registry's incarnation and the next number, so that an item that is published from the first page
// to the last is in exactly one of them.
//
// One page is made at a time, in slices. The registry is locked to copy the names of a slice, and to
// add those that match; it is not while names are compared with the pattern, which takes longest.
func (r *Registry) List(at roles.Moment, from From, m *protocol.List) protocol.Message {
	r.listing.Lock()
	defer r.listing.Unlock()
	l := listing{
		r: r, peers: page{to: from, flat: true}, limit: roles.DefaultPage,
		holders: int(min(m.Holders, protocol.MaxHolders)), room: protocol.ListedRoom, most: listMost, steps: matchMost,
		everything: m.Pattern == "",
	}
	if m.Limit > 0 {
		l.limit = int(min(m.Limit, protocol.MaxPage))
		if l.limit <= roles.ShortList {
			l.most, l.steps, l.room = listMost/shortPart, matchMost/shortPart, roles.ShortListBytes
		}
	}
	next := l.begin(at, m.Cursor)
	if m.Pattern != "" && !protocol.IsPattern(m.Pattern) {
		return l.list(l.named(m.Pattern, next))
	}
	return l.list(l.matching(protocol.NewPattern(m.Pattern), next))
}

// begin returns the number of the first item of the page.
func (l *listing) begin(at roles.Moment, cursor []byte) uint32 {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	l.now = l.r.begin(at).Now
	l.r.tidy(l.now, sweepStep)
	l.end = l.r.index.items.Size()
	return l.r.parseListCursor(cursor)
}

// list returns the answer. The page goes on at next, unless that is the end.
func (l *listing) list(next uint32) *protocol.Listed {
	if next < l.end {
		return l.listed(l.r.listCursor(next))
	}
	return l.listed(nil)
}

// named adds the items of a name, and returns the number at which the page goes on.
func (l *listing) named(name string, next uint32) uint32 {
	l.r.mu.Lock()
	var found []candidate
	for _, number := range l.r.index.named(name) {
		if number >= next && number < l.end {
			found = append(found, candidate{number, []byte(name)})
		}
	}
	l.r.mu.Unlock()
	if at, all := l.addAll(found); !all {
		return at
	}
	return l.end
}

// matching adds the items whose names match, and returns the number at which the page goes on.
func (l *listing) matching(pattern protocol.Pattern, next uint32) uint32 {
	until := next + min(l.most, l.end-min(next, l.end))
	for next < until && pattern.Steps <= l.steps && l.looked <= holdMost {
		some, then := l.copyNames(next, until)
		found, steps := some[:0], pattern.Steps
		for _, one := range some {
			if pattern.Steps > l.steps {
				then = one.number
				break
			}
			if l.everything || pattern.Match(one.name) {
				found = append(found, one)
			}
			if pattern.Steps > steps+sliceSteps {
				steps = pattern.Steps
				runtime.Gosched()
			}
		}
		if at, all := l.addAll(found); !all {
			return at
		}
		next = then
	}
	return next
}

// candidate is an item with a copy of its name.
type candidate struct {
	number uint32
	name   []byte
}

// copyNames copies the names of the next items, and returns the number at which the next slice
// begins.
func (l *listing) copyNames(next, until uint32) ([]candidate, uint32) {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	return l.namesFrom(next, until)
}

// namesFrom is copyNames. The caller holds the registry's mutex.
func (l *listing) namesFrom(next, until uint32) ([]candidate, uint32) {
	x := &l.r.index
	l.some, l.names = l.some[:0], l.names[:0]
	for end := min(until, next+sliceItems); next < end && len(l.names) < sliceBytes; next++ {
		if x.items.At(next).count == 0 {
			continue
		}
		from := len(l.names)
		l.names = append(l.names, x.nameOf(next)...) // where it moves, the names before keep theirs
		l.some = append(l.some, candidate{next, l.names[from:]})
	}
	return l.some, next
}

// addAll adds items that are still there, in short slices. It reports whether there was room for all
// of them, and otherwise the number of the first that had none.
func (l *listing) addAll(found []candidate) (at uint32, all bool) {
	for len(found) > 0 {
		l.r.mu.Lock()
		for most := l.looked + sliceHolds; len(found) > 0 && l.looked < most; found = found[1:] {
			it := l.r.index.items.At(found[0].number)
			if it.count == 0 || !bytes.Equal(l.r.index.nameOf(found[0].number), found[0].name) {
				continue
			}
			if l.looked > holdMost || !l.add(found[0].number) {
				l.r.mu.Unlock()
				return found[0].number, false
			}
		}
		l.r.mu.Unlock()
	}
	return 0, true
}

// listing is a LISTED that is being filled.
type listing struct {
	r              *Registry
	now            time.Duration
	limit, holders int
	everything     bool   // each name matches
	most           uint32 // items that are looked at
	steps          int    // of matching
	end            uint32 // the number of items when the page began
	room           int    // bytes that are left
	looked         int    // holds looked at
	items          []protocol.Item
	peers          page
	at             map[protocol.PeerID]uint64 // the position in peers of a node

	some  []candidate // of the slice
	names []byte
}

func (l *listing) listed(cursor []byte) *protocol.Listed {
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	if l.items == nil {
		l.items = []protocol.Item{}
	}
	return &protocol.Listed{
		Items: l.items, Peers: l.peers.peers, Cursor: cursor, Young: l.r.young(l.now),
		Publishing: uint64(l.r.unindexed[publishing].Used()),
		Silent:     uint64(l.r.unindexed[silent].Used()), Named: l.r.namedSilent(l.peers.to, l.now),
	}
}

// namedSilent returns some of the active silent nodes, from a bounded part of their list.
func (r *Registry) namedSilent(to From, now time.Duration) []protocol.Peer {
	p := page{limit: protocol.MaxSilent, now: now, to: to, scanned: scanMost - silentMost, flat: true}
	w := r.drawWalk(silent, r.index.digestOf(uint64(now)))
	if r.walk(&p, &w); len(p.peers) == 0 {
		return nil
	}
	return p.peers
}

// add adds an item if it has an active holder. It reports false if there is no room for it.
func (l *listing) add(number uint32) bool {
	it := l.r.index.items.At(number)
	if len(l.items) >= l.limit || len(l.peers.peers)+l.holders > protocol.MaxPage {
		return false
	}
	active, slots, modified := l.active(it)
	if active == 0 {
		return true
	}
	item := protocol.Item{
		Name: string(l.r.index.nameOf(number)), Size: it.size, Hash: it.hash, Mark: it.mark,
		Count: active, Holders: make([]uint64, len(slots)), Modified: modified,
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

// active counts the active holders of an item, picks some of them, and returns the date that was
// published last. It looks at a bounded number of holds and counts the rest as active.
func (l *listing) active(it *item) (count uint64, slots []uint32, modified uint64) {
	var last *hold
	at, looked := it.first, uint32(0)
	for ; looked < min(it.count, holdMost) && (looked < countMost || count == 0); looked++ {
		h := l.r.index.holds.At(at)
		if slot, lease := l.r.active(h, l.now); lease != nil {
			count++
			if last == nil || h.isAfter(last) {
				last, modified = h, h.modified()
			}
			if lease.found(l.peers.to, l.now) && len(slots) < l.holders {
				slots = append(slots, slot)
			}
		}
		at = h.next
	}
	l.looked += int(looked)
	if l.holders > 0 {
		it.first = l.r.index.holds.At(it.first).next // the next answer begins elsewhere
	}
	return count + uint64(it.count-looked), slots, modified
}

// peer returns the position of the node of a slot's lease in the answer's peers, and adds it if need be.
func (l *listing) peer(slot uint32) uint64 {
	lease := l.r.leases.At(slot)
	of := lease.id // a slot may get another lease between two slices of a page
	if at, there := l.at[of]; there {
		return at
	}
	if l.at == nil {
		l.at = map[protocol.PeerID]uint64{}
		l.peers.now = l.now
	}
	at := uint64(len(l.peers.peers))
	l.peers.add(lease)
	l.at[of] = at
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
