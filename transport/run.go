package transport

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// run is a running machine. A goroutine that posts a letter while no other steps becomes the
// stepper until the mailbox is empty. Fields marked "stepper's" belong to it.
type run struct {
	loop     *Loop
	machine  roles.Machine
	start    time.Time       // its time counts from there
	ctx      context.Context // of dials
	moved    atomic.Int64    // bytes that have passed over its links, about
	stay     stay            // among the links of its server, whose mutex guards it
	host     roles.Host      // of the peer, where a server has accepted its link
	requests *requestRates   // that the peer may make; nil: any number
	guest    bool            // it serves a client who comes through a relay
	full     bool            // the server has no room for the link that it serves
	number   uint64          // of its accepted link, at the loop's switch; 0: it has none
	woken    atomic.Bool     // a notice of the switch is on its way
	lot      lot             // where its accepted link is parked; nil: nowhere
	resumed  func(*link)     // is the reader of a link that was parked
	final    chan struct{}   // closed at the end; nil: a Server does not wait for it

	mu       sync.Mutex
	mailbox  []letter
	stepping bool
	ended    bool          // no more steps
	cutOff   bool          // by cut, and not by the machine
	tidied   bool          // everything is closed
	hurried  bool          // the machine has been told to stop: writes are given little time
	live     int           // goroutines and pending timers that may still touch the run
	atDisk   int           // those among live that the disk may hold up
	idle     chan struct{} // closed when tidied and nothing is live; made by awaitIdle
	links    []*link
	alarms   []*alarm
	file     *sharedFile
	whole    *smallBuffer          // a small file, which was read in place of opening it
	idler    bool                  // the stepper's: it is idle afterwards
	task     func() letter         // the stepper's: its work then
	opening  uint64                // numbers OpenFile
	turn     uint64                // that was asked for last; 0: it is ended
	disk     context.Context       // of disk calls; nil: not needed yet
	endDisk  context.CancelFunc    // at the machine's end
	asked    map[int]chan struct{} // by item: closed when the store has answered the latest request

	endOpening context.CancelFunc // cancels the latest OpenFile
}

// letter is an input on its way to the machine, with the loop's own data about it.
type letter struct {
	input roles.Input
	from  *link  // nil: not from a link
	flush bool   // no input: the link's outbox has been withheld for long enough
	wakes bool   // it is the notice of the switch
	parks bool   // no input: the reader has nothing to do for long
	conn  Conn   // over TLS, with an Opened, in place of the link's; nil: that stays
	order uint64 // the reader's command that this answers; 0: none
	end   End    // of the link, with a Lost
	err   error
	what  What // of a BodyDone or BodySpoiled: SentBody, ReceivedBody or SplicedBody; and of a Moved whose bytes are told of by themselves
	bytes int64
}

func newRun(l *Loop, ctx context.Context, m roles.Machine) *run {
	return &run{loop: l, machine: m, start: l.start(), ctx: ctx, final: make(chan struct{})}
}

// post puts an input into the mailbox, and steps the machine if no other goroutine does.
func (r *run) post(l letter) {
	r.mu.Lock()
	r.mailbox = append(r.mailbox, l)
	r.work(false)
}

// work empties the mailbox, unless another goroutine is at it. The caller holds the mutex; work
// releases it. It returns the first task for the disk that came up if the caller is idle, and nil
// otherwise.
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

// step gives one letter to the machine and carries its effects out. It reports whether the machine
// is final.
func (r *run) step(l letter) bool {
	defer r.flush()
	if l.flush {
		l.from.withheld = false
		return false
	}
	if l.from != nil && !l.from.admit(&l) {
		return false
	}
	if l.wakes {
		r.woken.Store(false)
	}
	if in, is := l.input.(roles.Moved); is {
		r.moved.Add(in.Bytes)
	}
	effects := r.machine.Step(roles.Moment{Now: time.Since(r.start), Rand: rand.Uint64()}, l.input)
	for _, effect := range effects {
		r.carry(effect)
	}
	return r.machine.Final()
}

// carry carries an effect out, or starts to.
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
		c.rests = e.Rests
		r.link(e.Link).order(c)
	case roles.ReceiveBody:
		r.link(e.Link).order(command{what: toReceive, body: &e})
	case roles.Discard:
		r.link(e.Link).order(command{what: toDiscard})
	case roles.Splice:
		r.link(e.Link).write(e)
	case roles.Secure:
		r.link(e.Link).write(e)
	case roles.Wake:
		r.loop.Switch.wake(e.Number)
	case roles.HangUp:
		r.link(e.Link).hangUp()
	case roles.Arm:
		r.arm(e)
	case roles.Disarm:
		r.disarm(e.Timer)
	case roles.OpenFile:
		r.openFile(e)
	case roles.AskTurn:
		r.askTurn(e)
	case roles.EndTurn:
		r.endTurn()
	case roles.CheckFile:
		if checker, can := r.loop.Share.(Checker); can {
			checker.Check(e)
		}
	case roles.FindToken:
		r.findToken(e)
	case roles.Admit:
		r.admit(e)
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
			r.flush() // the peer can work on our request while the owner handles the report
			r.loop.Report(e.Outcome)
		}
	}
}

// cut ends the run now. It closes the links itself, so that a write that blocks the stepper ends
// too.
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

// tidy closes everything. It is called once, with the mutex held and no stepper.
func (r *run) tidy() {
	links := r.links
	r.mu.Unlock()
	for _, k := range append([]*link(nil), links...) {
		k.hangUp()
	}
	r.silence()
	r.closeFile()
	r.endTurn()
	r.loop.Switch.remove(r.number)
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

// enter counts a goroutine or timer that may touch the run; leave counts it out.
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

// enterDisk counts a goroutine that the disk may hold up; leaveDisk counts it out. After abandon
// the run no longer waits for it.
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

// toDisk runs a task that the disk, or a slow peer, may hold up: in a new goroutine, or in the
// stepper's if that is idle afterwards. It posts the resulting letter, unless the letter is empty.
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

// diskContext returns the context of disk calls, which ends with the machine.
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

// wake wakes awaitIdle if there is nothing left to wait for. The caller holds the mutex.
func (r *run) wake() {
	if r.idle != nil && r.tidied && r.live == 0 {
		close(r.idle)
		r.idle = nil
	}
}

// awaitIdle waits until the machine has ended and the run has no goroutines and timers left. After
// the machine's end it waits for the disk no longer than roles.CloseTimeout.
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

// abandon stops waiting for the disk, if the machine has ended.
func (r *run) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tidied {
		r.live -= r.atDisk
		r.atDisk = 0
		r.wake()
	}
}
