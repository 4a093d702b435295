package relay

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// carrying is a Session's part in circuits.
type carrying struct {
	circuits *Circuits // nil: all links are in plain, where nobody has an id
	link     uint64    // its number

	node    protocol.PeerID   // that has an AWAIT link here; zero: none has
	renewed *protocol.Renewed // the answer to the AWAIT that is outstanding
	waits   int               // how often it has waited on this link

	circuit uint64 // whose end the link is; 0: none's
	side    Side
	client  protocol.PeerID // of that circuit
	rests   time.Duration   // until when the next piece waits for its time; 0: it does not
}

// Carry has the Session make circuits, where links prove ids.
func (s *Session) Carry(circuits *Circuits) { s.carrying.circuits = circuits }

// inPlain answers the first message of a link in plain where TLS is spoken, and reports whether it was one: only a
// JOIN is taken there. A JOIN elsewhere is refused.
func (s *Session) inPlain(at roles.Moment, m protocol.Message) bool {
	join, is := m.(*protocol.Join)
	switch plain := s.carrying.circuits != nil && s.from.ID.IsZero(); {
	case plain && is:
		s.join(at, join)
	case plain:
		s.reject(sessionPlain, &protocol.Error{Code: protocol.TLSRequired, Text: "TLS is spoken here: connect with it, not in plain"})
	case is:
		s.reject(sessionJoinRefused, &protocol.Error{Code: protocol.Unexpected, Text: "the end of a circuit is a connection of its own, in plain, to a port where TLS is spoken"})
	default:
		return false
	}
	return true
}

// notified looks at what has become of the circuits.
func (s *Session) notified(at roles.Moment) {
	switch s.State() {
	case SessionAwaiting:
		s.invited(at)
	case SessionJoining:
		s.otherJoined(at)
	case SessionCarrying, SessionDraining:
		s.carries()
	}
}

// circuit answers a CIRCUIT, and invites the node.
func (s *Session) circuit(at roles.Moment, m *protocol.Circuit) {
	s.core.Fire(sessionCircuitHeard)
	if s.carrying.circuits == nil {
		s.answer(noCircuits())
		return
	}
	answer, wake := s.carrying.circuits.Open(at, s.from, m)
	s.answer(answer)
	s.wake(wake)
}

func (s *Session) wake(number uint64) {
	if number != 0 {
		s.core.Do(roles.Wake{Number: number})
	}
}

// join makes the link an end of a circuit.
func (s *Session) join(at roles.Moment, m *protocol.Join) {
	c := &s.carrying
	is := c.circuits.Join(at, c.link, m.Ticket)
	if is.Circuit == 0 {
		s.reject(sessionJoinRefused, &protocol.Error{Code: protocol.PeerGone, Text: "the ticket is none, or was used, or is too old"})
		return
	}
	c.circuit, c.side, c.client = is.Circuit, is.Side, is.Client
	if is.Both {
		s.core.Fire(sessionJoinLast)
		s.joined(at)
		s.wake(is.Other)
		return
	}
	s.core.Fire(sessionJoinHeard)
	s.core.Arm(is.Wait)
}

// otherJoined goes on when the other end of the circuit is there.
func (s *Session) otherJoined(at roles.Moment) {
	switch both, there := s.carrying.circuits.Joined(s.carrying.circuit); {
	case both:
		s.core.Fire(sessionOtherJoined)
		s.joined(at)
	case !there:
		s.carrying.circuit = 0
		s.reject(sessionOtherGone, &protocol.Error{Code: protocol.PeerGone, Text: "the other end of the circuit is gone"})
	}
}

// joined tells the peer, and begins to pass on what it sends.
func (s *Session) joined(at roles.Moment) {
	s.core.Do(roles.Send{Link: link, Message: &protocol.Joined{}})
	s.carryOn(at)
}

// unjoined ends the wait for the other end, unless that has come and the word of it is still on its way.
func (s *Session) unjoined(at roles.Moment) {
	c := &s.carrying
	if both, _ := c.circuits.Joined(c.circuit); both {
		s.otherJoined(at)
		return
	}
	text := "the node has not come"
	if c.side == OfNode {
		text = "the client has not come"
	}
	s.leaveCircuit(at, protocol.PeerGone, func() {
		s.reject(sessionExpired, &protocol.Error{Code: protocol.PeerGone, Text: text})
	})
}

// carryOn has the next piece passed on, at once or when its time has come.
func (s *Session) carryOn(at roles.Moment) {
	c := &s.carrying
	bytes, wait := c.circuits.Grant(at, c.circuit)
	switch {
	case bytes == 0:
		s.cut(at, sessionQuotaUsed, protocol.Quota)
	case wait > 0:
		c.rests = at.Now + max(wait, time.Millisecond)
		s.armCarrying(at)
	default:
		s.core.Do(roles.Splice{Link: link, Circuit: c.circuit, Bytes: bytes, From: roles.Origin{ID: c.client}})
	}
}

