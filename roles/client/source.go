package client

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Source is one visit to one node on one link: it asks what the file is, takes from a Picker the
// groups that this node is to send, and receives them. Told Updated, it looks at the Picker again.
// See SourceTable.
//
// It reports Learned, Hashing, Had, and Visited when nothing more is asked of the node, unless it was
// stopped: the link may still be closing then.
type Source struct {
	core roles.Core[SourceState, SourceEvent]
	approach
	item    int // of the store
	picker  *Picker
	insists protocol.Hash // on that content of a node that has had it; zero: on none
	guesses bool          // nothing of the content can be there: its first group is asked for before it is known
	told    Identity      // what the node has, as the relay says; zero: it does not say
	holds   bool          // a link on which nothing is left to ask is kept for HoldTimeout
	yields  bool          // it leaves its place to another one at the end of a group

	since time.Duration
	now   time.Duration
	moved time.Duration // since when a verified group is waited for
	bytes int64         // that have come since
	tried Tried
	visit Visited             // without Tried
	about protocol.Attributes // as it said last

	direct bool              // the relay was believed: the file was asked for without its tree
	early  *protocol.Content // the head of it, which the store was not ready for
	page   []protocol.Hash   // the values of the groups from first on
	first  uint64
	hashed hashing
	treed  sent   // the last TREE
	treeIs uint64 // bytes that pass for it

	path     path
	asked    []request // the first one is being answered
	wanted   Range     // taken, but not asked for: its part of the tree has to come first; Count 0: none
	judged   uint64    // groups of the first one that came, right
	doubted  uint64    // the group that was wrong
	progress roles.Progress
}

// request is a GET that has been sent.
type request struct {
	Range
	sent
	named bool // the content that is wanted
}

// Learned is reported when the picker's content is known and the store is not open yet.
type Learned struct {
	Node       Node
	Attributes protocol.Attributes
}

// Visited is reported at the end of a visit: the link is half-closed, or gone.
type Visited struct {
	Tried
	Rested bool            // nothing speaks against another visit, should there be something to ask for
	Late   bool            // it was left for others that wait: it brought no verified group in time
	Barred bool            // it sent what its hash does not vouch for, and is not to be asked again
	Broke  bool            // its link broke, which need not happen again
	Busy   bool            // it says that it is busy
	Retry  time.Duration   // for which it is to be left alone then
	Spent  bool            // too little may pass over circuits, or nothing
	Gave   bool            // it sent a group that was missing
	Ticket protocol.Ticket // of the circuit; zero: there was none
	Over   netip.Addr      // the node's address on the link; zero: none was made
	Other  Identity        // what it has under the name, where that is another content; zero: it has not
}

func (Learned) Reported() {}
func (Visited) Reported() {}

// NewSource returns a Source that uses the link and takes groups from the picker.
func NewSource(link roles.Link, node Node, picker *Picker) *Source {
	s := &Source{core: roles.NewCore(sourceGrammar), approach: approach{way: newWay(link)}}
	s.Reset(link, node, picker)
	return s
}

// Reset prepares the machine for another visit.
func (s *Source) Reset(link roles.Link, node Node, picker *Picker) {
	s.core.Reset()
	*s = Source{core: s.core, approach: s.bare(link), picker: picker, tried: Tried{Node: node}, asked: s.asked[:0]}
}

// State returns the state that the machine is in.
func (s *Source) State() SourceState { return s.core.State() }

// Final implements [roles.Machine].
func (s *Source) Final() bool { return s.core.Final() && !s.way.closing() }

// Watch calls f for each fired row, also for those of the machines within; nil: nothing is called.
func (s *Source) Watch(f func(roles.Transition)) {
	s.watch = f
	s.core.Watch(f)
}

