package sim

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// numbered returns the key with a number, of a role. Hosts of different roles share none; two nodes with
// one number in the scenario do.
func numbered(r role, number int) protocol.PeerID {
	var key protocol.PeerID
	binary.BigEndian.PutUint64(key[:], uint64(number)+1)
	key[len(key)-1] = byte(r)
	return key
}

// sampleKey is the key of a stranger, and the id in its messages.
var sampleKey = numbered(strangerRole, 99)

// middleKey is the key of somebody in the middle.
var middleKey = numbered(strangerRole, 1<<20)

// newKey gives a node another key than all hosts have had.
func (w *World) newKey(h *host) {
	h.keys++
	h.key = numbered(nodeRole, 1000*(h.keys+1)+h.index)
}

// pinRelay lets a host know the relay's key from elsewhere, where somebody may be in the middle when it
// meets the relay first: it would take that one for the relay for ever.
func (w *World) pinRelay(h *host) {
	middle := func(f scenario.Fault) bool { return f.Class == scenario.Middle }
	if !w.scenario.Relay.Plain && slices.ContainsFunc(w.scenario.Faults, middle) {
		h.pin = w.relay.key
	}
}

// meets notes that a host has met the relay for the first time.
func (w *World) meets(h *host, id protocol.PeerID) {
	w.coverage.sometimes(FirstContact)
	if h.pin.IsZero() {
		h.pin, h.met = id, w.now
	}
}

// proven returns the id that the other side of a connection has proven to an end.
func (w *World) proven(e *end) protocol.PeerID {
	switch {
	case w.scenario.Relay.Plain:
		return protocol.PeerID{}
	case e.tls != nil:
		return e.tls.peer
	case e.conn.clear:
		return protocol.PeerID{}
	case e.conn.plain && e.side == 0:
		return protocol.PeerID{}
	case e.conn.middle:
		return middleKey
	}
	return e.peer().key
}

// exporter returns the exporter's value of the TLS at an end.
func (w *World) exporter(e *end) (value [protocol.ExporterSize]byte) {
	switch {
	case !w.hasTLS(e):
	case e.tls != nil:
		return e.tls.exporter
	default:
		binary.BigEndian.PutUint64(value[:], uint64(e.conn.id)+1)
	}
	return value
}

// opened returns the input that tells an end's machine that the connection is there.
func (w *World) opened(e *end) roles.Opened {
	return roles.Opened{Link: e.link, Peer: e.peer().at(), Local: e.at(), ID: w.proven(e), Exporter: w.exporter(e)}
}

// named returns a node as the relay names it.
func (w *World) named(h *host) client.Node {
	if w.scenario.Relay.Plain {
		return client.Node{AddrPort: h.address}
	}
	return client.Node{AddrPort: h.address, ID: h.key}
}

// dialed returns the node that a Dial is for.
func dialed(d roles.Dial) client.Node {
	to, _ := netip.ParseAddrPort(d.To)
	return client.Node{AddrPort: to, ID: d.ID}
}
