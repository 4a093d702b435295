package client

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Pipeline gets many small files from one node over one link, with many requests ahead. It reports
// each file as Answered, Hashing while the node makes it wait for that, and the visit as Tried when
// nothing more is asked of the node: the link may still be closing then. See PipelineTable.
//
// It does not open the store: the items of the store are the files in their given order. No body
// comes for an empty file: it is asked for because of its attributes, and is empty if its hash says
// so.
type Pipeline struct {
	core roles.Core[PipelineState, PipelineEvent]
	approach
	over    netip.Addr // the node's address on the link; zero: none was made
	items   []Wanted
	numbers []int // of the items in the store; nil: as they stand here
	since   time.Duration
	tried   Tried

	next     int    // the first item that has not been asked for
	asked    []int  // the first one is being answered
	bytes    uint64 // of these files
	requests int    // the bytes of these GETs
	answered []bool // by item
	hashed   hashing
	about    protocol.Attributes // of the file that is being received
	wrong    bool                // the first of those asked for was not what its hash says
	broke    bool                // the link broke, which need not happen again
	progress roles.Progress
	busy     bool          // the node says so
	retry    time.Duration // for which it is to be left alone then
	scant    bool          // what is left does not fit in what may pass over circuits, or nothing does
}

// Wanted is a file of one chunk group or less whose hash is known.
type Wanted struct {
	Name string // where to look; empty: any file with that content
	Hash protocol.Hash
	Size uint64 // bytes
}

// Answered is reported for each item that the node has answered.
type Answered struct {
	Item                int
	Code                protocol.Code // 0: it is in the store, whole
	By                  protocol.Party
	Text                string
	protocol.Attributes // of the file at the node
}

// Reported implements [roles.Outcome].
func (Answered) Reported() {}

// NewPipeline returns a Pipeline of items from a node. An item above one group is
// declined with Limit, without a request.
func NewPipeline(node Node, items []Wanted) *Pipeline {
	h := &Pipeline{core: roles.NewCore(pipelineGrammar), approach: approach{way: newWay(0)}}
	h.Reset(node, items)
	return h
}

// Reset prepares the machine for other files.
func (h *Pipeline) Reset(node Node, items []Wanted) {
	h.core.Reset()
	*h = Pipeline{core: h.core, approach: h.bare(h.link), tried: Tried{Node: node}, items: items, answered: make([]bool, len(items)), asked: h.asked[:0]}
}

// use sets the link and the timer, for a Pipeline within another machine.
func (h *Pipeline) use(link roles.Link, timer roles.Timer) {
	h.link = link
	h.core.Use(link, timer)
	h.way.use(link)
}

// number returns the number of an item in the store.
func (h *Pipeline) number(item int) int {
	if h.numbers == nil {
		return item
	}
	return h.numbers[item]
}

// Left returns the items that have not been answered, once the visit has been reported.
func (h *Pipeline) Left() (items []int) {
	for i, done := range h.answered {
		if !done {
			items = append(items, i)
		}
	}
	return items
}

// Result returns the visit, once it has been reported.
func (h *Pipeline) Result() Tried { return h.tried }

// State returns the state that the machine is in.
func (h *Pipeline) State() PipelineState { return h.core.State() }

// Final implements [roles.Machine].
func (h *Pipeline) Final() bool { return h.core.Final() && !h.way.closing() }

// Watch calls f for each fired row, also for those of the machines within; nil: nothing is called.
func (h *Pipeline) Watch(f func(roles.Transition)) {
	h.watch = f
	h.core.Watch(f)
}

