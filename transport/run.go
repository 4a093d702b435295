package transport

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// run is one machine at work. Whoever posts a letter while nobody steps becomes the one who steps, until the
// mailbox is empty: fields marked "stepper's" belong to that goroutine.
type run struct {
	loop    *Loop
	machine roles.Machine
	start   time.Time       // its time counts from there
	ctx     context.Context // of dials
	full    bool            // there is no room for the link that it serves
	final   chan struct{}   // closed at the end; nil: nobody waits there

	mu       sync.Mutex
	mailbox  []letter
	stepping bool
	ended    bool          // no more steps
	cutOff   bool          // not by the machine's own will
	tidied   bool          // everything is closed
	live     int           // goroutines and pending timers that may yet touch this
	atDisk   int           // those of them that the disk may hold
	idle     chan struct{} // closed when tidied and nothing is live; made by who waits
	links    []*link
	alarms   []*alarm
	file     *sharedFile
	idler    bool                  // the stepper's: it has nothing to do afterwards
	task     func() letter         // the stepper's: what it will do then
	opening  uint64                // numbers OpenFile
	disk     context.Context       // of what the disk does for the machine; nil: not needed yet
	endDisk  context.CancelFunc    // at the machine's end
	asked    map[int]chan struct{} // by item, of the latest question to the store: closed when it is answered

	endOpening context.CancelFunc // when the latest OpenFile is not wanted any more
}

// letter is an input on its way to the machine, with what the loop wants to know about it.
type letter struct {
	input roles.Input
	from  *link  // nil: of no link
	order uint64 // the command to the link's reader that this answers; 0: of none
	end   End    // what a Lost means for the link's end
	err   error
	what  What // of a BodyDone or BodySpoiled: SentBody or ReceivedBody
	bytes int64
}

func newRun(l *Loop, ctx context.Context, m roles.Machine) *run {
	return &run{loop: l, machine: m, start: l.start(), ctx: ctx, final: make(chan struct{})}
}

// post brings an input, and steps the machine if nobody does.
func (r *run) post(l letter) {
	r.mu.Lock()
	r.mailbox = append(r.mailbox, l)
	r.work(false)
}

// work empties the mailbox, unless somebody is at it already; the mutex is held, and released. A caller who is idle then
// takes on what came up for the disk.
func (r *run) work(idle bool) (task func() letter) {
	if r.stepping || r.ended {
		r.mu.Unlock()
		return nil
	}
	r.stepping, r.idler = true, idle
	for next := 0; next < len(r.mailbox) && !r.ended; next++ {
		l := r.mailbox[next]
		r.mu.Unlock()
		final := r.step(l)
		r.mu.Lock()
		r.ended = r.ended || final
	}
	clear(r.mailbox)
	r.mailbox = r.mailbox[:0]
	if r.ended {
		r.tidy()
	}
	task, r.task = r.task, nil
	r.stepping = false
	r.mu.Unlock()
	return task
}

// step has one letter judged by the machine and carries out what it asks for. It reports the machine's end.
func (r *run) step(l letter) bool {
	defer r.flush()
	if l.from != nil && !l.from.admit(&l) {
		return false
	}
	effects := r.machine.Step(roles.Moment{Now: time.Since(r.start), Rand: rand.Uint64()}, l.input)
	for _, effect := range effects {
		r.carry(effect)
	}
	return r.machine.Final()
}