// Step implements [roles.Machine].
func (s *Source) Step(at roles.Moment, in roles.Input) []roles.Effect {
	s.core.Begin()
	was := s.State()
	s.now = at.Now
	if s.core.Final() {
		s.core.Do(s.way.end(at, in)...)
		return s.core.Effects()
	}
	if s.way.takes(in) {
		in = s.passWay(at, in)
	}
	switch in := in.(type) {
	case nil: // the way is not there yet
	case roles.Started:
		s.since, s.moved = at.Now, at.Now
		s.start(at)
	case roles.Opened:
		s.visit.Over = in.Peer.Addr()
		s.meter.begin()
		s.begin()
	case roles.Heard:
		s.heard(in.Message)
	case roles.Malformed:
		s.reject(sourceMalformed, in.Err)
	case roles.Moved:
		s.bytes += in.Bytes
		if s.progress.Enough(in.Bytes) {
			s.core.Fire(sourceBodyMoved)
			s.core.Arm(roles.ProgressTimeout)
		}
	case roles.Verified:
		s.right(in.Group)
	case roles.BodyWrong:
		s.wrong(in.Group)
	case roles.BodyDone:
		s.bodyDone()
	case roles.PeerEnded:
		s.cut(sourcePeerEnded, protocol.Lost, "the link was ended too early")
	case roles.Lost:
		s.cut(sourceLost, in.Code, in.Text)
	case roles.TimerFired:
		if s.core.Due(in) {
			s.expired()
		}
	case roles.Updated:
		s.updated()
	case roles.Stopped:
		s.core.Fire(sourceStopped)
	}
	switch _, told := in.(roles.Stopped); {
	case s.core.Final():
		s.closed(at, was, !told)
	case s.leaving() && was != SourceLeaving:
		s.over(at)
	}
	return s.core.Effects()
}

func (s *Source) heard(m protocol.Message) {
	if !s.core.Accepts(m.Kind()) {
		s.reject(sourceUnexpected, roles.Unexpected(m.Kind(), string(s.State())))
		return
	}
	switch m := m.(type) {
	case *protocol.Outboard:
		s.outboard(m)
	case *protocol.Hashing:
		s.hashing(m)
	case *protocol.Content:
		if s.core.Can(sourceContentAgain) {
			s.condemn(sourceContentAgain)
		} else {
			s.content(m)
		}
	case *protocol.Error:
		s.refused(m)
	}
}

// work chooses the next request while none is under way.
func (s *Source) work() {
	switch {
	case s.early != nil && !s.picker.Done():
		s.core.Fire(sourceGroupsTaken)
		m := s.early
		s.early, s.moved, s.bytes = nil, s.now, 0
		s.content(m)
	case !s.picker.Done() && s.ask():
		s.moved, s.bytes = s.now, 0
		s.core.Fire(sourceGroupsTaken)
		s.core.Do(roles.Hear{Link: s.link})
	case s.wanted.Count > 0 && s.meter.affords(s.tree(pageOf(s.wanted.First))):
		s.core.Fire(sourceTreeWanted)
		s.describe(pageOf(s.wanted.First))
		s.core.Do(roles.Hear{Link: s.link})
	case s.scant():
		s.visit.Spent = true
		s.blame(protocol.Quota, protocol.Relay, s.meter.scant())
		s.leave(sourceScant)
	case !s.holds:
		s.visit.Rested = true
		s.tried.By = protocol.Node
		s.leave(sourceNothingLeft)
	}
}

// ask sends as many GETs as may be under way, and reports whether any is.
func (s *Source) ask() bool {
	for {
		if s.wanted.Count == 0 {
			taken, ok := s.take(s.underway())
			if !ok {
				break
			}
			s.wanted = taken
		}
		if s.wanted.First < s.first || s.wanted.First+s.wanted.Count > s.first+uint64(len(s.page)) {
			break
		}
		s.get(s.wanted)
		s.wanted = Range{}
	}
	return len(s.asked) > 0
}

// underway returns how many groups have been asked for and have not come.
func (s *Source) underway() uint64 {
	groups := uint64(0)
	for _, r := range s.asked {
		groups += r.Count
	}
	return groups - s.judged
}

// get sends a GET for groups of the content.
func (s *Source) get(w Range) { s.request(w, s.picker.identity.Hash, s.picker.bytes(w)) }

