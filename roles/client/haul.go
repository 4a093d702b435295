package client

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Haul gets many small files from one node over one link, many asked for ahead. What became of each is reported as
// Hauled, what became of the visit as Tried, at the end; Hashing while the node makes us wait for that. See HaulTable.
//
// No OpenStore is asked for: the items of the store are the files in the order in which they were given. Nothing comes
// for an empty one; that it is Hauled says that it is empty.
type Haul struct {
	roles.Core[HaulState, HaulEvent]
	node  string
	items []Wanted
	since time.Duration
	tried Tried

	next     int   // the first item that has not been asked for
	asked    []int // the first one is being answered
	bytes    uint64
	answered []bool // by item
	hashed   hashing
	wrong    bool // the first of those asked for was not what its hash says
	progress roles.Progress
}

// Wanted is a file of one group or less whose hash is known.
type Wanted struct {
	Name string // where to look; empty: any file with that content
	Hash protocol.Hash
	Size uint64 // bytes
}

// Hauled is reported for each item that has been answered.
type Hauled struct {
	Item int
	Code protocol.Code // 0: it is in the store, whole
	By   protocol.Party
	Text string
}

// haulLink is the only link of a Haul.
const haulLink roles.Link = 0

// NewHaul returns a Haul of these items from the node at host:port. An item above a group in size is declined with
// Limit, without being asked for.
func NewHaul(node string, items []Wanted) *Haul {
	h := &Haul{Core: roles.NewCore(HaulTable)}
	h.Reset(node, items)
	return h
}

// Reset prepares the machine for other files.
func (h *Haul) Reset(node string, items []Wanted) {
	h.Core.Reset()
	*h = Haul{Core: h.Core, node: node, items: items, answered: make([]bool, len(items)), asked: h.asked[:0]}
	h.tried.Node, _ = netip.ParseAddrPort(node)
}

// Left returns the items that have not been answered, once the machine is final.
func (h *Haul) Left() (items []int) {
	for i, done := range h.answered {
		if !done {
			items = append(items, i)
		}
	}
	return items
}

// Result returns what became of the visit, once the machine is final.
func (h *Haul) Result() Tried { return h.tried }

// Step is [roles.Machine]'s.
func (h *Haul) Step(at roles.Moment, in roles.Input) []roles.Effect {
	h.Begin()
	was := h.State()
	switch in := in.(type) {
	case roles.Started:
		h.since = at.Now
		h.start()
	case roles.Opened:
		h.Fire(HaulOpened)
		h.ask()
		h.Do(roles.Hear{Link: haulLink})
	case roles.Heard:
		h.heard(in.Message)
	case roles.Garbled:
		h.reject(HaulGarbled, in.Err)
	case roles.Moved:
		if h.progress.Enough(in.Bytes) {
			h.Fire(HaulMoved)
			h.Arm(protocol.ProgressTimeout)
		}
	case roles.Verified:
		h.Fire(HaulRight)
		h.answer(Hauled{Item: h.asked[0]})
	case roles.BodyWrong:
		h.wrong = true
		h.blame(protocol.BadHash, protocol.Client, "a file is not what its hash says")
		h.Fire(HaulWrong)
	case roles.BodyDone:
		h.bodyDone()
	case roles.StoreFailed:
		h.cut(HaulStoreFailed, protocol.Disk, in.Text)
	case roles.Ended:
		h.cut(HaulEnded, protocol.Lost, "the link was ended too early")
	case roles.Lost:
		h.cut(HaulLost, in.Code, in.Text)
	case roles.Rang:
		if h.Due(in) {
			h.cut(HaulExpired, protocol.Timeout, "no answer in time")
		}
	case roles.Stopped:
		if !h.Final() {
			h.cut(HaulStopped, protocol.Interrupted, "told to stop")
		}
	}
	if h.Final() && was != HaulClosed {
		h.closed(at, was)
	}
	return h.Effects()
}

