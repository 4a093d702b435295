package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

const (
	latency = time.Millisecond // one way, when nothing is wrong
	window  = 2<<20 + 16<<10   // unread bytes that a connection holds in each direction
	piece   = 1 << 20          // bytes of a body in one event
	crumb   = 64 << 10         // the same on a slow path
)

// conn is a connection: the end that dialled, and the end that accepted.
type conn struct {
	id     int
	ends   [2]*end
	lost   bool // a black hole: nothing passes
	middle bool // somebody is in the middle, who passes on all that comes
	plain  bool // and answers in plain
	clear  bool // dialled below TLS, where links have it: one end of a circuit
	own    time.Duration
	drawn  bool // whether own has been drawn
}

type endState uint8

const (
	notYet   endState = iota // the accepting end, before the request arrives
	dialing                  // requested, not accepted yet
	open                     // its machine uses it
	released                 // closed by its machine; the system sends the rest
	vanished                 // its process is dead
)

type awaited uint8

const (
	awaitsNothing awaited = iota
	awaitsDial
	awaitsHear
	awaitsSendBody
	awaitsSent
	awaitsReceiveBody
	awaitsDiscard
	awaitsSplice
	awaitsSecure
	awaitsFailure // a send failed
)

// end is one end of a connection, as its system and its machine see it.
type end struct {
	conn  *conn
	side  int
	host  *host
	here  netip.Addr // of the host when the connection was made
	actor *actor
	link  roles.Link
	state endState

	awaits       awaited         // the input that its machine waits for
	key          protocol.PeerID // that the host had when the connection was made
	expects      protocol.PeerID // of the other side; zero: any
	first        bool            // the next message is the first of a stranger
	offset, left uint64          // of a body
	spoiled      protocol.Code
	body         body       // that is being received
	spliced      *splice    // of a circuit; nil: none
	tls          *handshake // over the circuit; nil: none

	out      stream        // accepted from the machine, beyond the window
	flying   int           // bytes sent and not read by the other side
	ending   bool          // half-closed: the end of the stream follows the output
	finished bool          // the end of stream has been sent
	arrival  time.Duration // of the last byte that was sent
	in       stream        // arrived, not read by the machine
	eof      bool          // the other side's end of stream has arrived
	torn     bool          // the end of its own stream comes without TLS's word that nothing is missing
	broken   protocol.Code // why the connection is broken; 0: it is not
	poked    bool          // an evPoke is scheduled
}

func (e *end) peer() *end { return e.conn.ends[1-e.side] }

// at returns the address that the other side sees.
func (e *end) at() netip.AddrPort {
	if e.side == 1 {
		return netip.AddrPortFrom(e.here, e.host.address.Port())
	}
	return netip.AddrPortFrom(e.here, uint16(40000+e.conn.id%20000))
}

func (w *World) sendMessage(e *end, m protocol.Message) {
	start := len(w.arena)
	if cap(w.arena)-start < protocol.HeaderSize+protocol.MaxFirst {
		w.arena, start = make([]byte, 0, arenaSize), 0
	}
	w.arena = protocol.Append(w.arena, m)
	frame := w.arena[start:len(w.arena):len(w.arena)]
	w.note(Line{What: Sends, Host: e.host.index, Actor: e.actor.id, Peer: e.peer().host.index, Conn: e.conn.id, N: digest(frame), Message: m})
	w.push(e, literal(frame))
}

const arenaSize = 64 << 10

// push passes bytes from a machine to the system.
func (w *World) push(e *end, seg segment) {
	if e.broken != 0 || e.ending {
		w.unsent(e)
		return
	}
	e.out.push(seg)
	w.check.queued(e)
	w.flush(e)
}

// unsent tells a machine that a send failed, unless it waits for an input that will tell it.
func (w *World) unsent(e *end) {
	if e.broken != 0 && e.awaits == awaitsNothing && e.state == open {
		e.awaits = awaitsFailure
		w.poke(e)
	}
}

// room reports whether the window has room for so many bytes, or for enough to be worth a segment:
// real systems avoid tiny segments, too.
func (e *end) room(bytes uint64) bool {
	return e.window() >= int(min(bytes, crumb))
}

// pieceFrom returns the bytes of a body in one event: few on a slow path, so that some arrive
// before others.
func (w *World) pieceFrom(e *end) int {
	if e.host.plan != nil && e.host.plan.Up > 0 || w.troubledPath(scenario.Slow, e.host, e.peer().host) != nil {
		return crumb
	}
	return piece
}

// window returns how many more bytes the connection takes. A host with a narrow uplink shares it in
// small pieces.
func (e *end) window() int {
	if e.peer().deaf() {
		return 0
	}
	if e.host.plan != nil && e.host.plan.Up > 0 {
		return 2*crumb - e.flying
	}
	return window - e.flying
}

// flush sends as much output as the window allows.
func (w *World) flush(e *end) {
	for e.out.size > 0 && e.room(uint64(e.out.size)) {
		seg := e.out.take(min(e.window(), w.pieceFrom(e)))
		w.transmit(e, seg)
	}
	if e.out.size == 0 && e.ending && !e.finished && e.broken == 0 && e.state != dialing {
		e.finished = true
		w.send(e, evFin, segment{})
	}
}

