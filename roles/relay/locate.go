package relay

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// walk is the way of a Locate through the slots in a random order: from a random slot, in steps of
// a random stride that is coprime to the number of slots, so that each slot comes exactly once. The
// cursor holds the walk, so that the relay keeps no state of a client between its pages. A node
// that is listed from the first page to the last is in exactly one of them. A cursor of an earlier
// incarnation of the relay, whose slots mean nothing here, begins a new walk: the client then meets
// all nodes, and some of them twice.
type walk struct {
	of          class  // over the list of these leases
	incarnation uint32 // of these slots
	slots       uint32 // their number when the walk began
	start       uint32
	stride      uint32
	done        uint32 // slots passed
}

// scanMost bounds the slots that one page looks at: where most are free, a page is short rather
// than slow.
const scanMost = 1 << 14

// Locate returns a page of active nodes. For a file's name or content it returns the nodes that
// have published it, then the unindexed ones; for neither, all nodes.
func (r *Registry) Locate(at roles.Moment, from From, m *protocol.Locate) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	at = r.begin(at)
	r.tidy(at.Now, sweepStep)
	p := page{limit: roles.DefaultPage, now: at.Now, to: from, peers: []protocol.Peer{}}
	if m.Limit > 0 {
		p.limit = int(min(m.Limit, protocol.MaxPage))
	}
	cursor := r.fill(&p, m, at.Rand)
	return &protocol.Located{Peers: p.peers, Cursor: cursor, Young: r.young(at.Now), Withheld: p.hidden}
}

// fill fills a page and returns the cursor that leads to the next one, or nil.
func (r *Registry) fill(p *page, m *protocol.Locate, random uint64) (cursor []byte) {
	move, position := r.begun(m.Cursor)
	if !r.isLate(position) {
		if next := r.pass(p, m, position, random); next != nil {
			return cursorOf(move, next)
		}
	}
	if move == r.moves.last || walkOf(m)[0] == every {
		return nil
	}
	last := page{limit: p.limit, now: p.now, to: p.to, scanned: p.scanned, peers: []protocol.Peer{}}
	upTo := r.movers(&last, m, move)
	switch {
	case p.empty(): // there is one page for them
		*p = last
	case !last.empty():
		return cursorOf(move, r.late())
	}
	if upTo < r.moves.last {
		return cursorOf(upTo, r.late())
	}
	return nil
}

// pass fills a page with the holders, and the nodes of one class after the other. It returns the
// position at which the next page goes on, or nil.
func (r *Registry) pass(p *page, m *protocol.Locate, position []byte, random uint64) (next []byte) {
	defer p.order()
	classes := walkOf(m)
	w, walking := r.parseWalk(position, classes)
	if !walking {
		if classes[0] != every {
			if position := r.holders(p, m, position, random); position != nil {
				return position
			}
		}
		w = r.drawWalk(classes[0], random)
	}
	for _, next := range classes[slices.Index(classes, w.of):] {
		if next != w.of {
			w = r.drawWalk(next, random)
		}
		if r.walk(p, &w); w.done < w.slots {
			return w.encode()
		}
	}
	return nil
}

// page is a LOCATED that is being filled.
type page struct {
	limit   int
	now     time.Duration
	to      From
	scanned int // slots and holds looked at
	peers   []protocol.Peer
	hosts   []byte          // one allocation for all addresses of the page
	hidden  uint64          // nodes that the client cannot reach
	named   map[uint32]bool // the holders' slots, if a holder may come several times; otherwise nil
	unknown map[uint32]bool // the slots of holders without a hash, which look like others
	pending []protocol.Peer // of which it is not known yet whether they can be reached; they come behind the others
	relayed []protocol.Peer // that are reached through the relay alone: they come last
	flat    bool            // the peers stay where they are, and none is pending
}

func (p *page) empty() bool { return p.size() == 0 && p.hidden == 0 }

func (p *page) size() int { return len(p.peers) + len(p.pending) + len(p.relayed) }

func (p *page) full() bool { return p.size() >= p.limit || p.scanned >= scanMost }

// order puts those that are pending behind the others of their kind.
func (p *page) order() {
	if len(p.pending)+len(p.relayed) == 0 {
		return
	}
	p.peers = append(append(p.peers, p.pending...), p.relayed...)
	p.pending, p.relayed = p.pending[:0], p.relayed[:0]
	slices.SortStableFunc(p.peers, func(a, b protocol.Peer) int { return unknownLast(a) - unknownLast(b) })
}