// carries reports whether the circuit is still there, and ends the link otherwise: one end alone is of no use.
func (s *Session) carries() bool {
	c := &s.carrying
	if c.circuit == 0 {
		return false
	}
	if _, there := c.circuits.Joined(c.circuit); there {
		return true
	}
	c.circuit = 0
	s.close(sessionCircuitOver)
	return false
}

// passed counts bytes that have been passed on.
func (s *Session) passed(at roles.Moment, bytes int64) {
	if s.carries() {
		s.core.Fire(sessionPassed)
		s.carrying.circuits.Moved(at, s.carrying.circuit, bytes)
	}
}

// pieceOver has the next piece passed on after one.
func (s *Session) pieceOver(at roles.Moment) {
	if s.carries() {
		s.core.Fire(sessionPieceOver)
		s.carryOn(at)
	}
}

// due has the next piece passed on, or ends a circuit over which nothing passes, or that has had its time to end.
func (s *Session) due(at roles.Moment) {
	c := &s.carrying
	switch {
	case !s.carries():
	case s.State() == SessionDraining && at.Now-s.since >= roles.CircuitDrain:
		s.cut(at, sessionExpired, protocol.Draining)
	case c.rests > 0 && at.Now >= c.rests:
		c.rests = 0
		s.core.Fire(sessionRested)
		s.armCarrying(at)
		s.carryOn(at)
	case c.circuits.Quiet(at, c.circuit) >= roles.CircuitIdle:
		s.cut(at, sessionExpired, protocol.Idle)
	default:
		s.core.Fire(sessionBusyCircuit)
		s.armCarrying(at)
	}
}

// armCarrying arms the one deadline for what is due first: the next piece, the end of a circuit over which nothing
// passes, or that of one whose relay stops.
func (s *Session) armCarrying(at roles.Moment) {
	c := &s.carrying
	left := roles.CircuitIdle - c.circuits.Quiet(at, c.circuit)
	if s.State() == SessionDraining {
		left = min(left, roles.CircuitDrain-(at.Now-s.since))
	}
	if c.rests > 0 {
		left = min(left, c.rests-at.Now)
	}
	s.core.Arm(max(time.Millisecond, left))
}

// cut ends a circuit and its link for a reason.
func (s *Session) cut(at roles.Moment, event SessionEvent, why protocol.Code) {
	s.leaveCircuit(at, why, func() { s.close(event) })
}

// leaveCircuit ends a circuit for a reason, then the link, and has the other end told.
func (s *Session) leaveCircuit(at roles.Moment, why protocol.Code, end func()) {
	c := &s.carrying
	other := c.circuits.Cut(at, c.circuit, c.side, why)
	c.circuit = 0
	end()
	s.wake(other)
}

// peerEnded ends a link, or one direction of a circuit.
func (s *Session) peerEnded(at roles.Moment) {
	c := &s.carrying
	if s.State() != SessionCarrying && s.State() != SessionDraining {
		s.endWait(at)
		s.close(sessionPeerEnded)
		return
	}
	if !s.carries() {
		return
	}
	over, other := c.circuits.Ended(at, c.circuit, c.side)
	if !over {
		s.core.Fire(sessionHalfOver)
		return
	}
	c.circuit = 0
	s.close(sessionBothOver)
	s.wake(other)
}

// lost ends a link that broke, and the circuit whose end it was.
func (s *Session) lost(at roles.Moment) {
	if s.carrying.circuit != 0 {
		s.cut(at, sessionLost, protocol.PeerGone)
		return
	}
	s.close(sessionLost)
}

// stopCarrying lets a circuit come to its end, for a while, and reports whether the link is the end of one. Where links
// are scarce one over which little passes ends at once.
func (s *Session) stopCarrying(at roles.Moment, in roles.Stopped) bool {
	switch {
	case s.State() == SessionCarrying && in.Scarce:
		s.cut(at, sessionScarce, protocol.Busy)
	case s.State() == SessionCarrying:
		s.since = at.Now
		s.core.Fire(sessionDrains)
		s.armCarrying(at)
	case s.State() == SessionDraining:
		s.core.Fire(sessionStopped)
	case s.State() == SessionJoining:
		refusal := in.Refusal("relay")
		s.leaveCircuit(at, refusal.Code, func() { s.reject(sessionStopped, refusal) })
	default:
		return false
	}
	return true
}

// cutShort takes a link that was cut out of what it was in. Nobody is woken: the other end of a circuit finds out
// with its next piece, or when it has been quiet for long.
func (s *Session) cutShort() {
	s.leaveAwait()
	if c := &s.carrying; c.circuit != 0 {
		c.circuits.Cut(roles.Moment{}, c.circuit, c.side, protocol.PeerGone)
	}
}
