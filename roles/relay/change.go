package relay

import "github.com/relaypeer/relaypeer/protocol"

// add records that a publisher holds a content under a name. The publisher holds nothing under that
// name yet. add reports false when the name has too many variants.
func (x *index) add(by uint32, p *publisher, e *protocol.Entry, nameHash uint64) bool {
	variants := 0
	number, found := x.byName.Find(nameHash, func(number uint32) bool {
		if string(x.nameOf(number)) != e.Name {
			return false
		}
		variants++
		it := x.items.At(number)
		return it.is(e)
	})
	switch {
	case !found && variants >= mostVariants:
		return false
	case !found:
		number = x.newItem(e, nameHash)
	}
	x.hold(number, e.Modified, by, p, nameHash)
	return true
}

func (x *index) newItem(e *protocol.Entry, nameHash uint64) uint32 {
	number := x.items.Take()
	it := x.items.At(number)
	*it = item{hash: e.Hash, size: e.Size, mark: e.Mark, name: x.names.Put([]byte(e.Name)), prev: number, next: number}
	x.byName.Add(nameHash, number, x.nameHash)
	if e.Hash.IsZero() {
		return number
	}
	if first, found := x.ring(e.Hash); found { // at the ring's end, behind all that a cursor has yet to pass
		last := x.items.At(first).prev
		it.prev, it.next = last, first
		x.items.At(last).next, x.items.At(first).prev = number, number
	} else {
		x.byHash.Add(x.digest(e.Hash[:]), number, x.contentHash)
	}
	return number
}

// hold links a new hold into the rings of its item and of its publisher.
func (x *index) hold(number uint32, modified uint64, by uint32, p *publisher, nameHash uint64) {
	at := x.holds.Take()
	h := x.holds.At(at)
	x.generations++
	*h = hold{is: holdOf(number, modified), by: by, prev: at, next: at, before: at, after: at, generation: x.generations}
	it := x.items.At(number)
	if it.count > 0 {
		last := x.holds.At(it.first).prev
		h.prev, h.next = last, it.first
		x.holds.At(last).next, x.holds.At(it.first).prev = at, at
	} else {
		it.first = at
	}
	it.count++
	if p.count > 0 {
		last := x.holds.At(p.first).before
		h.before, h.after = last, p.first
		x.holds.At(last).after, x.holds.At(p.first).before = at, at
	} else {
		p.first = at
	}
	p.count++
	if it.mark == protocol.Pending {
		p.pending++
	}
	x.count++
	bytes := len(x.names.At(it.name))
	p.bytes += bytes
	x.bytes += bytes
	x.byNode.Add(byBoth(nameHash, by), at, x.holdHash)
}

// date gives a hold another date. It is then what was published last of its item.
func (x *index) date(h *hold, modified uint64) {
	if h.modified() == modified {
		return
	}
	x.generations++
	h.is, h.generation = holdOf(h.item(), modified), x.generations
}

// clear releases up to most holds of a publisher and returns how many it released.
func (x *index) clear(p *publisher, most int) (cleared int) {
	for ; p.count > 0 && cleared < most; cleared++ {
		x.release(p.first, p, x.nameHash(x.holds.At(p.first).item()))
	}
	return cleared
}

// release removes a hold, and its item with the last hold.
func (x *index) release(at uint32, p *publisher, nameHash uint64) {
	h := *x.holds.At(at)
	x.byNode.Remove(byBoth(nameHash, h.by), at, x.holdHash)
	x.holds.At(h.prev).next, x.holds.At(h.next).prev = h.next, h.prev
	x.holds.At(h.before).after, x.holds.At(h.after).before = h.after, h.before
	x.count--
	p.count--
	bytes := len(x.nameOf(h.item()))
	p.bytes -= bytes
	x.bytes -= bytes
	if p.first == at {
		p.first = h.after
	}
	it := x.items.At(h.item())
	if it.mark == protocol.Pending {
		p.pending--
	}
	if it.first == at {
		it.first = h.next
	}
	x.holds.Free(at)
	if it.count--; it.count == 0 {
		x.forget(h.item(), nameHash)
	}
}

// forget removes an item that has no holds left.
func (x *index) forget(number uint32, nameHash uint64) {
	it := *x.items.At(number)
	x.byName.Remove(nameHash, number, x.nameHash)
	if !it.hash.IsZero() {
		x.leaveRing(number, &it)
	}
	x.names.Drop(it.name)
	x.items.Free(number)
	x.names.Tidy(x.moved)
}

// leaveRing takes an item off the ring of its content.
func (x *index) leaveRing(number uint32, it *item) {
	contentHash := x.digest(it.hash[:])
	x.byHash.Remove(contentHash, number, x.contentHash)
	if it.next != number {
		x.items.At(it.prev).next, x.items.At(it.next).prev = it.next, it.prev
		if _, found := x.ring(it.hash); !found {
			x.byHash.Add(contentHash, it.next, x.contentHash)
		}
	}
}

// moved updates the item of a name that the arena has moved.
func (x *index) moved(name []byte, from, to uint32) {
	x.byName.Find(x.digest(name), func(number uint32) bool {
		if it := x.items.At(number); it.name == from {
			it.name = to
		}
		return false
	})
}