// Step implements [roles.Machine].
func (h *Pipeline) Step(at roles.Moment, in roles.Input) []roles.Effect {
	h.core.Begin()
	was := h.State()
	if h.core.Final() {
		h.core.Do(h.way.end(at, in)...)
		return h.core.Effects()
	}
	if h.way.takes(in) {
		in = h.passWay(at, in)
	}
	switch in := in.(type) {
	case nil: // the way is not there yet
	case roles.Started:
		h.since = at.Now
		h.start(at)
	case roles.Opened:
		h.meter.begin()
		h.over = in.Peer.Addr()
		h.core.Fire(pipelineOpened)
		h.ask()
		h.core.Do(roles.Hear{Link: h.link})
	case roles.Heard:
		h.heard(in.Message)
	case roles.Malformed:
		h.reject(pipelineMalformed, in.Err)
	case roles.Moved:
		if h.progress.Enough(in.Bytes) {
			h.core.Fire(pipelineMoved)
			h.core.Arm(roles.ProgressTimeout)
		}
	case roles.Verified:
		h.core.Fire(pipelineRight)
		h.answer(Answered{Item: h.asked[0], Attributes: h.about})
	case roles.BodyWrong:
		h.wrong = true
		h.blame(protocol.BadHash, protocol.Client, "a file is not what its hash says")
		h.core.Fire(pipelineWrong)
	case roles.BodyDone:
		h.bodyDone()
	case roles.StoreFailed:
		if h.core.Can(pipelineStoreFailed) {
			h.cut(pipelineStoreFailed, protocol.Disk, in.Err.Error())
		}
	case roles.PeerEnded:
		h.cut(pipelinePeerEnded, protocol.Lost, "the link was ended too early")
	case roles.Lost:
		h.cut(pipelineLost, in.Code, in.Text)
	case roles.TimerFired:
		if h.core.Due(in) {
			h.cut(pipelineExpired, protocol.Timeout, "no answer in time")
		}
	case roles.Stopped:
		h.cut(pipelineStopped, protocol.Interrupted, "told to stop")
	}
	switch _, stopped := in.(roles.Stopped); {
	case h.core.Final():
		h.closed(at, was, stopped)
	case h.State() == PipelineLeaving && was != PipelineLeaving:
		h.visited(at)
	}
	return h.core.Effects()
}

// start answers items that cannot be asked for, and dials if others are left.
func (h *Pipeline) start(at roles.Moment) {
	left := false
	for i, item := range h.items {
		switch {
		case item.Size == 0 && item.Hash != emptyHash: // that it has no bytes is a claim, which its hash proves or refutes
			h.answer(Answered{Item: i, Code: protocol.BadHash, By: protocol.Client, Text: "its hash is not that of an empty file"})
		case item.Size > protocol.GroupSize:
			h.answer(Answered{Item: i, Code: protocol.Limit, By: protocol.Client, Text: "more than one group"})
		case !left:
			left = true
			h.meter.need = openingBytes + exchange(item.Name, item.Size)
		}
	}
	if !left {
		h.core.Fire(pipelineNothing)
		return
	}
	if h.tried.Node.Relayed() {
		h.core.Fire(pipelineStartedRelayed)
	} else {
		h.core.Fire(pipelineStarted)
	}
	h.core.Do(h.connect(at, h.tried.Node)...)
}

// ask sends as many GETs as may be under way.
func (h *Pipeline) ask() {
	h.scant = false
	for ; h.next < len(h.items); h.next++ {
		item := h.items[h.next]
		switch {
		case h.answered[h.next]:
			continue
		case len(h.asked) == roles.MaxPipelined || len(h.asked) > 0 && h.exceeds(item):
			return
		case !h.meter.affords(exchange(item.Name, item.Size)):
			h.scant = true
			return
		}
		h.meter.spend(exchange(item.Name, item.Size))
		h.asked = append(h.asked, h.next)
		h.bytes += item.Size
		h.requests += requestSize(item)
		h.get(item)
	}
}

// exceeds reports whether a further request would be for too many bytes, or take too many itself.
func (h *Pipeline) exceeds(item Wanted) bool {
	return h.bytes+item.Size > roles.MaxPipelinedBytes || h.requests+requestSize(item) > roles.MaxRequested
}

// requestSize returns how many bytes a GET for an item has at most.
func requestSize(item Wanted) int { return protocol.HeaderSize + 56 + len(item.Name) }

func (h *Pipeline) get(item Wanted) {
	h.core.Do(roles.Send{Link: h.link, Message: &protocol.Get{Name: item.Name, Hash: item.Hash, Length: item.Size}})
}

