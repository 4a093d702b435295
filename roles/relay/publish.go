package relay

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// publisher is the part of one node's index that the relay holds.
type publisher struct {
	index, sequence uint64
	slot            uint32 // of the lease, plus one; 0: detached, its holds are being dropped
	first, count    uint32 // of the ring of its holds
	bytes           int    // of its names
	pending         uint32 // holds of names whose content is not known yet
	full            bool   // a change of its last page found no room
	partial         bool   // one of its changes was bad, or its name had too many variants
	whole           bool   // the whole index is held
	beyond          bool   // the node may have files that it has not noticed
}

// How many holds of detached publishers a call drops besides its own work. A page drops more than
// it can add; otherwise the index would grow without bound.
const (
	clearStep = 64
	clearPage = protocol.MaxPage + clearStep
)

// Publish applies a page of changes. It answers Published; Resync if the page does not follow the
// changes that are held; NoLease or Superseded as Renew does. It answers Limit if the node, or all
// nodes together, publish too much: then it has applied the changes that found room or need none,
// and otherwise holds what it held before, up to the same change. A node of whose changes some were refused,
// since they were bad or their names have too many contents, is told how many, and counts as one that
// may have anything, until it publishes the whole again.
func (r *Registry) Publish(at roles.Moment, m *protocol.Publish) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	at = r.begin(at)
	r.tidy(at.Now, sweepStep)
	r.clearSome(clearPage)
	slot, held := r.slots[m.ID]
	if refusal := r.refuse(at.Now, m.ID, m.Epoch, slot, held); refusal != nil {
		return refusal
	}
	number, p := r.publisher(slot)
	switch {
	case p != nil && p.index == m.Index && p.sequence == m.To && m.To > m.From:
		return r.published(slot, p, m, m.LeftOut) // a page that came before, and whose answer was lost
	case m.From == 0:
		number, p = r.replace(slot, publisher{index: m.Index})
	case p == nil || p.index != m.Index || p.sequence != m.From:
		return &protocol.Error{
			Code: protocol.Resync,
			Text: "that does not follow what the relay holds: publish the whole again",
		}
	}
	from := r.sources.of(r.leases.At(slot))
	by, refused := r.changes(number, p, from, m.Changes)
	refused += m.LeftOut
	p.partial = p.partial || refused > 0
	if p.full = by != unbound; p.full {
		r.published(slot, p, m, refused)
		return r.noMore(by, from)
	}
	p.sequence = m.To
	return r.published(slot, p, m, refused)
}

// changes applies the changes of a page, from a node at an address. It returns what some of them found no
// room by, and how many were refused since their names have too many contents.
func (r *Registry) changes(number uint32, p *publisher, from *source, changes []protocol.Entry) (by bound, refused int) {
	from.holds(p, -1)
	defer func() { from.holds(p, 1) }()
	for i := range changes {
		room, taken := r.change(number, p, from, &changes[i])
		switch {
		case room != unbound:
			by = room
		case !taken:
			refused++
		}
	}
	return by, refused
}

// change applies one change. It returns what keeps it from having room, and whether it is taken: its name
// may have too many contents already.
func (r *Registry) change(number uint32, p *publisher, from *source, e *protocol.Entry) (by bound, taken bool) {
	nameHash := r.index.digest([]byte(e.Name))
	if at, there := r.index.held(number, e.Name, nameHash); there {
		h := r.index.holds.At(at)
		if r.index.items.At(h.item()).is(e) {
			r.index.date(h, e.Modified)
			return unbound, true
		}
		r.index.release(at, p, nameHash)
	}
	if e.Removes() {
		return unbound, true
	}
	if by = r.bounds(p, from, len(e.Name)); by != unbound {
		return by, false
	}
	return unbound, r.index.add(number, p, e, nameHash)
}

// published answers a page of which some changes were refused, and classifies the lease by what is held
// then.
func (r *Registry) published(slot uint32, p *publisher, m *protocol.Publish, refused int) *protocol.Published {
	l := r.leases.At(slot)
	l.doubt, l.publishes = 0, true
	p.whole, p.beyond = m.To == m.Latest && !p.full, m.Beyond > 0
	if r.classify(slot) || len(m.Changes) > 0 {
		r.moved(slot)
	}
	return &protocol.Published{Index: p.index, Sequence: p.sequence, Refused: uint64(refused)}
}

// publisher returns the publisher of a lease, or nil.
func (r *Registry) publisher(slot uint32) (number uint32, p *publisher) {
	if of := r.leases.At(slot).publisher; of > 0 {
		return of - 1, r.publishers.At(of - 1)
	}
	return 0, nil
}

// replace gives a lease a new publisher without holds. The lease is still to be classified.
func (r *Registry) replace(slot uint32, as publisher) (number uint32, p *publisher) {
	r.detach(slot)
	number = r.publishers.Take()
	p = r.publishers.At(number)
	as.slot = slot + 1
	*p = as
	l := r.leases.At(slot)
	l.publisher, l.doubt = number+1, 0 // the doubt was about the earlier one
	return number, p
}

// detach separates a publisher from its lease, which is still to be classified. Its holds are in no
// answer from then on; clearSome drops them in small steps during other calls.
func (r *Registry) detach(slot uint32) {
	number, p := r.publisher(slot)
	if p == nil {
		return
	}
	r.sources.of(r.leases.At(slot)).holds(p, -1)
	r.leases.At(slot).publisher = 0
	p.slot = 0
	r.dropping += int(p.count)
	r.droppingBytes += p.bytes
	r.clearing = append(r.clearing, number)
}

// clearSome drops up to most holds of detached publishers.
func (r *Registry) clearSome(most int) {
	for most > 0 && len(r.clearing) > 0 {
		number := r.clearing[len(r.clearing)-1]
		p := r.publishers.At(number)
		bytes := p.bytes
		cleared := r.index.clear(p, most)
		r.dropping -= cleared
		r.droppingBytes -= bytes - p.bytes
		if p.count > 0 {
			return
		}
		most -= 1 + cleared
		r.publishers.Free(number)
		r.clearing = r.clearing[:len(r.clearing)-1]
	}
}

func tooMuch(text string) *protocol.Error { return &protocol.Error{Code: protocol.Limit, Text: text} }

// held returns how much of a node's index is held, as responses to the node say it.
func (r *Registry) held(slot uint32) protocol.Held {
	if _, p := r.publisher(slot); p != nil {
		return protocol.Held{Index: p.index, Sequence: p.sequence}
	}
	return protocol.Held{}
}

// Held returns how many names are held of all nodes, including those of detached publishers.
func (r *Registry) Held() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.index.count
}

// active returns the lease of the node that a hold is of, or nil if it has lapsed or ended.
func (r *Registry) active(h *hold, now time.Duration) (slot uint32, l *lease) {
	slot = r.publishers.At(h.by).slot - 1
	if slot == noSlot {
		return 0, nil
	}
	if l = r.leases.At(slot); l.until <= now {
		return 0, nil
	}
	return slot, l
}

const noSlot = 1<<32 - 1
