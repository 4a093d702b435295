package relay

import (
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// publisher is what is held of one node's index.
type publisher struct {
	index, sequence uint64
	slot            uint32 // of the lease, plus one; 0: nobody stands by what is held any more, and it is being dropped
	first, count    uint32 // of the ring of its holds
	refused         bool   // it went over a bound: nothing of it is kept until it registers again
	partial         bool   // a change of it found no room
}

// How many holds are dropped on the side of other work: of a page, more than it can add, or the index would outgrow it.
const (
	clearStep = 64
	clearPage = protocol.MaxPage + clearStep
)

// Publish takes a page of changes in. It answers Published, Resync when the page does not follow what is held, Limit when
// the node or all nodes together publish too much, NoLease or Superseded as Renew does.
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
	case p != nil && p.refused:
		return tooMuch("the node published more than is kept; it counts as one that publishes nothing")
	case p != nil && p.index == m.Index && p.sequence == m.To && m.To > m.From: // a page that came before, and whose answer was lost
		return r.published(slot, p, m)
	case m.From == 0:
		number, p = r.anew(slot, publisher{index: m.Index})
	case p == nil || p.index != m.Index || p.sequence != m.From:
		return &protocol.Error{Code: protocol.Resync, Text: "that does not follow what the relay holds: publish the whole again"}
	}
	for i := range m.Changes {
		if !r.change(number, p, &m.Changes[i]) {
			r.anew(slot, publisher{refused: true})
			return tooMuch(fmt.Sprintf("the relay keeps %d names of one node and %d in all", r.policy.MaxEntries, r.policy.MaxIndex))
		}
	}
	p.sequence = m.To
	return r.published(slot, p, m)
}

// change applies a change. It reports false when that would go above a bound.
func (r *Registry) change(number uint32, p *publisher, e *protocol.Entry) bool {
	nameHash := r.index.digest([]byte(e.Name))
	if at, held := r.index.held(number, e.Name, nameHash); held {
		if it := r.index.items.at(r.index.holds.at(at).item()); it.hash == e.Hash && it.size == e.Size {
			return true
		}
		r.index.release(at, p, nameHash)
	}
	if e.Hash.IsZero() {
		return true
	}
	if int(p.count) >= r.policy.MaxEntries || r.index.count-r.dropping >= r.policy.MaxIndex || r.index.full() {
		return false
	}
	p.partial = !r.index.add(number, p, e, nameHash) || p.partial
	return true
}

// published answers a page, and notes whether the node has told everything.
func (r *Registry) published(slot uint32, p *publisher, m *protocol.Publish) *protocol.Published {
	r.leases.at(slot).doubt = 0
	if m.To == m.Latest && !p.partial {
		r.markIndexed(slot)
	} else {
		r.markUnindexed(slot)
	}
	return &protocol.Published{Index: p.index, Sequence: p.sequence}
}

// publisher returns what is held of a node's index, or nil.
func (r *Registry) publisher(slot uint32) (number uint32, p *publisher) {
	if of := r.leases.at(slot).publisher; of > 0 {
		return of - 1, r.publishers.at(of - 1)
	}
	return 0, nil
}

// anew puts another publisher in the place of a node's.
func (r *Registry) anew(slot uint32, as publisher) (number uint32, p *publisher) {
	r.detach(slot)
	r.markUnindexed(slot)
	number = r.publishers.take()
	p = r.publishers.at(number)
	as.slot = slot + 1
	*p = as
	l := r.leases.at(slot)
	l.publisher, l.doubt = number+1, 0 // the doubt was about the earlier one
	return number, p
}

// disown forgets what a node has published: at once as far as anybody can see, and in small steps on the side of other
// calls.
func (r *Registry) detach(slot uint32) {
	number, p := r.publisher(slot)
	if p == nil {
		return
	}
	r.leases.at(slot).publisher = 0
	p.slot = 0
	r.dropping += int(p.count)
	r.clearing = append(r.clearing, number)
}

// clearSome drops up to so many holds of those that are to go.
func (r *Registry) clearSome(most int) {
	for most > 0 && len(r.clearing) > 0 {
		number := r.clearing[len(r.clearing)-1]
		p := r.publishers.at(number)
		cleared := r.index.clear(p, most)
		r.dropping -= cleared
		if p.count > 0 {
			return
		}
		most -= 1 + cleared
		r.publishers.free(number)
		r.clearing = r.clearing[:len(r.clearing)-1]
	}
}

func tooMuch(text string) *protocol.Error { return &protocol.Error{Code: protocol.Limit, Text: text} }

// held is what a node is told of its index.
func (r *Registry) held(slot uint32) protocol.Held {
	if _, p := r.publisher(slot); p != nil {
		return protocol.Held{Index: p.index, Sequence: p.sequence}
	}
	return protocol.Held{}
}

// A loose lease is one of a node whose index is not held, or not all of it: it may have anything. These have places in
// a list of their own, which is walked for those who look for a file.

func (r *Registry) markUnindexed(slot uint32) {
	l := r.leases.at(slot)
	if l.unindexed != 0 {
		return
	}
	place := r.unindexed.take()
	*r.unindexed.at(place) = slot + 1
	l.unindexed = place + 1
}

func (r *Registry) markIndexed(slot uint32) {
	if l := r.leases.at(slot); l.unindexed != 0 {
		r.unindexed.free(l.unindexed - 1)
		l.unindexed = 0
		if r.unindexed.size() > blockSlots && r.unindexed.used() < r.unindexed.size()/4 {
			r.compactUnindexed()
		}
	}
}

// deal gives the loose leases new places, close together: who looks for a file walks all places, and when a relay has been
// restarted each of its nodes has had one. Walks that are under way begin anew.
func (r *Registry) compactUnindexed() {
	before := r.unindexed
	r.unindexed = slab[uint32]{}
	r.unindexedGeneration++
	for at := range before.size() {
		if of := *before.at(at); of != 0 {
			r.leases.at(of - 1).unindexed = 0
			r.markUnindexed(of - 1)
		}
	}
}

// Held returns how many names are held of all nodes, those that are still being dropped among them.
func (r *Registry) Held() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.index.count
}

// runs returns the lease of a hold if it runs, or nil.
func (r *Registry) runs(h *hold, now time.Duration) (slot uint32, l *lease) {
	slot = r.publishers.at(h.by).slot - 1
	if slot == noSlot {
		return 0, nil
	}
	if l = r.leases.at(slot); l.until <= now {
		return 0, nil
	}
	return slot, l
}

const noSlot = 1<<32 - 1
