package relay_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// modelCircuits are Circuits in the plainest way, beside real ones that get the same calls.
type modelCircuits struct {
	real    *relay.Circuits
	limits  relay.Limits
	closed  bool
	at      roles.Moment
	links   uint64 // the last number of one
	waits   map[byte]uint64
	all     []*modelCircuit // that were ever opened
	used    map[roles.Origin]int64
	tickets map[protocol.Ticket]bool
	joins   map[protocol.Ticket]int // that were good
}

type modelCircuit struct {
	number  uint64 // 0: none has joined yet
	of      roles.Origin
	node    byte
	tickets [2]protocol.Ticket // of the node: once it has been told
	links   [2]uint64
	halves  [2]bool
	due     time.Duration
	bytes   int64
	over    bool
	why     protocol.Code
}

func (m *modelCircuit) joined() bool { return m.links[0] > 0 && m.links[1] > 0 }

// open returns the circuits that are open, after those that nobody has joined in time have ended.
func (m *modelCircuits) open() (open []*modelCircuit) {
	for _, one := range m.all {
		if !one.over && !one.joined() && one.due <= m.at.Now {
			one.over, one.why = true, protocol.PeerGone
		}
		if !one.over {
			open = append(open, one)
		}
	}
	return open
}

func (m *modelCircuits) from(of roles.Origin) (count int) {
	for _, one := range m.open() {
		if one.of == of {
			count++
		}
	}
	return count
}

func (m *modelCircuits) wait(t *rapid.T) {
	m.at.Now += rapid.SampledFrom([]time.Duration{0, time.Second, roles.JoinTimeout / 2, roles.JoinTimeout, roles.CircuitKept}).Draw(t, "for")
}

// await has a node wait on a new link, on which it takes what comes from then on.
func (m *modelCircuits) await(t *rapid.T) {
	node := byte(rapid.IntRange(1, 3).Draw(t, "node"))
	m.links++
	is, refusal := m.real.Await(m.at, rolestest.Node(node), roles.HostOf(hostN(int(node))), m.links)
	_, waits := m.waits[node]
	if full := !waits && len(m.waits) >= m.limits.Awaits; full != (refusal != nil) {
		t.Fatalf("node %d is refused: %v; %d wait", node, refusal, len(m.waits))
	}
	if refusal != nil {
		return
	}
	if is.Other != m.waits[node] || is.Missed || is.Elsewhere {
		t.Fatalf("%+v; it has waited on %d", is, m.waits[node])
	}
	m.waits[node] = m.links
	m.told(t, node, is.Come)
}

// come has a node take what has come, and wait on.
func (m *modelCircuits) come(t *rapid.T) {
	for node, link := range m.waits {
		m.told(t, node, m.real.Come(m.at, rolestest.Node(node), link, rapid.Bool().Draw(t, "over")).Come)
	}
}

// told notes the tickets that a node has been told: each once, of the circuits in their order, and of no other ones.
func (m *modelCircuits) told(t *rapid.T, node byte, come []protocol.Invitation) {
	waiting := slices.DeleteFunc(m.open(), func(one *modelCircuit) bool { return one.node != node || !one.tickets[relay.OfNode].IsZero() })
	if len(come) != len(waiting) {
		t.Fatalf("%d clients come to node %d, and %d wait for it", len(come), node, len(waiting))
	}
	for i, one := range come {
		if m.tickets[one.Ticket] {
			t.Fatalf("the ticket %s has been given before", one.Ticket)
		}
		m.tickets[one.Ticket] = true
		waiting[i].tickets[relay.OfNode] = one.Ticket
	}
}

func (m *modelCircuits) leave(t *rapid.T) {
	node := byte(rapid.IntRange(1, 3).Draw(t, "node"))
	link, waits := m.waits[node]
	if !waits {
		return
	}
	m.real.Left(rolestest.Node(node), link-1, func() {})
	m.real.Left(rolestest.Node(node), link, func() {})
	delete(m.waits, node)
	for _, one := range m.all { // what waited for it comes no more
		if one.node == node && one.tickets[relay.OfNode].IsZero() {
			one.tickets[relay.OfNode] = rolestest.Ticket(255)
		}
	}
}