// add adds the node of a lease, unless the client cannot reach it. It returns the peer, or nil.
func (p *page) add(l *lease) *protocol.Peer {
	first, also, proven := l.reached(p.to, p.now)
	relayed := l.relayed(p.to, p.now)
	to := &p.peers
	switch {
	case p.flat:
	case !first.IsValid():
		to = &p.relayed
	case !proven:
		to = &p.pending
	}
	peer := protocol.Peer{}
	switch {
	case first.IsValid():
		peer = protocol.Peer{Host: p.host(first), Port: l.port}
	case !relayed:
		p.hidden++
		return nil
	}
	if relayed {
		peer.Circuit = 1
	}
	if also.IsValid() {
		peer.Also = p.host(also)
	}
	if l.proven {
		peer.ID = l.id
	}
	*to = append(*to, peer)
	return &(*to)[len(*to)-1]
}

// host returns an address in the form of [protocol.IP].
func (p *page) host(addr netip.Addr) protocol.IP {
	from := len(p.hosts)
	if addr.Is4() {
		is := addr.As4()
		p.hosts = append(p.hosts, is[:]...)
	} else {
		is := addr.As16()
		p.hosts = append(p.hosts, is[:]...)
	}
	return protocol.IP(p.hosts[from:len(p.hosts):len(p.hosts)])
}

// first reports whether a holder is not on the page yet.
func (p *page) first(slot uint32) bool {
	if p.named[slot] {
		return false
	}
	if p.named != nil {
		p.named[slot] = true
	}
	return true
}

// addHolder adds the node of a lease that holds an item.
func (p *page) addHolder(slot uint32, l *lease, it *item) {
	peer := p.add(l)
	if peer == nil {
		return
	}
	if !it.hash.IsZero() {
		peer.Hash, peer.Size = it.hash, it.size
		return
	}
	if p.unknown == nil {
		p.unknown = map[uint32]bool{}
	}
	p.unknown[slot] = true
}

// reserve allocates for as many peers as may come.
func (p *page) reserve(coming uint32) {
	most := min(p.limit-p.size(), int(coming))
	p.peers = slices.Grow(p.peers, most)
	p.hosts = make([]byte, 0, 16*most)
}

// walk adds the active nodes of the next slots to the page.
func (r *Registry) walk(p *page, w *walk) {
	p.reserve(w.slots - w.done)
	for ; w.done < w.slots && !p.full(); w.done++ {
		p.scanned++
		slot := w.slot()
		if w.of != every {
			of := *r.unindexed[w.of].At(slot)
			if of == 0 {
				continue
			}
			slot = of - 1
		}
		if l := r.leases.At(slot); l.used() && l.until > p.now && !p.unknown[slot] {
			p.add(l)
		}
	}
}

// slot returns the next slot of the walk.
func (w *walk) slot() uint32 {
	return uint32((uint64(w.start) + uint64(w.done)*uint64(w.stride)) % uint64(w.slots))
}

// walked returns how many slots a walk has now.
func (r *Registry) walked(of class) uint32 {
	if of == every {
		return r.leases.Size()
	}
	return r.unindexed[of].Size()
}

// incarnationOf returns the number that a cursor must carry to be of these slots.
func (r *Registry) incarnationOf(of class) uint32 {
	if of == every {
		return r.incarnation
	}
	return r.incarnation + r.unindexed[of].generation
}

// drawWalk draws the order of a new walk.
func (r *Registry) drawWalk(of class, random uint64) walk {
	slots := r.walked(of)
	w := walk{of: of, incarnation: r.incarnationOf(of), slots: slots}
	if slots == 0 {
		return w
	}
	w.start, w.stride = uint32(random)%slots, max(1, uint32(random>>32)%slots)
	for gcd(w.stride, slots) != 1 {
		w.stride = w.stride%slots + 1
	}
	return w
}

const walkCursorSize = 21 // bytes

func (w *walk) encode() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, walkCursorSize), w.incarnation)
	b = binary.BigEndian.AppendUint32(b, w.slots)
	b = binary.BigEndian.AppendUint32(b, w.start)
	b = binary.BigEndian.AppendUint32(b, w.stride)
	return append(binary.BigEndian.AppendUint32(b, w.done), byte(w.of))
}

// parseWalk reads a cursor, which a peer may have made up: any walk that it returns stays within
// the slots of one of the classes.
func (r *Registry) parseWalk(cursor []byte, classes []class) (w walk, ours bool) {
	if len(cursor) != walkCursorSize || !slices.Contains(classes, class(cursor[20])) {
		return w, false
	}
	w = walk{
		of:          class(cursor[20]),
		incarnation: binary.BigEndian.Uint32(cursor),
		slots:       binary.BigEndian.Uint32(cursor[4:]),
		start:       binary.BigEndian.Uint32(cursor[8:]),
		stride:      binary.BigEndian.Uint32(cursor[12:]),
		done:        binary.BigEndian.Uint32(cursor[16:]),
	}
	ours = w.incarnation == r.incarnationOf(w.of)
	return w, ours && w.slots > 0 && w.slots <= r.walked(w.of) && w.done < w.slots
}

func gcd(a, b uint32) uint32 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
