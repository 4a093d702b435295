package sim

import (
	"encoding/binary"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// A handshake of TLS over a circuit is one hello each way: a mark, which tells the side, a key and a random
// number. Nobody but its owner says a key; somebody in the middle puts his own in its place.
const (
	helloMark   = "\x16\x03\x03 a hello within TLS "
	helloKey    = len(helloMark) + 1
	helloRandom = helloKey + protocol.PeerIDSize
	helloSize   = helloRandom + 8
)

type hello [helloSize]byte

// handshake is what an end knows of the TLS over its circuit.
type handshake struct {
	accepts  bool
	own      hello
	peer     protocol.PeerID // that the other side has proven; zero: nothing yet
	exporter [protocol.ExporterSize]byte
}

// marks returns the first bytes of a hello of one side.
func marks(accepts bool) string {
	if accepts {
		return helloMark + "2"
	}
	return helloMark + "1"
}

// secure begins TLS over a circuit.
func (w *World) secure(a *actor, s roles.Secure) {
	e := w.want(a, s.Link, awaitsSecure)
	if e == nil {
		return
	}
	h := &handshake{accepts: s.Accepts}
	copy(h.own[:], marks(s.Accepts))
	copy(h.own[helloKey:], e.key[:])
	binary.BigEndian.PutUint64(h.own[helloRandom:], w.rand())
	e.expects, e.tls = s.ID, h
	if !s.Accepts {
		w.greet(e)
	}
}

// greet sends an end's hello.
func (w *World) greet(e *end) {
	says := e.through(e.tls.own)
	w.note(Line{What: Sends, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, N: uint64(helloSize), Text: "raw bytes"})
	w.push(e, literal(says[:]))
}

// through returns a hello as it comes out at the other side of a connection.
func (e *end) through(h hello) hello {
	if e.conn.middle {
		copy(h[helloKey:], middleKey[:])
	}
	return h
}

func (w *World) wakeSecure(e *end) {
	got := w.peek(e, helloSize)
	code := e.misgreets(got)
	switch {
	case e.broken != 0:
		w.lose(e, e.broken, "the connection was reset")
	case code == protocol.NoTLS:
		w.coverage.sometimes(Downgrade)
		w.lose(e, code, "the peer speaks without TLS")
	case code != 0:
		w.lose(e, code, "what comes is no TLS")
	case len(got) == helloSize:
		theirs := e.through(hello(got))
		w.taken(e, helloSize)
		w.greeted(e, theirs)
	case e.eof:
		w.lose(e, protocol.Lost, "the stream ended before the handshake was done")
	}
}

// misgreets returns why the first bytes of a peer are no hello; 0: they are one, as far as they have come.
func (e *end) misgreets(got []byte) protocol.Code {
	begins := func(with string) bool {
		n := min(len(got), len(with))
		return string(got[:n]) == with[:n]
	}
	switch {
	case e.conn.plain && (!e.tls.accepts || len(got) > 0): // whoever is in the middle answers at once
		return protocol.NoTLS
	case len(got) == 0:
		return 0
	case begins(marks(!e.tls.accepts)):
		return 0
	case !begins(protocol.Magic):
		return protocol.NoPeer
	case len(got) < len(protocol.Magic):
		return 0
	}
	return protocol.NoTLS
}

// greeted ends a handshake: the hello of the other side is there.
func (w *World) greeted(e *end, theirs hello) {
	h := e.tls
	proves := protocol.PeerID(theirs[helloKey:helloRandom])
	if !e.expects.IsZero() && e.expects != proves {
		w.coverage.sometimes(WrongPeer)
		w.lose(e, protocol.WrongPeer, "another peer answers")
		return
	}
	h.peer, h.exporter = proves, exports(h.own, theirs)
	if h.accepts {
		h.exporter = exports(theirs, h.own)
		w.greet(e)
	}
	w.note(Line{What: Opens, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id})
	w.check.opened(e)
	w.give(e, w.opened(e))
}

// exports returns the exporter's value of a handshake.
func exports(first, second hello) (value [protocol.ExporterSize]byte) {
	binary.BigEndian.PutUint64(value[:], digest(append(first[:], second[:]...)))
	binary.BigEndian.PutUint64(value[8:], digest(append(second[:], first[:]...)))
	return value
}

// hasTLS reports whether what an end sends is within TLS.
func (w *World) hasTLS(e *end) bool {
	return !w.scenario.Relay.Plain && (!e.conn.clear || e.tls != nil)
}
