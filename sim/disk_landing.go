package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// landing is a final name on a client's disk, with the part file that grows beside it.
type landing struct {
	name     string
	user     *actor              // the actor that has it open
	part     *grown              // nil: there is none
	journal  *journal            // nil: there is none
	final    *grown              // under the name; nil: there is none
	renamed  bool                // a power loss may undo the rename of the part
	before   *grown              // under the name before the rename
	about    protocol.Attributes // of the file under the name
	reported protocol.Hash       // the content under the name, once it is reported as fetched; zero: it is not
	wanted   []protocol.Hash
}

// journal records the content of a part file, and which of its groups are verified.
type journal struct {
	hash   protocol.Hash
	size   uint64
	claims []claim
	before *journal // the journal that it replaced, which a power loss may bring back in parts; may be nil
}

// claim is the chaining value of a verified group. The zero value claims nothing.
type claim struct{ value protocol.Hash }

func (j *journal) set(g uint64, value protocol.Hash) {
	for uint64(len(j.claims)) <= g {
		j.claims = append(j.claims, claim{})
	}
	j.claims[g] = claim{value}
}

// store is an item of an operation with its landing.
type store struct {
	*landing
	hash   protocol.Hash
	size   uint64
	copies []*landing          // of the other names of the item
	placed bool                // the content was under the name already
	said   protocol.Attributes // of the content, by a node
}

// store returns the store of an item of the actor, or nil.
func (a *actor) store(item int) *store {
	if a.operation == nil || item < 0 || item >= len(a.operation.stores) {
		return nil
	}
	return a.operation.stores[item]
}

func (a *actor) setStore(item int, s *store) {
	for len(a.operation.stores) <= item {
		a.operation.stores = append(a.operation.stores, nil)
	}
	a.operation.stores[item] = s
}

// ask counts a question to the disk about an item, and returns its number.
func (a *actor) ask(item int) int {
	for len(a.asks) <= item {
		a.asks = append(a.asks, 0)
	}
	a.asks[item]++
	return a.asks[item]
}

// landing returns the landing for a name, or one beside it while another actor has that open.
func (h *host) landing(name string, a *actor) *landing {
	for _, t := range h.landings {
		if t.name != name {
			continue
		}
		if t.user == nil || t.user == a || t.user.over() {
			return t
		}
		return h.landing(name+"+", a)
	}
	t := &landing{name: name}
	h.landings = append(h.landings, t)
	return t
}

// diskStep counts a disk access of a process. It reports false if a fault ends the process just
// before it; so a process can die between any two accesses.
func (w *World) diskStep(p *process) bool {
	if p.doomed || p.dead {
		return false
	}
	for _, t := range w.troubles {
		if (t.Class != scenario.KillWriting && t.Class != scenario.CutWriting) || t.who != p.host || t.spent {
			continue
		}
		if t.bytes++; t.bytes >= t.N {
			t.spent, p.doomed, w.doom = true, true, t
			return false
		}
	}
	return true
}

// execute ends the process whose time came in the last event.
func (w *World) execute() {
	t := w.doom
	w.doom = nil
	w.takeDown(t)
}

// diskWait returns the time that a host's disk takes to answer.
func (w *World) diskWait(h *host) time.Duration {
	wait := 100 * time.Microsecond
	if t := w.troubled(scenario.DiskHang, h); t != nil {
		w.fired(t)
		wait += time.Duration(w.chooser.N(t.N+1, "disk")) * time.Millisecond
	}
	return wait
}

// diskAnswers lets a disk act for a machine after a wait, which it returns. It does not act if the
// machine is final by then, or has asked the disk for more.
func (w *World) diskAnswers(a *actor, item int, do func()) time.Duration {
	asks, wait := a.ask(item), w.diskWait(a.proc.host)
	w.after(wait, func() {
		if !a.over() && a.asks[item] == asks {
			do()
		}
	})
	return wait
}

// inspectStore answers InspectStore from a client's disk: with the header of the journal, if the
// journal has claims. Only OpenStore verifies them. A fetch that delivers its bytes once keeps no
// part.
func (w *World) inspectStore(a *actor, want roles.InspectStore) {
	o := a.operation
	if o == nil {
		return
	}
	w.diskAnswers(a, want.Item, func() {
		if w.diskFails(a, want.Item) {
			return
		}
		answer := roles.StoreInspected{Item: want.Item}
		j := a.proc.host.landing(o.place(want.Item, want.Name, w.pinned(o.op.Pin)), a).journal
		if j != nil && len(j.claims) > 0 && !o.op.Once {
			answer.Hash, answer.Size = j.hash, j.size
		}
		o.left = answer.Hash
		w.tell(a, answer)
	})
}

