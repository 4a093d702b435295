package sim

import (
	"errors"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// The errors of a host's disk.
var (
	errFull      = errors.New("no space left")
	errDisk      = errors.New("the disk gives errors")
	errNotOpen   = errors.New("nothing has been opened for it")
	errLeftovers = errors.New("the part of an earlier try was of another content")
)

// commitStore answers CommitStore from a host's disk.
func (w *World) commitStore(a *actor, want roles.CommitStore) {
	if a.operation == nil {
		return
	}
	rash := w.planted(func(p *Plant) bool { return p.Rash })
	if rash {
		w.tell(a, roles.StoreCommitted{Items: make([]roles.Placed, len(want.Items))})
	}
	w.diskAnswers(a, want.Items[0].Item, func() {
		var answer roles.StoreCommitted
		for _, item := range want.Items {
			done, err := w.commitItem(a, item)
			if !done {
				return
			}
			answer.Items = append(answer.Items, roles.Placed{Item: item.Item, Err: err})
		}
		if !rash {
			w.tell(a, answer)
		}
	})
}

// commit gives a whole part its final name, durably. It reports whether that was completed, for
// the process may be killed in between, and why it failed: the disk may give errors, and leftovers
// of an earlier try may turn out to be another content.
func (w *World) commit(a *actor, s *store) (done bool, err error) {
	switch {
	case s == nil || s.part == nil && !s.placed:
		return true, errNotOpen
	case !s.placed && !s.proven() && !w.planted(func(p *Plant) bool { return p.Unproven }):
		w.coverage.sometimes(FalseLeftovers)
		return w.diskDoes(a.proc, func() { s.part = nil }, func() { s.journal = nil }), errLeftovers
	}
	steps := w.committing(s)
	if t := w.troubled(scenario.DiskError, a.proc.host); t != nil && t.N == 1 && !w.spared(a) {
		w.fired(t)
		steps, err = steps[:w.chooser.N(len(steps), "step")], errDisk
	}
	return w.diskDoes(a.proc, steps...), err
}

// committing returns the steps in which a disk makes a content durable and gives it its final name.
// A content that is in its place already need not be durable: the process that put it there may
// have been killed before it synced the folder.
func (w *World) committing(s *store) []func() {
	sync := func() { s.part.sync() }
	rename := func() {
		s.before, s.final, s.part, s.renamed, s.reported = s.final, s.part, nil, true, protocol.Hash{}
		s.about = s.said
	}
	syncFolder := func() { s.renamed, s.before = false, nil }
	drop := func() { s.journal = nil }
	switch {
	case s.placed && w.planted(func(p *Plant) bool { return p.Trusting }):
		return []func(){drop}
	case s.placed:
		return []func(){func() { s.final.sync(); s.about = s.said }, syncFolder, drop}
	case w.planted(func(p *Plant) bool { return p.Unsynced }):
		sync = func() {}
	}
	s.part.cut(s.size)
	return []func(){sync, rename, syncFolder, drop}
}

// diskDoes performs several disk steps. It reports whether all were completed.
func (w *World) diskDoes(p *process, steps ...func()) bool {
	for _, step := range steps {
		if !w.diskStep(p) {
			return false
		}
		step()
	}
	return true
}

// proven reports whether the groups of the journal are those of the content. Each group matches its
// claim, but after a power loss a claim may belong to an earlier header.
func (s *store) proven() bool {
	if s.journal == nil { // a file of one group has no journal; its group was verified against the hash
		return true
	}
	values := make([]protocol.Hash, 0, len(s.journal.claims))
	for _, c := range s.journal.claims[:min(uint64(len(s.journal.claims)), protocol.Groups(s.size))] {
		values = append(values, c.value)
	}
	built, _ := content.Build(values)
	return built == s.hash
}

// durable reports whether the file under the name outlives a power loss.
func (t *landing) durable() bool { return !t.renamed && t.final.synced() }

// synced reports whether all bytes outlive a power loss.
func (f *grown) synced() bool {
	for i := range f.extents {
		if !f.extents[i].synced {
			return false
		}
	}
	return true
}

// releaseStore ends the actor's use of an item.
func (w *World) releaseStore(a *actor, item int) {
	if s := a.store(item); s != nil {
		s.release(a)
		a.operation.stores[item] = nil
	}
}

// release makes the landing free for other actors.
func (t *landing) release(a *actor) {
	if t.user == a {
		t.user = nil
	}
}
