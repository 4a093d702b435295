package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// keep puts a whole part under its name. It reports whether that came to its end, for the process may be killed in the
// midst of it, and whether it went well: what an earlier try left may turn out to be something else.
func (w *World) keep(a *actor, s *store) (done, well bool) {
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

// diskDoes has a disk do several things, and reports whether it came to their end.
func (w *World) diskDoes(p *process, steps ...func()) bool {
	for _, step := range steps {
		if !w.diskOp(p) {
			return false
		}
		step()
	}
	return true
}

// proven reports whether the groups that the journal claims are the content's together. Each is what the journal claims;
// but a claim may have outlived the header that it was made under, when the power failed.
func (s *store) proven() bool {
	if s.journal == nil { // a file of one group, without a journal, has been held against its hash
		return true
	}
	values := make([]protocol.Hash, 0, len(s.journal.claims))
	for _, c := range s.journal.claims[:min(uint64(len(s.journal.claims)), protocol.Groups(s.size))] {
		values = append(values, c.value)
	}
	built, _ := content.Build(values)
	return built == s.hash
}
