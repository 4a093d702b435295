// Package client is the client's side of the protocol: [Fetch] gets one file from whichever node has it.
package client

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Fetch gets one file in the reference mode: the nodes of the relay's list one at a time, in its order, until
// one has it. See FetchTable.
type Fetch struct {
	roles.Core[State, Event]
	relay, name string

	candidates []netip.AddrPort // not asked yet, in the relay's order
	listed     map[netip.AddrPort]bool
	cursor     []byte
	pages      int
	unwalked   bool // the list was longer than we walk

	asked   Tried // the node being asked
	since   time.Duration
	version []byte // of what is being received; nil: nothing yet
	size    uint64
	offset  uint64 // received so far
	stretch uint64 // bytes of the CONTENT being received

	progress roles.Progress
	whole    bool
	result   Result
}

// Tried is reported for each node that was asked, when it has been left.
type Tried struct {
	Node netip.AddrPort
	Code protocol.Code  // 0: it sent the whole file
	By   protocol.Party // who said so: the node, or the client about it
	Text string
	Had  bool // it had the file
	Took time.Duration
}

// Outcome is what a Fetch came to.
type Outcome int

// The outcomes. Their order is that of what is worse.
const (
	Running     Outcome = iota
	Fetched             // the file is in the store, whole
	NobodyHad           // every listed node was asked and said not-found, or none is listed
	Unsure              // those that could be asked do not have it, but not all could be asked
	Undelivered         // some had it, but none could deliver it whole
	NoRelay             // the relay could not be asked, or refused
	DiskFailed          // our own disk failed
	BadlyNamed          // the name breaks the name rule
	Interrupted         // told to stop
)

// Result is what a Fetch came to, with all that was tried for it.
type Result struct {
	Outcome Outcome
	Name    string
	Size    uint64         // when Fetched
	From    netip.AddrPort // when Fetched
	Tried   []Tried
	Code    protocol.Code  // why, when NoRelay, DiskFailed or BadlyNamed
	By      protocol.Party // who said so
	Text    string
}

// Locating is reported when the relay has answered with a page of nodes.
type Locating struct {
	Nodes []netip.AddrPort // those not listed before
	More  bool
}

// The links of a Fetch: never both at once.
const (
	relayLink roles.Link = 0
	nodeLink  roles.Link = 1
)

// NewFetch returns a Fetch of a file by name, from the nodes of the relay at host:port.
func NewFetch(relay, name string) *Fetch {
	return &Fetch{
		Core: roles.NewCore(FetchTable), relay: relay, name: name,
		listed: map[netip.AddrPort]bool{}, result: Result{Name: name},
	}
}

// Reset prepares the machine for another file.
func (f *Fetch) Reset(relay, name string) {
	f.Core.Reset()
	clear(f.listed)
	*f = Fetch{Core: f.Core, relay: relay, name: name, listed: f.listed, result: Result{Name: name}}
}

// Result returns what came of it, once the machine is final.
func (f *Fetch) Result() Result { return f.result }

// Step is [roles.Machine]'s.
func (f *Fetch) Step(at roles.Moment, in roles.Input) []roles.Effect {
	f.Begin()
	switch in := in.(type) {
	case roles.Started:
		f.start()
	case roles.Opened:
		f.opened()
	case roles.Heard:
		f.heard(in.Message)
	case roles.Garbled:
		f.garbled(in.Err)
	case roles.Moved:
		if f.progress.Enough(in.Bytes) {
			f.Fire(BodyMoved)
			f.Arm(protocol.ProgressTimeout)
		}
	case roles.BodyDone:
		f.offset += f.stretch
		f.Fire(BodyReceived)
		f.Do(roles.Hear{Link: nodeLink})
	case roles.StoreFailed:
		f.end(StoreFailed, DiskFailed, protocol.Disk, in.Text)
	case roles.Ended:
		f.cut(at, Ended, protocol.Lost, "the link was ended too early")
	case roles.Lost:
		f.cut(at, Lost, in.Code, in.Text)
	case roles.Rang:
		if f.Due(in) {
			f.cut(at, Expired, protocol.Timeout, "no answer in time")
		}
	case roles.Stopped:
		if !f.Final() {
			f.end(Stopped, Interrupted, protocol.Interrupted, "told to stop")
		}
	}
	return f.Effects()
}

func (f *Fetch) start() {
	if err := protocol.CheckName(f.name); err != nil {
		f.end(Misnamed, BadlyNamed, err.Code, err.Text)
		return
	}
	f.Fire(Started)
	f.Do(roles.Dial{Link: relayLink, To: f.relay})
}

func (f *Fetch) opened() {
	asking := f.State() == DialingRelay
	f.Fire(Opened)
	if asking {
		f.Do(roles.Send{Link: relayLink, Message: &protocol.Locate{Name: f.name, Cursor: f.cursor}}, roles.Hear{Link: relayLink})
		return
	}
	f.get(0)
	f.Do(roles.Hear{Link: nodeLink})
}

func (f *Fetch) get(offset uint64) {
	f.Do(roles.Send{Link: nodeLink, Message: &protocol.Get{Name: f.name, Offset: offset, Version: f.version}})
}

func (f *Fetch) heard(m protocol.Message) {
	relay := f.State() == AskingRelay
	switch m := m.(type) {
	case *protocol.Located:
		if relay {
			f.located(m)
			return
		}
	case *protocol.Content:
		if !relay {
			f.content(m)
			return
		}
	case *protocol.Error:
		f.blame(m.Code, m.By, m.Text)
		f.leave(Refused)
		return
	}
	f.reject(Unexpected, roles.Unexpected(m.Kind(), string(f.State())))
}

