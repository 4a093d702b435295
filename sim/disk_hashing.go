package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

const hashRate = 1 << 30 // bytes a second that a node hashes, when nothing is wrong

// job hashes a file, once for all who wait for it.
type job struct {
	proc    *process
	file    *inode
	version uint64
	done    uint64 // bytes
	waiting []waiter
}

// waiter is an actor that waits for a file.
type waiter struct {
	actor *actor
	want  roles.OpenFile
	asks  int
}

// gone reports whether the actor does not want the file any more.
func (x *waiter) gone() bool { return x.actor.over() || x.actor.asks[0] != x.asks }

// open answers OpenFile from the host's disk, once the file is hashed.
func (w *World) open(a *actor, want roles.OpenFile) {
	x := waiter{a, want, a.ask(0)}
	w.after(w.diskWait(a.proc.host), func() { w.look(x) })
}

// look finds a file, and starts to hash it if necessary.
func (w *World) look(x waiter) {
	if x.gone() {
		return
	}
	h := x.actor.proc.host
	if t := w.troubled(scenario.DiskError, h); t != nil && t.N == 0 {
		w.fired(t)
		w.refuseFile(x.actor, protocol.Internal, "the disk gives errors")
		return
	}
	f, hopeful := h.holding(x.want.Hash), x.actor.proc.mayFind(x.want.Hash)
	if x.want.Name != "" {
		if refusal := protocol.AsError(protocol.CheckName(x.want.Name)); refusal != nil {
			w.refuseFile(x.actor, refusal.Code, refusal.Text)
			return
		}
		f = h.file(x.want.Name)
	}
	if f != nil && f.known != nil && w.planted(func(p *Plant) bool { return p.Stale }) {
		f.hashed = f.version
	}
	switch {
	case f == nil && hopeful && x.want.Name == "":
		w.coverage.sometimes(SaidIndexing)
		w.refuseFile(x.actor, protocol.Indexing, "a file is being hashed")
	case f == nil:
		w.refuseFile(x.actor, protocol.NotFound, "no such file")
	case f.shut != 0:
		w.refuseFile(x.actor, f.shut, "the file cannot be read")
	case f.indexed() == nil:
		w.coverage.sometimes(WaitedForHash)
		j := w.job(x.actor.proc, f, 0)
		j.waiting = append(j.waiting, x)
	case !x.want.Hash.IsZero() && f.indexed().hash != x.want.Hash:
		w.refuseFile(x.actor, protocol.Changed, "another content is under that name")
	default:
		id := f.indexed()
		x.actor.file = &opened{f, f.version}
		w.tell(x.actor, roles.FileFound{Size: id.size, Hash: id.hash, Nodes: sliceOf(id, x.want.First, x.want.Count), Attributes: attributes(f.version)})
	}
}

// sliceOf returns the requested slice, as far as the file has groups.
func sliceOf(id *identity, first, count uint64) []byte {
	groups := uint64(len(id.values))
	if first >= groups {
		return nil
	}
	return id.slice(first, min(count, groups-first))
}

func (w *World) refuseFile(a *actor, code protocol.Code, text string) {
	w.tell(a, roles.FileRefused{Code: code, Text: text})
}

// job returns the job that hashes a file. A new job starts after a delay.
func (w *World) job(p *process, f *inode, wait time.Duration) *job {
	for _, j := range p.jobs {
		if j.file == f {
			return j
		}
	}
	j := &job{proc: p, file: f, version: f.version}
	p.jobs = append(p.jobs, j)
	w.after(wait, func() { w.work(j) })
	return j
}

// forget ends a job, and has those who wait for its file look again.
func (w *World) forget(j *job) {
	j.proc.jobs = slices.DeleteFunc(j.proc.jobs, func(other *job) bool { return other == j })
	for _, x := range j.waiting {
		w.look(x)
	}
}

// work continues a job for one second, or to its end. A file that cannot be read ends it at once.
func (w *World) work(j *job) {
	if j.file.shut != 0 && !j.proc.dead {
		j.file.vain = j.file.version
		w.republish(j.proc.host, j.file)
		w.forget(j)
		return
	}
	rate := uint64(hashRate)
	if t := w.troubled(scenario.SlowHash, j.proc.host); t != nil {
		w.fired(t)
		rate = uint64(t.N)
	}
	if left := j.file.size - min(j.done, j.file.size); left <= rate && rate > 0 {
		w.after(time.Duration(float64(left)/float64(rate)*float64(time.Second)), func() { w.worked(j, left) })
		return
	}
	w.after(time.Second, func() { w.worked(j, rate) })
}

// worked adds the progress of a job. The job starts again if the file has changed.
func (w *World) worked(j *job, bytes uint64) {
	if j.proc.dead {
		return
	}
	if j.version != j.file.version {
		j.version, j.done = j.file.version, 0
		w.work(j)
		return
	}
	if j.done += bytes; j.done < j.file.size {
		for i := range j.waiting {
			if x := &j.waiting[i]; !x.gone() {
				w.tell(x.actor, roles.FileHashing{Done: j.done, Size: j.file.size})
			}
		}
		w.work(j)
		return
	}
	w.hashed(j.proc.host, j.file)
	w.forget(j)
}

// hashed records the content of a file.
func (w *World) hashed(h *host, f *inode) {
	f.hashed, f.known = f.version, w.identity(f.content, f.size)
	w.republish(h, f)
}