// answer reports an item.
func (h *Pipeline) answer(a Answered) {
	h.answered[a.Item] = true
	h.core.Do(roles.Report{Outcome: a})
}

// done removes the first of the requests, and sends others: many at once, when half of those that
// may be under way are. It reports whether any is under way.
func (h *Pipeline) done() bool {
	item := h.items[h.asked[0]]
	h.bytes -= item.Size
	h.requests -= requestSize(item)
	h.meter.passed(exchange(item.Name, item.Size))
	h.asked = h.asked[1:]
	h.hashed = hashing{}
	if len(h.asked) <= roles.MaxPipelined/2 && h.requests <= roles.MaxRequested/2 {
		h.ask()
	}
	return len(h.asked) > 0
}

func (h *Pipeline) heard(m protocol.Message) {
	if !h.core.Accepts(m.Kind()) {
		h.reject(pipelineUnexpected, roles.Unexpected(m.Kind(), string(h.State())))
		return
	}
	switch m := m.(type) {
	case *protocol.Hashing:
		h.hashing(m)
	case *protocol.Content:
		if h.core.Can(pipelineContentAgain) {
			h.condemn(pipelineContentAgain)
		} else {
			h.content(m)
		}
	case *protocol.Error:
		if h.core.Can(pipelineAdmits) {
			h.excuse(m)
		} else {
			h.declined(m)
		}
	}
}

// hashing continues to wait; progress restarts the deadline.
func (h *Pipeline) hashing(m *protocol.Hashing) {
	if h.hashed.further(m) {
		h.core.Fire(pipelineHashing)
	} else {
		h.core.Fire(pipelineHashingStuck)
	}
	h.core.Do(roles.Hear{Link: h.link}, roles.Report{Outcome: Hashing{h.tried.Node, m.Done, m.Size}})
}

func (h *Pipeline) content(m *protocol.Content) {
	item := h.items[h.asked[0]]
	if m.Hash != item.Hash || m.Size != item.Size || m.Offset != 0 || m.Length != item.Size {
		h.reject(pipelineContentWrong, &protocol.Error{Code: protocol.Changed, Text: "not the file, or not the stretch, that was asked for"})
		return
	}
	h.tried.Had, h.progress, h.hashed, h.about = true, roles.Progress{}, hashing{}, m.Attributes()
	if m.Size == 0 {
		h.empty()
		return
	}
	h.core.Fire(pipelineContent)
	h.core.Do(roles.ReceiveBody{
		Link: h.link, Item: h.number(h.asked[0]), Length: m.Length, Size: m.Size, Values: []protocol.Hash{item.Hash},
		Attributes: h.about,
	})
}

// empty answers a file of which no bytes follow.
func (h *Pipeline) empty() {
	h.answer(Answered{Item: h.asked[0], Attributes: h.about})
	if h.done() {
		h.core.Fire(pipelineEmpty)
		h.core.Do(roles.Hear{Link: h.link})
		return
	}
	h.leave(pipelineEmptyLast)
}

// declined continues after the refusal of one file, and leaves after one that ends the link.
func (h *Pipeline) declined(m *protocol.Error) {
	if m.Code.Closes() {
		h.busy, h.retry = m.Code == protocol.Busy, roles.Millis(m.Retry)
		h.blame(m.Code, m.By, m.Text)
		h.leave(pipelineRefused)
		return
	}
	h.answer(Answered{Item: h.asked[0], Code: m.Code, By: m.By, Text: m.Text})
	if h.done() {
		h.core.Fire(pipelineDeclined)
		h.core.Do(roles.Hear{Link: h.link})
		return
	}
	h.leave(pipelineDeclinedLast)
}

func (h *Pipeline) bodyDone() {
	switch {
	case h.State() == PipelineDoubting:
		h.core.Fire(pipelineDone)
		if len(h.asked) == 1 {
			h.get(h.items[h.asked[0]])
		}
		h.core.Do(roles.Hear{Link: h.link})
	case h.done():
		h.core.Fire(pipelineDone)
		h.core.Do(roles.Hear{Link: h.link})
	default:
		h.leave(pipelineDoneLast)
	}
}
