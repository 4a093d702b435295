// Package relay is the relay's side of the protocol: [Session] serves an accepted link, [Registry] keeps the
// leases and the indexes that nodes have published, for all links, and [Circuits] keeps the ways through the
// relay to nodes that nobody can dial. What passes there goes from one link to the other without a machine of
// ours that looks at it: it is TLS between the two ends.
package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Directory answers the requests of a Session: the [Registry], or a stage in front of it. Each
// method returns the response at once; the Session fills in the By of an Error.
type Directory interface {
	Register(at roles.Moment, from From, m *protocol.Register) protocol.Message
	Renew(at roles.Moment, from From, m *protocol.Renew) protocol.Message
	Leave(at roles.Moment, m *protocol.Leave) protocol.Message
	Publish(at roles.Moment, m *protocol.Publish) protocol.Message
	Locate(at roles.Moment, from From, m *protocol.Locate) protocol.Message
	List(at roles.Moment, from From, m *protocol.List) protocol.Message
	// Proved takes note of a proof of an address of a lease, which was said to be pending or to have
	// failed. It returns what is known of the lease's addresses now, beginning with that one: nothing of one that is
	// not listed any more.
	Proved(at roles.Moment, proof Proof) protocol.Reached
	// Awaits takes note of until when the node of a lease can be reached through the relay, unless it says
	// something else before; 0: it cannot. It returns what is held of the node's index.
	Awaits(at roles.Moment, id protocol.PeerID, until time.Duration) protocol.Held
}

// From is where a link comes from, and which id it has proven. The addresses of its ends tell where a
// node can be reached, and which addresses of others are of use to the peer.
type From struct {
	Peer  netip.Addr
	Local netip.Addr      // of the relay
	ID    protocol.PeerID // of the peer; zero: the link is in plain
}

// here reports whether the peer is on the relay's own machine.
func (f From) here() bool { return f.Peer.IsLoopback() || f.Peer == f.Local }

// Session is an accepted link at a relay. See SessionTable.
type Session struct {
	core      roles.Core[SessionState, SessionEvent]
	directory Directory
	room      Room
	gate      Gate            // nil: the relay is open
	self      protocol.PeerID // the relay's own id
	from      From
	exporter  [protocol.ExporterSize]byte // of the link
	served    bool                        // the peer was admitted to a request on this link
	enter     *protocol.Enter             // that is being answered, or nil
	asked     *protocol.List              // that waits for room, or nil
	long      Long                        // the answer that is on its way, or shortAnswer
	since     time.Duration               // the time since which one of them waits
	proving   proving
	carrying  carrying
	watch     func(roles.Transition)
}

// link is the only link of a Session.
const link roles.Link = 0

// plain returns an address as it stands on the wire: an IPv4-mapped one as IPv4, and without a zone,
// which means nothing elsewhere.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// NewSession returns a Session that answers from the directory. All sessions of a relay share its
// room.
func NewSession(directory Directory, room Room) *Session {
	return &Session{core: roles.NewCore(sessionGrammar), directory: directory, room: room, long: shortAnswer}
}

// NewClosedSession returns a Session of a closed relay, which has an id and lets in whom its gate does.
func NewClosedSession(directory Directory, room Room, gate Gate, self protocol.PeerID) *Session {
	s := NewSession(directory, room)
	s.gate, s.self = gate, self
	return s
}

// State returns the state that the machine is in.
func (s *Session) State() SessionState { return s.core.State() }

// Final implements [roles.Machine]. A proof that is under way comes to its end.
func (s *Session) Final() bool { return s.core.Final() && !s.proving.runs() }

// Watch calls f for each fired row, also for those of the machine within; nil: nothing is called.
func (s *Session) Watch(f func(roles.Transition)) {
	s.watch = f
	s.core.Watch(f)
}

// Step implements [roles.Machine].
func (s *Session) Step(at roles.Moment, in roles.Input) []roles.Effect {
	s.core.Begin()
	if s.proving.takes(in) {
		s.pass(at, in)
		return s.core.Effects()
	}
	if s.core.Final() { // and a proof is under way
		if _, is := in.(roles.Stopped); is {
			s.pass(at, in)
		}
		return s.core.Effects()
	}
	switch in := in.(type) {
	case roles.Opened:
		s.opened(in)
	case roles.Heard:
		s.endWait(at)
		s.heard(at, in.Message)
	case roles.Sent:
		s.sent()
	case roles.TokenFound:
		s.tokenFound(in.Key)
	case roles.Admitted:
		s.admitted(in)
	case roles.Malformed:
		s.endWait(at)
		s.reject(sessionMalformed, in.Err)
	case roles.PeerEnded:
		s.peerEnded(at)
	case roles.Lost:
		s.lost(at)
	case roles.Moved:
		s.passed(at, in.Bytes)
	case roles.BodyDone:
		s.pieceOver(at)
	case roles.Notified:
		s.notified(at)
	case roles.TimerFired:
		if s.core.Due(in) {
			s.expired(at)
		}
	case roles.Stopped:
		s.pass(at, in)
		s.stop(at, in)
	}
	return s.core.Effects()
}

