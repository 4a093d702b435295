package client

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Way makes a link to a node that cannot be dialed, through the relay: it asks that for a circuit, by a Query on a
// link of its own unless it has a ticket already, joins it on another, and has the node prove its id there. The link is
// then the owner's. It works within a Source or a Pipeline. See WayTable.
type Way struct {
	core   roles.Core[WayState, WayEvent]
	link   roles.Link // of the circuit
	query  *Query
	broker Broker
	node   Node
	before protocol.Ticket // of the last circuit to the node
	open   *protocol.Opened
	at     netip.AddrPort // of the relay, on the link that gave the ticket
	since  time.Duration
	dialed bool          // the link of the circuit
	there  roles.Opened  // of it
	failed QueryResult   // why there is none
	retry  time.Duration // after which there may be one
	told   bool          // the relay has been told what it did wrong, and the link is half-closed
	meter  *meter        // of the visit; nil: nothing bounds what passes
	short  bool          // too little may pass, whatever becomes of others
}

// Broker is the relay that makes circuits.
type Broker struct {
	Relay string          // host:port
	ID    protocol.PeerID // as in Request
	Entry roles.Entry     // as in Request
}

// Relayed is reported when there is a way to a node through the relay.
type Relayed struct {
	Node        Node
	Took        time.Duration
	Bytes, Rate uint64        // that may pass, at most, and in a second; 0: any number
	Last        protocol.Code // why the relay ended the circuit to that node before this one; 0: it did not, or does not know
	LastBytes   uint64        // that had passed
}

// Reported implements [roles.Outcome].
func (Relayed) Reported() {}

// WayLinks is the distance from the link of a circuit to that on which the relay is asked for it. No machine has so many
// links otherwise. The timer of a Way is as far from that again.
const WayLinks = 1024

const _ = uint(WayLinks - PipelineLinks - 2*fetchesAtOnce*FetchSpan) // a Gather has the most

// ownerOf returns the link whose machine uses a link, or has a timer as if it did.
func ownerOf(link roles.Link) roles.Link {
	if link < 0 {
		return link
	}
	return link % WayLinks
}

// newWay returns a Way of circuits on a link.
func newWay(link roles.Link) *Way {
	w := &Way{core: roles.NewCore(wayGrammar), query: NewQuery("", nil)}
	w.use(link)
	w.reset(Broker{}, Node{}, protocol.Ticket{})
	return w
}

// use sets the link of the circuits, and with it those beside it.
func (w *Way) use(link roles.Link) {
	w.link = link
	w.core.Use(link, timerOf(link+2*WayLinks))
	w.query.use(link+WayLinks, timerOf(link+WayLinks))
}

// reset prepares the machine for a node.
func (w *Way) reset(broker Broker, node Node, before protocol.Ticket) {
	w.core.Reset()
	*w = Way{core: w.core, link: w.link, query: w.query, broker: broker, node: node, before: before}
	w.query.Reset(broker.Relay, &protocol.Circuit{Node: node.ID, Before: before})
	w.query.Expect(broker.ID)
	w.query.Enter(broker.Entry)
	w.query.single = true
}

// watch calls f for each fired row.
func (w *Way) watch(f func(roles.Transition)) {
	w.core.Watch(f)
	w.query.Watch(f)
}

// State returns the state that the machine is in.
func (w *Way) State() WayState { return w.core.State() }

// Final implements [roles.Machine].
func (w *Way) Final() bool { return w.core.Final() && !w.closing() }

// making reports whether the link is not the owner's yet.
func (w *Way) making() bool { return w.State() != WayNew && !w.core.Final() }

// closing reports whether the link is there, or given up, and that to the relay is not closed yet.
func (w *Way) closing() bool { return w.core.Final() && w.query.working() }

// takes reports whether an input is for the machine, be it too late.
func (w *Way) takes(in roles.Input) bool {
	if fired, is := in.(roles.TimerFired); is {
		return fired.Timer == timerOf(w.link+WayLinks) || fired.Timer == timerOf(w.link+2*WayLinks)
	}
	link := roles.LinkOf(in)
	return link == w.link+WayLinks || link == w.link && w.making()
}

// end passes an input on to the link to the relay that has outlived the owner's visit, and returns what that does.
func (w *Way) end(at roles.Moment, in roles.Input) []roles.Effect {
	if _, stopped := in.(roles.Stopped); stopped && w.closing() || w.takes(in) {
		return w.Step(at, in)
	}
	return nil
}

// leave gives up a way that is being made, and, if the owner is stopped, the link to the relay of one that was.
func (w *Way) leave(at roles.Moment, stopped bool) []roles.Effect {
	if w.making() || stopped && w.closing() {
		return w.Step(at, roles.Stopped{})
	}
	return nil
}

// Step implements [roles.Machine].
func (w *Way) Step(at roles.Moment, in roles.Input) []roles.Effect {
	w.core.Begin()
	fired, isTimer := in.(roles.TimerFired)
	switch {
	case roles.LinkOf(in) == w.link+WayLinks, isTimer && fired.Timer == timerOf(w.link+WayLinks):
		w.absorb(at, w.query.Step(at, in))
	default:
		w.step(at, in)
	}
	return w.core.Effects()
}

func (w *Way) step(at roles.Moment, in roles.Input) {
	switch in := in.(type) {
	case roles.Started:
		w.start(at, in)
	case roles.Opened:
		w.opened(at, in)
	case roles.Heard:
		w.heard(in.Message)
	case roles.Malformed:
		w.reject(wayMalformed, in.Err)
	case roles.PeerEnded:
		w.fail(wayPeerEnded, protocol.PeerGone, protocol.Client, "the circuit ended before it was made")
	case roles.Lost:
		w.fail(wayLost, in.Code, protocol.Client, in.Text)
	case roles.TimerFired:
		if w.core.Due(in) {
			w.fail(wayExpired, protocol.Timeout, protocol.Client, "the circuit was not made in time")
		}
	case roles.Stopped:
		w.stop(at)
	}
}