func (m *modelCircuits) ask(t *rapid.T) {
	node, from := byte(rapid.IntRange(1, 3).Draw(t, "node")), hostN(rapid.IntRange(11, 13).Draw(t, "host"))
	id := rolestest.Node(byte(rapid.IntRange(200, 202).Draw(t, "id")))
	of := roles.OriginOf(from, protocol.PeerID{})
	if m.closed {
		of = roles.Origin{ID: id}
	}
	before := protocol.Ticket{}
	var last *modelCircuit
	if len(m.all) > 0 && rapid.Bool().Draw(t, "asks why") {
		last = rapid.SampledFrom(m.all).Draw(t, "which")
		before = last.tickets[relay.OfClient]
	}
	m.at.Rand = rapid.Uint64().Draw(t, "random")
	open, mine := len(m.open()), m.from(of)
	answer, wake := m.real.Open(m.at, relay.From{Peer: from, ID: id}, &protocol.Circuit{Node: rolestest.Node(node), Before: before})
	opened, is := answer.(*protocol.Opened)
	if !is {
		refusal := answer.(*protocol.Error)
		full := open >= m.limits.Circuits || mine >= m.limits.CircuitsFrom || m.used[of] >= m.limits.BytesFrom
		if wake != 0 || refusal.Code == protocol.Quota != full && refusal.Code != protocol.Unreachable || m.waits[node] == 0 && refusal.Code != protocol.Unreachable {
			t.Fatalf("refused with %s, %d are open, %d from there, %d bytes", refusal.Code, open, mine, m.used[of])
		}
		return
	}
	if open >= m.limits.Circuits || mine >= m.limits.CircuitsFrom || m.used[of] >= m.limits.BytesFrom || m.waits[node] == 0 || wake != 0 && wake != m.waits[node] {
		t.Fatalf("one too many is opened: %d are open, %d from there, %d bytes, wakes %d", open, mine, m.used[of], wake)
	}
	if last != nil && opened.Last != 0 && (!last.over || last.why != opened.Last || last.bytes != int64(opened.LastBytes)) {
		t.Fatalf("the one before has ended with %s and %d bytes, and not %+v", opened.Last, opened.LastBytes, last)
	}
	if opened.Bytes != uint64(m.limits.BytesFrom-m.used[of]) || m.tickets[opened.Ticket] {
		t.Fatal(rolestest.Say(opened))
	}
	m.tickets[opened.Ticket] = true
	m.all = append(m.all, &modelCircuit{of: of, node: node, tickets: [2]protocol.Ticket{opened.Ticket}, due: m.at.Now + roles.JoinTimeout})
}

func (m *modelCircuits) join(t *rapid.T) {
	if len(m.all) == 0 {
		return
	}
	one, side := rapid.SampledFrom(m.all).Draw(t, "which"), rapid.SampledFrom([]relay.Side{relay.OfClient, relay.OfNode}).Draw(t, "side")
	m.open()
	m.links++
	is := m.real.Join(m.at, m.links, one.tickets[side])
	if good := !one.over && one.links[side] == 0 && m.tickets[one.tickets[side]]; good != (is.Circuit > 0) {
		t.Fatalf("%+v is joined: %+v", one, is)
	}
	if is.Circuit == 0 {
		return
	}
	if m.joins[one.tickets[side]]++; m.joins[one.tickets[side]] > 1 {
		t.Fatal("a ticket serves twice")
	}
	one.links[side] = m.links
	if one.number > 0 && one.number != is.Circuit || is.Both != one.joined() || is.Other != one.links[1-side] || is.Side != side {
		t.Fatalf("%+v is joined: %+v", one, is)
	}
	one.number = is.Circuit
}

// some returns a circuit that has at least one end.
func (m *modelCircuits) some(t *rapid.T) *modelCircuit {
	m.open()
	if len(m.all) == 0 {
		t.Skip("there is none")
	}
	one := rapid.SampledFrom(m.all).Draw(t, "which")
	if one.number == 0 {
		t.Skip("nobody has joined it")
	}
	return one
}

func (m *modelCircuits) move(t *rapid.T) {
	one := m.some(t)
	m.real.Joined(one.number)
	m.tidy()
	left := max(0, m.limits.BytesFrom-m.used[one.of])
	bytes, wait := m.real.Grant(m.at, one.number)
	if one.over && bytes != 0 || !one.over && int64(bytes) != min(left, roles.CircuitPiece) || wait != 0 {
		t.Fatalf("%d bytes of %+v are granted, %d are left", bytes, one, left)
	}
	m.real.Moved(m.at, one.number, int64(bytes))
	if !one.over {
		one.bytes += int64(bytes)
		m.used[one.of] += int64(bytes)
	}
}