// carry carries an effect out, or has that begun.
func (r *run) carry(effect roles.Effect) {
	switch e := effect.(type) {
	case roles.Dial:
		r.dial(e)
	case roles.Send:
		r.link(e.Link).write(e)
	case roles.SendBody:
		r.link(e.Link).write(e)
	case roles.HalfClose:
		r.link(e.Link).write(e)
	case roles.Hear:
		c := command{what: toHear}
		if e.First {
			c.what = toHearFirst
		}
		r.link(e.Link).order(c)
	case roles.ReceiveBody:
		r.link(e.Link).order(command{what: toReceive, body: &e})
	case roles.Discard:
		r.link(e.Link).order(command{what: toDiscard})
	case roles.HangUp:
		r.link(e.Link).hangUp()
	case roles.Arm:
		r.arm(e)
	case roles.Disarm:
		r.disarm(e.Timer)
	case roles.OpenFile:
		r.openFile(e)
	case roles.InspectStore:
		r.inspectStore(e)
	case roles.OpenStore:
		r.openStore(e)
	case roles.CommitStore:
		r.commitStore(e)
	case roles.ReleaseStore:
		r.releaseStore(e)
	case roles.Report:
		if r.loop.Report != nil {
			r.flush() // who is asked something works on it while we look at what came
			r.loop.Report(e.Outcome)
		}
	}
}

// cut ends the machine now. The links are closed from here, so that a write that blocks the stepper ends too.
func (r *run) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.ended, r.cutOff = true, true
	for _, k := range r.links {
		k.sever()
	}
	if !r.stepping {
		r.tidy()
	}
}

// tidy closes everything. It is called once, with the mutex held and nobody stepping (any more).
func (r *run) tidy() {
	links := r.links
	r.mu.Unlock()
	for _, k := range append([]*link(nil), links...) {
		k.hangUp()
	}
	r.silence()
	r.closeFile()
	r.mu.Lock()
	r.tidied = true
	if r.endDisk != nil {
		r.endDisk()
	}
	if r.final != nil {
		close(r.final)
	}
	r.wake()
}

// enter counts a goroutine or timer in that may touch the run; each is counted out with leave.
func (r *run) enter() {
	r.mu.Lock()
	r.live++
	r.mu.Unlock()
}

func (r *run) leave() {
	r.mu.Lock()
	r.live--
	r.wake()
	r.mu.Unlock()
}

// enterDisk and leaveDisk count in and out what the disk may hold. After abandon nobody waits for it.
func (r *run) enterDisk() {
	r.mu.Lock()
	r.live++
	r.atDisk++
	r.mu.Unlock()
}

func (r *run) leaveDisk() {
	r.mu.Lock()
	if r.atDisk > 0 {
		r.atDisk--
		r.live--
		r.wake()
	}
	r.mu.Unlock()
}

// toDisk has something done that the disk, or a slow peer, may hold up: in a goroutine of its own, or in the one that
// steps if that is idle afterwards. The letter that comes of it is posted, unless it is empty.
func (r *run) toDisk(task func() letter) {
	r.enterDisk()
	if r.idler && r.task == nil {
		r.task = task
		return
	}
	go func() {
		for task != nil {
			l := task()
			task = nil
			if l.input != nil {
				r.mu.Lock()
				r.mailbox = append(r.mailbox, l)
				task = r.work(true)
			}
			r.leaveDisk()
		}
	}()
}

// diskContext returns what ends when the machine has come to its end, for calls of the disk.
func (r *run) diskContext() context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.disk == nil {
		r.disk, r.endDisk = context.WithCancel(context.WithoutCancel(r.ctx))
	}
	if r.tidied {
		r.endDisk()
	}
	return r.disk
}

func (r *run) wake() {
	if r.idle != nil && r.tidied && r.live == 0 {
		close(r.idle)
		r.idle = nil
	}
}

// settle waits until the machine has ended and nothing of the run is left, but only for a while for the disk.
func (r *run) awaitIdle() {
	r.mu.Lock()
	if r.tidied && r.live == 0 {
		r.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	r.idle = idle
	r.mu.Unlock()
	patience := time.NewTimer(roles.CloseTimeout)
	defer patience.Stop()
	for {
		select {
		case <-idle:
			return
		case <-patience.C:
			r.abandon()
			patience.Reset(roles.CloseTimeout)
		}
	}
}

// abandon stops waiting for what the disk holds, if the machine has ended.
func (r *run) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tidied {
		r.live -= r.atDisk
		r.atDisk = 0
		r.wake()
	}
}
