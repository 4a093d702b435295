package share

import (
	"container/heap"
	"math/bits"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// queue holds the files to be hashed. The share's mutex guards it. Jobs that a request waits for go
// first, in turns; then jobs that have begun; then the other files, the smallest first. Every other
// turn goes to a file that has not begun, if it is smaller than all that have: a small file does not
// wait for the end of a large one, and few files are open at a time.
type queue struct {
	changed *sync.Cond // there may be something to do
	closed  bool
	todo    [sizeClasses][]*entry // due, by the class of their size
	turns   uint64
	later   laterHeap
	alarm   *time.Timer // for the first of later
	jobs    map[index.Inode]*job
	urgent  []*job // with pieces to hand out, that somebody waits for
	calm    []*job // with pieces to hand out, that nobody waits for
}

// sizeClasses is the number of size classes: files of a class differ by a factor of two at most.
const sizeClasses = 65

// class returns the size class of a file.
func class(size int64) int { return bits.Len64(uint64(size)) }

// later is an entry that is not due yet.
type later struct {
	entry *entry
	due   time.Time
}

type laterHeap []later

func (h laterHeap) Len() int           { return len(h) }
func (h laterHeap) Less(a, b int) bool { return h[a].due.Before(h[b].due) }
func (h laterHeap) Swap(a, b int)      { h[a], h[b] = h[b], h[a] }
func (h *laterHeap) Push(l any)        { *h = append(*h, l.(later)) }
func (h *laterHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = later{}
	*h = (*h)[:last]
	return l
}

func (q *queue) open(mu *sync.Mutex) {
	q.changed, q.jobs = sync.NewCond(mu), map[index.Inode]*job{}
}

// close ends all workers and all waiting for jobs.
func (q *queue) close() {
	q.closed = true
	if q.alarm != nil {
		q.alarm.Stop()
	}
	q.changed.Broadcast()
}

// rest returns how long a file is left alone before it is hashed without a request.
func (e *entry) rest(now time.Time) time.Duration {
	wait := e.signature.RacyFor(now)
	if age := e.age(now); age >= 0 {
		wait = max(wait, restWait<<e.tries-age)
	}
	return wait
}

// age returns how long ago a file changed. It is negative for a time that is to come.
func (e *entry) age(now time.Time) time.Duration {
	return time.Duration(now.UnixNano() - e.signature.Changed)
}

// enqueue has an entry hashed when it is due.
func (s *Folder) enqueue(e *entry) {
	e.queued = true
	now := time.Now()
	if wait := e.rest(now); wait > 0 {
		s.postpone(e, now.Add(wait))
		return
	}
	s.ready(e)
	s.changed.Broadcast()
}

// ready adds an entry that is due.
func (s *Folder) ready(e *entry) {
	of := &s.todo[class(e.signature.Size)]
	*of = append(*of, e)
	s.hold(e)
	s.mayBeOutdated(e)
}

// postpone makes an entry due at a time.
func (s *Folder) postpone(e *entry, due time.Time) {
	heap.Push(&s.later, later{e, due})
	s.hold(e)
	if s.later[0].entry == e {
		s.setAlarm()
	}
}

// setAlarm sets a timer for the first of the postponed entries.
func (s *Folder) setAlarm() {
	if s.closed || len(s.later) == 0 {
		return
	}
	wait := time.Until(s.later[0].due)
	if s.alarm != nil {
		s.alarm.Reset(wait)
		return
	}
	s.alarm = time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for now := time.Now(); len(s.later) > 0 && !s.later[0].due.After(now); {
			e := heap.Pop(&s.later).(later).entry
			s.ready(e)
			s.release(e)
		}
		s.changed.Broadcast()
		s.setAlarm()
	})
}

// take waits for work. It returns a job with the next piece of it, or a job whose file has to be
// opened first, or nil when the share is closed. A worker that is not hurried takes only jobs that
// no request waits for, and only while there are no others.
func (s *Folder) take(hurried bool) (j *job, piece uint64, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; !s.closed; s.changed.Wait() {
		list := &s.calm
		switch {
		case hurried:
			list = &s.urgent
		case len(s.urgent) > 0:
			continue
		}
		if !hurried || len(*list) > 0 {
			if j := s.begin(s.mayBegin(hurried)); j != nil {
				return j, 0, true
			}
		}
		if len(*list) > 0 {
			return s.hand(list)
		}
	}
	return nil, 0, false
}

// mayBegin returns the size class below which a file that has not begun has its turn now. While a
// request waits, that is for files of one piece.
func (s *Folder) mayBegin(hurried bool) (below int) {
	s.turns++
	switch {
	case !hurried && len(s.calm) == 0:
		return sizeClasses
	case s.turns%2 == 0:
		return 0
	case hurried:
		return class(pieceGroups * protocol.GroupSize)
	}
	below = sizeClasses
	for _, j := range s.calm {
		below = min(below, class(j.signature.Size))
	}
	return below
}

// hand returns the first job of a list and its next piece. The job moves to the end of the list; it
// leaves the list with its last piece, and while its file is not open.
func (s *Folder) hand(list *[]*job) (j *job, piece uint64, open bool) {
	j = (*list)[0]
	*list = slices.Delete(*list, 0, 1)
	s.relax()
	j.flying++
	if !j.opened {
		return j, 0, true
	}
	piece = j.next
	j.next++
	s.offer(j)
	return j, piece, false
}

// relax wakes the workers that are not hurried once no request waits. They may have been woken for a
// file while one did, and nothing else may wake them.
func (q *queue) relax() {
	if len(q.urgent) == 0 {
		q.changed.Broadcast()
	}
}

// offer puts a job with pieces left into the list for the workers.
func (s *Folder) offer(j *job) {
	switch {
	case j.opened && j.next >= j.pieces || j.err != nil:
		return
	case j.waiters > 0:
		s.urgent = append(s.urgent, j)
	default:
		s.calm = append(s.calm, j)
	}
	s.changed.Broadcast()
}

// withdraw removes a job from the lists.
func (s *Folder) withdraw(j *job) (listed bool) {
	is := func(other *job) bool { return other == j }
	before := len(s.urgent) + len(s.calm)
	s.urgent, s.calm = slices.DeleteFunc(s.urgent, is), slices.DeleteFunc(s.calm, is)
	s.relax()
	return len(s.urgent)+len(s.calm) < before
}

// begin returns a job for the smallest entry that is due, is of a class below that, and needs one.
func (s *Folder) begin(below int) *job {
	for of := range s.todo[:below] {
		for len(s.todo[of]) > 0 {
			e := s.todo[of][0]
			s.todo[of][0] = nil
			s.todo[of] = s.todo[of][1:]
			j := s.beginWith(e)
			if s.release(e); j != nil {
				return j
			}
		}
	}
	return nil
}

// beginWith returns a job for an entry, unless it needs none of its own now.
func (s *Folder) beginWith(e *entry) *job {
	now := time.Now()
	wait, running := e.rest(now), s.jobs[e.signature.Inode]
	switch {
	case e.known || e.signature == (index.Signature{}):
		e.queued = false
	case wait > 0 && e.signature.Changed <= now.UnixNano():
		s.postpone(e, now.Add(wait))
	case running != nil && running.signature == e.signature:
		s.give(running, e)
	case running != nil: // on what the file was before: it will notice
		s.postpone(e, now.Add(disk.Tick))
	default:
		j := s.newJob(s.entryName(e), e.signature)
		s.give(j, e)
		j.flying++
		return j
	}
	return nil
}
