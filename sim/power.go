package sim

import "github.com/relaypeer/relaypeer/protocol"

// What becomes of a write that was not synced when the power fails.
const (
	writeKept = iota
	writeLost
	writeTorn
	fates
)

func (w *World) fate(what string) int { return w.chooser.N(fates, what) }

// powerFails lets a host's disk lose what was not synced: any part of it, as the chooser has it.
func (w *World) powerFails(h *host) {
	if h.role == nodeRole && w.chooser.N(2, "index") > 0 {
		w.forgetIndex(h)
	}
	for _, t := range h.landings {
		if t.renamed && w.fate("rename") != writeKept {
			t.part, t.final = t.final, t.before
		}
		t.renamed, t.before = false, nil
		if t.part != nil && !t.part.synced && w.fate("part") == writeLost {
			t.part = nil
		}
		if t.journal != nil && !t.journal.synced && w.fate("journal") != writeKept {
			t.journal = nil
		}
		w.tear(t.part)
		w.tear(t.final)
		if t.journal != nil {
			w.tearClaims(t.journal)
			t.journal.synced = true
		}
	}
}

// tear lets a file lose what was not synced.
func (w *World) tear(f *grown) {
	if f == nil {
		return
	}
	f.synced = true
	for i := range f.extents {
		e := &f.extents[i]
		if e.synced {
			continue
		}
		switch w.fate("write") {
		case writeLost:
			e.segment = segment{content: zeros, size: e.size}
		case writeTorn:
			before, after := e.split(e.size / 2)
			e.segment = before
			f.write(e.at+uint64(before.size), segment{content: zeros, size: after.size})
		}
	}
	f.sync()
}

func (w *World) tearClaims(j *journal) {
	for g := range j.claims {
		c := &j.claims[g]
		if c.synced || c.value.IsZero() {
			continue
		}
		switch w.fate("claim") {
		case writeLost:
			*c = claim{}
		case writeTorn:
			c.value[protocol.HashSize-1] ^= 0xff
		}
		c.synced = true
	}
}

// forgetIndex lets a node lose what it knew of its files: its next process hashes them all, and numbers changes anew.
func (w *World) forgetIndex(h *host) {
	for i := range h.files {
		h.files[i].file.hashed = 0
	}
	h.catalog = catalog{index: w.luck() | 1}
}