func (s *Source) request(w Range, hash protocol.Hash, length uint64) {
	s.core.Do(roles.Send{Link: s.link, Message: &protocol.Get{
		Name: s.picker.name, Hash: hash, Offset: w.First * protocol.GroupSize, Length: length,
	}})
	s.meter.spend(exchange(s.picker.name, length))
	s.asked = append(s.asked, request{w, s.path.sends(s.now), !hash.IsZero()})
}

// content checks the head of a body. The body may be shorter than was asked for.
func (s *Source) content(m *protocol.Content) {
	if s.direct && !s.believed(m) {
		return
	}
	is, head := s.picker.identity, s.asked[0].Range
	if !s.asked[0].named && m.Hash != is.Hash {
		s.blame(protocol.Changed, protocol.Client, "the file changed after it was described")
		s.leave(sourceContentOther)
		return
	}
	whole := s.picker.bytes(head)
	fits := m.Hash == is.Hash && m.Size == is.Size && m.Offset == head.First*protocol.GroupSize &&
		(m.Length == whole || m.Length > 0 && m.Length < whole && m.Length%protocol.GroupSize == 0)
	if !fits {
		s.reject(sourceContentWrong, &protocol.Error{Code: protocol.Changed, Text: "not the content, or not the stretch, that was asked for"})
		return
	}
	s.tried.Had, s.about = true, cmp.Or(m.Attributes(), s.about)
	if m.Length < whole {
		s.picker.Shorten(int(s.link), head, m.Length/protocol.GroupSize)
		s.meter.spare(carried(whole - m.Length))
		head.Count = m.Length / protocol.GroupSize
		s.asked[0].Range = head
	}
	s.answers(s.asked[0].sent)
	s.progress, s.hashed = roles.Progress{}, hashing{}
	s.core.Fire(sourceContentFits)
	s.ask()
	from := head.First - s.first
	s.core.Do(roles.ReceiveBody{
		Link: s.link, Item: s.item, Offset: m.Offset, Length: m.Length, Size: m.Size, Values: s.page[from : from+head.Count],
		Attributes: s.about,
	})
}

// answers notes that the first word of an answer has come. Where the node had to hash first, that
// tells nothing of the path.
func (s *Source) answers(to sent) {
	if s.hashed == (hashing{}) {
		s.path.answered(to, s.now)
	}
}

// right counts a group as present, and asks for others.
func (s *Source) right(group uint64) {
	s.core.Fire(sourceGroupRight)
	s.moved, s.bytes = s.now, 0
	s.judged++
	s.meter.passed(carried(s.picker.bytes(Range{group, 1})))
	s.path.brought(s.asked[0].sent, s.now)
	if s.picker.Got(group) {
		s.visit.Gave = true
		s.core.Do(roles.Report{Outcome: Had{s.tried.Node, s.picker.bytes(Range{group, 1}), s.about}})
	}
	if s.yields {
		s.visit.Rested = true
		s.tried.By = protocol.Node
		s.core.Fire(sourceRelieved)
		return
	}
	s.ask()
}

// wrong begins to doubt the node: unless its next answer explains the group, the node has lied.
func (s *Source) wrong(group uint64) {
	s.visit.Barred, s.doubted = true, group
	s.blame(protocol.BadHash, protocol.Client, fmt.Sprintf("group %d is not what the tree says", group))
	s.progress = roles.Progress{}
	s.core.Fire(sourceGroupWrong)
}

func (s *Source) bodyDone() {
	if s.State() == SourceDoubting {
		s.core.Fire(sourceBodyDone)
		if len(s.asked) < 2 {
			s.get(Range{s.doubted, 1})
		}
		s.core.Do(roles.Hear{Link: s.link})
		return
	}
	s.picker.Finish(int(s.link), s.asked[0].Range)
	s.meter.passed(exchange(s.picker.name, 0))
	s.asked, s.judged = append(s.asked[:0], s.asked[1:]...), 0
	if len(s.asked) > 0 {
		s.core.Fire(sourceBodyDone)
		s.core.Do(roles.Hear{Link: s.link})
		return
	}
	s.core.Fire(sourceBodyDoneLast)
	s.work()
}