// diskFails tells a machine that its disk gives errors, if it does.
func (w *World) diskFails(a *actor, item int) bool {
	t := w.troubled(scenario.DiskError, a.proc.host)
	if t == nil || t.N != 0 {
		return false
	}
	w.fired(t)
	w.tell(a, roles.StoreFailed{Item: item, Err: errDisk})
	return true
}

// openStore answers OpenStore from a client's disk.
func (w *World) openStore(a *actor, want roles.OpenStore) {
	if a.operation == nil {
		return
	}
	wait := w.diskAnswers(a, want.Item, func() { w.makeReady(a, want) })
	if place := a.proc.host.landing(a.operation.place(want.Item, want.Name, want.Hash), a); place.part == nil {
		return
	}
	for at := time.Second; at < wait; at += time.Second { // it makes progress every other second
		done := uint64(at / (2 * time.Second))
		w.tellLater(a, at, roles.StoreChecking{Item: want.Item, Done: done, Size: uint64(wait / time.Second)})
	}
}

// makeReady finds out which groups of an item are there, and tells the machine.
func (w *World) makeReady(a *actor, want roles.OpenStore) {
	if t := w.troubled(scenario.DiskFull, a.proc.host); t != nil && t.N == 0 {
		w.fired(t)
		w.tell(a, roles.StoreFailed{Item: want.Item, Err: errFull})
		return
	}
	if w.diskFails(a, want.Item) {
		return
	}
	t := a.proc.host.landing(a.operation.place(want.Item, want.Name, want.Hash), a)
	t.user = a
	t.wanted = append(t.wanted, want.Hash)
	a.setStore(want.Item, &store{landing: t, hash: want.Hash, size: want.Size})
	ready := roles.StoreReady{Item: want.Item}
	switch {
	case t.part != nil && t.journal != nil && t.journal.hash == want.Hash && t.journal.size == want.Size:
		ready.Has = w.reclaim(a, t)
	case w.there(t, want):
		w.coverage.sometimes(AlreadyThere)
		a.operation.stores[want.Item].placed = true
		for g := range protocol.Groups(want.Size) {
			ready.Has.Add(g)
		}
	default:
		ready.Other = t.part != nil && t.part.size() > 0
		if !w.startAnew(a, t, want) {
			return
		}
	}
	w.check.ready(a.operation, want, ready.Has)
	w.tell(a, ready)
}

// there reports whether the wanted content is under the name already.
func (w *World) there(t *landing, want roles.OpenStore) bool {
	if t.final == nil || t.final.size() != want.Size || want.Size == 0 {
		return false
	}
	id := t.final.identity(w)
	return id != nil && id.hash == want.Hash
}

// reclaim compares a journal's claims with the bytes of the part, and drops false ones.
func (w *World) reclaim(a *actor, t *landing) (has roles.Groups) {
	for g := range uint64(len(t.journal.claims)) {
		c := &t.journal.claims[g]
		if c.value.IsZero() || g >= protocol.Groups(t.journal.size) {
			continue
		}
		length := groupLength(t.journal.size, g)
		bytes := t.part.gather(g*group, g*group+length)
		holds := bytes.size == length && bytes.valued(g, t.journal.size <= group, c.value)
		holds = holds || w.planted(func(p *Plant) bool { return p.Credulous })
		if !holds {
			w.coverage.sometimes(FalseClaim)
			if !w.diskStep(a.proc) {
				return nil
			}
			*c = claim{}
			continue
		}
		has.Add(g)
	}
	if len(has) > 0 {
		w.coverage.sometimes(Resumed)
	}
	return has
}

// startAnew empties a part and its journal, and starts a journal for the wanted content.
func (w *World) startAnew(a *actor, t *landing, want roles.OpenStore) bool {
	fresh := &journal{}
	if t.journal != nil {
		fresh.before = &journal{hash: t.journal.hash, size: t.journal.size, claims: t.journal.claims}
	}
	return w.diskDoes(a.proc,
		func() { t.journal = fresh },
		func() { t.part = &grown{before: t.part.without()} },
		func() { fresh.hash, fresh.size = want.Hash, want.Size },
	)
}

// writePart writes a group that is verified, in the pieces in which it came: a kill may leave some of them.
func (w *World) writePart(a *actor, s *store, at uint64, right *gathered) {
	for _, seg := range right.parts {
		if s.part != nil && w.diskStep(a.proc) {
			s.part.write(at, seg)
		}
		at += uint64(seg.size)
	}
}

// verified adds a group to the journal.
func (w *World) verified(a *actor, s *store, g uint64, value protocol.Hash) {
	if s.journal != nil && w.diskStep(a.proc) {
		s.journal.set(g, value)
	}
	if w.planted(func(p *Plant) bool { return p.Early }) {
		s.final = s.part
	}
}
