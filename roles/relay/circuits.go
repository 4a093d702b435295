package relay

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// NoLimit stands for no limit in [Limits].
const NoLimit = math.MaxInt64

// Limits are what circuits through a relay may take. Those of a client are of its address, of IPv6 of its /64, where
// loopback has none, and in a closed relay of its id. Zero is none at all, but of Awaits.
type Limits struct {
	Circuits     int   // at once
	CircuitsFrom int   // of these, those of one client
	BytesFrom    int64 // that those of one client may pass in a day, both directions together
	Rate         int64 // bytes a second of those of one client
	Awaits       int   // links on which nodes wait for invitations; 0: half of roles.MaxLinks
}

// The limits of relays whose owner has set none. A closed one has none for the bytes of a day: its owner knows whom he
// has admitted.
var (
	OpenLimits = Limits{
		Circuits: roles.MaxCircuits, CircuitsFrom: roles.MaxCircuitsFrom, BytesFrom: roles.CircuitBytesFrom, Rate: NoLimit,
	}
	ClosedLimits = Limits{
		Circuits: roles.MaxCircuitsClosed, CircuitsFrom: roles.MaxCircuitsFrom, BytesFrom: NoLimit, Rate: NoLimit,
	}
)

// Circuits are the ways through a relay to nodes that nobody can dial: which nodes wait for invitations, which
// invitations wait for nodes, and what passes. It is shared by the sessions of all links, and safe for concurrent
// use. Links are named by their numbers, [roles.Opened]. A method that returns numbers asks for these links'
// machines to be woken. SPEC "Circuits".
type Circuits struct {
	// Over is called for each circuit that has ended, for the log. It must not call back, and returns soon. Nil: it is not
	// called.
	Over func(Over)

	limits Limits
	closed bool     // a client is its id, and otherwise its address
	key    [32]byte // of the tickets

	mu       sync.Mutex
	now      time.Duration // the latest that it has been told
	last     uint64        // circuit
	awaits   map[protocol.PeerID]*await
	hosts    map[roles.Host]int // how many of these come from an address
	tickets  map[protocol.Ticket]*leg
	open     map[uint64]*circuit
	unjoined []unjoined // when places are given back to which nobody has come; some are joined or over by now
	ended    map[protocol.Ticket]End
	order    []protocol.Ticket // of those that ended, the oldest first
	used     map[roles.Origin]*use
	forgot   time.Duration // when the clients were looked through for one to forget
}

// await is a node's link for invitations.
type await struct {
	link    uint64
	host    roles.Host
	waits   bool          // an AWAIT is outstanding
	since   time.Duration // the last one was answered
	pending []invitation
	missed  int // invitations in a row that were not followed
}

// invitation waits for a node's next AWAIT.
type invitation struct {
	ticket protocol.Ticket
	due    time.Duration // it is of no use any more
}

// unjoined is when a circuit ends to which its two ends have not come.
type unjoined struct {
	number uint64
	due    time.Duration
}

// circuit is a way that was opened.
type circuit struct {
	number uint64
	node   protocol.PeerID
	client protocol.PeerID
	from   roles.Host   // of the client
	origin roles.Origin // under which the client's limits count
	due    time.Duration
	legs   [2]leg
	bytes  int64         // that have passed
	moved  time.Duration // when any did last
	paid   time.Duration // of a client without limits: see use
	rests  time.Duration // until when its next piece may have to wait
}

// leg is one end of a circuit.
type leg struct {
	of     *circuit
	side   Side
	ticket protocol.Ticket
	link   uint64 // 0: it has not joined
	ended  bool   // its peer has half-closed
}

// Side is one of the two ends of a circuit.
type Side int

// The sides.
const (
	OfClient Side = iota
	OfNode
)

// Over tells of a circuit that has ended.
type Over struct {
	Node, Client protocol.PeerID
	From         roles.Host    // the client's
	Joined       bool          // both ends had come
	Code         protocol.Code // why it was cut; 0: both ends were done
	Text         string        // with Quota: whose limit is used up, and until when
	Bytes        int64         // that had passed, both directions together
}

// End is why a circuit has ended, and how much it had passed.
type End struct {
	Code  protocol.Code // 0: both ends were done
	Bytes int64
	at    time.Duration
}

// NewCircuits returns the circuits of an open relay under these limits. The key is secret: tickets are made with it.
func NewCircuits(limits Limits, key [32]byte) *Circuits {
	limits.Awaits = cmp.Or(limits.Awaits, roles.MaxLinks/2)
	return &Circuits{
		limits: limits, key: key, awaits: map[protocol.PeerID]*await{}, hosts: map[roles.Host]int{}, tickets: map[protocol.Ticket]*leg{},
		open: map[uint64]*circuit{}, ended: map[protocol.Ticket]End{}, used: map[roles.Origin]*use{},
	}
}

// NewClosedCircuits returns those of a closed relay, in which the limits of a client are of its id: ids are worth
// something where they are admitted.
func NewClosedCircuits(limits Limits, key [32]byte) *Circuits {
	c := NewCircuits(limits, key)
	c.closed = true
	return c
}

// On reports whether there are circuits at all.
func (c *Circuits) On() bool { return c.limits.Circuits > 0 && c.limits.Rate > 0 }

// Limits returns what circuits may take.
func (c *Circuits) Limits() Limits { return c.limits }

// Counts returns how many nodes await invitations, and how many circuits there are.
func (c *Circuits) Counts() (awaits, circuits int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.awaits), len(c.open)
}

// tidy drops the circuits to which the two ends did not come in time. The caller holds the mutex.
func (c *Circuits) tidy(now time.Duration) {
	c.now = max(c.now, now)
	for len(c.unjoined) > 0 && c.unjoined[0].due <= now {
		one := c.open[c.unjoined[0].number]
		c.unjoined = c.unjoined[1:]
		if one != nil && !one.joined() {
			c.miss(one)
			c.end(now, one, protocol.PeerGone)
		}
	}
	for len(c.order) > 0 && c.ended[c.order[0]].at+roles.CircuitKept <= now {
		delete(c.ended, c.order[0])
		c.order = c.order[1:]
	}
}

// miss counts an invitation that its node has not followed.
func (c *Circuits) miss(one *circuit) {
	if a := c.awaits[one.node]; a != nil && one.legs[OfNode].link == 0 {
		a.missed++
	}
}

func (o *circuit) joined() bool { return o.legs[OfClient].link != 0 && o.legs[OfNode].link != 0 }

// ticket draws a ticket, which nobody can guess from others.
func (c *Circuits) ticket(random uint64, number uint64, side Side) (t protocol.Ticket) {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte{byte(side)}, number), random))
	copy(t[:], mac.Sum(nil))
	return t
}
