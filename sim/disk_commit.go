package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// commit gives a whole part its final name. It reports whether that was completed, for the process
// may be killed in between, and whether the part was good: leftovers of an earlier try may turn out
// to be another content.
func (w *World) commit(a *actor, s *store) (done, well bool) {
	steps := []func(){
		func() { s.part.sync() },
		func() { s.before, s.final, s.part, s.renamed = s.final, s.part, nil, true },
		func() { s.renamed, s.before = false, nil },
		func() { s.journal = nil },
	}
	switch {
	case s.placed:
		steps = steps[3:]
	case !s.proven() && !w.planted(func(p *Plant) bool { return p.Unproven }):
		w.coverage.sometimes(FalseLeftovers)
		return w.diskDoes(a.proc, func() { s.part = nil }, func() { s.journal = nil }), false
	default:
		s.part.cut(s.size)
		if w.planted(func(p *Plant) bool { return p.Unsynced }) {
			steps[0] = func() {}
		}
	}
	return w.diskDoes(a.proc, steps...), true
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