func (m *modelCircuits) end(t *rapid.T) {
	one, side := m.some(t), rapid.SampledFrom([]relay.Side{relay.OfClient, relay.OfNode}).Draw(t, "side")
	m.tidy()
	if one.links[side] == 0 {
		return
	}
	over, other := m.real.Ended(m.at, one.number, side)
	one.halves[side] = true
	if want := one.over || one.halves[1-side]; over != want || other != 0 && other != one.links[1-side] {
		t.Fatalf("%+v: %v, %d", one, over, other)
	}
	one.over = one.over || over
}

func (m *modelCircuits) cut(t *rapid.T) {
	one, side := m.some(t), rapid.SampledFrom([]relay.Side{relay.OfClient, relay.OfNode}).Draw(t, "side")
	m.tidy()
	why := rapid.SampledFrom([]protocol.Code{protocol.Quota, protocol.Idle}).Draw(t, "why")
	other := m.real.Cut(m.at, one.number, side, why)
	if want := one.links[1-side]; one.over && other != 0 || !one.over && other != want {
		t.Fatalf("%+v: link %d", one, other)
	}
	if !one.over {
		one.over, one.why = true, why
	}
}

func (m *modelCircuits) expel(t *rapid.T) {
	m.tidy()
	node := byte(rapid.IntRange(1, 3).Draw(t, "node"))
	m.real.Expel(m.at.Now, func(id protocol.PeerID) bool { return id != rolestest.Node(node) })
	for _, one := range m.open() {
		if one.node == node {
			one.over, one.why = true, protocol.Denied
		}
	}
}

// tidy has the real ones drop what the model drops at once.
func (m *modelCircuits) tidy() {
	m.real.Come(m.at, rolestest.Node(99), 0, true)
	m.open()
}

func (m *modelCircuits) compare(t *rapid.T) {
	m.tidy()
	awaits, circuits := m.real.Counts()
	if awaits != len(m.waits) || circuits != len(m.open()) || awaits > m.limits.Awaits || circuits > m.limits.Circuits {
		t.Fatalf("%d wait and %d are open, want %d and %d", awaits, circuits, len(m.waits), len(m.open()))
	}
	for _, one := range m.all {
		if one.number == 0 {
			continue
		}
		if both, there := m.real.Joined(one.number); there == one.over || there && both != one.joined() {
			t.Fatalf("%+v: both %v, there %v", one, both, there)
		}
	}
}

// TestCircuitsDoAsTheirModel: in any order of calls no ticket serves twice, no bound is exceeded, and nothing is left
// at the end.
func TestCircuitsDoAsTheirModel(t *testing.T) {
	rolestest.Check(t, 5000, func(t *rapid.T) {
		limits := relay.Limits{
			Circuits: rapid.IntRange(1, 6).Draw(t, "circuits"), CircuitsFrom: rapid.IntRange(1, 3).Draw(t, "from"), Awaits: rapid.IntRange(1, 3).Draw(t, "awaits"),
			BytesFrom: rapid.SampledFrom([]int64{1, 1 << 20, 3<<20 + 1}).Draw(t, "bytes"), Rate: relay.NoLimit,
		}
		m := &modelCircuits{
			real: newCircuits(limits), limits: limits, waits: map[byte]uint64{}, used: map[roles.Origin]int64{},
			tickets: map[protocol.Ticket]bool{}, joins: map[protocol.Ticket]int{}, closed: rapid.Bool().Draw(t, "closed"),
		}
		if m.closed {
			m.real = relay.NewClosedCircuits(limits, [32]byte{1})
		}
		t.Repeat(map[string]func(*rapid.T){
			"wait": m.wait, "await": m.await, "come": m.come, "leave": m.leave, "ask": m.ask, "ask more": m.ask, "join": m.join, "join more": m.join,
			"move": m.move, "end": m.end, "cut": m.cut, "expel": m.expel, "": m.compare,
		})
		m.at.Now += roles.JoinTimeout
		m.tidy()
		for node, link := range m.waits {
			m.real.Left(rolestest.Node(node), link, func() {})
		}
		for _, one := range m.open() {
			m.real.Cut(m.at, one.number, relay.OfClient, protocol.PeerGone)
		}
		if awaits, circuits := m.real.Counts(); awaits != 0 || circuits != 0 {
			t.Fatalf("%d wait and %d are open at the end", awaits, circuits)
		}
	})
}
