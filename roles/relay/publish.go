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
	first, count    uint32 // of the ring of its holds
	refused         bool   // it went over a bound: nothing of it is kept until it registers again
	partial         bool   // a change of it found no room
	clearing        bool   // it is in the list of those whose holds are being dropped
}

// How many holds are dropped on the side of other work: more than can be added meanwhile, or the index would outgrow it.
const (
	clearStep  = 64
	clearPage  = 2 * protocol.MaxPage
	clearWhole = 1 << 14 // by the node's own call that starts anew
)

// Publish takes a page of changes in. It answers Published, Resync when the page does not follow what is held, Limit when
// the node or all nodes together publish too much, NoLease or Superseded as Renew does. While what was held before is
// still being dropped, it answers that nothing is held yet: the node goes on from there, as always.
func (r *Registry) Publish(at roles.Moment, m *protocol.Publish) protocol.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin(at)
	r.tidy(at.Now, sweepStep)
	r.clearSome(clearPage)
	slot, held := r.slots[m.ID]
	if refusal := r.refuse(at.Now, m.ID, m.Epoch, slot, held); refusal != nil {
		return refusal
	}
	p := r.publisher(slot)
	if p == nil {
		number := r.publishers.take()
		p = r.publishers.at(number)
		r.slab.at(slot).publisher = number + 1
	}
	switch {
	case p.refused:
		return tooMuch("the node published more than is kept; it counts as one that publishes nothing")
	case p.index == m.Index && p.sequence == m.To && m.To > m.From: // a page that came before, and whose answer was lost
		return p.published()
	case m.From == 0 && (p.index != m.Index || p.sequence > 0 || p.count > 0):
		*p = publisher{index: m.Index, first: p.first, count: p.count, clearing: p.clearing}
		r.loosen(slot)
		if r.index.clear(p, clearWhole); p.count > 0 {
			return p.published()
		}
	case p.index != m.Index || p.sequence != m.From:
		return &protocol.Error{Code: protocol.Resync, Text: "that does not follow what the relay holds: publish the whole again"}
	}
	if refusal := r.apply(slot, p, m); refusal != nil {
		return refusal
	}
	return p.published()
}

// publisher returns what is held of a node's index, or nil.
func (r *Registry) publisher(slot uint32) *publisher {
	if number := r.slab.at(slot).publisher; number > 0 {
		return r.publishers.at(number - 1)
	}
	return nil
}

func (p *publisher) published() *protocol.Published {
	return &protocol.Published{Index: p.index, Sequence: p.sequence}
}

func (r *Registry) apply(slot uint32, p *publisher, m *protocol.Publish) *protocol.Error {
	for i := range m.Changes {
		e := &m.Changes[i]
		if e.Hash.IsZero() {
			r.index.unset(slot, p, e.Name)
			continue
		}
		if int(p.count) >= r.policy.MaxEntries || r.index.count >= r.policy.MaxIndex {
			*p = publisher{first: p.first, count: p.count, clearing: p.clearing, refused: true}
			r.loosen(slot)
			r.clearLater(slot, p)
			return tooMuch(fmt.Sprintf("the relay keeps %d names of one node and %d in all", r.policy.MaxEntries, r.policy.MaxIndex))
		}
		p.partial = !r.index.set(slot, p, e) || p.partial
	}
	p.sequence = m.To
	if m.To == m.Latest && !p.partial {
		r.fasten(slot)
	} else {
		r.loosen(slot)
	}
	return nil
}

func tooMuch(text string) *protocol.Error { return &protocol.Error{Code: protocol.Limit, Text: text} }

// held is what a node is told of its index.
func (r *Registry) held(slot uint32) protocol.Held {
	if p := r.publisher(slot); p != nil {
		return protocol.Held{Index: p.index, Sequence: p.sequence}
	}
	return protocol.Held{}
}

// A loose lease is one of a node whose index is not held, or not all of it: it may have anything. These have places in
// a list of their own, which is walked for those who look for a file.

func (r *Registry) loosen(slot uint32) {
	l := r.slab.at(slot)
	if l.loose != 0 {
		return
	}
	place := r.loose.take()
	*r.loose.at(place) = slot + 1
	l.loose = place + 1
}

func (r *Registry) fasten(slot uint32) {
	if l := r.slab.at(slot); l.loose != 0 {
		r.loose.free(l.loose - 1)
		l.loose = 0
	}
}

// clearLater has the holds of a node dropped in small steps on the side of other calls.
func (r *Registry) clearLater(slot uint32, p *publisher) {
	if !p.clearing && p.count > 0 {
		p.clearing = true
		r.clearing = append(r.clearing, slot)
	}
}

// clearSome drops up to so many holds of those that are to go. A slot whose lease is over is free when all are gone.
func (r *Registry) clearSome(most int) {
	for most > 0 && len(r.clearing) > 0 {
		slot := r.clearing[len(r.clearing)-1]
		p := r.publisher(slot)
		gone := !r.slab.at(slot).used()
		if gone || p.index == 0 {
			most -= 1 + r.index.clear(p, most)
			if p.count > 0 {
				return
			}
		}
		p.clearing = false
		r.clearing = r.clearing[:len(r.clearing)-1]
		if gone {
			r.free(slot)
		}
	}
}

// vacate frees a slot, now or when what its node published is dropped.
func (r *Registry) vacate(slot uint32) {
	r.fasten(slot)
	p := r.publisher(slot)
	if p == nil || p.count == 0 && !p.clearing {
		r.free(slot)
		return
	}
	*r.slab.at(slot) = lease{publisher: r.slab.at(slot).publisher}
	r.clearLater(slot, p)
}

func (r *Registry) free(slot uint32) {
	if number := r.slab.at(slot).publisher; number > 0 {
		r.publishers.free(number - 1)
	}
	r.slab.free(slot)
}

// Held returns how many names are held of all nodes.
func (r *Registry) Held() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.index.count
}

// active reports whether a slot's lease runs.
func (r *Registry) active(slot uint32, now time.Duration) bool {
	l := r.slab.at(slot)
	return l.used() && l.until > now
}
