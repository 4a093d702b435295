package relay

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Gate says who may use a closed relay. The files behind it are read and written by the driver, for
// [roles.FindToken] and [roles.Admit].
type Gate interface {
	// Role returns what a peer may do; zero: nothing.
	Role(id protocol.PeerID) protocol.Role
	// Barred reports whether an id has been revoked, which no invite changes.
	Barred(id protocol.PeerID) bool
}

// bars refuses a request of a peer that is not admitted to it, and reports whether it did. A stranger may
// ENTER.
func (s *Session) bars(m protocol.Message) bool {
	if s.gate == nil || m.Kind() == protocol.KindEnter {
		return false
	}
	role := protocol.Role(0)
	if !s.from.ID.IsZero() {
		role = s.gate.Role(s.from.ID)
	}
	refusal := &protocol.Error{Code: protocol.Denied}
	switch {
	case role == 0 && s.served:
		refusal.Text = "your admission to this relay has been revoked"
		s.asked = nil
		s.reject(sessionRevoked, refusal)
		return true
	case role == 0 && s.gate.Barred(s.from.ID):
		refusal.Text = "your key has been revoked at this relay, which no invite changes: ask its owner"
	case role == 0:
		refusal.Text = "this relay is closed: ask its owner for an invite, which stands in place of its host and port"
	case role&protocol.NodeRole == 0 && ofNodes(m.Kind()):
		refusal.Text = "you are admitted to this relay as a client, which shares nothing"
	default:
		s.served = true
		return false
	}
	s.core.Fire(sessionStranger)
	s.answer(refusal)
	return true
}

// revoked refuses a REGISTER whose lease has been taken although its peer has been revoked meanwhile, ends the lease, and
// reports whether it did: whoever ends the leases of those who are revoked may have come before this one was there.
func (s *Session) revoked(at roles.Moment, id protocol.PeerID, epoch uint64) bool {
	if !s.bars(&protocol.Register{}) {
		return false
	}
	s.directory.Leave(at, &protocol.Leave{ID: id, Epoch: epoch})
	return true
}

// ofNodes reports whether a request is one of nodes. They may ask what clients ask as well: mirrors do.
func ofNodes(kind protocol.Kind) bool {
	return kind != protocol.KindLocate && kind != protocol.KindList && kind != protocol.KindCircuit
}

// entering begins to answer an ENTER.
func (s *Session) entering(m *protocol.Enter) {
	switch {
	case s.from.ID.IsZero():
		s.core.Fire(sessionEnterAtOnce)
		s.answer(&protocol.Error{Code: protocol.Denied, Text: "an invite is for a key, and in plain nobody has one"})
	case s.gate == nil:
		s.core.Fire(sessionEnterAtOnce)
		s.answer(&protocol.Entered{Role: protocol.BothRoles})
	default:
		s.enter = m
		s.core.Fire(sessionEnterHeard)
		s.core.Do(roles.FindToken{Token: m.Token})
	}
}

// tokenFound goes on with an ENTER if its signature is that of the token's key. Nothing is said of a
// token, not even that it is there, to one who does not know its secret.
func (s *Session) tokenFound(key protocol.PeerID) {
	if s.enter == nil {
		return
	}
	if s.enter.SignedBy(key, s.exporter, s.from.ID, s.self) {
		s.core.Fire(sessionSigned)
		s.core.Do(roles.Admit{ID: s.from.ID, Token: s.enter.Token, From: s.from.Peer})
		return
	}
	s.admitted(roles.Admitted{Role: s.gate.Role(s.from.ID), Code: protocol.Denied, Text: "the invite is none of this relay's"})
}

// admitted answers an ENTER. A peer that is admitted already needs no invite, so that a wrong one, or an
// old one, costs it nothing.
func (s *Session) admitted(in roles.Admitted) {
	if s.enter == nil {
		return
	}
	s.enter = nil
	if in.Role == 0 {
		s.core.Fire(sessionNotAdmitted)
		s.answer(&protocol.Error{Code: in.Code, Text: in.Text})
		return
	}
	s.core.Fire(sessionAdmitted)
	s.answer(&protocol.Entered{Role: in.Role})
}
