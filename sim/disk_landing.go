package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// landing is a place on a client's disk where a content goes, with what grows beside it until it is whole.
type landing struct {
	name    string
	user    *actor        // who has it open
	part    *grown        // nil: there is none
	journal *journal      // nil: there is none
	final   *grown        // what stands under the name; nil: nothing
	renamed bool          // the part took the name, and a power loss may undo that
	before  *grown        // what stood there until then
	kept    protocol.Hash // of what stands there, if a user has been told so; zero: nobody has
	wanted  []protocol.Hash
}

// journal says what a part file is of, and which of its groups have been verified.
type journal struct {
	hash   protocol.Hash
	size   uint64
	claims []claim
	before *journal // what stood in its place, and may come back in parts when the power fails; nil: nothing
}

// claim is a group's value as the journal has it. The zero value claims nothing.
type claim struct{ value protocol.Hash }

func (j *journal) set(g uint64, value protocol.Hash) {
	for uint64(len(j.claims)) <= g {
		j.claims = append(j.claims, claim{})
	}
	j.claims[g] = claim{value}
}

// store is an item of an errand, and where it goes.
type store struct {
	*landing
	hash   protocol.Hash
	size   uint64
	placed bool // the content stands under the name already
}

// store returns where an item of the actor's goes, or nil.
func (a *actor) store(item int) *store {
	if a.errand == nil || item < 0 || item >= len(a.errand.stores) {
		return nil
	}
	return a.errand.stores[item]
}

// landing returns the place for a name, or one beside it while somebody else has that open.
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

// diskOp counts something that a process asks of its disk, and reports whether it comes to it: a fault may end the
// process just before. So a process can be ended between any two of them.
func (w *World) diskOp(p *process) bool {
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

// execute ends the process whose time has come in the event that is just over.
func (w *World) execute() {
	t := w.doom
	w.doom = nil
	w.takeDown(t)
}

// diskWait returns how long a host's disk takes until it answers.
func (w *World) diskWait(h *host) time.Duration {
	wait := 100 * time.Microsecond
	if t := w.troubled(scenario.DiskHang, h); t != nil {
		w.fired(t)
		wait += time.Duration(w.chooser.N(t.N+1, "disk")) * time.Millisecond
	}
	return wait
}

// diskAnswers lets a disk do something for a machine after a while, which it returns, unless the machine is at its end
// by then or has asked it something else.
func (w *World) diskAnswers(a *actor, do func()) time.Duration {
	a.asks++
	asks, wait := a.asks, w.diskWait(a.proc.host)
	w.after(wait, func() {
		if !a.over() && a.asks == asks {
			do()
		}
	})
	return wait
}

// inspectStore answers InspectStore from a client's disk: what the header of a journal says, if the journal claims
// anything. Whether that is so is seen when the store is opened. Of what is given out as it comes nothing is left.
func (w *World) inspectStore(a *actor, want roles.InspectStore) {
	r := a.errand
	if r == nil {
		return
	}
	w.diskAnswers(a, func() {
		if w.diskErrs(a, want.Item) {
			return
		}
		answer := roles.StoreInspected{Item: want.Item}
		j := a.proc.host.landing(r.place(want.Name, w.pinned(r.op.Pin)), a).journal
		if j != nil && len(j.claims) > 0 && !r.op.Once {
			answer.Hash, answer.Size = j.hash, j.size
		}
		r.left = answer.Hash
		w.tell(a, answer)
	})
}

// diskErrs tells a machine that its disk gives errors, if it does.
func (w *World) diskErrs(a *actor, item int) bool {
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
	if a.errand == nil {
		return
	}
	wait := w.diskAnswers(a, func() { w.makeReady(a, want) })
	if place := a.proc.host.landing(a.errand.place(want.Name, want.Hash), a); place.part != nil {
		for at := time.Second; at < wait; at += time.Second { // it gets on every other second
			w.tellLater(a, at, roles.StoreChecking{Item: want.Item, Done: uint64(at / (2 * time.Second)), Size: uint64(wait / time.Second)})
		}
	}
}

// makeReady finds out what is there of an item, and tells the machine.
func (w *World) makeReady(a *actor, want roles.OpenStore) {
	if t := w.troubled(scenario.DiskFull, a.proc.host); t != nil && t.N == 0 {
		w.fired(t)
		w.tell(a, roles.StoreFailed{Item: want.Item, Err: errFull})
		return
	}
	if w.diskErrs(a, want.Item) {
		return
	}
	t := a.proc.host.landing(a.errand.place(want.Name, want.Hash), a)
	t.user = a
	t.wanted = append(t.wanted, want.Hash)
	for len(a.errand.stores) <= want.Item {
		a.errand.stores = append(a.errand.stores, nil)
	}
	a.errand.stores[want.Item] = &store{landing: t, hash: want.Hash, size: want.Size}
	ready := roles.StoreReady{Item: want.Item}
	switch {
	case t.part != nil && t.journal != nil && t.journal.hash == want.Hash && t.journal.size == want.Size:
		ready.Has = w.reclaim(a, t)
	case w.there(t, want):
		w.coverage.sometimes(AlreadyThere)
		a.errand.stores[want.Item].placed = true
		for g := range protocol.Groups(want.Size) {
			ready.Has.Add(g)
		}
	default:
		ready.Other = t.part != nil && t.part.size() > 0
		if !w.startAnew(a, t, want) {
			return
		}
	}
	w.check.ready(a.errand, want, ready.Has)
	w.tell(a, ready)
}

// there reports whether what stands under the name is the content that is wanted.
func (w *World) there(t *landing, want roles.OpenStore) bool {
	if t.final == nil || t.final.size() != want.Size || want.Size == 0 {
		return false
	}
	id := t.final.identity(w)
	return id != nil && id.hash == want.Hash
}

// reclaim holds a journal's claims against the part's bytes, and forgets those that do not hold.
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
			if !w.diskOp(a.proc) {
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

// startAnew empties a part and its journal, whatever they were of, and begins the journal.
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

// writePart puts bytes that have come into a part file.
func (w *World) writePart(a *actor, s *store, at uint64, seg segment) {
	if s.part != nil && w.diskOp(a.proc) {
		s.part.write(at, seg)
	}
}

// verified notes in the journal that a group is there.
func (w *World) verified(a *actor, s *store, g uint64, value protocol.Hash) {
	if s.journal != nil && w.diskOp(a.proc) {
		s.journal.set(g, value)
	}
	if w.planted(func(p *Plant) bool { return p.Early }) {
		s.final = s.part
	}
}
