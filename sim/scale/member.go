package scale

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// member is a node of the world.
type member struct {
	actor   *actor // nil: gone
	id      protocol.PeerID
	place   int // in world.alive
	leaving bool
	listed  bool          // has had a lease
	missing bool          // was alive when the relay came back, and is not listed yet
	died    time.Duration // when it crashed or left
}

// nodePort is the port of every node.
const nodePort = 4001

// Most is the largest number of nodes at the start. It leaves addresses for all nodes that come
// later.
const Most = 1 << 20

// addressOf returns the address of a node by its number; peerNumber is the inverse.
func addressOf(number int) netip.AddrPort {
	ip := [4]byte{10, byte(number >> 16), byte(number >> 8), byte(number)}
	return netip.AddrPortFrom(netip.AddrFrom4(ip), nodePort)
}

func peerNumber(p protocol.Peer) int {
	return int(binary.BigEndian.Uint32(p.Host)) - 10<<24
}

// come starts a new node.
func (w *world) come() {
	number := len(w.nodes)
	m := &member{place: len(w.alive)}
	config := node.Config{Relay: w.address.String(), Epoch: uint64(w.now/time.Microsecond) + 1, Port: nodePort}
	binary.BigEndian.PutUint64(config.ID[:], uint64(number)+1)
	m.id = config.ID
	m.actor = &actor{
		world: w, process: &process{silent: true}, machine: node.NewMembership(config), address: addressOf(number),
		heard: func(outcome roles.Outcome) {
			if _, is := outcome.(node.Leased); is {
				w.figures.listed(w, m)
			}
		},
		ended: func() { w.bury(m) },
	}
	w.nodes, w.alive = append(w.nodes, m), append(w.alive, m)
	m.actor.step(roles.Started{})
}

// crash ends a random node without a message.
func (w *world) crash() {
	if m := w.anybody(); m != nil {
		m.actor.process.dead = true
		w.bury(m)
	}
}

// leave stops a random node, unless it is being stopped already.
func (w *world) leave() {
	if m := w.anybody(); m != nil && !m.leaving {
		m.leaving = true
		m.actor.step(roles.Stopped{})
	}
}

func (w *world) anybody() *member {
	if len(w.alive) == 0 {
		return nil
	}
	return w.alive[w.below(len(w.alive))]
}

// bury removes a node that is gone.
func (w *world) bury(m *member) {
	last := len(w.alive) - 1
	w.alive[m.place] = w.alive[last]
	w.alive[m.place].place = m.place
	w.alive = w.alive[:last]
	m.actor, m.died = nil, w.now
	w.figures.gone(m)
}
