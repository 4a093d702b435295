package relay

import (
	"cmp"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// CircuitsView is what circuits take, for the operator.
type CircuitsView struct {
	On               bool
	ByID             bool // clients count by their ids, and not by their addresses
	Limits           Limits
	Awaits, Circuits int
	Open             []OpenCircuit // of these circuits, the latest first
	Clients          int           // that have passed something today, or have a circuit
	Used             []CircuitUse  // of these, those that passed most
}

// OpenCircuit is a circuit that has not ended.
type OpenCircuit struct {
	Node, Client protocol.PeerID
	From         roles.Host // the client's
	Since        time.Duration
	Bytes        int64 // that have passed, both directions together
	Joined       bool  // both ends are there
}

// CircuitUse is what a client has used.
type CircuitUse struct {
	From   roles.Origin
	Open   int
	Bytes  int64         // of its day
	Left   int64         // that may still pass in it; NoLimit: any number
	Refill time.Duration // it is over
}

// viewUses bounds the clients and circuits that are looked at while other sessions wait.
const viewUses = 512

// View returns what circuits take: of the circuits and the clients so many at most.
func (c *Circuits) View(now time.Duration, circuits, clients int) CircuitsView {
	v, open := c.view(now, clients)
	slices.SortFunc(open, func(a, b numberedCircuit) int { return cmp.Compare(b.number, a.number) })
	v.Open = make([]OpenCircuit, min(circuits, len(open)))
	for i := range v.Open {
		v.Open[i] = open[i].OpenCircuit
	}
	return v
}

// numberedCircuit is a circuit with its number, which tells when it was opened.
type numberedCircuit struct {
	number uint64
	OpenCircuit
}

// view is View, with the circuits in no order.
func (c *Circuits) view(now time.Duration, clients int) (v CircuitsView, open []numberedCircuit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	v = CircuitsView{On: c.On(), ByID: c.closed, Limits: c.limits, Awaits: len(c.awaits), Circuits: len(c.open), Used: []CircuitUse{}}
	looked := 0
	for _, one := range c.open { // circuits and clients may come and go while others have their turn: a map allows that
		c.pause(&looked)
		open = append(open, numberedCircuit{one.number, OpenCircuit{
			Node: one.node, Client: one.client, From: one.from, Since: one.due - roles.JoinTimeout, Bytes: one.bytes, Joined: one.joined(),
		}})
	}
	for from, u := range c.used {
		c.pause(&looked)
		one := CircuitUse{From: from, Open: u.open, Bytes: u.bytes, Left: c.left(u, from), Refill: u.since + day}
		if now-u.since >= day {
			one.Bytes, one.Left, one.Refill = 0, c.left(&use{}, from), now+day
		}
		if one.Open == 0 && one.Bytes == 0 {
			continue
		}
		v.Clients++
		at, _ := slices.BinarySearchFunc(v.Used, one, moreUsed)
		if at < clients {
			v.Used = slices.Insert(v.Used[:min(len(v.Used), clients-1)], at, one)
		}
	}
	return v, open
}

// pause lets others have their turn, once in a while. The caller holds the mutex.
func (c *Circuits) pause(looked *int) {
	if *looked++; *looked%viewUses == 0 {
		c.mu.Unlock()
		c.mu.Lock()
	}
}

// moreUsed orders clients by what they have passed, and those that have passed the same by who they are.
func moreUsed(a, b CircuitUse) int {
	return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Open, a.Open), cmp.Compare(a.From.String(), b.From.String()))
}