func (s *Session) opened(in roles.Opened) {
	if in.Busy {
		s.reject(sessionBusy, roles.Busy())
		return
	}
	s.from = From{Peer: plain(in.Peer.Addr()), Local: plain(in.Local.Addr()), ID: in.ID}
	s.exporter, s.carrying.link = in.Exporter, in.Number
	s.core.Fire(sessionOpened)
	s.core.Do(roles.Hear{Link: link, First: true})
}

func (s *Session) heard(at roles.Moment, m protocol.Message) {
	if !s.core.Accepts(m.Kind()) {
		s.reject(sessionUnexpected, roles.Unexpected(m.Kind(), string(s.State())))
		return
	}
	if s.inPlain(at, m) || s.bars(m) || s.disowns(m) {
		return
	}
	var answer protocol.Message
	switch m := m.(type) {
	case *protocol.Enter:
		s.entering(m)
		return
	case *protocol.Register:
		s.register(at, m)
		return
	case *protocol.Renew:
		s.core.Fire(sessionRenewHeard)
		answer = s.directory.Renew(at, s.from, m)
		if renewed, is := answer.(*protocol.Renewed); is {
			defer s.proveBeside(at, m, renewed)
		}
	case *protocol.Await:
		s.await(at, m)
		return
	case *protocol.Circuit:
		s.circuit(at, m)
		return
	case *protocol.Leave:
		s.core.Fire(sessionLeaveHeard)
		s.leaveAwait()
		answer = s.directory.Leave(at, m)
	case *protocol.Publish:
		s.core.Fire(sessionPublishHeard)
		answer = s.directory.Publish(at, m)
	case *protocol.Locate:
		s.locate(at, m)
		return
	case *protocol.List:
		s.list(at, m)
		return
	}
	s.answer(answer)
}

// disowns refuses a request about the lease of another id than the link has proven, and reports whether
// it did: a lease belongs to the peer with its id, and nobody else changes it.
func (s *Session) disowns(m protocol.Message) bool {
	claimed := protocol.Claims(m)
	if s.from.ID.IsZero() || claimed.IsZero() || claimed == s.from.ID {
		return false
	}
	s.core.Fire(sessionNotTheirs)
	s.answer(&protocol.Error{Code: protocol.Denied, Text: "the lease of an id belongs to the peer that proves it: this link has proven " + s.from.ID.Short()})
	return true
}

// register answers a REGISTER, at once unless its address is to be proven.
func (s *Session) register(at roles.Moment, m *protocol.Register) {
	answer := s.directory.Register(at, s.from, m)
	granted, is := answer.(*protocol.Registered)
	if is && s.proving.budget != nil && granted.Reach == protocol.ReachPending {
		s.registered(at, m, granted)
		return
	}
	s.core.Fire(sessionRegisterHeard)
	if is && s.revoked(at, m.ID, m.Epoch) {
		return
	}
	s.answer(answer)
}

func (s *Session) answer(answer protocol.Message) {
	if refusal, is := answer.(*protocol.Error); is {
		refusal.By = protocol.Relay
	}
	s.core.Do(roles.Send{Link: link, Message: answer}, roles.Hear{Link: link})
}

func (s *Session) expired(at roles.Moment) {
	switch s.State() {
	case SessionWaiting:
		s.tryAgain(at)
		return
	case SessionUnproven:
		s.awaitPermit(at)
		return
	case SessionAwaiting:
		s.waited(at)
		return
	case SessionJoining:
		s.unjoined(at)
		return
	case SessionCarrying, SessionDraining:
		s.due(at)
		return
	case SessionAnswering:
		if at.Now-s.since < roles.ReplyTimeout && !s.room.Scarce(at) {
			s.core.Fire(sessionPatient)
			s.core.Arm(roles.AnswerPatience)
			return
		}
		s.close(sessionExpired)
		return
	case SessionRejecting:
		s.close(sessionExpired)
		return
	case SessionEntering:
		s.reject(sessionExpired, &protocol.Error{Code: protocol.Internal, Text: "the relay's disk does not answer"})
		return
	}
	s.reject(sessionExpired, &protocol.Error{Code: protocol.Timeout, Text: "no whole request in time"})
}

func (s *Session) stop(at roles.Moment, in roles.Stopped) {
	if s.stopCarrying(at, in) {
		return
	}
	s.endWait(at)
	if s.State() == SessionRejecting {
		s.core.Fire(sessionStopped)
		return
	}
	s.reject(sessionStopped, in.Refusal("relay"))
}

func (s *Session) reject(event SessionEvent, err *protocol.Error) {
	s.leaveAwait()
	s.enter = nil
	s.release()
	s.core.Fire(event)
	err.By = protocol.Relay
	s.core.Reject(link, err)
}

func (s *Session) close(event SessionEvent) {
	s.leaveAwait()
	s.enter = nil
	s.release()
	s.core.Fire(event)
	s.core.Do(roles.HangUp{Link: link})
}

// Reset prepares the machine for another link.
func (s *Session) Reset() {
	s.release()
	s.cutShort()
	s.core.Reset()
	if s.proving.open { // the link was cut
		s.giveBack(roles.Moment{})
	}
	s.proving, s.watch = proving{budget: s.proving.budget}, nil
	s.carrying = carrying{circuits: s.carrying.circuits}
	s.from, s.asked, s.since = From{}, nil, 0
	s.exporter, s.served, s.enter = [protocol.ExporterSize]byte{}, false, nil
}
