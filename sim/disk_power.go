package sim

import "github.com/relaypeer/relaypeer/protocol"

// The fates of an unsynced write in a power loss.
const (
	writeKept = iota
	writeLost
	writeTorn
	fates
)

func (w *World) fate(what string) int { return w.chooser.N(fates, what) }

// powerFails removes unsynced data from a host's disk: any part of it, as the chooser decides.
func (w *World) powerFails(h *host) {
	if h.role == nodeRole && w.chooser.N(2, "index") > 0 {
		w.forgetIndex(h)
	}
	for _, t := range h.landings {
		if t.renamed && w.fate("rename") != writeKept {
			t.part, t.final = t.final, t.before
		}
		t.renamed, t.before = false, nil
		if t.part != nil && t.part.before != nil && w.fate("emptied") != writeKept {
			t.part = t.part.over(t.part.before)
		}
		w.tear(t.part)
		w.tear(t.final)
		if t.journal != nil {
			t.journal = w.tearJournal(t.journal)
		}
	}
}

// over returns the file with the bytes of an older one in its gaps.
func (f *grown) over(old *grown) *grown {
	both := &grown{extents: old.extents}
	for _, e := range f.extents {
		both.write(e.at, e.segment)
	}
	return both
}

// tear removes unsynced bytes from a file.
func (w *World) tear(f *grown) {
	if f == nil {
		return
	}
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

// tearJournal returns the remains of a journal: its header and each claim may be the new one, that
// of before, or neither.
func (w *World) tearJournal(j *journal) *journal {
	left := &journal{hash: j.hash, size: j.size, claims: j.claims}
	for g := range left.claims {
		switch c := &left.claims[g]; w.fate("claim") {
		case writeLost:
			*c = claim{}
		case writeTorn:
			c.value[protocol.HashSize-1] ^= 0xff
		}
	}
	if j.before != nil && w.fate("emptied") != writeKept {
		for g, c := range j.before.claims {
			if g >= len(left.claims) {
				left.claims = append(left.claims, c)
			} else if left.claims[g].value.IsZero() {
				left.claims[g] = c
			}
		}
	}
	if w.fate("header") != writeKept {
		if j.before == nil {
			return nil
		}
		left.hash, left.size = j.before.hash, j.before.size
	}
	return left
}

// forgetIndex removes a node's hashes: its next process hashes all files again.
func (w *World) forgetIndex(h *host) {
	for i := range h.files {
		h.files[i].file.hashed = 0
	}
}
