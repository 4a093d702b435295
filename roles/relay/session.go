// Package relay is the relay's side of the protocol: [Session] speaks with whoever connects, [Registry] keeps
// the leases, and what the nodes have published, beyond conversations.
package relay

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Directory is what a Session asks for answers: the [Registry], unless something stands in front of it. Each
// method returns the message to answer with, at once; its By is filled in by the Session.
type Directory interface {
	Register(at roles.Moment, from netip.Addr, m *protocol.Register) protocol.Message
	Renew(at roles.Moment, m *protocol.Renew) protocol.Message
	Leave(at roles.Moment, m *protocol.Leave) protocol.Message
	Publish(at roles.Moment, m *protocol.Publish) protocol.Message
	Locate(at roles.Moment, m *protocol.Locate) protocol.Message
	List(at roles.Moment, m *protocol.List) protocol.Message
}

// Session is an accepted link at a relay. See SessionTable.
type Session struct {
	roles.Core[SessionState, SessionEvent]
	directory Directory
	peer      netip.AddrPort
}

// link is the only link of a Session.
const link roles.Link = 0

// NewSession returns a Session that answers from the directory.
func NewSession(directory Directory) *Session {
	return &Session{Core: roles.NewCore(SessionTable), directory: directory}
}

// Step is [roles.Machine]'s.
func (s *Session) Step(at roles.Moment, in roles.Input) []roles.Effect {
	s.Begin()
	switch in := in.(type) {
	case roles.Opened:
		s.opened(in)
	case roles.Heard:
		s.heard(at, in.Message)
	case roles.Malformed:
		s.reject(SessionMalformed, in.Err)
	case roles.PeerEnded:
		s.close(SessionPeerEnded)
	case roles.Lost:
		s.close(SessionLost)
	case roles.TimerFired:
		if s.Due(in) {
			s.expired()
		}
	case roles.Stopped:
		s.stop()
	}
	return s.Effects()
}

func (s *Session) opened(in roles.Opened) {
	if in.Busy {
		s.reject(SessionBusy, roles.Busy())
		return
	}
	s.peer = in.Peer
	s.Fire(SessionOpened)
	s.Do(roles.Hear{Link: link, First: true})
}

func (s *Session) heard(at roles.Moment, m protocol.Message) {
	var answer protocol.Message
	switch m := m.(type) {
	case *protocol.Register:
		s.Fire(SessionRegisterHeard)
		answer = s.directory.Register(at, s.peer.Addr(), m)
	case *protocol.Renew:
		s.Fire(SessionRenewHeard)
		answer = s.directory.Renew(at, m)
	case *protocol.Leave:
		s.Fire(SessionLeaveHeard)
		answer = s.directory.Leave(at, m)
	case *protocol.Publish:
		s.Fire(SessionPublishHeard)
		answer = s.directory.Publish(at, m)
	case *protocol.Locate:
		s.Fire(SessionLocateHeard)
		answer = s.directory.Locate(at, m)
	case *protocol.List:
		s.Fire(SessionListHeard)
		answer = s.directory.List(at, m)
	default:
		s.reject(SessionUnexpected, roles.Unexpected(m.Kind(), string(s.State())))
		return
	}
	if refusal, is := answer.(*protocol.Error); is {
		refusal.By = protocol.Relay
	}
	s.Do(roles.Send{Link: link, Message: answer}, roles.Hear{Link: link})
}

func (s *Session) expired() {
	if s.State() == SessionRejecting {
		s.close(SessionExpired)
		return
	}
	s.reject(SessionExpired, &protocol.Error{Code: protocol.Timeout, Text: "no whole request in time"})
}

func (s *Session) stop() {
	if s.State() == SessionRejecting {
		s.Fire(SessionStopped)
		return
	}
	s.reject(SessionStopped, &protocol.Error{Code: protocol.Draining, Text: "the relay is stopping"})
}

func (s *Session) reject(event SessionEvent, err *protocol.Error) {
	s.Fire(event)
	err.By = protocol.Relay
	s.Reject(link, err)
}

func (s *Session) close(event SessionEvent) {
	s.Fire(event)
	s.Do(roles.HangUp{Link: link})
}

// Reset prepares the machine for another link.
func (s *Session) Reset() {
	s.Core.Reset()
	s.peer = netip.AddrPort{}
}
