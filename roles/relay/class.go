package relay

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/dense"
)

// class tells leases by the files that their nodes may have beside those that the index holds with
// their hashes.
type class uint8

const (
	indexed    class = iota // none: the whole index is held
	hashing                 // under names that are held, any content
	publishing              // any file: the whole index is on its way, or is to be confirmed
	silent                  // any file: the node publishes nothing, or not everything
	every                   // all leases, whatever their class
)

// walkOf returns the classes that a Locate walks, after the holders. A node that comes from one class
// to another most often comes to a later one.
func walkOf(m *protocol.Locate) []class {
	switch {
	case m.Name != "":
		return []class{silent, publishing}
	case !m.Hash.IsZero():
		return []class{silent, publishing, hashing}
	}
	return []class{every}
}

// classed lists the leases of one class: slots plus one.
type classed struct {
	dense.Slab[uint32]
	generation uint32 // how often it has been compacted
}

// classOf returns the class to which a lease belongs.
func (r *Registry) classOf(l *lease, p *publisher) class {
	switch {
	case p == nil && l.publishes:
		return publishing
	case p == nil || p.full || p.partial || p.beyond:
		return silent
	case l.doubt > 0 || !p.whole:
		return publishing
	case p.pending > 0:
		return hashing
	}
	return indexed
}

// classify moves a lease to the class to which it belongs now, and reports whether that is another.
func (r *Registry) classify(slot uint32) (moved bool) {
	l := r.leases.At(slot)
	_, p := r.publisher(slot)
	now := r.classOf(l, p)
	if now == l.class {
		return false
	}
	r.unclassify(l)
	r.enter(slot, l, now)
	return true
}

func (r *Registry) enter(slot uint32, l *lease, in class) {
	l.class = in
	if in != indexed {
		l.number = r.unindexed[in].Take()
		*r.unindexed[in].At(l.number) = slot + 1
	}
}

// unclassify takes a lease off the list of its class.
func (r *Registry) unclassify(l *lease) {
	if l.class == indexed {
		return
	}
	of := &r.unindexed[l.class]
	of.Free(l.number)
	if of.Size() > fewUnindexed && of.Used() < of.Size()/4 {
		r.compactUnindexed(l.class)
	}
	l.class = indexed
}

// fewUnindexed is up to how many numbers a list may have gaps.
const fewUnindexed = 64

// compactUnindexed renumbers the leases of a class without gaps: each Locate for a file walks all
// numbers of the list, and after a restart of the relay all of its nodes have been on one. The new
// generation makes walks that are under way begin again.
func (r *Registry) compactUnindexed(of class) {
	before := r.unindexed[of]
	r.unindexed[of] = classed{generation: before.generation + 1}
	for at := range before.Size() {
		if slot := *before.At(at); slot != 0 {
			r.enter(slot-1, r.leases.At(slot-1), of)
		}
	}
}