// start answers what needs no asking, and dials if that was not all.
func (h *Haul) start() {
	left := false
	for i, item := range h.items {
		switch {
		case item.Size == 0:
			h.answer(Hauled{Item: i})
		case item.Size > protocol.GroupSize:
			h.answer(Hauled{i, protocol.Limit, protocol.Client, "more than one group"})
		default:
			left = true
		}
	}
	if !left {
		h.Fire(HaulNothing)
		return
	}
	h.Fire(HaulStarted)
	h.Do(roles.Dial{Link: haulLink, To: h.node})
}

// ask asks for as many items as may be under way.
func (h *Haul) ask() {
	for ; h.next < len(h.items); h.next++ {
		item := h.items[h.next]
		switch {
		case h.answered[h.next]:
			continue
		case len(h.asked) == protocol.MaxHaul || len(h.asked) > 0 && h.bytes+item.Size > protocol.MaxHaulBytes:
			return
		}
		h.asked = append(h.asked, h.next)
		h.bytes += item.Size
		h.get(item)
	}
}

func (h *Haul) get(item Wanted) {
	h.Do(roles.Send{Link: haulLink, Message: &protocol.Get{Name: item.Name, Hash: item.Hash, Length: item.Size}})
}

// answer notes what became of an item.
func (h *Haul) answer(a Hauled) {
	h.answered[a.Item] = true
	h.Do(roles.Report{Outcome: a})
}

// done takes the first of those asked for off, and asks for others, many at once when half of those that may be under way
// are. It reports whether any is awaited.
func (h *Haul) done() bool {
	h.bytes -= h.items[h.asked[0]].Size
	h.asked = append(h.asked[:0], h.asked[1:]...)
	h.hashed = hashing{}
	if len(h.asked) <= protocol.MaxHaul/2 {
		h.ask()
	}
	return len(h.asked) > 0
}

func (h *Haul) heard(m protocol.Message) {
	judging := h.State() == HaulJudging
	switch m := m.(type) {
	case *protocol.Hashing:
		h.hashing(m)
	case *protocol.Content:
		if judging {
			h.condemn(HaulContentAgain)
		} else {
			h.content(m)
		}
	case *protocol.Error:
		if judging {
			h.excuse(m)
		} else {
			h.declined(m)
		}
	default:
		h.reject(HaulUnexpected, roles.Unexpected(m.Kind(), string(h.State())))
	}
}

// hashing waits on, with a new deadline if the node gets on.
func (h *Haul) hashing(m *protocol.Hashing) {
	if h.hashed.further(m) {
		h.Fire(HaulHashing)
	} else {
		h.Fire(HaulHashingStuck)
	}
	h.Do(roles.Hear{Link: haulLink}, roles.Report{Outcome: Hashing{h.tried.Node, m.Done, m.Size}})
}

func (h *Haul) content(m *protocol.Content) {
	item := h.items[h.asked[0]]
	if m.Hash != item.Hash || m.Size != item.Size || m.Offset != 0 || m.Length != item.Size {
		h.reject(HaulContentWrong, &protocol.Error{Code: protocol.Changed, Text: "not the file, or not the stretch, that was asked for"})
		return
	}
	h.tried.Had, h.progress = true, roles.Progress{}
	h.Fire(HaulContent)
	h.Do(roles.ReceiveBody{
		Link: haulLink, Item: h.asked[0], Length: m.Length, Size: m.Size, Values: []protocol.Hash{item.Hash},
	})
}

// declined goes on after a no to one file, and leaves after one that ends the link.
func (h *Haul) declined(m *protocol.Error) {
	if m.Code.Closes() {
		h.blame(m.Code, m.By, m.Text)
		h.leave(HaulRefused)
		return
	}
	h.answer(Hauled{h.asked[0], m.Code, m.By, m.Text})
	if h.done() {
		h.Fire(HaulDeclined)
		h.Do(roles.Hear{Link: haulLink})
		return
	}
	h.leave(HaulDeclinedLast)
}

func (h *Haul) bodyDone() {
	switch {
	case h.State() == HaulDoubting:
		h.Fire(HaulDone)
		if len(h.asked) == 1 {
			h.get(h.items[h.asked[0]])
		}
		h.Do(roles.Hear{Link: haulLink})
	case h.done():
		h.Fire(HaulDone)
		h.Do(roles.Hear{Link: haulLink})
	default:
		h.leave(HaulDoneLast)
	}
}
