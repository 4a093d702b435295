package relay

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// await answers an AWAIT at once if it is refused or somebody has come, and otherwise waits for that.
func (s *Session) await(at roles.Moment, m *protocol.Await) {
	renewal := &protocol.Renew{ID: m.ID, Epoch: m.Epoch}
	renewed, is, refusal := s.awaits(at, renewal)
	switch {
	case refusal != nil:
		s.core.Fire(sessionAwaitAtOnce)
		s.answer(refusal)
		return
	case is.Missed:
		s.missed()
		return
	case len(is.Come) > 0:
		s.core.Fire(sessionAwaitAtOnce)
		s.directory.Awaits(at, m.ID, at.Now+roles.AwaitGap)
		s.answer(&protocol.Awaited{Renewed: *renewed, Invitations: is.Come})
	default:
		wait := min(roles.AwaitMost, roles.Millis(m.Wait), roles.Millis(renewed.Renew))
		s.carrying.renewed = renewed
		s.core.Fire(sessionAwaitHeard)
		s.core.Arm(wait)
		s.directory.Awaits(at, m.ID, at.Now+wait+roles.AwaitGap)
		s.core.Do(roles.Hear{Link: link, Rests: true})
	}
	s.wake(is.Other)
	if c := &s.carrying; c.waits%roles.ProveAwaiting == 0 || renewed.Reach == protocol.ReachPending || renewed.Reach == protocol.ReachQueued {
		s.proveBeside(at, renewal, renewed)
	}
}

// awaits renews the lease of a node, and has it wait on this link.
func (s *Session) awaits(at roles.Moment, m *protocol.Renew) (renewed *protocol.Renewed, is Waiting, refusal *protocol.Error) {
	c := &s.carrying
	if c.circuits == nil {
		return nil, is, noCircuits()
	}
	switch answer := s.directory.Renew(at, s.from, m).(type) {
	case *protocol.Error:
		return nil, is, answer
	case *protocol.Renewed:
		renewed = answer
	}
	if is, refusal = c.circuits.Await(at, m.ID, roles.HostOf(s.from.Peer), c.link); refusal == nil {
		c.node = m.ID
		c.waits++
	}
	return renewed, is, refusal
}

// awaited answers the AWAIT that is outstanding. The next request is heard already. What the relay holds of the node's
// index is said as it is now: the node may have published over another link meanwhile.
func (s *Session) awaited(at roles.Moment, is Waiting) {
	c := &s.carrying
	answer := &protocol.Awaited{Renewed: *c.renewed, Invitations: is.Come}
	if !is.Elsewhere {
		answer.Held = s.directory.Awaits(at, c.node, at.Now+roles.AwaitGap)
	}
	c.renewed = nil
	s.core.Do(roles.Send{Link: link, Message: answer})
}

// endWait answers an AWAIT that is outstanding: the node has said something else, or the link ends.
func (s *Session) endWait(at roles.Moment) {
	if c := &s.carrying; s.State() == SessionAwaiting {
		s.awaited(at, c.circuits.Come(at, c.node, c.link, true))
	}
}

// waited answers an AWAIT to which nobody has come in its time.
func (s *Session) waited(at roles.Moment) {
	c := &s.carrying
	is := c.circuits.Come(at, c.node, c.link, true)
	if is.Missed {
		s.missed()
		return
	}
	s.core.Fire(sessionExpired)
	s.awaited(at, is)
}

// invited answers an AWAIT if somebody has come, and ends the link of a node that is not admitted any more, or that
// waits on another one.
func (s *Session) invited(at roles.Moment) {
	c := &s.carrying
	if s.gate != nil && s.gate.Role(s.from.ID)&protocol.NodeRole == 0 {
		s.reject(sessionRevoked, &protocol.Error{Code: protocol.Denied, Text: "your admission to this relay has been revoked"})
		return
	}
	switch is := c.circuits.Come(at, c.node, c.link, false); {
	case is.Elsewhere:
		s.reject(sessionElsewhere, &protocol.Error{Code: protocol.Superseded, Text: "you await clients on another link since, and one is enough"})
	case len(is.Come) > 0:
		s.core.Fire(sessionInvited)
		s.awaited(at, is)
	}
}

// missed ends a link on which nobody seems to be.
func (s *Session) missed() {
	s.reject(sessionMissed, &protocol.Error{Code: protocol.Timeout, Text: "you have followed none of the latest invitations"})
}

// leaveAwait notes that the link is no longer one on which a node waits. Unless that waits on another, clients are not led
// to it any more: what is known to be over needs no time to lapse.
func (s *Session) leaveAwait() {
	c := &s.carrying
	if c.node.IsZero() {
		return
	}
	c.circuits.Left(c.node, c.link, func() { s.directory.Awaits(roles.Moment{}, c.node, 0) })
	c.node, c.renewed = protocol.PeerID{}, nil
}
