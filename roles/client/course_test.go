package client_test

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// course runs a fetch of one file against time: nodes send at their rates, and a relay makes so many circuits, over which
// so many bytes pass.
type course struct {
	t      *testing.T
	fetch  *client.Fetch
	file   file
	nodes  map[client.Node]*runner
	broker struct {
		most   int   // circuits at once; 0: any number
		bytes  int64 // that pass; 0: any number
		passed int64
		open   int // circuits
		cuts   int
		asked  int // CIRCUITs
		joined int
	}

	now    time.Duration
	events []happening
	lanes  map[roles.Link]*lane
	alarms map[roles.Timer]uint64
	came   map[uint64]int // by group, how often
	result client.Result
	tried  []client.Tried
	left   []time.Duration // when these ended
	mostAt int             // circuits at once
}

// runner is a node.
type runner struct {
	rate   int64         // bytes a second
	there  time.Duration // its link is made no sooner
	busy   time.Duration // until then it says so
	brings int           // groups
}

// happening is what comes next on a lane, or a timer.
type happening struct {
	at   time.Duration
	lane *lane // nil: the lane is gone, or there is none
	does func()
}

// lane is a link.
type lane struct {
	link    roles.Link
	to      client.Node // zero: the relay
	runner  *runner
	circuit bool
	queue   []askedFor
	hears   bool
	free    time.Duration // from then on its node sends what is asked for next
	since   time.Duration // the last group has come, or the first one is coming
	over    bool
}

type askedFor struct {
	of protocol.Message
	at time.Duration
}

// courseTrip is how long an answer takes at least.
const courseTrip = 20 * time.Millisecond

// Such are the bytes of a message and its answer, and of a handshake, over a circuit.
const messageBytes, handshakeBytes = 600, 5000

func runs(t *testing.T, f file, sources int, nodes map[client.Node]*runner) *course {
	w := several(sources)
	return &course{t: t, fetch: client.NewFetch(w), file: f, nodes: nodes, lanes: map[roles.Link]*lane{}, alarms: map[roles.Timer]uint64{}, came: map[uint64]int{}}
}

// run runs to the end, and returns the result.
func (c *course) run() client.Result {
	c.t.Helper()
	c.step(roles.Started{})
	for steps := 0; len(c.events) > 0 && !c.fetch.Final(); steps++ {
		first := 0
		for i, e := range c.events {
			if e.at < c.events[first].at {
				first = i
			}
		}
		e := c.events[first]
		c.events = slices.Delete(c.events, first, first+1)
		if e.lane != nil && e.lane.over {
			continue
		}
		c.now = max(c.now, e.at)
		if e.does(); steps > 100_000 {
			c.t.Fatalf("it does not end: %s", c.fetch.State())
		}
	}
	if !c.fetch.Final() {
		c.t.Fatalf("it stalls: %s", c.fetch.State())
	}
	return c.result
}

func (c *course) at(after time.Duration, l *lane, does func()) {
	c.events = append(c.events, happening{c.now + after, l, does})
}

func (c *course) step(in roles.Input) {
	for _, effect := range slices.Clone(c.fetch.Step(roles.Moment{Now: c.now}, in)) {
		c.carryOut(effect)
	}
}

func (c *course) carryOut(effect roles.Effect) {
	switch e := effect.(type) {
	case roles.Arm:
		c.alarms[e.Timer] = e.Number
		c.at(e.After, nil, func() {
			if c.alarms[e.Timer] == e.Number {
				c.step(roles.TimerFired{Timer: e.Timer, Number: e.Number})
			}
		})
	case roles.Disarm:
		delete(c.alarms, e.Timer)
	case roles.Report:
		switch told := e.Outcome.(type) {
		case client.Result:
			c.result = told
		case client.Tried:
			c.tried, c.left = append(c.tried, told), append(c.left, c.now)
		}
	case roles.InspectStore:
		c.at(0, nil, func() { c.step(roles.StoreInspected{}) })
	case roles.OpenStore:
		c.at(0, nil, func() { c.step(roles.StoreReady{}) })
	case roles.CommitStore:
		c.at(0, nil, func() { c.step(roles.StoreCommitted{Items: []roles.Placed{{}}}) })
	case roles.Dial:
		c.dial(e)
	default:
		c.onLane(effect)
	}
}

func (c *course) dial(e roles.Dial) {
	l := &lane{link: e.Link, circuit: e.Plain}
	at, _ := netip.ParseAddrPort(e.To)
	if l.runner = c.nodes[client.Node{AddrPort: at, ID: e.ID}]; l.runner != nil {
		l.to = client.Node{AddrPort: at, ID: e.ID}
	}
	c.lanes[e.Link] = l
	after := courseTrip
	if l.runner != nil {
		after = max(after, l.runner.there-c.now)
	}
	c.at(after, l, func() { c.step(roles.Opened{Link: e.Link, Peer: theRelay}) })
}

