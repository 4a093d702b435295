package relay

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Holder is a node that has a content under a name.
type Holder struct {
	Node
	Name string
	Size uint64
	Hash protocol.Hash
	Mark protocol.Mark
	// Modified is the date that it says, in seconds since 1970; 0: none.
	Modified uint64
}

// holdersView is a page of the holders of a file that is being filled.
type holdersView struct {
	r        *Registry
	at       roles.Moment
	name     string
	hash     protocol.Hash
	limit    int
	holders  []Holder
	work     int
	position []byte
}

// Holders returns the nodes that hold a file, up to a limit: any content of a name, or that of a hash, or of both. A node that
// holds several is there for each. The next cursor leads to the rest; nil: there is none. It may come with few nodes, or
// none. A node that holds the file from the first page to the last is in one of them, and in several if others come or leave
// meanwhile.
func (r *Registry) Holders(at roles.Moment, name string, hash protocol.Hash, cursor []byte, limit int) (holders []Holder, next []byte) {
	if name == "" && hash.IsZero() {
		return nil, nil
	}
	v := holdersView{r: r, at: at, name: name, hash: hash, limit: limit, position: cursor}
	for more := true; more; {
		if len(v.holders) >= limit || v.work >= viewMost {
			return v.holders, v.position
		}
		more = v.pass()
	}
	return v.holders, nil
}

// pass looks at a slice of the holds. It reports whether any are left.
func (v *holdersView) pass() (more bool) {
	type seen struct {
		lease seenLease
		item  item
		name  string
		date  uint64
	}
	var some []seen
	r, x := v.r, &v.r.index
	r.slice(func() (work int) {
		r.begin(v.at)
		q := x.lookUp(v.name, v.hash)
		work += len(q.items)
		c, number, found := r.resume(&q, v.position)
		for found {
			if c.item != number {
				c = x.cursorAt(number)
			}
			it := x.items.At(number)
			for over := false; !over; {
				if work >= viewSlice || len(v.holders)+len(some) >= v.limit {
					c.incarnation, more = r.incarnation, true
					v.position = c.encode()
					return work
				}
				work++
				h := x.holds.At(c.next.hold)
				if slot, l := r.active(h, v.at.Now); l != nil {
					some = append(some, seen{r.look(slot), *it, string(x.nameOf(number)), h.modified()})
				}
				c.next = x.mark(h.next)
				over = c.next == c.end
			}
			number, found = q.after(number)
		}
		v.work += work
		return work
	})
	for i := range some {
		one := &some[i]
		v.holders = append(v.holders, Holder{
			Node: one.lease.node(v.at.Now), Name: one.name, Size: one.item.size, Hash: one.item.hash, Mark: one.item.mark, Modified: one.date,
		})
	}
	return more
}
