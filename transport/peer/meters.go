package peer

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// Meters count what happens on the links of a [Relay] or a [Node], and in their machines. They count always: that
// takes a few additions an event. They are safe for concurrent use.
type Meters struct {
	begun       sync.Once
	heard, sent [1 << 8]atomic.Uint64        // messages, by kind
	refusals    [mostCodes]atomic.Uint64     // that were sent, by code
	bodies      [mostBodyKinds]atomic.Uint64 // bytes of bodies
	open        atomic.Int64                 // accepted links
	ever        atomic.Uint64                // the same, the closed ones as well
	machines    []machineMeter
	watch       func(roles.Transition)    // is moved
	enters      func(table, state string) // is enter
	leaves      func(table, state string) // is leave
	history     history
}

// mostCodes is above all codes that travel.
const mostCodes = 1 << 6

// The kinds of bodies.
const (
	sentBodies = iota
	receivedBodies
	splicedBodies
	mostBodyKinds
)

// begin prepares the meters for machines under these tables, once.
func (m *Meters) begin(tables []*machineTable) {
	m.begun.Do(func() {
		for _, table := range tables {
			m.machines = append(m.machines, newMachineMeter(table))
		}
		m.watch, m.enters, m.leaves = m.moved, m.enter, m.leave
		m.history.begin(m)
	})
}

// traced returns a trace of links that counts, and goes to also, if there is one.
func (m *Meters) traced(also func(transport.Event)) func(transport.Event) {
	if also == nil {
		return m.event
	}
	return func(e transport.Event) {
		m.event(e)
		also(e)
	}
}

// event counts an event of a link.
func (m *Meters) event(e transport.Event) {
	switch e.What {
	case transport.HeardMessage:
		m.heard[e.Message.Kind()].Add(1)
		m.history.happened()
	case transport.SentMessage, transport.TurnedAway:
		m.sent[e.Message.Kind()].Add(1)
		if refusal, is := e.Message.(*protocol.Error); is && refusal.Code < mostCodes {
			m.refusals[refusal.Code].Add(1)
		}
		m.history.happened()
	case transport.Accepted:
		m.open.Add(1)
		m.ever.Add(1)
	case transport.Closed:
		if e.Was == transport.Accepted {
			m.open.Add(-1)
		}
	}
}

// passed counts bytes of a body.
func (m *Meters) passed(e transport.Event) {
	switch e.What {
	case transport.SentBody:
		m.bodies[sentBodies].Add(uint64(e.Bytes))
	case transport.ReceivedBody:
		m.bodies[receivedBodies].Add(uint64(e.Bytes))
	case transport.SplicedBody:
		m.bodies[splicedBodies].Add(uint64(e.Bytes))
	}
	m.history.happened()
}

// Totals are sums since the start.
type Totals struct {
	Heard  map[protocol.Kind]uint64 // messages, those of kinds that have come
	Errors map[protocol.Code]uint64 // refusals that were sent, those of codes that were needed
	// Sent and Received are bytes of bodies, and Spliced those that went through circuits of a relay.
	Sent, Received, Spliced uint64
	Links                   uint64 // that were accepted and are open now
	LinksEver               uint64 // that were accepted
}

// Totals returns the sums.
func (m *Meters) Totals() Totals {
	t := Totals{
		Heard: map[protocol.Kind]uint64{}, Errors: map[protocol.Code]uint64{},
		Sent: m.bodies[sentBodies].Load(), Received: m.bodies[receivedBodies].Load(), Spliced: m.bodies[splicedBodies].Load(),
		Links: uint64(max(0, m.open.Load())), LinksEver: m.ever.Load(),
	}
	for _, kind := range protocol.Kinds {
		if n := m.heard[kind.Kind].Load(); n > 0 {
			t.Heard[kind.Kind] = n
		}
	}
	for _, code := range travelling() {
		if n := m.refusals[code.Code].Load(); n > 0 {
			t.Errors[code.Code] = n
		}
	}
	return t
}

// travelling returns the codes that travel.
func travelling() []protocol.CodeInfo {
	end := slices.IndexFunc(protocol.Codes, func(c protocol.CodeInfo) bool { return c.Code >= mostCodes })
	return protocol.Codes[:end]
}

// Meters returns what is counted of the node. It may be called at any time.
func (n *Node) Meters() *Meters {
	n.meters.begin(nodeTables())
	return &n.meters
}