func (c *course) onLane(effect roles.Effect) {
	switch e := effect.(type) {
	case roles.Send:
		l := c.lanes[e.Link]
		l.queue = append(l.queue, askedFor{e.Message, c.now})
	case roles.Hear:
		l := c.lanes[e.Link]
		l.hears = true
		c.pump(l)
	case roles.Secure:
		l := c.lanes[e.Link]
		l.to = client.Node{ID: e.ID}
		l.runner = c.nodes[l.to]
		c.pass(l, handshakeBytes)
		c.at(courseTrip, l, func() { c.step(roles.Opened{Link: e.Link, Peer: theRelay, ID: e.ID}) })
	case roles.Discard:
		l := c.lanes[e.Link]
		c.at(courseTrip, l, func() { c.step(roles.PeerEnded(e)) })
	case roles.ReceiveBody:
		c.receive(e)
	case roles.HangUp:
		c.hangUp(c.lanes[e.Link])
	}
}

// hangUp ends a lane. What its node has sent meanwhile has passed in vain.
func (c *course) hangUp(l *lane) {
	if l.circuit && l.runner != nil {
		c.broker.open--
		if c.now < l.free {
			c.broker.passed += int64(float64(c.now-l.since) / float64(time.Second) * float64(l.runner.rate))
		}
	}
	l.over = true
	delete(c.lanes, l.link)
}

// pass counts bytes that pass over a circuit, which ends with those that do not.
func (c *course) pass(l *lane, bytes int64) bool {
	if !l.circuit {
		return true
	}
	if c.broker.passed += bytes; c.broker.bytes > 0 && c.broker.passed > c.broker.bytes {
		c.broker.cuts++
		l.queue = nil
		c.step(roles.Lost{Link: l.link, Code: protocol.Lost})
		return false
	}
	return true
}

// pump answers the first request of a lane.
func (c *course) pump(l *lane) {
	if !l.hears || len(l.queue) == 0 {
		return
	}
	ask := l.queue[0]
	answer := c.answer(l, ask.of)
	c.at(max(0, ask.at+courseTrip-c.now), l, func() {
		l.hears, l.queue = false, l.queue[1:]
		if l.runner == nil || c.pass(l, messageBytes) {
			c.step(roles.Heard{Link: l.link, Message: answer})
		}
	})
}

func (c *course) answer(l *lane, ask protocol.Message) protocol.Message {
	switch ask := ask.(type) {
	case *protocol.Locate:
		return &protocol.Located{Peers: c.listed()}
	case *protocol.Circuit:
		return c.opens()
	case *protocol.Join:
		c.broker.joined++
		return &protocol.Joined{}
	case *protocol.Tree:
		if c.now < l.runner.busy {
			return busyFor(2 * time.Second)
		}
		return c.file.outboard(ask.First)
	case *protocol.Get:
		length := min(ask.Length, c.file.Size-ask.Offset)
		return &protocol.Content{Size: c.file.Size, Offset: ask.Offset, Length: length, Hash: c.file.Hash}
	}
	c.t.Fatalf("%T", ask)
	return nil
}

// listed are all nodes: those that can be dialed first.
func (c *course) listed() (all []protocol.Peer) {
	for node := range c.nodes {
		peer := protocol.Peer{ID: node.ID, Hash: c.file.Hash, Size: c.file.Size}
		if node.Relayed() {
			peer.Circuit = 1
		} else {
			peer.Host, peer.Port = node.Addr().AsSlice(), node.Port()
		}
		all = append(all, peer)
	}
	slices.SortFunc(all, func(a, b protocol.Peer) int {
		return cmp.Or(cmp.Compare(a.Circuit, b.Circuit), client.NodeOf(&a).Compare(client.NodeOf(&b)))
	})
	return all
}

// opens answers CIRCUIT.
func (c *course) opens() protocol.Message {
	b := &c.broker
	b.asked++
	switch {
	case b.bytes > 0 && b.passed >= b.bytes:
		return &protocol.Error{Code: protocol.Quota, By: protocol.Relay, Text: "used up", Retry: protocol.ToMillis(time.Hour)}
	case b.most > 0 && b.open >= b.most:
		return noMore()
	}
	b.open++
	c.mostAt = max(c.mostAt, b.open)
	return &protocol.Opened{Ticket: protocol.Ticket{1, byte(b.asked), byte(b.asked >> 8)}, Bytes: uint64(max(0, b.bytes-b.passed))}
}

// receive has the groups of a stretch come, one after the other.
func (c *course) receive(e roles.ReceiveBody) {
	l := c.lanes[e.Link]
	at := max(c.now, l.free)
	if l.free <= c.now {
		l.since = c.now
	}
	for n := range protocol.Groups(e.Length) {
		group, size := e.Offset/protocol.GroupSize+n, int64(min(protocol.GroupSize, e.Length-n*protocol.GroupSize))
		at += time.Duration(float64(size) / float64(l.runner.rate) * float64(time.Second))
		c.at(at-c.now, l, func() {
			if !c.pass(l, size+size/64) {
				return
			}
			l.since = c.now
			c.came[group]++
			l.runner.brings++
			c.step(roles.Moved{Link: e.Link, Bytes: size})
			c.step(roles.Verified{Link: e.Link, Group: group})
		})
	}
	l.free = at
	c.at(at-c.now, l, func() { c.step(roles.BodyDone{Link: e.Link}) })
}

// twice counts the groups that came more than once.
func (c *course) twice() (n int) {
	for _, times := range c.came {
		n += times - 1
	}
	return n
}