// start asks the relay for a circuit, or joins the one that it has opened.
func (w *Way) start(at roles.Moment, in roles.Input) {
	if w.open != nil {
		w.core.Fire(wayAhead)
		w.dial()
		return
	}
	w.since = at.Now
	w.core.Fire(wayStarted)
	w.absorb(at, w.query.Step(at, in))
}

// useless reports whether the circuit was opened in vain, for too little may pass over it.
func (w *Way) useless() bool {
	if w.meter == nil || w.meter.granted(w.open) {
		return false
	}
	w.short = w.meter.never()
	w.fail(wayTooLittle, protocol.Quota, protocol.Relay, w.meter.refuses())
	return true
}

// holds has the way begin with a circuit that is there already, if there is one.
func (w *Way) holds(is grant) { w.open, w.at, w.since = is.open, is.at, is.asked }

// dial joins the circuit at the address of the link that gave the ticket.
func (w *Way) dial() {
	w.dialed = true
	w.core.Do(roles.Dial{Link: w.link, To: w.at.String(), Plain: true})
}

// absorb takes the effects of the Query for its own, and goes on with what it reports.
func (w *Way) absorb(at roles.Moment, effects []roles.Effect) {
	for _, effect := range effects {
		report, is := effect.(roles.Report)
		if !is {
			w.core.Do(effect)
			continue
		}
		switch told := report.Outcome.(type) {
		case Page:
			w.open, w.at = told.Answer.(*protocol.Opened), w.query.at
		case QueryResult:
			w.asked(told)
		default:
			w.core.Do(effect)
		}
	}
}

// asked joins the circuit that the relay has opened.
func (w *Way) asked(result QueryResult) {
	switch {
	case w.core.Final():
	case result.Code != 0:
		w.retry = w.query.retry
		w.fail(wayRefused, result.Code, result.By, result.Text)
	case w.useless():
	default:
		w.core.Fire(wayGranted)
		w.dial()
	}
}

// opened goes on with the link of the circuit, which is in plain first, and then the node's.
func (w *Way) opened(at roles.Moment, in roles.Opened) {
	if w.State() == WayDialing {
		w.core.Fire(wayOpened)
		w.core.Do(roles.Send{Link: w.link, Message: &protocol.Join{Ticket: w.open.Ticket}}, roles.Hear{Link: w.link})
		return
	}
	w.there = in
	w.core.Fire(wayProven)
	w.core.Do(roles.Report{Outcome: Relayed{
		Node: w.node, Took: at.Now - w.since, Bytes: w.open.Bytes, Rate: w.open.Rate, Last: w.open.Last, LastBytes: w.open.LastBytes,
	}})
}

func (w *Way) heard(m protocol.Message) {
	if !w.core.Accepts(m.Kind()) {
		w.reject(wayUnexpected, roles.Unexpected(m.Kind(), string(w.State())))
		return
	}
	if refusal, is := m.(*protocol.Error); is {
		w.retry = roles.Millis(refusal.Retry)
		w.fail(wayNotJoined, refusal.Code, refusal.By, refusal.Text)
		return
	}
	w.core.Fire(wayJoined)
	w.core.Do(roles.Secure{Link: w.link, ID: w.node.ID})
}

// fail notes why there is no way.
func (w *Way) fail(event WayEvent, code protocol.Code, by protocol.Party, text string) {
	w.failed = QueryResult{code, by, text}
	w.core.Fire(event)
}

// reject fails at a relay that broke the protocol, and tells it so.
func (w *Way) reject(event WayEvent, err *protocol.Error) {
	err.By, w.told = protocol.Client, true
	w.fail(event, err.Code, err.By, err.Text)
	w.core.Reject(w.link, err)
}

// busy reports whether there will soon be a way: all circuits, or all of this client, are in use, or many wait for the node.
func (w *Way) busy() bool {
	return !w.short && w.failed.soon(w.retry)
}

// spent reports whether too little may pass over circuits, or nothing.
func (w *Way) spent() bool { return w.failed.Code == protocol.Quota && !w.busy() }

// broke reports whether a link broke, or the node did not come, which need not happen again.
func (w *Way) broke() bool { return w.failed.broke() }

// soon reports whether there will be a circuit after a while: all circuits, or all of this client, are in use, or many wait
// for the node.
func (r *QueryResult) soon(retry time.Duration) bool {
	return r.Code == protocol.Busy || r.Code == protocol.Quota && retry <= roles.RetryMost
}

// broke is as that of a Way.
func (r *QueryResult) broke() bool { return r.Code == protocol.Lost || r.Code == protocol.PeerGone }

// stop gives the way up, and closes the link to the relay at once.
func (w *Way) stop(at roles.Moment) {
	if !w.core.Final() {
		w.fail(wayStopped, protocol.Interrupted, protocol.Client, "told to stop")
	}
	if w.query.working() {
		w.absorb(at, w.query.Step(at, roles.Stopped{}))
	}
}

// on returns the name of the table that governs a link while it is the machine's, and the state there.
func (w *Way) on(link roles.Link) (table, state string) {
	switch {
	case link == w.link+WayLinks:
		return w.query.core.Name(), string(w.query.State())
	case w.making():
		return w.core.Name(), string(w.State())
	}
	return "", ""
}