func (f *Fetch) located(m *protocol.Located) {
	fresh := []netip.AddrPort{}
	for _, peer := range m.Peers {
		if at := peer.Addr(); !f.listed[at] && len(f.listed) < protocol.MaxWalk {
			f.listed[at] = true
			fresh = append(fresh, at)
		}
	}
	f.candidates = append(f.candidates, fresh...)
	f.cursor = m.Cursor
	if f.pages++; f.cursor != nil && (f.pages >= protocol.MaxPages || len(f.listed) >= protocol.MaxWalk) {
		f.cursor, f.unwalked = nil, true
	}
	f.leave(LocatedHeard)
	f.Do(roles.Report{Outcome: Locating{fresh, f.cursor != nil}})
}

// content judges the head of a stretch against what came before.
func (f *Fetch) content(m *protocol.Content) {
	f.asked.Had = true
	same := f.version == nil || bytes.Equal(f.version, m.Version) && f.size == m.Size
	switch {
	case m.Offset != f.offset || !same:
		f.reject(ContentWrong, &protocol.Error{Code: protocol.Changed, Text: "the file changed while it was sent"})
	case m.Length == 0:
		f.size, f.whole = m.Size, true
		f.asked.By = protocol.Node
		f.leave(ContentEnds)
	default:
		f.size, f.version, f.stretch = m.Size, m.Version, m.Length
		f.progress = roles.Progress{}
		f.Fire(ContentComes)
		f.get(f.offset + f.stretch)
		f.Do(roles.ReceiveBody{Link: nodeLink, Offset: f.offset, Length: f.stretch})
	}
}

func (f *Fetch) garbled(err *protocol.Error) { f.reject(Garbled, err) }

// reject parts with somebody who broke the protocol, and says so.
func (f *Fetch) reject(event Event, err *protocol.Error) {
	err.By = protocol.Client
	f.blame(err.Code, err.By, err.Text)
	link := f.link()
	f.Fire(event)
	f.Part(link, err)
}

// leave closes a link as the one who opened it: half-close, wait for the other's end.
func (f *Fetch) leave(event Event) {
	link := f.link()
	f.Fire(event)
	f.Do(roles.HalfClose{Link: link}, roles.Discard{Link: link})
}

// link returns the link of the present state.
func (f *Fetch) link() roles.Link {
	switch f.State() {
	case DialingRelay, AskingRelay, LeavingRelay:
		return relayLink
	default:
		return nodeLink
	}
}

// blame notes why the relay or node that is being asked does not help.
func (f *Fetch) blame(code protocol.Code, by protocol.Party, text string) {
	if f.link() == relayLink {
		f.result.Outcome, f.result.Code, f.result.By, f.result.Text = NoRelay, code, by, text
		return
	}
	f.asked.Code, f.asked.By, f.asked.Text = code, by, text
}

// cut goes on from a link that is gone; in LeavingRelay and LeavingNode that is how it should be.
func (f *Fetch) cut(at roles.Moment, event Event, code protocol.Code, text string) {
	state, link := f.State(), f.link()
	if state != LeavingRelay && state != LeavingNode {
		f.blame(code, protocol.Client, text)
	}
	f.Fire(event)
	f.Do(roles.HangUp{Link: link})
	if link == nodeLink {
		f.asked.Took = at.Now - f.since
		f.result.Tried = append(f.result.Tried, f.asked)
		f.Do(roles.Report{Outcome: f.asked})
	}
	f.choose(at)
}

func (f *Fetch) choose(at roles.Moment) {
	switch {
	case f.whole:
		f.Fire(AllReceived)
		f.result.Outcome, f.result.Size, f.result.From = Fetched, f.size, f.asked.Node
	case f.result.Outcome == NoRelay:
		f.Fire(GiveUp)
	case len(f.candidates) > 0:
		f.next(at)
	case f.cursor != nil:
		f.Fire(NextPage)
		f.Do(roles.Dial{Link: relayLink, To: f.relay})
	default:
		f.exhausted()
	}
	if f.Final() {
		f.Do(roles.Report{Outcome: f.result})
	}
}

func (f *Fetch) next(at roles.Moment) {
	node := f.candidates[0]
	f.candidates = f.candidates[1:]
	f.Fire(NextNode)
	if f.offset > 0 || f.stretch > 0 {
		f.Do(roles.ClearStore{})
	}
	f.asked, f.since = Tried{Node: node}, at.Now
	f.version, f.size, f.offset, f.stretch = nil, 0, 0, 0
	f.Do(roles.Dial{Link: nodeLink, To: node.String()})
}

// exhausted tells what it means that nobody is left to ask.
func (f *Fetch) exhausted() {
	f.result.Outcome = NobodyHad
	if f.unwalked {
		f.result.Outcome = Unsure
	}
	for _, tried := range f.result.Tried {
		switch {
		case tried.Had:
			f.result.Outcome = Undelivered
		case tried.Code != protocol.NotFound && f.result.Outcome == NobodyHad:
			f.result.Outcome = Unsure
		}
	}
	if f.result.Outcome == NobodyHad {
		f.Fire(NobodyHasIt)
	} else {
		f.Fire(GiveUp)
	}
}

// end stops here and now.
func (f *Fetch) end(event Event, outcome Outcome, code protocol.Code, text string) {
	state, link := f.State(), f.link()
	f.Fire(event)
	if state != New {
		f.Do(roles.HangUp{Link: link})
	}
	f.result.Outcome, f.result.Code, f.result.By, f.result.Text = outcome, code, protocol.Client, text
	f.Do(roles.Report{Outcome: f.result})
}