// transmit sends one segment, in pieces or with a flipped bit under a fault.
func (w *World) transmit(e *end, seg segment) {
	e.flying += seg.size
	to := e.peer().host
	for _, t := range w.troubles {
		if t.Class == scenario.BitFlip && !t.spent && t.across(e.host, to, false) {
			if t.bytes += seg.size; t.bytes > t.N {
				w.flip(t, e, seg, seg.size-(t.bytes-t.N))
				return
			}
		}
	}
	if t := w.troubledPath(scenario.Split, e.host, to); t != nil && seg.size > 1 {
		w.fired(t)
		for range 4 {
			if seg.size < 2 {
				break
			}
			var first segment
			first, seg = seg.split(1 + w.chooser.N(min(seg.size-1, 64), "split"))
			w.send(e, evArrive, first)
			e.arrival += time.Duration(w.chooser.N(t.N+1, "gap")) * time.Millisecond
		}
	}
	w.send(e, evArrive, seg)
}

// flip sends a segment with one flipped bit. Where links prove ids they are encrypted as well: the bit is
// noticed, and the link is broken.
func (w *World) flip(t *trouble, e *end, seg segment, at int) {
	w.fired(t)
	t.spent = true
	if !w.scenario.Relay.Plain {
		for _, side := range e.conn.ends {
			w.breakEnd(side, protocol.Lost)
		}
		return
	}
	w.malformed = w.malformed || e.peer().host == w.relay && e.host.role == nodeRole
	before, rest := seg.split(at)
	bad, after := rest.split(1)
	w.note(Line{What: Flips, Host: e.host.index, Peer: e.peer().host.index, Conn: e.conn.id, N: uint64(t.N)})
	for _, s := range []segment{before, literal([]byte{bad.at(0) ^ 1<<w.chooser.N(8, "bit")}), after} {
		if s.size > 0 {
			w.send(e, evArrive, s)
		}
	}
}

// send schedules an arrival at the other end, after all earlier ones.
func (w *World) send(from *end, kind eventKind, seg segment) {
	at := w.now + latency + w.lag(from, seg.size)
	if kind != evReset {
		at = max(at, from.arrival)
		from.arrival = at
	}
	e := w.agenda.add(at, kind)
	e.end, e.seg, e.number = from.peer(), seg, uint64(from.broken)
}

// lag returns the delay that faults add on the way.
func (w *World) lag(from *end, size int) time.Duration {
	to := from.peer().host
	lag := w.uplink(from.host, size)
	for _, t := range w.troubles {
		if !t.between(from.host, to) {
			continue
		}
		switch t.Class {
		case scenario.Delay:
			w.fired(t)
			lag += time.Duration(w.chooser.N(t.N+1, "delay")) * time.Millisecond
		case scenario.Reorder:
			c := from.conn
			if !c.drawn {
				w.fired(t)
				c.own, c.drawn = time.Duration(w.chooser.N(t.N+1, "reorder"))*time.Millisecond, true
			}
			lag += c.own
		case scenario.Slow:
			w.fired(t)
			took := time.Duration(size) * time.Second / time.Duration(t.N)
			lag += took + max(0, from.arrival-w.now-latency)
		case scenario.Coalesce:
			w.fired(t)
			every := time.Duration(t.N) * time.Millisecond
			lag += every - (w.now+lag)%every
		}
	}
	return lag
}

// uplink returns how long a host with a narrow uplink takes to send. Small messages are not
// delayed.
func (w *World) uplink(h *host, size int) time.Duration {
	if h.plan == nil || h.plan.Up == 0 || size < protocol.MaxFirst {
		return 0
	}
	h.busy = max(h.busy, w.now) + time.Duration(size)*time.Second/time.Duration(h.plan.Up)
	return h.busy - w.now
}

// arrive puts bytes into the input of an end.
func (w *World) arrive(e *end, seg segment) {
	switch {
	case e.broken != 0:
	case e.state == released || e.state == vanished:
		w.refuse(e)
	default:
		if w.resetAt(e.conn, seg.size) {
			return
		}
		e.in.push(seg)
		w.check.arrived(e)
		w.poke(e)
	}
}

// resetAt counts the bytes of a connection under a reset or a black hole, and triggers the fault at
// its byte.
func (w *World) resetAt(c *conn, size int) bool {
	for _, t := range w.troubles {
		if t.Class != scenario.Reset && t.Class != scenario.BlackHole || t.conn != c || t.spent {
			continue
		}
		if t.bytes += size; t.bytes < t.N {
			continue
		}
		t.spent = true
		w.fired(t)
		if t.Class == scenario.BlackHole {
			c.lost = true
			return true
		}
		for _, e := range c.ends {
			w.check.cuts(e)
			if e.awaits == awaitsHear && e.in.size > 0 {
				w.coverage.sometimes(ResetInFrame)
			}
			w.breakEnd(e, protocol.Lost)
		}
		return true
	}
	return false
}
